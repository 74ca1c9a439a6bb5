//! Whose turn it is to commit for a tenant in this process, and what is kept of the tenant between turns.
//!
//! Commits of a tenant go through two doors, in the order in which they were handed over: at the *desk* one of them is
//! planned, with the tenant's book; in *writing* one is written. So a commit is planned while the one before it is
//! written. The tenant's row decides in the end: what it does not fit is planned again, in its own transaction.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use scoreline_core::id::TenantId;
use tokio::sync::{self, OwnedMutexGuard, oneshot};

use super::book::Book;

/// From how many tenants on those who have nothing under way are forgotten before another comes.
const MANY: usize = 64;

/// The lanes of all tenants for whom this process writes. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Lanes {
    lanes: Arc<Mutex<HashMap<TenantId, Arc<Lane>>>>,
    /// The memory for all books.
    budget: usize,
}

/// The lane of one tenant.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Resolves when the last one in line leaves the desk.
    last: Mutex<Option<oneshot::Receiver<()>>>,
    pub(crate) desk: sync::Mutex<Option<Book>>,
    writing: Arc<sync::Mutex<()>>,
    failures: AtomicU64,
    durable: AtomicU64,
    /// The memory that the book may take.
    share: AtomicUsize,
}

/// Held by whoever writes.
pub(crate) type Writing = OwnedMutexGuard<()>;

/// A place in the line to the desk.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) lane: Arc<Lane>,
    before: Option<oneshot::Receiver<()>>,
    leave: oneshot::Sender<()>,
}

/// Lets the next one come to the desk when it is dropped.
#[derive(Debug)]
pub(crate) struct AtDesk(#[expect(dead_code, reason = "it does what it does by being dropped")] oneshot::Sender<()>);

impl Lanes {
    pub(crate) fn new(budget: usize) -> Self {
        Self {
            lanes: Arc::default(),
            budget,
        }
    }

    /// Takes a place in a tenant's line.
    pub(crate) fn turn(&self, tenant: &TenantId) -> Turn {
        let mut lanes = lock(&self.lanes);
        let lane = match lanes.get(tenant) {
            Some(lane) => Arc::clone(lane),
            None => {
                if lanes.len() >= MANY {
                    // Lanes are handed out under this lock: who is alone here stays alone.
                    lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
                }
                let lane = Arc::new(Lane::new());
                lanes.insert(tenant.clone(), Arc::clone(&lane));
                self.share(&lanes);
                lane
            }
        };
        let (leave, next) = oneshot::channel();
        let before = lock(&lane.last).replace(next);
        Turn { lane, before, leave }
    }

    /// Gives every lane the same part of the memory. Those with nothing under way give back what is more at once.
    fn share(&self, lanes: &HashMap<TenantId, Arc<Lane>>) {
        let share = self.budget / lanes.len();
        for lane in lanes.values() {
            lane.share.store(share, Ordering::Relaxed);
            if let Ok(mut desk) = lane.desk.try_lock()
                && desk.as_ref().is_some_and(|book| book.bytes() > share)
            {
                *desk = None;
            }
        }
    }
}

impl Lane {
    fn new() -> Self {
        Self {
            last: Mutex::default(),
            desk: sync::Mutex::default(),
            writing: Arc::default(),
            failures: AtomicU64::new(0),
            durable: AtomicU64::new(0),
            share: AtomicUsize::new(0),
        }
    }

    /// Waits until nobody else writes.
    pub(crate) async fn writing(&self) -> Writing {
        Arc::clone(&self.writing).lock_owned().await
    }

    /// How often a planned commit was not written as it was planned. What was planned on it is wrong then.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Acquire)
    }

    /// A failure, unless it is taken back.
    pub(crate) fn may_fail(&self) -> MayFail<'_> {
        MayFail(Some(self))
    }

    /// The last commit of this process that is known to be durable.
    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// The memory that the book may take.
    pub(crate) fn share(&self) -> usize {
        self.share.load(Ordering::Relaxed)
    }
}

impl Turn {
    /// Waits until the desk is free.
    pub(crate) async fn come(self) -> (Arc<Lane>, AtDesk) {
        if let Some(before) = self.before {
            // It resolves with an error: who leaves says nothing.
            before.await.unwrap_or_default();
        }
        (self.lane, AtDesk(self.leave))
    }
}

/// Counts as a failure of its lane when it is dropped: when a write ends in whatever way but as it was planned.
#[derive(Debug)]
pub(crate) struct MayFail<'a>(Option<&'a Lane>);

impl MayFail<'_> {
    /// It was written as planned.
    pub(crate) fn written(mut self, commit: u64) {
        if let Some(lane) = self.0.take() {
            lane.durable.store(commit, Ordering::Release);
        }
    }
}

impl Drop for MayFail<'_> {
    fn drop(&mut self) {
        if let Some(lane) = self.0 {
            lane.failures.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

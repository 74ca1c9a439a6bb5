//! Whose turn it is to commit for a tenant in this process, and what is kept of the tenant between turns.
//!
//! Commits of a tenant go through two doors, in the order in which they were handed over: at the *desk* one of them is
//! planned, with the tenant's book; in *writing* one is written. What lies between, putting into rows what was planned, needs
//! neither. So one commit is planned while the one before it is put into rows, and the one before that is written. The
//! tenant's row decides in the end: what it does not fit is planned again, in its own transaction.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use scoreline_core::id::TenantId;
use tokio::sync::{self, oneshot};

use super::{book::Book, early::Asked};

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
#[derive(Debug, Default)]
pub(crate) struct Lane {
    at_desk: Door,
    pub(crate) desk: sync::Mutex<Option<Book>>,
    writing: Door,
    failures: AtomicU64,
    durable: AtomicU64,
    /// The memory that the book may take.
    share: AtomicUsize,
    /// Whether somebody sees to it that the state of subjects is written in time.
    is_watched: AtomicBool,
    /// Whether the last commit was planned ahead.
    plans_ahead: AtomicBool,
    /// How often a book has forgotten something, or another one was opened.
    forgotten: AtomicU64,
    asked: Asked,
}

/// Lets one commit in at a time, in the order in which they took their places.
#[derive(Debug, Default)]
struct Door {
    /// Resolves when the last one in line leaves.
    last: Mutex<Option<oneshot::Receiver<()>>>,
}

/// A place before a door, and behind it when its turn [came](Self::come). The next one is let in when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    before: Option<oneshot::Receiver<()>>,
    #[expect(dead_code, reason = "it does what it does by being dropped")]
    leave: oneshot::Sender<()>,
}

/// A place in the line to the desk.
#[derive(Debug)]
pub(crate) struct Turn {
    lane: Arc<Lane>,
    place: Place,
}

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
                let lane = Arc::new(Lane::default());
                lanes.insert(tenant.clone(), Arc::clone(&lane));
                self.share(&lanes);
                lane
            }
        };
        let place = lane.at_desk.place();
        Turn { lane, place }
    }

    /// Whether a tenant has one.
    pub(crate) fn has(&self, tenant: &TenantId) -> bool {
        lock(&self.lanes).contains_key(tenant)
    }

    /// The tenants who have one.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        lock(&self.lanes).keys().cloned().collect()
    }

    /// Gives every lane the same part of the memory. Those with nothing under way give back what is more at once.
    fn share(&self, lanes: &HashMap<TenantId, Arc<Lane>>) {
        let share = self.budget / lanes.len();
        for lane in lanes.values() {
            lane.share.store(share, Ordering::Relaxed);
            if let Ok(mut desk) = lane.desk.try_lock()
                && desk
                    .as_ref()
                    .is_some_and(|book| book.bytes() > share && book.due() == 0)
            {
                *desk = None;
            }
        }
    }
}

impl Lane {
    /// Takes a place in the line of those who write. Whoever took one has to come before leaving it.
    pub(crate) fn writing(&self) -> Place {
        self.writing.place()
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

    /// Whether the last commit was planned ahead, as the next one may be.
    pub(crate) fn plans_ahead(&self) -> bool {
        self.plans_ahead.load(Ordering::Relaxed)
    }

    /// Notes how a commit was planned.
    pub(crate) fn note_ahead(&self, ahead: bool) {
        self.plans_ahead.store(ahead, Ordering::Relaxed);
    }

    /// How often a book has forgotten something, or another one was opened.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Acquire)
    }

    /// Lets a book forget what goes beyond its share of the memory.
    pub(crate) fn shrink(&self, book: &mut Book) {
        if book.shrink(self.share(), self.durable()) {
            self.forget();
        }
    }

    /// A book has forgotten something, or is another one.
    pub(crate) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.asked.forget();
    }

    /// Whom commits have asked for early.
    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Whether whoever asks has to see to it that the state of subjects is written in time: nobody else does.
    pub(crate) fn begin_watch(&self) -> bool {
        !self.is_watched.swap(true, Ordering::AcqRel)
    }

    /// Whoever saw to it does no longer.
    pub(crate) fn end_watch(&self) {
        self.is_watched.store(false, Ordering::Release);
    }

    /// The memory that a book may take.
    pub(crate) fn share(&self) -> usize {
        self.share.load(Ordering::Relaxed)
    }
}

impl Door {
    fn place(&self) -> Place {
        let (leave, next) = oneshot::channel();
        let before = lock(&self.last).replace(next);
        Place { before, leave }
    }
}

impl Place {
    /// Waits until all who came before have left.
    pub(crate) async fn come(&mut self) {
        if let Some(before) = &mut self.before {
            // It resolves with an error: who leaves says nothing.
            before.await.unwrap_or_default();
            self.before = None;
        }
    }
}

impl Turn {
    /// Whose desk it is.
    pub(crate) fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    /// Waits until the desk is free.
    pub(crate) async fn come(mut self) -> (Arc<Lane>, Place) {
        self.place.come().await;
        (self.lane, self.place)
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
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

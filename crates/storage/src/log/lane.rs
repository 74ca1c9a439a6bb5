//! The order of one tenant's commits, and what lets the next one be planned while one is written.
//!
//! A commit passes three places: it is *prepared*, alongside any others; it is *planned*, one at a time and in the order
//! in which commits were asked for; it is *written*, one at a time. Who plans holds on until it may write, so that a
//! plan is made when at most one other is being written, and sees that one as what is [`Ahead`] of it.
//!
//! Nothing here is needed for safety: the tenant's row says what a plan was made on, and a plan that finds another row
//! when it is to be written is made again, inside the transaction.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::FutureExt as _;
use scoreline_core::id::TenantId;
use tokio::sync::OwnedMutexGuard;

use super::plan::Plan;

/// The plan that is being written, or was written last.
pub(crate) type Ahead = Option<Arc<Plan>>;

/// The commits of one tenant that are under way.
#[derive(Default)]
pub(crate) struct Lane {
    planning: Arc<tokio::sync::Mutex<Ahead>>,
    pub(crate) writing: tokio::sync::Mutex<()>,
    /// How often a plan was not written as it was made. Plans on top of it are void then.
    broken: AtomicU64,
}

/// The lanes of all tenants that have one. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Lanes(Arc<Mutex<HashMap<TenantId, Weak<Lane>>>>);

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lanes")
    }
}

/// A commit's place in the order of its tenant's.
pub(crate) struct Turn {
    pub(crate) lane: Arc<Lane>,
    come: Pin<Box<dyn Future<Output = OwnedMutexGuard<Ahead>> + Send>>,
}

impl Lanes {
    /// Takes the next place in a tenant's order.
    pub(crate) fn take_turn(&self, tenant: &TenantId) -> Turn {
        let lane = self.lane(tenant);
        // A place in the queue of a lock is taken when it is first asked for it, unless the runtime holds that back.
        let mut come = tokio::task::unconstrained(Arc::clone(&lane.planning).lock_owned()).boxed();
        let come = match (&mut come).now_or_never() {
            Some(come) => std::future::ready(come).boxed(),
            None => come,
        };
        Turn { lane, come }
    }

    /// A lane lives as long as somebody is in it.
    fn lane(&self, tenant: &TenantId) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(tenant).and_then(Weak::upgrade) {
            return lane;
        }
        lanes.retain(|_, lane| lane.strong_count() > 0);
        let lane = Arc::default();
        lanes.insert(tenant.clone(), Arc::downgrade(&lane));
        lane
    }
}

impl Turn {
    /// Waits until it is this commit's turn to be planned.
    pub(crate) async fn come(self) -> OwnedMutexGuard<Ahead> {
        self.come.await
    }
}

impl Lane {
    /// How often a plan was not written as it was made.
    pub(crate) fn broken(&self) -> u64 {
        self.broken.load(Ordering::Acquire)
    }

    /// To be kept while a plan is written.
    pub(crate) fn unsettled(&self) -> Unsettled<'_> {
        Unsettled(self)
    }

    /// A plan that is durable is no longer needed, unless somebody is planning on it.
    pub(crate) fn forget(&self, plan: &Arc<Plan>) {
        if let Ok(mut ahead) = self.planning.try_lock() {
            ahead.take_if(|ahead| Arc::ptr_eq(ahead, plan));
        }
    }
}

/// Breaks what is planned on a plan, unless that was written as it was made.
pub(crate) struct Unsettled<'a>(&'a Lane);

impl Unsettled<'_> {
    /// The plan was written as it was made.
    pub(crate) fn settle(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        self.0.broken.fetch_add(1, Ordering::AcqRel);
    }
}

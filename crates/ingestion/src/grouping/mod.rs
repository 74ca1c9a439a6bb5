//! Group commit: concurrent submissions of one tenant share a transaction.
//!
//! Each tenant with something to store has a queue and a worker. While the worker commits one group, the next one
//! collects, and is begun when it is large enough to be worked out meanwhile; nobody waits while the tenant is idle. An
//! answer is given after the commit is durable. A caller that goes away changes nothing: what it handed over is stored.
//! Queues are bounded, and gone when they are empty.

mod queue;
mod worker;

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::FutureExt as _;
use scoreline_core::id::TenantId;
use scoreline_server::status::{Kind, Problem};
use scoreline_storage::{Log, Receipt, Submission};
use tokio::sync::{Notify, oneshot, watch};
use tracing::Instrument as _;

use self::queue::{Queue, Waiting};
use crate::failure;

/// Full groups that may wait for one tenant.
const MAX_WAITING_GROUPS: usize = 8;

/// How large a group may be, and how long it may take to gather.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Events of one group. A submission is never split, so one alone may have more.
    pub(crate) max_events: usize,
    /// How long a group waits for as much company as the one before it had.
    pub(crate) max_delay: Duration,
}

/// Why a submission was not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    /// The tenant's queue is full.
    #[error("too much waits to be stored for this tenant")]
    Full,
    /// The worker ended before the answer.
    #[error("the worker stopped")]
    Stopped,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Arc<scoreline_storage::Error>),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::new(
                Kind::Unavailable(Some(failure::RETRY_AFTER)),
                "QUEUE_FULL",
                error.to_string(),
            ),
            Error::Stopped => failure::unavailable(),
            Error::Store(error) => failure::problem(&error),
        }
    }
}

/// The queues of all tenants. Clones share them.
#[derive(Clone)]
pub(crate) struct Groups {
    shared: Arc<Shared>,
}

struct Shared {
    log: Arc<dyn Log>,
    limits: Limits,
    queues: Mutex<HashMap<TenantId, Queue>>,
    /// How many workers run.
    workers: watch::Sender<usize>,
    /// A queue got room.
    room: Notify,
    /// Tenants that got events since somebody asked.
    recent: Mutex<HashSet<TenantId>>,
}

/// A submission on its way.
#[derive(Debug)]
pub(crate) struct Pending(oneshot::Receiver<Result<Receipt, Error>>);

impl Pending {
    /// What became of it, after it is durable.
    pub(crate) async fn receipt(self) -> Result<Receipt, Error> {
        self.0.await.unwrap_or(Err(Error::Stopped))
    }
}

impl Groups {
    /// Groups of submissions to this log.
    pub(crate) fn new(log: Arc<dyn Log>, limits: Limits) -> Self {
        let shared = Shared {
            log,
            limits,
            queues: Mutex::default(),
            workers: watch::Sender::new(0),
            room: Notify::new(),
            recent: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Stores a submission, in company.
    pub(crate) async fn submit(&self, tenant: &TenantId, submission: Submission) -> Result<Receipt, Error> {
        match self.hand_over(tenant, submission) {
            Ok(pending) => pending.receipt().await,
            Err(_) => Err(Error::Full),
        }
    }

    /// Hands a submission over, when the queue has room. What is handed over is stored in this order.
    pub(crate) fn hand_over(&self, tenant: &TenantId, submission: Submission) -> Result<Pending, Submission> {
        let (answer, pending) = oneshot::channel();
        let mut queues = lock(&self.shared.queues);
        match queues.get_mut(tenant) {
            Some(queue) => queue.push(Waiting { submission, answer }, self.shared.limits.max_waiting())?,
            None => {
                queues.insert(tenant.clone(), Queue::of(Waiting { submission, answer }));
                self.start(tenant);
            }
        }
        Ok(Pending(pending))
    }

    /// Hands a submission over, after waiting for room.
    pub(crate) async fn hand_over_in_turn(&self, tenant: &TenantId, mut submission: Submission) -> Pending {
        loop {
            // Listening before looking: room that is made between the two is not missed.
            let mut room = std::pin::pin!(self.shared.room.notified());
            room.as_mut().enable();
            match self.hand_over(tenant, submission) {
                Ok(pending) => return pending,
                Err(refused) => submission = refused,
            }
            room.await;
        }
    }

    /// Resolves when everything that was handed over is answered.
    pub(crate) async fn drained(&self) {
        let mut workers = self.shared.workers.subscribe();
        workers
            .wait_for(|running| *running == 0)
            .await
            .expect("the sender lives as long as self");
    }

    /// The tenants that got events since this was last asked.
    pub(crate) fn take_recent(&self) -> HashSet<TenantId> {
        std::mem::take(&mut *lock(&self.shared.recent))
    }

    /// Starts the worker of a queue. The span has no parent: a group belongs to no single call.
    fn start(&self, tenant: &TenantId) {
        let (shared, tenant) = (Arc::clone(&self.shared), tenant.clone());
        let span = tracing::info_span!(parent: None, "group_commit", %tenant);
        shared.workers.send_modify(|running| *running += 1);
        let work = async move {
            let worked = AssertUnwindSafe(worker::run(&shared, &tenant)).catch_unwind().await;
            if worked.is_err() {
                // The panic is logged where it happened. Whoever waits learns that the worker stopped, and may retry.
                lock(&shared.queues).remove(&tenant);
                shared.room.notify_waiters();
            }
            shared.workers.send_modify(|running| *running -= 1);
        };
        tokio::spawn(work.instrument(span));
    }
}

impl Limits {
    fn max_waiting(&self) -> usize {
        self.max_events.saturating_mul(MAX_WAITING_GROUPS)
    }
}

/// Nothing panics while it holds one of these locks, and what they guard is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

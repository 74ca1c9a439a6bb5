//! Why an answer is given up before it is whole.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use scoreline_core::query;
use tokio::time::Instant;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    #[error("time ran out")]
    Deadline,
    #[error("the caller is gone")]
    Cancelled,
    #[error("{buckets} periods are more than {limit}")]
    TooManyBuckets { buckets: usize, limit: usize },
    #[error("a query has no answer")]
    Query(#[source] query::Error),
}

/// Tells a computation when nobody waits for it any more.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    deadline: Instant,
    cancelled: Arc<AtomicBool>,
}

/// Cancels when it is dropped: when the call is.
pub(crate) struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Stop {
    pub(crate) fn at(deadline: Instant) -> (Self, OnDrop) {
        let cancelled = Arc::new(AtomicBool::new(false));
        (
            Self {
                deadline,
                cancelled: Arc::clone(&cancelled),
            },
            OnDrop(cancelled),
        )
    }

    pub(crate) fn check(&self) -> Result<(), Stopped> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Stopped::Cancelled);
        }
        if Instant::now() >= self.deadline {
            return Err(Stopped::Deadline);
        }
        Ok(())
    }
}

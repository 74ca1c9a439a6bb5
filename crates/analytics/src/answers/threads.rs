//! How many threads scan at a time, in the whole process.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The threads that may scan. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Threads {
    free: Arc<Semaphore>,
    all: usize,
}

/// Threads that someone has for a while.
#[derive(Debug)]
pub(crate) struct Lease(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Threads {
    /// So many; 0: one for each core.
    pub(crate) fn new(count: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let all = if count == 0 { cores() } else { count };
        Self {
            free: Arc::new(Semaphore::new(all)),
            all,
        }
    }

    /// Waits for one.
    pub(crate) async fn one(&self) -> Lease {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        Lease(permit.expect("the semaphore is never closed"))
    }

    /// As many more as are free now, at most `wanted`.
    pub(crate) fn more(&self, wanted: usize) -> Vec<Lease> {
        let take = || Arc::clone(&self.free).try_acquire_owned().ok().map(Lease);
        (0..wanted.min(self.all)).map_while(|_| take()).collect()
    }
}

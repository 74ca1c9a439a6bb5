//! How many threads work on answers at a time, in the whole process.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rayon_core::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use scoreline_core::crew::Crew;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Rows below which a further thread costs more than it gives.
const WORTHWHILE: usize = 1 << 15;

/// The threads that may work. Clones share them.
#[derive(Clone)]
pub(crate) struct Threads {
    free: Arc<Semaphore>,
    all: usize,
    /// Those who help the ones that took a call, if there are any.
    helpers: Option<Arc<ThreadPool>>,
}

/// Threads that someone has for a while.
#[derive(Debug)]
pub(crate) struct Lease(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Threads {
    /// So many; 0: one for each core. Where the system gives no more threads, whoever took a call does without help.
    pub(crate) fn new(count: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let all = if count == 0 { cores() } else { count };
        let helpers = (all > 1).then(|| {
            let named = ThreadPoolBuilder::new().thread_name(|at| format!("answers-{at}"));
            named.num_threads(all - 1).build()
        });
        let helpers = helpers.and_then(|helpers| {
            let none = |error: &ThreadPoolBuildError| tracing::warn!(%error, "no threads to help with answers");
            helpers.inspect_err(none).ok()
        });
        Self {
            free: Arc::new(Semaphore::new(all)),
            all,
            helpers: helpers.map(Arc::new),
        }
    }

    /// Waits for one.
    pub(crate) async fn one(&self) -> Lease {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        Lease(permit.expect("the semaphore is never closed"))
    }

    /// Does something on this thread, and at the same time on as many more as are free now, at most `wanted`. What each did.
    pub(crate) fn together<T: Send>(&self, wanted: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
        let Some(helpers) = &self.helpers else {
            return vec![work()];
        };
        let take = || Arc::clone(&self.free).try_acquire_owned().ok().map(Lease);
        let leases: Vec<Lease> = (0..wanted.min(self.all - 1)).map_while(|_| take()).collect();
        if leases.is_empty() {
            return vec![work()];
        }
        let mut done: Vec<Option<T>> = leases.iter().map(|_| None).collect();
        let own = helpers.in_place_scope(|scope| {
            for (lease, place) in leases.into_iter().zip(&mut done) {
                let work = &work;
                scope.spawn(move |_| {
                    let _held = lease;
                    *place = Some(work());
                });
            }
            work()
        });
        std::iter::once(own).chain(done.into_iter().flatten()).collect()
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("all", &self.all)
            .finish_non_exhaustive()
    }
}

impl Crew for Threads {
    /// Pieces are of no use where nobody is free: they may cost more than the whole.
    fn hands(&self, rows: usize) -> usize {
        let free = self.free.available_permits().min(self.all - 1);
        (rows / WORTHWHILE).clamp(1, 1 + free)
    }

    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        self.together(pieces.saturating_sub(1), || {
            let pieces = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take_while(|at| *at < pieces);
            pieces.for_each(work);
        });
    }
}

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
    /// How many wait for one to begin with.
    waiting: Arc<AtomicUsize>,
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
            waiting: Arc::default(),
            all,
            helpers: helpers.map(Arc::new),
        }
    }

    /// Nobody but who asks.
    pub(crate) fn alone(&self) -> Self {
        Self {
            all: 1,
            helpers: None,
            ..self.clone()
        }
    }

    /// Waits for one.
    pub(crate) async fn one(&self) -> Lease {
        let _waits = Waits::among(&self.waiting);
        let permit = Arc::clone(&self.free).acquire_owned().await;
        Lease(permit.expect("the semaphore is never closed"))
    }

    /// Does something on this thread, and at the same time on as many more as are free now, at most `wanted`. What each did.
    pub(crate) fn together<T: Send>(&self, wanted: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
        // Who helps asks nobody for help: while it waited for others it would do what else there is to do, under the locks
        // that it holds.
        let Some(helpers) = self.helpers.as_ref().filter(|_| !self.is_helper()) else {
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

    /// Whether this is a thread that helps another.
    fn is_helper(&self) -> bool {
        let helpers = self.helpers.as_ref();
        helpers.is_some_and(|helpers| helpers.current_thread_index().is_some())
    }
}

/// Counts among those who wait until it is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn among(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
        if self.is_helper() {
            return 1;
        }
        let free = self.free.available_permits().min(self.all - 1);
        (rows / WORTHWHILE).clamp(1, 1 + free)
    }

    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        // Who helps makes way for whoever waits to begin.
        let makes_way = || self.waiting.load(Ordering::Relaxed) > 0 && self.is_helper();
        self.together(pieces.saturating_sub(1), || {
            while !makes_way() {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= pieces {
                    break;
                }
                work(at);
            }
        });
    }
}

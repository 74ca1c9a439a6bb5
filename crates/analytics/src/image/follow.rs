//! One tenant's image, kept up with its commits.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use scoreline_core::id::TenantId;
use scoreline_storage::{Error, Ledger};
use tokio::sync::watch;

use super::{
    Snapshot,
    cache::Memory,
    load::{Loaded, Page},
    order,
};

/// How many bytes of segments are read at a time.
const PAGE_BYTES: u64 = 32 << 20;
/// A tenant that nobody asks for that long is not followed any more.
const IDLE: Duration = Duration::from_secs(300);

/// One tenant's image.
pub(super) struct Followed {
    store: Arc<dyn Ledger>,
    tenant: TenantId,
    budget: u64,
    loaded: tokio::sync::Mutex<Loaded>,
    published: watch::Sender<Option<Arc<Snapshot>>>,
    /// An instant at which the newest commit was here; and when someone last asked.
    times: Mutex<Times>,
    pub(super) bytes: AtomicU64,
    pub(super) used: AtomicU64,
    following: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    current_at: Option<Instant>,
    asked_at: Instant,
}

impl Followed {
    pub(super) fn new(store: Arc<dyn Ledger>, tenant: TenantId, budget: u64) -> Self {
        Self {
            store,
            tenant,
            budget,
            loaded: tokio::sync::Mutex::new(Loaded::new()),
            published: watch::Sender::new(None),
            times: Mutex::new(Times {
                current_at: None,
                asked_at: Instant::now(),
            }),
            bytes: AtomicU64::new(0),
            used: AtomicU64::new(0),
            following: AtomicBool::new(false),
        }
    }

    /// What was published, unless it is older than `age`.
    pub(super) fn recent(&self, age: Duration) -> Option<Arc<Snapshot>> {
        let current_at = {
            let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            times.asked_at = Instant::now();
            times.current_at?
        };
        let snapshot = self.published.borrow().clone();
        snapshot.filter(|_| current_at.elapsed() <= age)
    }

    /// Tells when something is published; ends when the tenant is dropped from memory.
    pub(super) fn changes(&self) -> watch::Receiver<Option<Arc<Snapshot>>> {
        self.published.subscribe()
    }

    /// Reads what was recorded until now. Whoever comes while another one reads waits for him, and shares what he read if
    /// he began later. A call that is dropped half-way loses at most a page.
    pub(super) async fn advance(&self) -> Result<Arc<Snapshot>, Error> {
        let asked_at = Instant::now();
        let mut loaded = self.loaded.lock().await;
        if let Some(snapshot) = self.read_since(asked_at) {
            return Ok(snapshot);
        }
        let began = Instant::now();
        let before = self.published.borrow().clone();
        let (newest, _) = self.store.watermark(&self.tenant).await?;
        let snapshot = match before {
            Some(snapshot) if snapshot.commit >= newest => snapshot,
            _ => self.read(&mut loaded).await?,
        };
        self.times.lock().unwrap_or_else(PoisonError::into_inner).current_at = Some(began);
        Ok(snapshot)
    }

    fn read_since(&self, instant: Instant) -> Option<Arc<Snapshot>> {
        let current_at = self.times.lock().unwrap_or_else(PoisonError::into_inner).current_at?;
        if current_at >= instant {
            self.published.borrow().clone()
        } else {
            None
        }
    }

    async fn read(&self, loaded: &mut Loaded) -> Result<Arc<Snapshot>, Error> {
        let mut page = self.page(loaded.commit, loaded.rows.is_some()).await?;
        loop {
            let (reached, is_last) = (page.complete_to, page.is_last);
            let (current, budget) = (loaded.clone(), self.budget);
            let with_rows = current.rows.is_some();
            let work = tokio::task::spawn_blocking(move || current.with(page, budget));
            // The next page is read and opened while this one is taken in.
            let ahead = async {
                if is_last {
                    return Ok(None);
                }
                self.page(reached, with_rows).await.map(Some)
            };
            let (next, ahead) = tokio::join!(work, ahead);
            *loaded = next.map_err(|_| Error::Stopped)?;
            match ahead? {
                Some(more) => page = more,
                None => break,
            }
        }
        self.put_in_order(loaded).await?;
        let snapshot = Arc::new(loaded.snapshot());
        self.bytes.store(snapshot.bytes(), Ordering::Relaxed);
        self.published.send_replace(Some(Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// Puts measures in order that have got many rows since they last were, on two threads.
    async fn put_in_order(&self, loaded: &mut Loaded) -> Result<(), Error> {
        let Some(image) = &loaded.rows else { return Ok(()) };
        let disordered = image.disordered();
        if disordered.is_empty() {
            return Ok(());
        }
        let image = image.clone();
        let work = tokio::task::spawn_blocking(move || order::in_order(image, &disordered));
        loaded.rows = Some(work.await.map_err(|_| Error::Stopped)?);
        Ok(())
    }

    /// A page of what was recorded after a commit.
    async fn page(&self, after: u64, with_rows: bool) -> Result<Page, Error> {
        let tail = self.store.tail(&self.tenant, after, PAGE_BYTES).await?;
        let opened = tokio::task::spawn_blocking(move || Page::open(tail, after, with_rows)).await;
        opened.map_err(|_| Error::Stopped)?.map_err(|error| damaged(&error))
    }

    fn is_idle(&self) -> bool {
        let asked_at = self.times.lock().unwrap_or_else(PoisonError::into_inner).asked_at;
        self.published.receiver_count() == 0 && asked_at.elapsed() > IDLE
    }
}

fn damaged(error: &scoreline_core::ledger::Error) -> Error {
    Error::Damaged {
        what: "the ledger".to_owned(),
        problem: error.to_string(),
    }
}

/// Follows a tenant in the background, until it is idle or dropped.
pub(super) fn follow(followed: &Arc<Followed>, memory: Weak<Memory>, interval: Duration) {
    if followed.following.swap(true, Ordering::AcqRel) {
        return;
    }
    let followed = Arc::downgrade(followed);
    tokio::spawn(async move {
        let mut failing = false;
        loop {
            tokio::time::sleep(interval).await;
            let (Some(followed), Some(memory)) = (followed.upgrade(), memory.upgrade()) else {
                return;
            };
            if followed.is_idle() {
                followed.following.store(false, Ordering::Release);
                // Whoever subscribed just before found that it was still followed.
                if followed.is_idle() || followed.following.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
            match followed.advance().await {
                Ok(_) => failing = false,
                Err(Error::UnknownTenant(_)) => return memory.forget(&followed.tenant),
                Err(error) => {
                    if !failing {
                        let (tenant, error) = (&followed.tenant, &error as &dyn std::error::Error);
                        tracing::warn!(%tenant, error, "a ledger could not be followed");
                    }
                    failing = true;
                }
            }
            memory.trim();
        }
    });
}

//! One tenant's image, kept up with its commits.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use scoreline_core::id::TenantId;
use scoreline_storage::{Error, Ledger, Tail};
use tokio::sync::{mpsc, watch};

use super::{
    Snapshot,
    cache::Memory,
    load::{Loaded, Page},
};

/// How many bytes of segments are read at a time; a few such pages are under way at once.
const PAGE_BYTES: u64 = 16 << 20;
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
    ordering: AtomicBool,
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
            ordering: AtomicBool::new(false),
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

    /// Three steps at once, each a page ahead of the next one: reading, opening, taking in.
    async fn read(&self, loaded: &mut Loaded) -> Result<Arc<Snapshot>, Error> {
        let (after, with_rows) = (loaded.commit, AtomicBool::new(loaded.rows.is_some()));
        let (to_open, tails) = mpsc::channel(1);
        let (to_take, pages) = mpsc::channel(1);
        tokio::try_join!(
            self.read_tails(after, to_open),
            open_pages(after, &with_rows, tails, to_take),
            self.take_pages(loaded, &with_rows, pages),
        )?;
        let snapshot = Arc::new(loaded.snapshot());
        self.bytes.store(snapshot.bytes(), Ordering::Relaxed);
        if self.published.borrow().is_none() {
            let rows = snapshot.rows.as_ref().map_or(0, |rows| rows.rows());
            tracing::info!(tenant = %self.tenant, rows, bytes = snapshot.bytes(), "a ledger is in memory");
        }
        self.published.send_replace(Some(Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// Puts the largest measure in order that has got many rows since it last was, if there is one. Nobody waits for it:
    /// answers do not depend on the order, and those who follow commits are not told.
    async fn put_in_order(&self) -> Result<(), Error> {
        let Some(image) = self
            .published
            .borrow()
            .as_ref()
            .and_then(|snapshot| snapshot.rows.clone())
        else {
            return Ok(());
        };
        let Some(measure) = image.disordered().into_iter().next() else {
            return Ok(());
        };
        let work = tokio::task::spawn_blocking(move || image.in_order(&measure));
        let ordered = work.await.map_err(|_| Error::Stopped)?;
        let mut loaded = self.loaded.lock().await;
        let Some(rows) = &mut loaded.rows else { return Ok(()) };
        rows.put_in_order(ordered);
        let snapshot = Arc::new(loaded.snapshot());
        self.bytes.store(snapshot.bytes(), Ordering::Relaxed);
        self.published.send_if_modified(|published| {
            *published = Some(snapshot);
            false
        });
        Ok(())
    }

    /// Reads what was recorded after a commit, page by page.
    async fn read_tails(&self, mut after: u64, tails: mpsc::Sender<Tail>) -> Result<(), Error> {
        loop {
            let tail = self.store.tail(&self.tenant, after, PAGE_BYTES).await?;
            let is_last = tail.complete_to >= tail.watermark;
            after = tail.complete_to;
            if tails.send(tail).await.is_err() || is_last {
                return Ok(());
            }
        }
    }

    async fn take_pages(
        &self,
        loaded: &mut Loaded,
        with_rows: &AtomicBool,
        mut pages: mpsc::Receiver<Page>,
    ) -> Result<(), Error> {
        while let Some(page) = pages.recv().await {
            let (current, budget) = (loaded.clone(), self.budget);
            let next = tokio::task::spawn_blocking(move || current.with(page, budget)).await;
            *loaded = next.map_err(|_| Error::Stopped)?;
            with_rows.store(loaded.rows.is_some(), Ordering::Relaxed);
        }
        Ok(())
    }

    fn is_idle(&self) -> bool {
        let asked_at = self.times.lock().unwrap_or_else(PoisonError::into_inner).asked_at;
        self.published.receiver_count() == 0 && asked_at.elapsed() > IDLE
    }
}

async fn open_pages(
    mut after: u64,
    with_rows: &AtomicBool,
    mut tails: mpsc::Receiver<Tail>,
    pages: mpsc::Sender<Page>,
) -> Result<(), Error> {
    while let Some(tail) = tails.recv().await {
        let (complete_to, with_rows) = (tail.complete_to, with_rows.load(Ordering::Relaxed));
        let opened = tokio::task::spawn_blocking(move || Page::open(tail, after, with_rows)).await;
        let page = opened.map_err(|_| Error::Stopped)?.map_err(|error| damaged(&error))?;
        after = complete_to;
        if pages.send(page).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
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
                Ok(_) => {
                    failing = false;
                    order(&followed);
                }
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

/// Puts a measure in order beside, unless one is being put in order.
fn order(followed: &Arc<Followed>) {
    if followed.ordering.swap(true, Ordering::AcqRel) {
        return;
    }
    let followed = Arc::clone(followed);
    tokio::spawn(async move {
        if let Err(error) = followed.put_in_order().await {
            let (tenant, error) = (&followed.tenant, &error as &dyn std::error::Error);
            tracing::warn!(%tenant, error, "a measure could not be put in order");
        }
        followed.ordering.store(false, Ordering::Release);
    });
}

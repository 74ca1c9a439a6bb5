//! The images of all tenants under one budget of memory.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use scoreline_core::id::TenantId;
use scoreline_server::status::{Kind, Problem};
use scoreline_storage::{Error, Ledger};
use tokio::{sync::watch, time::Instant};

use super::{
    Snapshot,
    follow::{Followed, follow},
};
use crate::{caller::Caller, failure};

/// The images of all tenants. Clones share them.
#[derive(Clone)]
pub(crate) struct Images {
    store: Arc<dyn Ledger>,
    interval: Duration,
    memory: Arc<Memory>,
}

/// Who is in memory.
pub(super) struct Memory {
    budget: u64,
    tenants: Mutex<HashMap<TenantId, Arc<Followed>>>,
    uses: AtomicU64,
}

impl Memory {
    pub(super) fn forget(&self, tenant: &TenantId) {
        self.tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(tenant);
    }

    /// Drops the least recently asked tenants until the others fit.
    pub(super) fn trim(&self) {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // After every call: where there is room it must cost next to nothing.
        let bytes = |followed: &Arc<Followed>| followed.bytes.load(Ordering::Relaxed);
        if tenants.values().map(bytes).sum::<u64>() <= self.budget {
            return;
        }
        let mut sizes: Vec<(u64, u64, TenantId)> = tenants
            .iter()
            .map(|(tenant, followed)| {
                let (used, bytes) = (
                    followed.used.load(Ordering::Relaxed),
                    followed.bytes.load(Ordering::Relaxed),
                );
                (used, bytes, tenant.clone())
            })
            .collect();
        let mut total: u64 = sizes.iter().map(|(_, bytes, _)| bytes).sum();
        sizes.sort_unstable();
        // The one that was asked last stays, whatever its size: it is in use.
        sizes.pop();
        for (_, bytes, tenant) in sizes {
            if total <= self.budget {
                return;
            }
            if bytes > 0 {
                tracing::debug!(%tenant, bytes, "an image is dropped");
                tenants.remove(&tenant);
                total -= bytes;
            }
        }
    }
}

impl Images {
    pub(crate) fn new(store: Arc<dyn Ledger>, budget: u64, interval: Duration) -> Self {
        let memory = Memory {
            budget,
            tenants: Mutex::default(),
            uses: AtomicU64::new(0),
        };
        Self {
            store,
            interval,
            memory: Arc::new(memory),
        }
    }

    /// The tenant as it is now, with at least this commit.
    pub(crate) async fn get(&self, caller: &Caller, at_least: u64) -> Result<Arc<Snapshot>, Problem> {
        let followed = self.followed(&caller.tenant);
        let snapshot = match followed.recent(self.interval * 4) {
            Some(snapshot) if snapshot.commit >= at_least => snapshot,
            _ => self.reach(&followed, caller, at_least).await?,
        };
        follow(&followed, Arc::downgrade(&self.memory), self.interval);
        self.memory.trim();
        Ok(snapshot)
    }

    async fn reach(&self, followed: &Followed, caller: &Caller, at_least: u64) -> Result<Arc<Snapshot>, Problem> {
        let until = caller.patience();
        loop {
            let snapshot = followed.advance().await.map_err(|error| {
                if matches!(error, Error::UnknownTenant(_)) {
                    self.memory.forget(&caller.tenant);
                }
                failure::stored(&error)
            })?;
            if snapshot.commit >= at_least {
                return Ok(snapshot);
            }
            if Instant::now() >= until {
                return Err(not_reached(at_least, snapshot.commit));
            }
            tokio::time::sleep_until(until.min(Instant::now() + self.interval)).await;
        }
    }

    /// Tells when a tenant's snapshot changes; ends when the tenant is dropped from memory.
    pub(crate) fn changes(&self, tenant: &TenantId) -> watch::Receiver<Option<Arc<Snapshot>>> {
        let followed = self.followed(tenant);
        let changes = followed.changes();
        follow(&followed, Arc::downgrade(&self.memory), self.interval);
        changes
    }

    fn followed(&self, tenant: &TenantId) -> Arc<Followed> {
        let mut tenants = self.memory.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(Followed::new(
                Arc::clone(&self.store),
                tenant.clone(),
                self.memory.budget,
            ))
        };
        let followed = Arc::clone(tenants.entry(tenant.clone()).or_insert_with(new));
        followed
            .used
            .store(self.memory.uses.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        followed
    }

    /// The tenants in memory.
    #[cfg(test)]
    pub(crate) fn held(&self) -> Vec<TenantId> {
        let tenants = self.memory.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.keys().cloned().collect()
    }
}

fn not_reached(wanted: u64, newest: u64) -> Problem {
    let message = format!("commit {wanted} is not there yet, the newest is {newest}");
    Problem::new(Kind::DeadlineExceeded, "COMMIT_NOT_REACHED", message)
        .with("wanted", wanted)
        .with("newest", newest)
}

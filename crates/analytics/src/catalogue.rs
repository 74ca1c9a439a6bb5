//! What a tenant can ask for: our metrics and its own, under its policies. Remembered for less than a second.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use scoreline_core::{
    id::TenantId,
    metric::{Definition, Registry},
    policy::Policies,
};
use scoreline_server::status::Problem;
use scoreline_storage::{StoredMetric, Tenancy, Tenant};

use crate::{failure, page::Fingerprint};

/// How long an answer of the store is used again.
const FRESH: Duration = Duration::from_millis(900);
/// Tenants that are remembered; beyond it all are forgotten at once.
const MAX_REMEMBERED: usize = 10_000;

/// What a tenant can ask for.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) policies: Policies,
    pub(crate) registry: Registry,
    /// The tenant's own metrics as they are stored, also those that are not valid any more.
    pub(crate) own: BTreeMap<String, Definition>,
    /// Changes whenever an answer may mean something else.
    pub(crate) fingerprint: u64,
}

/// The catalogues of all tenants.
pub(crate) struct Catalogues {
    store: Arc<dyn Tenancy>,
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    tenants: HashMap<TenantId, (Instant, Arc<Catalogue>)>,
    /// Counts what was forgotten, so that nothing older is remembered afterwards.
    forgotten: u64,
}

impl Catalogues {
    pub(crate) fn new(store: Arc<dyn Tenancy>) -> Self {
        Self {
            store,
            remembered: Mutex::default(),
        }
    }

    /// A tenant's catalogue, at most a second old.
    pub(crate) async fn get(&self, tenant: &TenantId) -> Result<Arc<Catalogue>, Problem> {
        let (known, forgotten) = {
            let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            (remembered.tenants.get(tenant).cloned(), remembered.forgotten)
        };
        let asked_at = Instant::now();
        let known = match known {
            Some((at, catalogue)) if at.elapsed() < FRESH => return Ok(catalogue),
            known => known.map(|(_, catalogue)| catalogue),
        };
        let catalogue = self.read(tenant, known).await?;
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.forgotten == forgotten {
            if remembered.tenants.len() >= MAX_REMEMBERED {
                remembered.tenants.clear();
            }
            remembered
                .tenants
                .insert(tenant.clone(), (asked_at, Arc::clone(&catalogue)));
        }
        Ok(catalogue)
    }

    /// A tenant's catalogue as it is stored now.
    pub(crate) async fn current(&self, tenant: &TenantId) -> Result<Arc<Catalogue>, Problem> {
        self.forget(tenant);
        self.get(tenant).await
    }

    /// Forgets a tenant's catalogue after it was changed.
    pub(crate) fn forget(&self, tenant: &TenantId) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.forgotten += 1;
        remembered.tenants.remove(tenant);
    }

    async fn read(&self, id: &TenantId, known: Option<Arc<Catalogue>>) -> Result<Arc<Catalogue>, Problem> {
        let tenant = self.store.tenant(id).await.map_err(|error| failure::stored(&error))?;
        let tenant = tenant.ok_or_else(|| failure::unknown_tenant(id.as_str()))?;
        let stored = self.store.metrics(id).await.map_err(|error| failure::stored(&error))?;
        let fingerprint = fingerprint(&tenant, &stored);
        match known {
            Some(known) if known.fingerprint == fingerprint => Ok(known),
            _ => Ok(Arc::new(build(tenant, stored, fingerprint))),
        }
    }
}

fn fingerprint(tenant: &Tenant, stored: &[StoredMetric]) -> u64 {
    let mut print = Fingerprint::default();
    print.add(tenant.etag.as_bytes());
    for metric in stored {
        print.add(metric.id.as_bytes());
        print.add(&metric.version.to_le_bytes());
        print.add(metric.definition.as_bytes());
    }
    print.finish()
}

fn build(tenant: Tenant, stored: Vec<StoredMetric>, fingerprint: u64) -> Catalogue {
    let mut own = BTreeMap::new();
    for metric in stored {
        match serde_json::from_str::<Definition>(&metric.definition) {
            Ok(mut definition) => {
                definition.version = u32::try_from(metric.version).unwrap_or(u32::MAX);
                own.insert(metric.id, definition);
            }
            Err(error) => {
                tracing::error!(tenant = %tenant.id, metric = metric.id, %error, "a stored metric cannot be read");
            }
        }
    }
    let (registry, errors) = Registry::load(own.values().cloned().collect(), &tenant.policies);
    for error in errors {
        tracing::warn!(tenant = %tenant.id, %error, "a metric of the tenant's own is not valid any more");
    }
    Catalogue {
        policies: tenant.policies,
        registry,
        own,
        fingerprint,
    }
}

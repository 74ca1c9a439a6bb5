//! Tenants, and what each configures.

mod key;
mod metric;
mod tenant;

use async_trait::async_trait;
use jiff::Timestamp;
use scoreline_core::{id::TenantId, policy::Policies};

pub(crate) use self::tenant::read_tenant;
pub use self::{
    key::{ApiKey, KeyRecord},
    metric::StoredMetric,
    tenant::{Settings, Tenant},
};
use crate::{Database, Error, Tenancy};

#[async_trait]
impl Tenancy for Database {
    async fn create_tenant(&self, tenant: &TenantId, policies: &Policies, now: Timestamp) -> Result<Tenant, Error> {
        let (database, tenant, policies) = (self.clone(), tenant.clone(), policies.clone());
        Self::detached(async move { tenant::create(&database, &tenant, &policies, now).await }).await
    }

    async fn tenant(&self, tenant: &TenantId) -> Result<Option<Tenant>, Error> {
        read_tenant(self.reader(), tenant).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        tenant::list(self.reader()).await
    }

    async fn update_policies(
        &self,
        tenant: &TenantId,
        policies: &Policies,
        etag: Option<&str>,
        now: Timestamp,
    ) -> Result<Tenant, Error> {
        let (database, tenant, policies, etag) = (
            self.clone(),
            tenant.clone(),
            policies.clone(),
            etag.map(ToOwned::to_owned),
        );
        Self::detached(async move { tenant::update(&database, &tenant, &policies, etag.as_deref(), now).await }).await
    }

    async fn create_key(&self, tenant: &TenantId, key: &KeyRecord) -> Result<(), Error> {
        let (database, tenant, key) = (self.clone(), tenant.clone(), key.clone());
        Self::detached(async move { key::create(&database, &tenant, &key).await }).await
    }

    async fn find_key(&self, key_id: &str) -> Result<Option<ApiKey>, Error> {
        key::find(self.reader(), key_id).await
    }

    async fn keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>, Error> {
        key::list(self.reader(), tenant).await
    }

    async fn revoke_key(&self, tenant: &TenantId, key_id: &str, now: Timestamp) -> Result<bool, Error> {
        let (database, tenant, key_id) = (self.clone(), tenant.clone(), key_id.to_owned());
        Self::detached(async move { key::revoke(database.writer(), &tenant, &key_id, now).await }).await
    }

    async fn touch_key(&self, tenant: &TenantId, key_id: &str, now: Timestamp) -> Result<(), Error> {
        let (database, tenant, key_id) = (self.clone(), tenant.clone(), key_id.to_owned());
        Self::detached(async move { key::touch(database.writer(), &tenant, &key_id, now).await }).await
    }

    async fn metrics(&self, tenant: &TenantId) -> Result<Vec<StoredMetric>, Error> {
        metric::list(self.reader(), tenant).await
    }

    async fn put_metric(
        &self,
        tenant: &TenantId,
        metric: &StoredMetric,
        expected: Option<i64>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (database, tenant, metric) = (self.clone(), tenant.clone(), metric.clone());
        Self::detached(async move { metric::put(database.writer(), &tenant, &metric, expected, now).await }).await
    }

    async fn delete_metric(&self, tenant: &TenantId, metric_id: &str, expected: Option<i64>) -> Result<bool, Error> {
        let (database, tenant, id) = (self.clone(), tenant.clone(), metric_id.to_owned());
        Self::detached(async move { metric::delete(&database, &tenant, &id, expected).await }).await
    }
}

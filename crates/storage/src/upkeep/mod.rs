//! Looking after what is stored: folding the log again, and checking everything against everything.

mod rebuild;
mod verify;

use async_trait::async_trait;
use jiff::Timestamp;
use scoreline_core::id::TenantId;
use sea_orm::{ConnectionTrait as _, Statement};

pub(crate) use self::rebuild::refold;
pub use self::{
    rebuild::{Difference, RebuildReport},
    verify::VerifyReport,
};
use crate::{Database, Error, Upkeep, log};

#[async_trait]
impl Upkeep for Database {
    async fn rebuild(&self, tenant: &TenantId, apply: bool, now: Timestamp) -> Result<RebuildReport, Error> {
        let (database, tenant) = (self.clone(), tenant.clone());
        Self::detached(async move { rebuild::rebuild(&database, &tenant, apply, now).await }).await
    }

    async fn verify(&self, tenant: &TenantId) -> Result<VerifyReport, Error> {
        verify::verify(self, tenant).await
    }

    async fn catch_up(&self, tenant: &TenantId) -> Result<(), Error> {
        if !self.lanes().has(tenant) && log::is_carried(self, tenant).await? {
            return Ok(());
        }
        let (database, tenant, turn) = (self.clone(), tenant.clone(), self.lanes().turn(tenant));
        Self::detached(async move { log::carry(&database, turn, &tenant).await }).await
    }

    async fn ready(&self) -> Result<(), Error> {
        let backend = self.reader().get_database_backend();
        self.reader()
            .query_one_raw(Statement::from_string(backend, "SELECT page FROM event LIMIT 1"))
            .await?;
        Ok(())
    }
}

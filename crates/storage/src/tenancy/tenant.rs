//! Tenants and their settings.

use jiff::Timestamp;
use scoreline_core::{id::TenantId, policy::Policies};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, SqlErr, Statement};
use sha2::{Digest as _, Sha256};

use crate::{Database, Error, log, sql, upkeep};

/// What a tenant states once, as stored.
pub type Settings = Policies;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// What it states once.
    pub policies: Policies,
    /// Changes whenever the policies change.
    pub etag: String,
    /// Its newest commit.
    pub last_commit: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "tenant_id, settings, last_commit, created_at";

pub(crate) async fn read_tenant(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Option<Tenant>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM tenant WHERE tenant_id = $1");
    sql::select_one(db, sql, tenant.as_str(), [])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<Tenant>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM tenant ORDER BY tenant_id");
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<Tenant, Error> {
    let id: String = row.try_get_by_index(0)?;
    let damaged = |problem: &dyn std::fmt::Display| Error::damaged(format!("the tenant {id:?}"), problem);
    let settings: String = row.try_get_by_index(1)?;
    let created_at: i64 = row.try_get_by_index(3)?;
    Ok(Tenant {
        policies: serde_json::from_str(&settings).map_err(|error| damaged(&error))?,
        etag: etag(&settings),
        last_commit: sql::unsigned(row.try_get_by_index(2)?, "a commit number")?,
        created_at: Timestamp::from_microsecond(created_at).map_err(|error| damaged(&error))?,
        id: TenantId::new(&id).map_err(|error| damaged(&error))?,
    })
}

fn etag(settings: &str) -> String {
    Sha256::digest(settings.as_bytes())
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn encode(policies: &Policies) -> String {
    serde_json::to_string(policies).expect("policies have string keys only and serialise to memory")
}

/// The transaction `create_tenant`.
pub(crate) async fn create(
    database: &Database,
    tenant: &TenantId,
    policies: &Policies,
    now: Timestamp,
) -> Result<Tenant, Error> {
    check(policies)?;
    let settings = encode(policies);
    let sql = "INSERT INTO tenant (tenant_id, settings, last_commit, created_at) VALUES ($1, $2, 0, $3)";
    let values = [settings.as_str().into(), now.as_microsecond().into()];
    sql::execute(database.writer(), sql, tenant.as_str(), values)
        .await
        .map_err(|error| exists(error, "tenant", tenant.as_str()))?;
    Ok(Tenant {
        id: tenant.clone(),
        policies: policies.clone(),
        etag: etag(&settings),
        last_commit: 0,
        created_at: now,
    })
}

pub(crate) fn exists(error: DbErr, kind: &'static str, id: &str) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Exists {
            kind,
            id: id.to_owned(),
        },
        _ => Error::Database(error),
    }
}

fn check(policies: &Policies) -> Result<(), Error> {
    match policies.violations() {
        violations if violations.is_empty() => Ok(()),
        violations => Err(Error::Invalid(violations)),
    }
}

/// The transaction `update_policies`.
pub(crate) async fn update(
    database: &Database,
    tenant: &TenantId,
    policies: &Policies,
    expected: Option<&str>,
    now: Timestamp,
) -> Result<Tenant, Error> {
    check(policies)?;
    let transaction = database.begin_write().await?;
    let locked = log::lock_tenant(&transaction, tenant).await?;
    let before = etag(&locked.settings);
    if let Some(expected) = expected.filter(|expected| *expected != before) {
        return Err(Error::Stale {
            kind: "settings of tenant",
            id: tenant.to_string(),
            expected: expected.to_owned(),
            actual: before,
        });
    }
    let settings = encode(policies);
    sql::execute(
        &transaction,
        "UPDATE tenant SET settings = $2, revision = revision + 1 WHERE tenant_id = $1",
        tenant.as_str(),
        [settings.into()],
    )
    .await?;
    if locked.base.last_commit > 0 && !locked.policies.folds_like(policies) {
        upkeep::refold(&transaction, tenant, policies, locked.base.last_commit, now).await?;
    }
    transaction.commit().await?;
    read_tenant(database.writer(), tenant)
        .await?
        .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))
}

//! A tenant's own metrics. What a definition means is the core's to say; here it is a document with a version.

use jiff::Timestamp;
use scoreline_core::id::TenantId;
use sea_orm::ConnectionTrait;

use super::tenant::exists;
use crate::{Database, Error, sql};

/// A stored metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMetric {
    /// Its id.
    pub id: String,
    /// Counts its changes, from 1.
    pub version: i64,
    /// The definition as JSON.
    pub definition: String,
}

pub(crate) async fn list(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Vec<StoredMetric>, Error> {
    let sql = "SELECT metric_id, version, definition FROM metric_definition WHERE tenant_id = $1 ORDER BY metric_id";
    let rows = sql::select(db, sql, tenant.as_str(), []).await?;
    rows.iter()
        .map(|row| {
            Ok(StoredMetric {
                id: row.try_get_by_index(0)?,
                version: row.try_get_by_index(1)?,
                definition: row.try_get_by_index(2)?,
            })
        })
        .collect()
}

pub(crate) async fn put(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    metric: &StoredMetric,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(expected) = expected else {
        let sql = "INSERT INTO metric_definition (tenant_id, metric_id, version, definition, updated_at)
             VALUES ($1, $2, $3, $4, $5)";
        let values = [
            metric.id.as_str().into(),
            metric.version.into(),
            metric.definition.as_str().into(),
            now.as_microsecond().into(),
        ];
        return sql::execute(db, sql, tenant.as_str(), values)
            .await
            .map(drop)
            .map_err(|error| exists(error, "metric", &metric.id));
    };
    let sql = "UPDATE metric_definition SET version = $3, definition = $4, updated_at = $5
         WHERE tenant_id = $1 AND metric_id = $2 AND version = $6";
    let values = [
        metric.id.as_str().into(),
        metric.version.into(),
        metric.definition.as_str().into(),
        now.as_microsecond().into(),
        expected.into(),
    ];
    if sql::execute(db, sql, tenant.as_str(), values).await? == 0 {
        return Err(stale(db, tenant, &metric.id, expected).await?);
    }
    Ok(())
}

/// The transaction `delete_metric`.
pub(crate) async fn delete(
    database: &Database,
    tenant: &TenantId,
    id: &str,
    expected: Option<i64>,
) -> Result<bool, Error> {
    let transaction = database.begin_write().await?;
    let current = version(&transaction, tenant, id).await?;
    if let (Some(expected), Some(current)) = (expected, current)
        && expected != current
    {
        return Err(stale(&transaction, tenant, id, expected).await?);
    }
    let sql = "DELETE FROM metric_definition WHERE tenant_id = $1 AND metric_id = $2";
    let deleted = sql::execute(&transaction, sql, tenant.as_str(), [id.into()]).await?;
    transaction.commit().await?;
    Ok(deleted > 0)
}

async fn version(db: &impl ConnectionTrait, tenant: &TenantId, id: &str) -> Result<Option<i64>, Error> {
    let sql = "SELECT version FROM metric_definition WHERE tenant_id = $1 AND metric_id = $2";
    let row = sql::select_one(db, sql, tenant.as_str(), [id.into()]).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

async fn stale(db: &impl ConnectionTrait, tenant: &TenantId, id: &str, expected: i64) -> Result<Error, Error> {
    let actual = version(db, tenant, id)
        .await?
        .map_or_else(|| "none".to_owned(), |version| version.to_string());
    Ok(Error::Stale {
        kind: "metric",
        id: id.to_owned(),
        expected: expected.to_string(),
        actual,
    })
}

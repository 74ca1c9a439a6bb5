//! API keys: only a digest is stored.

use jiff::Timestamp;
use scoreline_core::id::TenantId;
use sea_orm::{ConnectionTrait, QueryResult, Statement};

use super::tenant::{exists, read_tenant};
use crate::{Database, Error, sql};

/// A key to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its public id.
    pub key_id: String,
    /// What people call it.
    pub display_name: String,
    /// A keyed digest of its secret.
    pub digest: Vec<u8>,
    /// Its role.
    pub role: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// A stored key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// What was stored.
    pub record: KeyRecord,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, as far as noted.
    pub last_used_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "tenant_id, key_id, display_name, digest, role, scopes, created_at, expires_at, revoked_at, last_used_at";

pub(crate) async fn create(database: &Database, tenant: &TenantId, key: &KeyRecord) -> Result<(), Error> {
    if read_tenant(database.writer(), tenant).await?.is_none() {
        return Err(Error::UnknownTenant(tenant.to_string()));
    }
    let sql = "INSERT INTO api_key (tenant_id, key_id, display_name, digest, role, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        key.key_id.as_str().into(),
        key.display_name.as_str().into(),
        key.digest.clone().into(),
        key.role.as_str().into(),
        key.scopes.join(" ").into(),
        key.created_at.as_microsecond().into(),
        key.expires_at.map(Timestamp::as_microsecond).into(),
    ];
    let values = std::iter::once(tenant.as_str().into()).chain(values);
    let statement = Statement::from_sql_and_values(database.writer().get_database_backend(), sql, values);
    database
        .writer()
        .execute_raw(statement)
        .await
        .map_err(|error| exists(error, "api key", &key.key_id))?;
    Ok(())
}

/// Looks a key up by its id alone: its tenant is what the caller wants to learn.
pub(crate) async fn find(db: &impl ConnectionTrait, key_id: &str) -> Result<Option<ApiKey>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM api_key WHERE key_id = $1");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [key_id.into()]);
    let rows = db.query_all_raw(statement).await?;
    match rows.as_slice() {
        [] => Ok(None),
        [row] => read(row).map(Some),
        // Ids are random; two alike name nobody.
        _ => Err(Error::damaged(format!("the api key {key_id:?}"), "two tenants have it")),
    }
}

pub(crate) async fn list(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Vec<ApiKey>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM api_key WHERE tenant_id = $1 ORDER BY created_at DESC, key_id");
    sql::select(db, sql, tenant.as_str(), [])
        .await?
        .iter()
        .map(read)
        .collect()
}

pub(crate) async fn revoke(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    key_id: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE api_key SET revoked_at = $3 WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL";
    let changed = sql::execute(db, sql, tenant.as_str(), [key_id.into(), now.as_microsecond().into()]).await?;
    Ok(changed > 0)
}

pub(crate) async fn touch(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    key_id: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE api_key SET last_used_at = $3 WHERE tenant_id = $1 AND key_id = $2";
    sql::execute(db, sql, tenant.as_str(), [key_id.into(), now.as_microsecond().into()]).await?;
    Ok(())
}

fn read(row: &QueryResult) -> Result<ApiKey, Error> {
    let tenant: String = row.try_get_by_index(0)?;
    let scopes: String = row.try_get_by_index(5)?;
    let instant = |micros: i64| {
        Timestamp::from_microsecond(micros).map_err(|error| Error::damaged("an instant of an api key", error))
    };
    let maybe = |at: usize| -> Result<Option<Timestamp>, Error> {
        row.try_get_by_index::<Option<i64>>(at)?.map(instant).transpose()
    };
    Ok(ApiKey {
        record: KeyRecord {
            key_id: row.try_get_by_index(1)?,
            display_name: row.try_get_by_index(2)?,
            digest: row.try_get_by_index(3)?,
            role: row.try_get_by_index(4)?,
            scopes: scopes.split_whitespace().map(ToOwned::to_owned).collect(),
            created_at: instant(row.try_get_by_index(6)?)?,
            expires_at: maybe(7)?,
        },
        revoked_at: maybe(8)?,
        last_used_at: maybe(9)?,
        tenant: TenantId::new(&tenant).map_err(|error| Error::damaged("the tenant of an api key", error))?,
    })
}

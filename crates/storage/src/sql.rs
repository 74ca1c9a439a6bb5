//! The few shapes of statement that we use beside inserts of many rows, and where the two engines need other words.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value, sea_query::ArrayType};

use crate::Error;

/// A statement of which `$1` is the tenant; `values` follow from `$2` on.
fn statement(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    tenant: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    let values = std::iter::once(tenant.into()).chain(values);
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// Reads rows. `$1` is the tenant; `values` follow from `$2` on.
pub(crate) async fn select(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    tenant: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(statement(db, sql, tenant, values)).await
}

/// Reads at most one row.
pub(crate) async fn select_one(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    tenant: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<QueryResult>, DbErr> {
    db.query_one_raw(statement(db, sql, tenant, values)).await
}

/// Changes rows and says how many.
pub(crate) async fn execute(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    tenant: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbErr> {
    let done = db.execute_raw(statement(db, sql, tenant, values)).await?;
    Ok(done.rows_affected())
}

/// Reads the rows of some ids. `$1` is the tenant. `select` ends with a condition, to which the one on the `id` column is
/// added.
///
/// One statement text whatever the number of ids. On PostgreSQL each id is looked up by itself: where a table has no
/// statistics yet, "is one of these" may be answered by reading all rows of the tenant.
pub(crate) async fn select_each(
    db: &impl ConnectionTrait,
    (select, id): (&str, &str),
    tenant: &str,
    ids: impl IntoIterator<Item = String>,
) -> Result<Vec<QueryResult>, DbErr> {
    let ids: BTreeSet<String> = ids.into_iter().collect();
    let (sql, values) = match db.get_database_backend() {
        DbBackend::Postgres => {
            let ids = ids.into_iter().map(Value::from).collect();
            // OFFSET keeps the inner statement from being turned into a join.
            let sql = format!(
                "SELECT found.* FROM unnest($2::text[]) AS asked (id)
                 CROSS JOIN LATERAL ({select} AND {id} = asked.id OFFSET 0) AS found"
            );
            (sql, Value::Array(ArrayType::String, Some(Box::new(ids))))
        }
        _ => {
            let sql = format!("{select} AND {id} IN (SELECT value FROM json_each($2))");
            (sql, serde_json::Value::from_iter(ids).to_string().into())
        }
    };
    self::select(db, sql, tenant, [values]).await
}

/// A stored number that can't be negative.
pub(crate) fn unsigned(value: i64, what: &str) -> Result<u64, Error> {
    u64::try_from(value).map_err(|_| Error::damaged(what, format_args!("{value} is negative")))
}

/// A number of ours for a `BIGINT`.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

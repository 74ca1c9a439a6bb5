//! The few shapes of statement that we use beside inserts of many rows, and where the two engines need other words.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

use crate::{Error, inserts::Column};

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

/// Reads the rows of some keys: the columns of the key, then further ones of the table.
///
/// One statement text whatever the number of keys. Each is looked up by itself, with all that is given of it: asked for one of
/// a list, both engines may read all rows of the tenant.
pub(crate) async fn select_by(
    db: &impl ConnectionTrait,
    (table, columns): (&str, &str),
    tenant: &str,
    key: &[(&str, Column<'_>)],
) -> Result<Vec<QueryResult>, DbErr> {
    let backend = db.get_database_backend();
    let values = match backend {
        DbBackend::Postgres => key.iter().map(|(_, column)| column.array()).collect(),
        _ => {
            let rows = key.first().map_or(0, |(_, column)| column.len());
            let one = |at| key.iter().map(|(_, column)| column.json(at)).collect::<Result<_, _>>();
            let keys: Vec<serde_json::Value> = (0..rows).map(one).collect::<Result<_, DbErr>>()?;
            vec![serde_json::Value::from(keys).to_string().into()]
        }
    };
    select(db, lookup(backend, (table, columns), key), tenant, values).await
}

fn lookup(backend: DbBackend, (table, columns): (&str, &str), key: &[(&str, Column<'_>)]) -> String {
    let names: Vec<&str> = key.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    let each = |part: &dyn Fn(usize, &str, &Column<'_>) -> String, between: &str| {
        let parts = (0..).zip(key).map(|(at, (name, column))| part(at, name, column));
        parts.collect::<Vec<_>>().join(between)
    };
    match backend {
        // OFFSET keeps the inner statement from being turned into a join.
        DbBackend::Postgres => format!(
            "SELECT found.* FROM unnest({}) AS asked ({names})
             CROSS JOIN LATERAL (SELECT {names}, {columns} FROM {table}
                 WHERE tenant_id = $1 AND {} OFFSET 0) AS found",
            each(&|at, _, column| format!("${}::{}", at + 2, column.array_type()), ", "),
            each(&|_, name, _| format!("{table}.{name} = asked.{name}"), " AND "),
        ),
        // CROSS JOIN keeps the order of the tables.
        _ => format!(
            "SELECT {names}, {columns} FROM json_each($2) AS asked CROSS JOIN {table} WHERE tenant_id = $1 AND {}",
            each(&|at, name, _| format!("{name} = asked.value ->> {at}"), " AND "),
        ),
    }
}

/// A stored number that can't be negative.
pub(crate) fn unsigned(value: i64, what: &str) -> Result<u64, Error> {
    u64::try_from(value).map_err(|_| Error::damaged(what, format_args!("{value} is negative")))
}

/// A number of ours for a `BIGINT`.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use sea_orm::{Database, Statement};

    use super::*;

    #[tokio::test]
    async fn sqlite_looks_keys_up_by_all_that_is_given() {
        let db = Database::connect("sqlite::memory:").await.expect("a database");
        let table = "CREATE TABLE subject (tenant_id TEXT NOT NULL, kind SMALLINT NOT NULL, subject_id TEXT NOT NULL,
            record BLOB NOT NULL, PRIMARY KEY (tenant_id, kind, subject_id))";
        db.execute_unprepared(table).await.expect("a table");
        let key = [
            ("kind", Column::Small(vec![1])),
            ("subject_id", Column::Text(vec!["a"])),
        ];
        let explain = format!(
            "EXPLAIN QUERY PLAN {}",
            lookup(DbBackend::Sqlite, ("subject", "record"), &key)
        );
        let values = ["acme".into(), r#"[[1, "a"]]"#.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, explain, values);
        let steps = db.query_all_raw(statement).await.expect("a plan");
        let steps: Vec<String> = steps
            .iter()
            .map(|step| step.try_get_by_index(3).expect("a text"))
            .collect();
        let whole = "(tenant_id=? AND kind=? AND subject_id=?)";
        assert!(steps.iter().any(|step| step.contains(whole)), "{steps:?}");
    }
}

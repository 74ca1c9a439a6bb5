//! The few shapes of statement that we use, and where the two engines need other words.
//!
//! Statements have constant text whatever the number of rows on PostgreSQL (`unnest`), and chunks of constant size on
//! SQLite (multi-row `VALUES`), so that both prepare them once.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value, sea_query::ArrayType};

use crate::Error;

/// The rows of one statement on SQLite, which keeps prepared what has the same text: so many at a time, as long as there
/// are as many.
const SQLITE_ROWS: [usize; 3] = [100, 10, 1];

/// The most rows of one statement on PostgreSQL, whose messages end at 1 GiB.
const POSTGRES_ROWS: usize = 10_000;

/// The values of one column, one a row.
#[derive(Debug)]
pub(crate) enum Column {
    Text(Vec<String>),
    Bytes(Vec<Vec<u8>>),
    Big(Vec<i64>),
    Int(Vec<i32>),
    Small(Vec<i16>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Bytes(values) => values.len(),
            Self::Big(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Small(values) => values.len(),
        }
    }

    fn array_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "text[]",
            Self::Bytes(_) => "bytea[]",
            Self::Big(_) => "bigint[]",
            Self::Int(_) => "integer[]",
            Self::Small(_) => "smallint[]",
        }
    }

    fn into_values(self) -> (ArrayType, Vec<Value>) {
        match self {
            Self::Text(values) => (ArrayType::String, values.into_iter().map(Into::into).collect()),
            Self::Bytes(values) => (ArrayType::Bytes, values.into_iter().map(Into::into).collect()),
            Self::Big(values) => (ArrayType::BigInt, values.into_iter().map(Into::into).collect()),
            Self::Int(values) => (ArrayType::Int, values.into_iter().map(Into::into).collect()),
            Self::Small(values) => (ArrayType::SmallInt, values.into_iter().map(Into::into).collect()),
        }
    }
}

/// Rows of one tenant: `columns` beside `tenant_id`, which is the same for all.
struct Rows<'a> {
    table: &'a str,
    tenant: &'a str,
    names: Vec<&'a str>,
    columns: Vec<Column>,
}

impl<'a> Rows<'a> {
    fn new(table: &'a str, tenant: &'a str, columns: Vec<(&'a str, Column)>) -> Self {
        let (names, columns): (Vec<_>, Vec<Column>) = columns.into_iter().unzip();
        let rows = Self {
            table,
            tenant,
            names,
            columns,
        };
        debug_assert!(
            rows.columns.iter().all(|column| column.len() == rows.len()),
            "columns of {table} differ in length"
        );
        rows
    }

    fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }
}

impl Rows<'_> {
    /// The statement over arrays, whose text is the same for any number of rows.
    fn of_arrays(&self, conflict: &str) -> String {
        let arrays = (2..)
            .zip(&self.columns)
            .map(|(at, column)| format!("${at}::{}", column.array_type()));
        let (table, list, arrays) = (self.table, self.names.join(", "), arrays.collect::<Vec<_>>().join(", "));
        format!("INSERT INTO {table} (tenant_id, {list}) SELECT $1, * FROM unnest({arrays}) {conflict}")
    }

    /// The statement over so many rows.
    fn of_rows(&self, rows: usize, conflict: &str) -> String {
        let (table, list, values) = (self.table, self.names.join(", "), placeholders(rows, self.names.len()));
        format!("INSERT INTO {table} (tenant_id, {list}) VALUES {values} {conflict}")
    }
}

/// Inserts rows of one tenant: `columns` beside `tenant_id`, which is the same for all. `conflict` is what follows
/// the rows (`ON CONFLICT …`), or nothing.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    table: &str,
    tenant: &str,
    columns: Vec<(&str, Column)>,
    conflict: &str,
) -> Result<(), DbErr> {
    let rows = Rows::new(table, tenant, columns);
    match db.get_database_backend() {
        _ if rows.len() == 0 => Ok(()),
        DbBackend::Postgres => insert_arrays(db, rows, conflict).await,
        _ => insert_rows(db, rows, conflict).await,
    }
}

async fn insert_arrays(db: &impl ConnectionTrait, rows: Rows<'_>, conflict: &str) -> Result<(), DbErr> {
    let sql = rows.of_arrays(conflict);
    let mut left: Vec<_> = rows.columns.into_iter().map(Column::into_values).collect();
    while left.iter().any(|(_, array)| !array.is_empty()) {
        let mut values: Vec<Value> = Vec::with_capacity(left.len());
        for (kind, array) in &mut left {
            let rest = array.split_off(array.len().min(POSTGRES_ROWS));
            let now = std::mem::replace(array, rest);
            values.push(Value::Array(kind.clone(), Some(Box::new(now))));
        }
        db.execute_raw(statement(db, sql.clone(), rows.tenant, values)).await?;
    }
    Ok(())
}

async fn insert_rows(db: &impl ConnectionTrait, mut rows: Rows<'_>, conflict: &str) -> Result<(), DbErr> {
    let mut left = rows.len();
    let columns = std::mem::take(&mut rows.columns);
    let mut columns: Vec<_> = columns
        .into_iter()
        .map(|column| column.into_values().1.into_iter())
        .collect();
    for count in SQLITE_ROWS {
        let sql = rows.of_rows(count, conflict);
        while left >= count {
            let mut values: Vec<Value> = Vec::with_capacity(count * (rows.names.len() + 1));
            for _ in 0..count {
                values.push(rows.tenant.into());
                values.extend(columns.iter_mut().filter_map(Iterator::next));
            }
            let sql = sql.clone();
            db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values))
                .await?;
            left -= count;
        }
    }
    Ok(())
}

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

/// Places without numbers: SQLite keeps a numbered one by name, and looks names up one after the other.
fn placeholders(rows: usize, width: usize) -> String {
    let row = format!("(?{})", ",?".repeat(width));
    vec![row; rows].join(",")
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

/// Reads the rows of some ids. `$1` is the tenant, `values` follow from `$2` on. `select` ends with a condition, to which
/// the one on the `id` column is added.
///
/// One statement text whatever the number of ids. On PostgreSQL each id is looked up by itself: where a table has no
/// statistics yet, "is one of these" may be answered by reading all rows of the tenant.
pub(crate) async fn select_each(
    db: &impl ConnectionTrait,
    (select, id): (&str, &str),
    tenant: &str,
    values: impl IntoIterator<Item = Value>,
    ids: impl IntoIterator<Item = String>,
) -> Result<Vec<QueryResult>, DbErr> {
    let ids: BTreeSet<String> = ids.into_iter().collect();
    let mut values: Vec<Value> = values.into_iter().collect();
    let at = values.len() + 2;
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => {
            let ids = ids.into_iter().map(Value::from).collect();
            values.push(Value::Array(ArrayType::String, Some(Box::new(ids))));
            // OFFSET keeps the inner statement from being turned into a join.
            format!(
                "SELECT found.* FROM unnest(${at}::text[]) AS asked (id)
                 CROSS JOIN LATERAL ({select} AND {id} = asked.id OFFSET 0) AS found"
            )
        }
        _ => {
            values.push(serde_json::Value::from_iter(ids).to_string().into());
            format!("{select} AND {id} IN (SELECT value FROM json_each(${at}))")
        }
    };
    self::select(db, sql, tenant, values).await
}

/// A stored number that can't be negative.
pub(crate) fn unsigned(value: i64, what: &str) -> Result<u64, Error> {
    u64::try_from(value).map_err(|_| Error::damaged(what, format_args!("{value} is negative")))
}

/// A number of ours for a `BIGINT`.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

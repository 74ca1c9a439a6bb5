//! Rows on their way into tables, bound as each engine takes them best: arrays on PostgreSQL, whose statements have the
//! same text for any number of rows; some fixed numbers of rows a statement on SQLite. So both prepare them once.

use std::sync::Arc;

use sea_orm::DbBackend;
use sqlx::{Arguments as _, error::BoxDynError, postgres::PgArguments, sqlite::SqliteArguments};

use crate::Error;

/// The rows of one statement on SQLite: so many at a time, as long as there are as many.
const SQLITE_ROWS: [usize; 3] = [100, 10, 1];

/// The most rows of one statement on PostgreSQL, whose messages end at 1 GiB.
const POSTGRES_ROWS: usize = 10_000;

/// The values of one column, one a row.
#[derive(Debug)]
pub(crate) enum Column<'a> {
    Text(Vec<&'a str>),
    Bytes(Vec<&'a [u8]>),
    Big(Vec<i64>),
    Int(Vec<i32>),
    Small(Vec<i16>),
}

/// Rows of one tenant in one table.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) table: &'static str,
    pub(crate) tenant: &'a str,
    /// What stands in the rows beside `tenant_id`, which is the same in all.
    pub(crate) columns: Vec<(&'static str, Column<'a>)>,
    /// What follows the rows (`ON CONFLICT …`), or nothing.
    pub(crate) conflict: &'static str,
}

/// Statements with what is bound to them, in order.
pub(crate) enum Inserts {
    Postgres(Vec<(String, PgArguments)>),
    Sqlite(Vec<(String, SqliteArguments)>),
}

impl Inserts {
    /// None, for an engine.
    pub(crate) fn new(backend: DbBackend) -> Self {
        match backend {
            DbBackend::Postgres => Self::Postgres(Vec::new()),
            _ => Self::Sqlite(Vec::new()),
        }
    }

    /// Adds rows behind those that are there.
    ///
    /// # Errors
    /// When a value is too large to be bound.
    pub(crate) fn add(&mut self, rows: &Rows<'_>) -> Result<(), Error> {
        match self {
            Self::Postgres(bound) => postgres(bound, rows),
            Self::Sqlite(bound) => sqlite(bound, rows),
        }
        .map_err(|error| Error::Fold(format!("a row of {} can't be bound: {error}", rows.table)))
    }
}

impl std::fmt::Debug for Inserts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let statements = match self {
            Self::Postgres(bound) => bound.len(),
            Self::Sqlite(bound) => bound.len(),
        };
        f.debug_struct("Inserts").field("statements", &statements).finish()
    }
}

impl Column<'_> {
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

    fn bind_array(&self, from: usize, to: usize, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Text(values) => arguments.add(&values[from..to]),
            Self::Bytes(values) => arguments.add(&values[from..to]),
            Self::Big(values) => arguments.add(&values[from..to]),
            Self::Int(values) => arguments.add(&values[from..to]),
            Self::Small(values) => arguments.add(&values[from..to]),
        }
    }

    fn bind(&self, at: usize, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Text(values) => arguments.add(values[at]),
            Self::Bytes(values) => arguments.add(values[at]),
            Self::Big(values) => arguments.add(values[at]),
            Self::Int(values) => arguments.add(values[at]),
            Self::Small(values) => arguments.add(values[at]),
        }
    }
}

impl Rows<'_> {
    fn len(&self) -> usize {
        let length = self.columns.first().map_or(0, |(_, column)| column.len());
        debug_assert!(
            self.columns.iter().all(|(_, column)| column.len() == length),
            "columns of {} differ in length",
            self.table
        );
        length
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }
}

fn postgres(bound: &mut Vec<(String, PgArguments)>, rows: &Rows<'_>) -> Result<(), BoxDynError> {
    let (table, names, conflict) = (rows.table, rows.names(), rows.conflict);
    let arrays = (2..)
        .zip(&rows.columns)
        .map(|(at, (_, column))| format!("${at}::{}", column.array_type()));
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    let sql = format!("INSERT INTO {table} (tenant_id, {names}) SELECT $1, * FROM unnest({arrays}) {conflict}");
    let length = rows.len();
    for from in (0..length).step_by(POSTGRES_ROWS) {
        let to = length.min(from + POSTGRES_ROWS);
        let mut arguments = PgArguments::default();
        arguments.add(rows.tenant)?;
        for (_, column) in &rows.columns {
            column.bind_array(from, to, &mut arguments)?;
        }
        bound.push((sql.clone(), arguments));
    }
    Ok(())
}

fn sqlite(bound: &mut Vec<(String, SqliteArguments)>, rows: &Rows<'_>) -> Result<(), BoxDynError> {
    let (table, names, conflict) = (rows.table, rows.names(), rows.conflict);
    // Places without numbers: SQLite keeps a numbered one by name, and looks names up one after the other.
    let row = format!("(?{})", ",?".repeat(rows.columns.len()));
    let tenant: Arc<str> = rows.tenant.into();
    let (mut next, length) = (0, rows.len());
    for count in SQLITE_ROWS {
        if length - next < count {
            continue;
        }
        let values = vec![row.as_str(); count].join(",");
        let sql = format!("INSERT INTO {table} (tenant_id, {names}) VALUES {values} {conflict}");
        while length - next >= count {
            let mut arguments = SqliteArguments::default();
            arguments.reserve(count * (rows.columns.len() + 1), 0);
            for at in next..next + count {
                arguments.add(Arc::clone(&tenant))?;
                for (_, column) in &rows.columns {
                    column.bind(at, &mut arguments)?;
                }
            }
            bound.push((sql.clone(), arguments));
            next += count;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(backend: DbBackend, count: usize) -> Vec<String> {
        let values: Vec<String> = (0..count).map(|at| at.to_string()).collect();
        let mut inserts = Inserts::new(backend);
        let columns = vec![
            ("name", Column::Text(values.iter().map(String::as_str).collect())),
            ("size", Column::Int(vec![0; count])),
        ];
        let rows = Rows {
            table: "thing",
            tenant: "acme",
            columns,
            conflict: "",
        };
        inserts.add(&rows).expect("small values");
        match inserts {
            Inserts::Postgres(bound) => bound.into_iter().map(|(sql, _)| sql).collect(),
            Inserts::Sqlite(bound) => bound.into_iter().map(|(sql, _)| sql).collect(),
        }
    }

    #[test]
    fn statements_have_few_texts() {
        let one = "INSERT INTO thing (tenant_id, name, size) SELECT $1, * FROM unnest($2::text[], $3::integer[]) ";
        assert_eq!(texts(DbBackend::Postgres, 0), Vec::<String>::new());
        assert_eq!(texts(DbBackend::Postgres, 7), [one]);
        assert_eq!(texts(DbBackend::Postgres, 10_001), [one, one]);
        assert_eq!(texts(DbBackend::Sqlite, 0), Vec::<String>::new());
        let rows = texts(DbBackend::Sqlite, 212);
        let rows: Vec<usize> = rows.iter().map(|sql| sql.matches("(?,?,?)").count()).collect();
        assert_eq!(rows, [100, 100, 10, 1, 1]);
    }
}

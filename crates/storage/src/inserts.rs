//! Rows on their way into tables, bound as each engine takes them best. On PostgreSQL all rows of all tables are one
//! statement, with an array for each column: one message there and one back, whose text is the same for any number of rows.
//! On SQLite, which is next door, some fixed numbers of rows a statement. So both prepare them once.

use std::sync::Arc;

use scoreline_core::id::TenantId;
use sea_orm::{DbBackend, DbErr, Value, sea_query::ArrayType};
use sqlx::{Arguments as _, error::BoxDynError, postgres::PgArguments, sqlite::SqliteArguments};

use crate::{Error, sql::signed};

/// The rows of one statement on SQLite: so many at a time, as long as there are as many.
const SQLITE_ROWS: [usize; 3] = [100, 10, 1];

/// The most rows of one statement on PostgreSQL, whose messages end at 1 GiB.
const POSTGRES_ROWS: usize = 10_000;

/// The state of a tenant as its row tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) last_commit: u64,
    /// The commit that carried the state of subjects last. The same state may be stored in other lines: two who know it must
    /// not write it one after the other.
    pub(crate) state_commit: u64,
    /// Goes up when settings, or the state of all subjects, are written anew.
    pub(crate) revision: i64,
}

/// How a tenant's row moves on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    /// Where it has to be.
    pub(crate) from: Base,
    /// Its newest commit afterwards.
    pub(crate) to: u64,
    /// Whether the state of subjects comes with it.
    pub(crate) carries: bool,
}

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
pub(crate) struct Inserts {
    /// Whether the first of them moves the tenant's row on, and all are in vain where it can't.
    pub(crate) moves: bool,
    pub(crate) bound: Bound,
}

/// Statements of an engine.
pub(crate) enum Bound {
    Postgres(Vec<Combined>),
    Sqlite(Vec<(String, SqliteArguments)>),
}

impl Inserts {
    /// None, for an engine.
    pub(crate) fn new(backend: DbBackend) -> Self {
        let bound = match backend {
            DbBackend::Postgres => Bound::Postgres(Vec::new()),
            _ => Bound::Sqlite(Vec::new()),
        };
        Self { moves: false, bound }
    }

    /// Those that come with a move of a tenant's row, which is locked with that. Where it is elsewhere than it has to be
    /// nothing is inserted.
    ///
    /// # Errors
    /// When a value is too large to be bound.
    pub(crate) fn moving(backend: DbBackend, tenant: &TenantId, moves: Move) -> Result<Self, Error> {
        let mut inserts = Self::new(backend);
        inserts.moves = true;
        match &mut inserts.bound {
            Bound::Postgres(bound) => Combined::moving(tenant, moves).map(|first| bound.push(first)),
            Bound::Sqlite(bound) => sqlite_move(tenant, moves).map(|first| bound.push(first)),
        }
        .map_err(|error| Error::Fold(format!("the commit of {tenant} can't be bound: {error}")))?;
        Ok(inserts)
    }

    /// Adds rows behind those that are there.
    ///
    /// # Errors
    /// When a value is too large to be bound.
    pub(crate) fn add(&mut self, rows: &Rows<'_>) -> Result<(), Error> {
        match &mut self.bound {
            Bound::Postgres(bound) => postgres(bound, rows),
            Bound::Sqlite(bound) => sqlite(bound, rows),
        }
        .map_err(|error| Error::Fold(format!("a row of {} can't be bound: {error}", rows.table)))
    }
}

impl std::fmt::Debug for Inserts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let statements = match &self.bound {
            Bound::Postgres(bound) => bound.len(),
            Bound::Sqlite(bound) => bound.len(),
        };
        f.debug_struct("Inserts")
            .field("moves", &self.moves)
            .field("statements", &statements)
            .finish()
    }
}

impl Column<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Bytes(values) => values.len(),
            Self::Big(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Small(values) => values.len(),
        }
    }

    pub(crate) fn array_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "text[]",
            Self::Bytes(_) => "bytea[]",
            Self::Big(_) => "bigint[]",
            Self::Int(_) => "integer[]",
            Self::Small(_) => "smallint[]",
        }
    }

    /// All values, as one for a statement that reads from PostgreSQL.
    pub(crate) fn array(&self) -> Value {
        fn of<T: Into<Value> + Clone>(kind: ArrayType, values: &[T]) -> Value {
            let values = values.iter().cloned().map(Into::into).collect();
            Value::Array(kind, Some(Box::new(values)))
        }
        match self {
            Self::Text(values) => of(ArrayType::String, values),
            Self::Bytes(values) => {
                let values: Vec<Vec<u8>> = values.iter().map(|bytes| bytes.to_vec()).collect();
                of(ArrayType::Bytes, &values)
            }
            Self::Big(values) => of(ArrayType::BigInt, values),
            Self::Int(values) => of(ArrayType::Int, values),
            Self::Small(values) => of(ArrayType::SmallInt, values),
        }
    }

    /// One value, for a statement that reads from SQLite.
    ///
    /// # Errors
    /// When it is of bytes, which have no such form.
    pub(crate) fn json(&self, at: usize) -> Result<serde_json::Value, DbErr> {
        Ok(match self {
            Self::Text(values) => values[at].into(),
            Self::Bytes(_) => return Err(DbErr::Type("a key of bytes can't be looked up".to_owned())),
            Self::Big(values) => values[at].into(),
            Self::Int(values) => values[at].into(),
            Self::Small(values) => values[at].into(),
        })
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

/// Rows of any tables in one statement of PostgreSQL.
#[derive(Default)]
pub(crate) struct Combined {
    parts: Vec<String>,
    arguments: PgArguments,
    places: usize,
    rows: usize,
    moves: bool,
}

impl Combined {
    /// Moves the tenant's row on. What is added to it is inserted only if it did.
    fn moving(tenant: &TenantId, moves: Move) -> Result<Self, BoxDynError> {
        let mut arguments = PgArguments::default();
        arguments.add(tenant.as_str())?;
        arguments.add(signed(moves.to))?;
        arguments.add(signed(moves.from.last_commit))?;
        arguments.add(signed(moves.from.state_commit))?;
        arguments.add(moves.from.revision)?;
        let carried = if moves.carries { ", state_commit = $2" } else { "" };
        let moved = format!(
            "moved AS (UPDATE tenant SET last_commit = $2{carried}
             WHERE tenant_id = $1 AND last_commit = $3 AND state_commit = $4 AND revision = $5 RETURNING tenant_id)"
        );
        Ok(Self {
            parts: vec![moved],
            arguments,
            places: 5,
            rows: 0,
            moves: true,
        })
    }

    fn add(&mut self, rows: &Rows<'_>, from: usize, to: usize) -> Result<(), BoxDynError> {
        let (table, names, conflict) = (rows.table, rows.names(), rows.conflict);
        self.arguments.add(rows.tenant)?;
        self.places += 1;
        let tenant = self.places;
        let mut arrays = Vec::with_capacity(rows.columns.len());
        for (_, column) in &rows.columns {
            column.bind_array(from, to, &mut self.arguments)?;
            self.places += 1;
            arrays.push(format!("${}::{}", self.places, column.array_type()));
        }
        let (arrays, part) = (arrays.join(", "), self.parts.len());
        let only = if self.moves {
            "WHERE EXISTS (SELECT FROM moved)"
        } else {
            ""
        };
        self.parts.push(format!(
            "part_{part} AS (INSERT INTO {table} (tenant_id, {names})
             SELECT ${tenant}, added.* FROM unnest({arrays}) AS added {only} {conflict})"
        ));
        self.rows += to - from;
        Ok(())
    }

    /// The statement, which gives a row if it did something.
    pub(crate) fn into_parts(self) -> (String, PgArguments) {
        let from = if self.moves { " FROM moved" } else { "" };
        (format!("WITH {} SELECT 1{from}", self.parts.join(", ")), self.arguments)
    }
}

fn postgres(bound: &mut Vec<Combined>, rows: &Rows<'_>) -> Result<(), BoxDynError> {
    let (mut from, length) = (0, rows.len());
    while from < length {
        if bound.last().is_none_or(|last| last.rows >= POSTGRES_ROWS) {
            bound.push(Combined::default());
        }
        let last = bound.last_mut().expect("one was just pushed");
        let to = length.min(from + POSTGRES_ROWS - last.rows);
        last.add(rows, from, to)?;
        from = to;
    }
    Ok(())
}

fn sqlite_move(tenant: &TenantId, moves: Move) -> Result<(String, SqliteArguments), BoxDynError> {
    let mut arguments = SqliteArguments::default();
    arguments.add(signed(moves.to))?;
    let carried = if moves.carries {
        arguments.add(signed(moves.to))?;
        ", state_commit = ?"
    } else {
        ""
    };
    arguments.add(tenant.to_string())?;
    arguments.add(signed(moves.from.last_commit))?;
    arguments.add(signed(moves.from.state_commit))?;
    arguments.add(moves.from.revision)?;
    let sql = format!(
        "UPDATE tenant SET last_commit = ?{carried}
         WHERE tenant_id = ? AND last_commit = ? AND state_commit = ? AND revision = ?"
    );
    Ok((sql, arguments))
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
        match inserts.bound {
            Bound::Postgres(bound) => bound.into_iter().map(|combined| combined.into_parts().0).collect(),
            Bound::Sqlite(bound) => bound.into_iter().map(|(sql, _)| sql).collect(),
        }
    }

    #[test]
    fn a_commit_is_one_statement_and_in_vain_where_the_tenant_is_elsewhere() {
        let tenant = TenantId::new("acme").expect("an id");
        let base = Base {
            last_commit: 7,
            state_commit: 5,
            revision: 2,
        };
        let moves = Move {
            from: base,
            to: 8,
            carries: true,
        };
        let mut inserts = Inserts::moving(DbBackend::Postgres, &tenant, moves).expect("small values");
        for table in ["thing", "other"] {
            let rows = Rows {
                table,
                tenant: "acme",
                columns: vec![("name", Column::Text(vec!["a", "b"]))],
                conflict: "",
            };
            inserts.add(&rows).expect("small values");
        }
        let Bound::Postgres(mut bound) = inserts.bound else {
            unreachable!("it was bound for PostgreSQL")
        };
        let (sql, arguments) = bound.pop().expect("a statement").into_parts();
        assert!(bound.is_empty());
        assert_eq!(arguments.len(), 5 + 2 * 2);
        assert_eq!(sql.matches("WHERE EXISTS (SELECT FROM moved)").count(), 2);
        assert!(sql.contains("SELECT $8, added.* FROM unnest($9::text[])"), "{sql}");
        assert!(sql.ends_with("SELECT 1 FROM moved"), "{sql}");
    }

    #[test]
    fn statements_have_few_texts() {
        let one = "WITH part_0 AS (INSERT INTO thing (tenant_id, name, size)
             SELECT $1, added.* FROM unnest($2::text[], $3::integer[]) AS added  ) SELECT 1";
        assert_eq!(texts(DbBackend::Postgres, 0), Vec::<String>::new());
        assert_eq!(texts(DbBackend::Postgres, 7), [one]);
        assert_eq!(texts(DbBackend::Postgres, 10_001), [one, one]);
        assert_eq!(texts(DbBackend::Sqlite, 0), Vec::<String>::new());
        let rows = texts(DbBackend::Sqlite, 212);
        let rows: Vec<usize> = rows.iter().map(|sql| sql.matches("(?,?,?)").count()).collect();
        assert_eq!(rows, [100, 100, 10, 1, 1]);
    }
}

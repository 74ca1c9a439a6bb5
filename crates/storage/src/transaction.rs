//! Transactions that write. They read as every connection does; what a commit inserts was bound before they were begun.

use std::sync::Arc;

use async_trait::async_trait;
use futures::lock::Mutex;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
    sea_query::Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Postgres, Sqlite};

use crate::inserts::{Bound, Combined, Inserts};

/// A transaction that writes. On SQLite it is the only one from its beginning on. One that is dropped is rolled back.
pub(crate) struct WriteTransaction {
    backend: DbBackend,
    open: Mutex<Open>,
}

enum Open {
    Postgres(sqlx::Transaction<'static, Postgres>),
    Sqlite(sqlx::Transaction<'static, Sqlite>),
}

impl WriteTransaction {
    pub(crate) async fn begin(writer: &DatabaseConnection) -> Result<Self, DbErr> {
        let backend = writer.get_database_backend();
        let open = match backend {
            DbBackend::Postgres => writer.get_postgres_connection_pool().begin().await.map(Open::Postgres),
            _ => {
                let pool = writer.get_sqlite_connection_pool();
                pool.begin_with("BEGIN IMMEDIATE").await.map(Open::Sqlite)
            }
        };
        Ok(Self {
            backend,
            open: Mutex::new(open.map_err(failed)?),
        })
    }

    /// Inserts rows that were bound for this engine. Says whether the tenant's row, if it was to move on, did.
    pub(crate) async fn run(&self, inserts: Inserts) -> Result<bool, DbErr> {
        match (&mut *self.open.lock().await, inserts.bound) {
            (Open::Postgres(open), Bound::Postgres(bound)) => {
                for combined in bound {
                    if !insert(&mut **open, combined).await? {
                        return Ok(false);
                    }
                }
            }
            (Open::Sqlite(open), Bound::Sqlite(bound)) => {
                for (at, (sql, arguments)) in bound.into_iter().enumerate() {
                    let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
                    let done = query.execute(&mut **open).await.map_err(failed)?;
                    if at == 0 && inserts.moves && done.rows_affected() == 0 {
                        return Ok(false);
                    }
                }
            }
            _ => return Err(DbErr::Custom("the rows were bound for another engine".to_owned())),
        }
        Ok(true)
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self.open.into_inner() {
            Open::Postgres(open) => open.commit().await,
            Open::Sqlite(open) => open.commit().await,
        }
        .map_err(failed)
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        match self.open.into_inner() {
            Open::Postgres(open) => open.rollback().await,
            Open::Sqlite(open) => open.rollback().await,
        }
        .map_err(failed)
    }

    async fn query(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = parts(statement);
        match &mut *self.open.lock().await {
            Open::Postgres(open) => {
                let rows = sqlx::query_with(sql, values).fetch_all(&mut **open).await;
                rows.map(|rows| rows.into_iter().map(Into::into).collect())
            }
            Open::Sqlite(open) => {
                let rows = sqlx::query_with(sql, values).fetch_all(&mut **open).await;
                rows.map(|rows| rows.into_iter().map(Into::into).collect())
            }
        }
        .map_err(failed)
    }
}

#[async_trait]
impl ConnectionTrait for WriteTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (sql, values) = parts(statement);
        match &mut *self.open.lock().await {
            Open::Postgres(open) => {
                let done = sqlx::query_with(sql, values).execute(&mut **open).await;
                done.map(Into::into)
            }
            Open::Sqlite(open) => {
                let done = sqlx::query_with(sql, values).execute(&mut **open).await;
                done.map(Into::into)
            }
        }
        .map_err(failed)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &mut *self.open.lock().await {
            Open::Postgres(open) => sqlx::raw_sql(sql).execute(&mut **open).await.map(Into::into),
            Open::Sqlite(open) => sqlx::raw_sql(sql).execute(&mut **open).await.map(Into::into),
        }
        .map_err(failed)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.query(statement).await
    }
}

/// Inserts rows in a transaction of their own, which is the statement itself where the engine can do with one. Says whether
/// the tenant's row, if it was to move on, did; otherwise nothing was written.
pub(crate) async fn write(writer: &DatabaseConnection, mut inserts: Inserts) -> Result<bool, DbErr> {
    if let Bound::Postgres(bound) = &mut inserts.bound
        && bound.len() == 1
        && let Some(only) = bound.pop()
    {
        return insert(writer.get_postgres_connection_pool(), only).await;
    }
    let transaction = WriteTransaction::begin(writer).await?;
    let written = transaction.run(inserts).await?;
    if written {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(written)
}

/// Whether the statement did something.
async fn insert(db: impl sqlx::PgExecutor<'_>, combined: Combined) -> Result<bool, DbErr> {
    let (sql, arguments) = combined.into_parts();
    let done = sqlx::query_with(AssertSqlSafe(sql), arguments).execute(db).await;
    Ok(done.map_err(failed)?.rows_affected() > 0)
}

fn parts(statement: Statement) -> (AssertSqlSafe<String>, SqlxValues) {
    let values = statement.values.unwrap_or(Values(Vec::new()));
    (AssertSqlSafe(statement.sql), SqlxValues(values))
}

fn failed(error: sqlx::Error) -> DbErr {
    match error {
        error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => {
            DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
        }
        error => DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error))),
    }
}

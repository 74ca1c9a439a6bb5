//! Opening a database, and refusing one that would not keep our promises.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as SeaDatabase, DatabaseConnection, DbBackend, DbErr, Statement,
};
use sqlx::{
    Connection as _,
    sqlite::{SqliteJournalMode, SqliteSynchronous},
};

use crate::Error;

/// How to connect.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite://PATH`, or `postgres://USER@HOST/DATABASE`.
    pub url: String,
    /// The most connections to PostgreSQL, or the most readers of SQLite (which has one writer).
    pub max_connections: u32,
    /// How long a call waits for a connection.
    pub acquire_timeout: Duration,
}

/// Connections to one database: writers and readers. On PostgreSQL both are the same pool.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
}

impl Connections {
    pub(crate) async fn open(options: &Options) -> Result<Self, Error> {
        if DbBackend::Sqlite.is_prefix_of(&options.url) {
            let writer = SeaDatabase::connect(sqlite(options, 1, false)).await?;
            check_sqlite(&writer).await?;
            let reader = SeaDatabase::connect(sqlite(options, options.max_connections, true)).await?;
            Ok(Self { writer, reader })
        } else if DbBackend::Postgres.is_prefix_of(&options.url) {
            let pool = SeaDatabase::connect(postgres(options)).await?;
            check_postgres(&pool).await?;
            Ok(Self {
                writer: pool.clone(),
                reader: pool,
            })
        } else {
            Err(Error::Unfit(format!(
                "{:?} is neither a sqlite:// nor a postgres:// URL",
                redacted(&options.url)
            )))
        }
    }
}

/// A database URL without its password.
#[must_use]
pub fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((credentials, place)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{place}")
        }
        None => url.to_owned(),
    }
}

fn common(options: &Options, connections: u32) -> ConnectOptions {
    let mut connect = ConnectOptions::new(options.url.as_str());
    connect
        .max_connections(connections)
        .acquire_timeout(options.acquire_timeout)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        // Asking a connection whether it is there before each use would double the messages of a read, to a server or to the
        // thread that has SQLite's.
        .test_before_acquire(false)
        // With either of these sqlx 0.9.0 looks after idle connections in a task that may count below zero, and then keeps a
        // core busy and the runtime from ending for good (sqlx#3645).
        .idle_timeout(None)
        .max_lifetime(None);
    connect
}

/// After so many pages in its log SQLite moves them to the database. A page of an index that changes often is moved once in
/// that time: with 128 MiB far more seldom than with the usual 4, and what has to be read after a crash stays small.
const PAGES_OF_LOG: &str = "32768";

/// The pages of the database that a connection keeps, in KiB. Whoever writes events without an order needs nearly all pages of
/// their index again and again.
const WRITER_CACHE: &str = "-262144";
const READER_CACHE: &str = "-65536";

fn sqlite(options: &Options, connections: u32, read_only: bool) -> ConnectOptions {
    let mut connect = common(options, connections);
    connect.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .create_if_missing(!read_only)
            .read_only(read_only)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .pragma("cache_size", if read_only { READER_CACHE } else { WRITER_CACHE })
            .pragma("wal_autocheckpoint", PAGES_OF_LOG)
    });
    connect
}

/// A connection that was not used for so long may have been lost, which a firewall does not tell.
const LONG_IDLE: Duration = Duration::from_secs(1);

/// One that was not used for so long is not even asked: a firewall that has forgotten it would let the question go unanswered.
const TOO_IDLE: Duration = Duration::from_secs(300);

/// A connection this old is replaced before it is used again: its server process has grown, or is no longer the one to ask.
const LONG_LIVED: Duration = Duration::from_secs(1_800);

fn postgres(options: &Options) -> ConnectOptions {
    let mut connect = common(options, options.max_connections);
    connect.set_application_name("scoreline");
    connect.map_sqlx_postgres_pool_opts(|pool| {
        pool.before_acquire(|connection, used| {
            Box::pin(async move {
                if used.age >= LONG_LIVED || used.idle_for >= TOO_IDLE {
                    return Ok(false);
                }
                if used.idle_for >= LONG_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
    });
    connect
}

/// The first SQLite without the WAL-reset corruption.
const MIN_SQLITE: (u32, u32, u32) = (3, 51, 3);

async fn check_sqlite(db: &DatabaseConnection) -> Result<(), Error> {
    let version = show(db, "SELECT sqlite_version()").await?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
    );
    if found < MIN_SQLITE {
        return Err(Error::Unfit(format!("SQLite is {version}, 3.51.3 or newer is needed")));
    }
    Ok(())
}

/// Refuses a server on which an acknowledged event could be lost with the power.
async fn check_postgres(db: &DatabaseConnection) -> Result<(), Error> {
    let version = show(db, "SHOW server_version_num").await?;
    if version.parse::<u32>().unwrap_or(0) < 150_000 {
        return Err(Error::Unfit(format!(
            "PostgreSQL's version number is {version}, 150000 (15.0) or newer is needed"
        )));
    }
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value = show(db, &format!("SHOW {setting}")).await?;
        if value == "off" {
            return Err(Error::Unfit(format!(
                "PostgreSQL runs with {setting} = off: an acknowledged event could be lost"
            )));
        }
    }
    Ok(())
}

async fn show(db: &DatabaseConnection, sql: &str) -> Result<String, DbErr> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db
        .query_one_raw(statement)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    row.try_get_by_index(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pool_looks_after_idle_connections() {
        let options = Options {
            url: "sqlite://scoreline.db".to_owned(),
            max_connections: 4,
            acquire_timeout: Duration::from_secs(1),
        };
        for connect in [
            sqlite(&options, 1, false),
            sqlite(&options, 4, true),
            postgres(&options),
        ] {
            assert_eq!(connect.get_idle_timeout(), Some(None));
            assert_eq!(connect.get_max_lifetime(), Some(None));
        }
    }

    #[test]
    fn a_redacted_url_has_no_password() {
        assert_eq!(
            redacted("postgres://me:secret@db/scoreline"),
            "postgres://me:***@db/scoreline"
        );
        assert_eq!(redacted("sqlite://scoreline.db"), "sqlite://scoreline.db");
    }
}

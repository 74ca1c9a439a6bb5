//! What a careful program would do by hand: an event's row and two rows that derive from it, prepared statements of many
//! rows, durable when it says so.

use std::time::Instant;

use anyhow::Context as _;
use prost::Message as _;
use scoreline_proto::events::v1::Event;
use scoreline_tests::server::Engine;
use sqlx::{
    Connection as _, Executor as _, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::site;

const TABLES: [&str; 3] = [
    "CREATE TABLE event (tenant_id TEXT NOT NULL, event_id TEXT NOT NULL, occurred_at BIGINT NOT NULL, data {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, event_id))",
    "CREATE TABLE derived (tenant_id TEXT NOT NULL, commit_number BIGINT NOT NULL, ordinal INTEGER NOT NULL,
        measure TEXT NOT NULL, day INTEGER NOT NULL, subject TEXT NOT NULL, value BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, commit_number, ordinal))",
    "CREATE TABLE bare (number BIGINT NOT NULL)",
];

/// Rows of one statement on SQLite.
const SQLITE_ROWS: usize = 100;

/// An event as its rows.
#[derive(Clone)]
pub(crate) struct Row {
    id: String,
    occurred_at: i64,
    data: Vec<u8>,
}

impl Row {
    pub(crate) fn of(event: &Event) -> Self {
        let at = event.occurred_at.unwrap_or_default();
        Self {
            id: event.event_id.clone(),
            occurred_at: at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000,
            data: event.encode_to_vec(),
        }
    }

    fn day(&self) -> i32 {
        i32::try_from(self.occurred_at.div_euclid(86_400_000_000)).unwrap_or(0)
    }
}

/// One connection to a database with the tables.
pub(crate) enum Floor {
    Postgres(PgConnection),
    Sqlite {
        db: SqliteConnection,
        /// Where the database is.
        _folder: tempfile::TempDir,
    },
}

impl Floor {
    pub(crate) async fn open(engine: &Engine) -> anyhow::Result<Self> {
        let (url, folder) = site::floor_database(engine)?;
        let mut floor = match folder {
            None => Self::Postgres(PgConnection::connect(&url).await?),
            Some(folder) => {
                let options: SqliteConnectOptions = url.parse()?;
                let options = options
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    // As ours has them.
                    .pragma("cache_size", "-262144")
                    .pragma("wal_autocheckpoint", "32768");
                Self::Sqlite {
                    db: SqliteConnection::connect_with(&options).await?,
                    _folder: folder,
                }
            }
        };
        for table in TABLES {
            match &mut floor {
                Self::Postgres(db) => db
                    .execute(sqlx::AssertSqlSafe(table.replace("{bytes}", "BYTEA")))
                    .await
                    .map(drop)?,
                Self::Sqlite { db, .. } => db
                    .execute(sqlx::AssertSqlSafe(table.replace("{bytes}", "BLOB")))
                    .await
                    .map(drop)?,
            }
        }
        Ok(floor)
    }

    /// Stores a tenant's batches, each in a transaction; returns events a second.
    pub(crate) async fn rate(&mut self, tenant: &str, batches: &[Vec<Row>]) -> anyhow::Result<f64> {
        let began = Instant::now();
        let mut events = 0;
        for (number, batch) in (1..).zip(batches) {
            match self {
                Self::Postgres(db) => postgres(db, (tenant, number), batch).await?,
                Self::Sqlite { db, .. } => sqlite(db, (tenant, number), batch).await?,
            }
            events += batch.len();
        }
        Ok(events as f64 / began.elapsed().as_secs_f64())
    }

    /// Stores each event in a transaction of its own; returns events a second.
    pub(crate) async fn single_rate(&mut self, rows: &[Row]) -> anyhow::Result<f64> {
        let Self::Postgres(db) = self else {
            anyhow::bail!("of PostgreSQL only")
        };
        let sql = "WITH stored AS (INSERT INTO event VALUES ('t', $1, $2, $3))
             INSERT INTO derived SELECT 't', $4, ordinal, 'measure', $5, $1, ordinal FROM (VALUES (1), (2)) AS rows (ordinal)";
        let began = Instant::now();
        for (number, row) in (1_i64..).zip(rows) {
            let query = sqlx::query(sql).bind(&row.id).bind(row.occurred_at).bind(&row.data);
            query.bind(number).bind(row.day()).execute(&mut *db).await?;
        }
        Ok(rows.len() as f64 / began.elapsed().as_secs_f64())
    }
}

/// The latencies of commits of one small row each, by as many connections at once, in milliseconds.
pub(crate) async fn bare_commits(url: &str, connections: usize, each: usize) -> anyhow::Result<Vec<f64>> {
    let committing = (0..connections).map(|_| async move {
        let mut db = PgConnection::connect(url).await?;
        let mut latencies = Vec::with_capacity(each);
        for number in 0..each {
            let began = Instant::now();
            sqlx::query("INSERT INTO bare VALUES ($1)")
                .bind(number as i64)
                .execute(&mut db)
                .await?;
            latencies.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
        anyhow::Ok(latencies)
    });
    let latencies = futures::future::try_join_all(committing)
        .await
        .context("bare commits")?;
    Ok(latencies.into_iter().flatten().collect())
}

/// A database for [`bare_commits`].
pub(crate) async fn bare_database() -> anyhow::Result<String> {
    let (url, _) = site::floor_database(&Engine::Postgres)?;
    let mut db = PgConnection::connect(&url).await?;
    db.execute(TABLES[2]).await?;
    Ok(url)
}

async fn postgres(db: &mut PgConnection, (tenant, number): (&str, i64), batch: &[Row]) -> anyhow::Result<()> {
    let ids: Vec<&str> = batch.iter().map(|row| row.id.as_str()).collect();
    let times: Vec<i64> = batch.iter().map(|row| row.occurred_at).collect();
    let data: Vec<&[u8]> = batch.iter().map(|row| row.data.as_slice()).collect();
    let days: Vec<i32> = batch.iter().map(Row::day).collect();
    let mut transaction = db.begin().await?;
    sqlx::query("INSERT INTO event SELECT $4, * FROM unnest($1::text[], $2::bigint[], $3::bytea[])")
        .bind(&ids)
        .bind(&times)
        .bind(&data)
        .bind(tenant)
        .execute(&mut *transaction)
        .await?;
    let ordinals: Vec<i32> = (0..).take(batch.len() * 2).collect();
    let both = |at: usize| at / 2;
    let measures: Vec<&str> = ordinals
        .iter()
        .map(|at| if at % 2 == 0 { "activity" } else { "won_activities" })
        .collect();
    let derived_days: Vec<i32> = (0..ordinals.len()).map(|at| days[both(at)]).collect();
    let subjects: Vec<&str> = (0..ordinals.len()).map(|at| ids[both(at)]).collect();
    let values: Vec<i64> = (0..ordinals.len()).map(|at| times[both(at)]).collect();
    sqlx::query(
        "INSERT INTO derived SELECT $7, $1, * FROM unnest($2::int[], $3::text[], $4::int[], $5::text[], $6::bigint[])",
    )
    .bind(number)
    .bind(&ordinals)
    .bind(&measures)
    .bind(&derived_days)
    .bind(&subjects)
    .bind(&values)
    .bind(tenant)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

async fn sqlite(db: &mut SqliteConnection, (tenant, number): (&str, i64), batch: &[Row]) -> anyhow::Result<()> {
    let mut transaction = db.begin().await?;
    for (chunk, rows) in (0_i32..).zip(batch.chunks(SQLITE_ROWS)) {
        let sql = format!(
            "INSERT INTO event VALUES {}",
            vec![format!("('{tenant}',?,?,?)"); rows.len()].join(",")
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for row in rows {
            query = query.bind(&row.id).bind(row.occurred_at).bind(&row.data);
        }
        query.execute(&mut *transaction).await?;
        let sql = format!(
            "INSERT INTO derived VALUES {}",
            vec![format!("('{tenant}',?,?,?,?,?,?)"); rows.len() * 2].join(",")
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for (at, row) in (0_i32..).zip(rows) {
            for (second, measure) in [(0, "activity"), (1, "won_activities")] {
                let ordinal = (chunk * SQLITE_ROWS as i32 + at) * 2 + second;
                query = query.bind(number).bind(ordinal).bind(measure);
                query = query.bind(row.day()).bind(&row.id).bind(row.occurred_at);
            }
        }
        query.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

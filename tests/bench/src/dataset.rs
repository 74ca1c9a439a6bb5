//! An organisation on disk: its tables, and a database of ours that has ingested its events.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use scoreline_proto::events::v1::Event;
use scoreline_tests::{client::Clients, server::Server};
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    bulk, events, load,
    organisation::{Organisation, Size},
    tables::Tables,
};

/// The tenant of all benchmarks.
pub(crate) const TENANT: &str = "bench";

/// The files of a database, the first of which names it.
const FILES: [&str; 3] = ["scoreline.db", "scoreline.db-wal", "scoreline.db-shm"];

/// Where an organisation is kept.
pub(crate) struct Dataset {
    pub(crate) size: Size,
    pub(crate) seed: u64,
    folder: PathBuf,
}

impl Dataset {
    pub(crate) fn new(root: &Path, size: Size, seed: u64) -> Self {
        let folder = root.join(format!("{}-{seed}", size.name));
        Self { size, seed, folder }
    }

    pub(crate) fn organisation(&self) -> Organisation {
        Organisation::new(self.size, self.seed)
    }

    /// The folder of the Parquet files.
    pub(crate) fn tables(&self) -> PathBuf {
        self.folder.join("tables")
    }

    /// The URL of its database.
    pub(crate) fn database(&self) -> String {
        format!("sqlite://{}", self.folder.join(FILES[0]).display())
    }

    /// Starts a server of ours on it.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub(crate) fn server(&self, environment: &[(&str, &str)]) -> anyhow::Result<Server> {
        let folder = tempfile::Builder::new().prefix("scoreline-bench").tempdir()?;
        Ok(Server::start_on(folder, self.database(), environment))
    }

    /// Starts a server of ours on a copy of it, which goes when the server does: for whoever adds to it.
    ///
    /// # Errors
    /// When it can't be copied.
    pub(crate) fn server_on_copy(&self, environment: &[(&str, &str)]) -> anyhow::Result<Server> {
        let folder = tempfile::Builder::new().prefix("copy").tempdir_in(&self.folder)?;
        for file in FILES {
            let original = self.folder.join(file);
            if original.exists() {
                std::fs::copy(original, folder.path().join(file))?;
            }
        }
        let url = format!("sqlite://{}", folder.path().join(FILES[0]).display());
        Ok(Server::start_on(folder, url, environment))
    }

    /// How many rows the ledger has.
    ///
    /// # Errors
    /// When the database can't be read.
    pub(crate) async fn ledger_rows(&self) -> anyhow::Result<u64> {
        let mut database = SqliteConnection::connect(&self.database()).await?;
        let rows: i64 = sqlx::query_scalar("SELECT SUM(row_count) FROM ledger_segment WHERE tenant_id = $1")
            .bind(TENANT)
            .fetch_one(&mut database)
            .await?;
        Ok(u64::try_from(rows)?)
    }

    /// Writes the tables and ingests the events, unless that was done before.
    ///
    /// # Errors
    /// When a file can't be written or an event is not accepted.
    pub(crate) async fn prepare(&self) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        once(&self.folder.join("tables.done"), || self.write_tables()).context("the tables")?;
        let done = self.folder.join("database.done");
        if !done.exists() {
            self.ingest().await.context("the database")?;
            std::fs::write(done, "")?;
        }
        Ok(())
    }

    fn write_tables(&self) -> anyhow::Result<()> {
        let organisation = self.organisation();
        let mut tables = Tables::create(&self.tables(), &organisation)?;
        for account in 0..self.size.accounts {
            tables.add(&organisation.family(account))?;
        }
        tables.close()
    }

    /// As a history is brought in: account by account.
    async fn ingest(&self) -> anyhow::Result<()> {
        for file in FILES {
            let file = self.folder.join(file);
            if file.exists() {
                std::fs::remove_file(file)?;
            }
        }
        let mut server = self.server(&[])?;
        let mut clients = Clients::connect(&server.endpoint(), TENANT).await?;
        load::create_tenant(&mut clients, TENANT).await?;
        let organisation = self.organisation();
        if bulk::is_needed(self.size) {
            let people = events::of_people(&organisation);
            load::send(&mut clients, load::prepared(batches(people.into_iter()))).await?;
            server.stop();
            let began = std::time::Instant::now();
            let rows = bulk::append(&self.database(), TENANT, &organisation).await?;
            eprintln!("{rows} rows of the ledger in {:.0} s", began.elapsed().as_secs_f64());
            return Ok(());
        }
        let families =
            (0..self.size.accounts).flat_map(|account| events::of_family(self.size, &organisation.family(account)));
        let told = events::of_people(&organisation).into_iter().chain(families);
        let mut count = 0;
        let sent = load::send(
            &mut clients,
            load::prepared(batches(told).inspect(|batch| {
                count += batch.len();
                if count / 500_000 != (count - batch.len()) / 500_000 {
                    eprintln!("{count} events");
                }
            })),
        )
        .await?;
        eprintln!(
            "{} events in {:.1} s: {:.0} a second",
            sent.events,
            sent.took.as_secs_f64(),
            sent.per_second()
        );
        Ok(())
    }
}

/// Events in batches of [`load::BATCH`].
pub(crate) fn batches(mut events: impl Iterator<Item = Event>) -> impl Iterator<Item = Vec<Event>> {
    std::iter::from_fn(move || {
        let batch: Vec<Event> = events.by_ref().take(load::BATCH).collect();
        (!batch.is_empty()).then_some(batch)
    })
}

fn once(marker: &Path, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    if !marker.exists() {
        work()?;
        std::fs::write(marker, "")?;
    }
    Ok(())
}

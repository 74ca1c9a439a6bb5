//! A server of ours on an engine, with the settings of a service that is measured.

use std::sync::atomic::{AtomicU32, Ordering};

use scoreline_tests::{
    client::Clients,
    postgres,
    server::{Engine, Server},
};

use super::live;
use crate::{dataset::TENANT, load};

/// A tenant whose events only warm a process.
pub(crate) const OTHERS: &str = "others";

/// A running server and its tenant.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) clients: Clients,
}

impl Site {
    pub(crate) async fn start(engine: &Engine) -> anyhow::Result<Self> {
        let server = Server::start_with(engine, &[("SCORELINE__LIMITS__MAX_CONNECTION_AGE", "2h")]);
        let mut clients = Clients::connect(&server.endpoint(), TENANT).await?;
        load::create_tenant(&mut clients, TENANT).await?;
        Ok(Self { server, clients })
    }

    /// The same with a process that has taken in another tenant's events before: services run for weeks, and what is measured
    /// is not how a process gets its first memory from the system.
    pub(crate) async fn start_warm(engine: &Engine, seed: u64) -> anyhow::Result<Self> {
        let site = Self::start(engine).await?;
        let mut others = Clients::connect(&site.server.endpoint(), OTHERS).await?;
        load::create_tenant(&mut others, OTHERS).await?;
        load::send(&mut others, load::prepared(live::of_others(seed))).await?;
        Ok(site)
    }
}

/// The name of an engine in reports.
pub(crate) fn name(engine: &Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite, synchronous = FULL",
        Engine::Postgres => "PostgreSQL",
    }
}

/// The URL of a new database for hand-written SQL. A folder has to be kept as long as it is used.
pub(crate) fn floor_database(engine: &Engine) -> anyhow::Result<(String, Option<tempfile::TempDir>)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if *engine == Engine::Postgres {
        let cluster = postgres::shared().ok_or_else(|| anyhow::anyhow!("there is no PostgreSQL"))?;
        return Ok((cluster.database(), None));
    }
    let folder = tempfile::Builder::new().prefix("scoreline-bench").tempdir()?;
    let file = folder
        .path()
        .join(format!("{}.db", NEXT.fetch_add(1, Ordering::Relaxed)));
    Ok((format!("sqlite://{}", file.display()), Some(folder)))
}

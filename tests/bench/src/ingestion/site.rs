//! A server of ours on an engine, with the settings of a service that is measured.

use std::sync::atomic::{AtomicU32, Ordering};

use scoreline_tests::{
    client::Clients,
    postgres,
    server::{Engine, Server},
};

use crate::{dataset::TENANT, load};

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

//! The analytics service as a process of its own.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context as _, bail};
use clap::Parser;
use scoreline_analytics::{NAMES, Service, authenticator, methods};
use scoreline_server::{
    config::{LoadOptions, Settings},
    secrecy::ExposeSecret as _,
    serve::{self, Ended, Services},
    shutdown::Shutdown,
    telemetry,
};
use scoreline_storage::{Database, Options, Store, Tenancy, Upkeep as _};

/// Answers metrics over gRPC.
#[derive(Debug, Parser)]
#[command(name = "scoreline-analytics", version)]
struct Arguments {
    /// A file with settings, in TOML.
    #[arg(long, env = "SCORELINE_CONFIG")]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut options = LoadOptions::from_process_environment();
    options.file = Arguments::parse().config;
    let settings = Settings::load(&options)?;
    telemetry::init(&settings.telemetry)?;
    let database = open(&settings).await?;
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    let bound = serve::bind(&settings, services(&settings, &database, shutdown)).await?;
    let ended = bound.serve().await?;
    database.close().await?;
    Ok(if ended == Ended::Drained {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn services(settings: &Settings, database: &Database, shutdown: Shutdown) -> Services {
    let store: Arc<dyn Store> = Arc::new(database.clone());
    let service = Service::new(Arc::clone(&store), settings, shutdown.clone());
    let authenticator = authenticator(store as Arc<dyn Tenancy>, &settings.auth);
    let readiness = database.clone();
    let services = Services::new(service.routes(), methods(), authenticator)
        .with_descriptors(scoreline_proto::FILE_DESCRIPTOR_SET)
        .with_shutdown(shutdown)
        .with_readiness(move || {
            let database = readiness.clone();
            async move { database.ready().await.map_err(|error| error.to_string()) }
        });
    NAMES.into_iter().fold(services, Services::with_name)
}

/// Opens the database and refuses it unless it has the newest schema.
async fn open(settings: &Settings) -> anyhow::Result<Database> {
    let url = settings.database.url.expose_secret();
    let is_sqlite = url.starts_with("sqlite:");
    let options = Options {
        url: url.to_owned(),
        max_connections: if is_sqlite {
            settings.database.readers
        } else {
            settings.database.max_connections
        },
        acquire_timeout: settings.database.acquire_timeout,
    };
    let shown = settings.database.redacted_url();
    let database = Database::open(&options)
        .await
        .with_context(|| format!("opening {shown}"))?;
    let all = scoreline_migrations::status(database.writer())
        .await
        .context("reading the schema's version")?;
    let missing: Vec<_> = all
        .into_iter()
        .filter(|migration| !migration.applied)
        .map(|migration| migration.name)
        .collect();
    if !missing.is_empty() {
        bail!(
            "the schema of {shown} lacks {}: run `scoreline migrate up`",
            missing.join(", ")
        );
    }
    Ok(database)
}

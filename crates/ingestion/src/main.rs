//! The ingestion service as a process of its own.

use std::{io::Write as _, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Parser;
use scoreline_ingestion::{
    keys,
    service::{self, Service},
    startup, upkeep,
};
use scoreline_server::{
    config::{LoadOptions, Settings},
    serve::{self, Ended, Services},
    shutdown::Shutdown,
    telemetry,
};
use scoreline_storage::{Database, Store, Tenancy, Upkeep as _};

/// EX_CONFIG of sysexits.h: what is set up is wrong, and starting again without a change is of no use.
const EX_CONFIG: u8 = 78;

/// Takes events in, and keeps tenants, their settings and their keys.
#[derive(Debug, Parser)]
#[command(name = "scoreline-ingestion", version)]
struct Arguments {
    /// A file of settings. The environment (SCORELINE__SECTION__KEY) goes before it.
    #[arg(long, env = "SCORELINE_CONFIG")]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { config } = Arguments::parse();
    let options = LoadOptions {
        file: config,
        ..LoadOptions::from_process_environment()
    };
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Logging may not have started. A standard error that is closed is no reason to stop otherwise.
            drop(writeln!(std::io::stderr(), "scoreline-ingestion: {error:#}"));
            ExitCode::from(if is_configuration(&error) { EX_CONFIG } else { 1 })
        }
    }
}

fn is_configuration(error: &anyhow::Error) -> bool {
    error.is::<scoreline_server::config::LoadError>()
        || matches!(
            error.downcast_ref::<startup::Error>(),
            Some(startup::Error::Pending { .. })
        )
}

async fn run(options: &LoadOptions) -> anyhow::Result<()> {
    let settings = Settings::load(options)?;
    telemetry::init(&settings.telemetry)?;
    let database = startup::open(&settings).await?;
    startup::ensure_default_tenant(&database, &settings).await?;
    let shutdown = Shutdown::new();
    shutdown.on_signals().context("signals can't be received")?;
    let ended = serve(&settings, &database, shutdown).await?;
    if ended == Ended::Cut {
        // Calls that were cut hold connections; the process ends, and they with it.
        return Ok(());
    }
    database.close().await.context("the database can't be closed")
}

async fn serve(settings: &Settings, database: &Database, shutdown: Shutdown) -> anyhow::Result<Ended> {
    let store: Arc<dyn Store> = Arc::new(database.clone());
    let service = Service::new(Arc::clone(&store), settings, shutdown.clone());
    let authenticator = keys::authenticator(Arc::clone(&store) as Arc<dyn Tenancy>, &settings.auth);
    let checked = database.clone();
    let services = Services::new(service.routes(), service::methods(), authenticator)
        .with_descriptors(scoreline_proto::FILE_DESCRIPTOR_SET)
        .with_readiness(move || {
            let checked = checked.clone();
            async move { checked.ready().await.map_err(|error| error.to_string()) }
        })
        .with_shutdown(shutdown.clone());
    let services = service::NAMES.into_iter().fold(services, Services::with_name);
    let bound = serve::bind(settings, services).await?;
    let upkeep = tokio::spawn(upkeep::run(
        store,
        settings.compaction.clone(),
        service.recent(),
        shutdown,
    ));
    let ended = bound.serve().await?;
    service.drained().await;
    upkeep.await.context("upkeep failed")?;
    Ok(ended)
}

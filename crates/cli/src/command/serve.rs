//! `scoreline serve`: ingestion and analytics in one process, on one port.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use scoreline_ingestion::{keys, startup, upkeep};
use scoreline_server::{
    config::Settings,
    serve::{self, Bound, Ended, Services},
    shutdown::Shutdown,
    telemetry,
};
use scoreline_storage::{Database, Store, Tenancy, Upkeep as _};
use tokio::task::JoinHandle;
use tonic::service::RoutesBuilder;

use crate::{arguments::Local, local, output::line};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where to listen, instead of where the configuration says. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(crate) async fn run(arguments: &Local, serve: &Arguments) -> anyhow::Result<ExitCode> {
    let overrides: Vec<_> = serve
        .listen
        .iter()
        .map(|address| ("listen.address", address.to_string()))
        .collect();
    let settings = local::settings(arguments, &overrides)?;
    telemetry::init(&settings.telemetry)?;
    let database = local::open_migrated(&settings).await?;
    let shutdown = Shutdown::new();
    shutdown.on_signals().context("signals can't be received")?;
    let server = Server::start(&settings, &database, shutdown).await?;
    line(format_args!("listening on {}", server.address()));
    if server.ended().await? == Ended::Drained {
        database.close().await?;
    }
    // Calls that were cut hold connections; the process ends, and they with it.
    Ok(ExitCode::SUCCESS)
}

/// Both services, serving.
pub(crate) struct Server {
    address: SocketAddr,
    serving: JoinHandle<anyhow::Result<Ended>>,
}

impl Server {
    /// Starts both services on a database that has the newest schema. They end when `shutdown` begins.
    pub(crate) async fn start(settings: &Settings, database: &Database, shutdown: Shutdown) -> anyhow::Result<Self> {
        startup::ensure_default_tenant(database, settings).await?;
        let store: Arc<dyn Store> = Arc::new(database.clone());
        let ingestion = scoreline_ingestion::service::Service::new(Arc::clone(&store), settings, shutdown.clone());
        let analytics = scoreline_analytics::Service::new(Arc::clone(&store), settings, shutdown.clone());
        let bound = bind(settings, database, &ingestion, &analytics, &shutdown).await?;
        let address = bound.address();
        let upkeep = upkeep::run(store, settings.compaction.clone(), ingestion.recent(), shutdown);
        let serving = tokio::spawn(async move {
            let upkeep = tokio::spawn(upkeep);
            let ended = bound.serve().await?;
            ingestion.drained().await;
            upkeep.await.context("upkeep failed")?;
            Ok(ended)
        });
        Ok(Self { address, serving })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resolves when it has ended.
    pub(crate) async fn ended(self) -> anyhow::Result<Ended> {
        self.serving.await.context("the server stopped")?
    }
}

async fn bind(
    settings: &Settings,
    database: &Database,
    ingestion: &scoreline_ingestion::service::Service,
    analytics: &scoreline_analytics::Service,
    shutdown: &Shutdown,
) -> anyhow::Result<Bound> {
    let mut routes = RoutesBuilder::default();
    ingestion.add_to(&mut routes);
    analytics.add_to(&mut routes);
    let mut methods = scoreline_ingestion::service::methods();
    methods.extend(scoreline_analytics::methods());
    let authenticator = keys::authenticator(Arc::new(database.clone()) as Arc<dyn Tenancy>, &settings.auth);
    let checked = database.clone();
    let services = Services::new(routes.routes(), methods, authenticator)
        .with_descriptors(scoreline_proto::FILE_DESCRIPTOR_SET)
        .with_readiness(move || {
            let checked = checked.clone();
            async move { checked.ready().await.map_err(|error| error.to_string()) }
        })
        .with_shutdown(shutdown.clone());
    let names = scoreline_ingestion::service::NAMES
        .into_iter()
        .chain(scoreline_analytics::NAMES);
    Ok(serve::bind(settings, names.fold(services, Services::with_name)).await?)
}

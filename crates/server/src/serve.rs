//! Binds the listener and serves: all settings, all layers, health, reflection, and the orderly stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthService;

use crate::auth::Authenticator;
use crate::config::{self, Limits, Settings};
use crate::health::{Health, Readiness};
use crate::layers::Around;
use crate::layers::admission::Admit;
use crate::layers::authenticate::Authenticate;
use crate::layers::catch_panic::{CatchPanic, PanicCount};
use crate::layers::deadline::EnforceDeadline;
use crate::layers::request_id::AssignRequestId;
use crate::layers::trace::Trace;
use crate::layers::wire_fault::TranslateWireFaults;
use crate::methods::{MethodPolicy, MethodTable};
use crate::shutdown::Shutdown;

const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Room for one full batch per stream without waiting for the window.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;
const MAX_HEADER_LIST_BYTES: u32 = 16 << 10;

/// What a process serves.
pub struct Services {
    routes: Routes,
    methods: MethodTable,
    authenticator: Arc<dyn Authenticator>,
    descriptors: Vec<&'static [u8]>,
    names: Vec<String>,
    readiness: Readiness,
    shutdown: Shutdown,
}

impl Services {
    /// The routes, what each of their methods needs, and who may call them.
    ///
    /// The routes apply `limits.max_message_bytes` and `limits.max_response_bytes` themselves: tonic takes them per service.
    pub fn new(
        routes: Routes,
        methods: impl IntoIterator<Item = MethodPolicy>,
        authenticator: Arc<dyn Authenticator>,
    ) -> Self {
        Self {
            routes,
            methods: MethodTable::new(methods),
            authenticator,
            descriptors: Vec::new(),
            names: Vec::new(),
            readiness: Arc::new(|| Box::pin(async { Ok(()) })),
            shutdown: Shutdown::new(),
        }
    }

    /// An encoded `FileDescriptorSet` for reflection.
    #[must_use]
    pub fn with_descriptors(mut self, encoded: &'static [u8]) -> Self {
        self.descriptors.push(encoded);
        self
    }

    /// A full service name, such as `scoreline.ingestion.v1.IngestionService`, under which health is told.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// The check behind "serving"; without one the process is ready as soon as it listens.
    #[must_use]
    pub fn with_readiness<F>(mut self, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.readiness = Arc::new(move || Box::pin(check()));
        self
    }

    /// A handle that the services know too, so that their streams end when the process stops.
    #[must_use]
    pub fn with_shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }
}

/// Why the process cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Auth is off and the address can be reached from elsewhere.
    #[error("{0} is not a loopback address, and auth is off")]
    Open(SocketAddr),
    /// The descriptors are not ones.
    #[error("reflection cannot be set up")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed while serving.
    #[error("serving failed")]
    Transport(#[from] tonic::transport::Error),
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every call was finished.
    Drained,
    /// Some were still open when time was up. They end with the process, so it should exit now.
    Cut,
}

/// A listener that accepts, and services that are about to answer.
pub struct Bound {
    address: SocketAddr,
    incoming: TcpIncoming,
    services: Services,
    routes: Routes,
    health: Health,
    limits: Limits,
    timing: config::Shutdown,
    panics: PanicCount,
}

/// Binds the listener, so that the address is known before anything is served.
///
/// # Errors
/// When the address cannot be bound, is open to the world without auth, or a descriptor is broken.
pub async fn bind(settings: &Settings, services: Services) -> Result<Bound, Error> {
    let wanted = settings.listen.address;
    if !settings.auth.enabled && !wanted.ip().is_loopback() {
        return Err(Error::Open(wanted));
    }
    let refused = |source| Error::Listen {
        address: wanted,
        source,
    };
    let incoming = TcpIncoming::bind(wanted).map_err(refused)?.with_nodelay(Some(true));
    let (health, health_server) = Health::new(services.names.iter().cloned()).await;
    Ok(Bound {
        address: incoming.local_addr().map_err(refused)?,
        incoming,
        routes: complete(&services, health_server, settings.reflection.enabled)?,
        services,
        health,
        limits: settings.limits.clone(),
        timing: settings.shutdown.clone(),
        panics: PanicCount::default(),
    })
}

/// The services' routes, health, and reflection in both versions, since old clients know only the first.
fn complete(services: &Services, health: HealthServer<HealthService>, reflection: bool) -> Result<Routes, Error> {
    let routes = services.routes.clone().add_service(health);
    if !reflection {
        return Ok(routes);
    }
    let builder = || {
        let base = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        services.descriptors.iter().fold(base, |builder, encoded| {
            builder.register_encoded_file_descriptor_set(encoded)
        })
    };
    Ok(routes
        .add_service(builder().build_v1()?)
        .add_service(builder().build_v1alpha()?))
}

impl Bound {
    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handle that stops it.
    pub fn shutdown(&self) -> Shutdown {
        self.services.shutdown.clone()
    }

    /// How many calls ended in a panic.
    pub fn panics(&self) -> PanicCount {
        self.panics.clone()
    }

    /// Serves until the shutdown handle is used, then stops in order.
    ///
    /// # Errors
    /// When the transport fails.
    pub async fn serve(self) -> Result<Ended, Error> {
        tracing::info!(address = %self.address, "serving");
        let shutdown = self.services.shutdown.clone();
        let checks = tokio::spawn(self.health.clone().watch(Arc::clone(&self.services.readiness)));
        let (health, timing) = (self.health.clone(), self.timing.clone());
        let closing = shutdown.clone();
        let mut serving = Box::pin(self.transport(async move { closing.closing().await }));
        let ended = tokio::select! {
            failed = &mut serving => failed.map(|()| Ended::Drained),
            () = announce(&shutdown, &health, timing.propagation) => drain(serving, timing.drain).await,
        };
        checks.abort();
        ended
    }

    async fn transport(self, closing: impl Future<Output = ()>) -> Result<(), Error> {
        let Self {
            services,
            limits,
            panics,
            routes,
            incoming,
            ..
        } = self;
        let methods = services.methods;
        let mut server = transport_settings(&limits)
            .layer(Around(AssignRequestId))
            .layer(Around(Trace::new(methods.clone())))
            .layer(Around(CatchPanic::new(panics)))
            .layer(Around(EnforceDeadline::new(methods.clone(), &limits)))
            .layer(Around(Admit::new(methods.clone(), &limits)))
            .layer(Around(Authenticate::new(methods, services.authenticator)))
            .layer(Around(TranslateWireFaults));
        Ok(server
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, closing)
            .await?)
    }
}

/// tonic's defaults leave streams, age and keepalive without limits. `max_connection_age_grace` stays unset: with it,
/// tonic cuts connections without telling the client.
fn transport_settings(limits: &Limits) -> Server {
    Server::builder()
        .max_concurrent_streams(limits.max_concurrent_streams_per_connection)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .http2_max_header_list_size(MAX_HEADER_LIST_BYTES)
        .max_connection_age(varied(limits.max_connection_age))
}

/// By up to 10 % either way, so that the replicas of a service do not lose their connections at once.
fn varied(age: Duration) -> Duration {
    let random = f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX);
    age.mul_f64(0.9 + 0.2 * random)
}

/// Says "not serving", gives others time to notice, then closes.
async fn announce(shutdown: &Shutdown, health: &Health, propagation: Duration) {
    shutdown.begun().await;
    health.drain().await;
    shutdown.close_after(propagation).await;
}

/// Waits for the calls in flight, but not for ever: tonic itself would.
async fn drain(serving: impl Future<Output = Result<(), Error>>, patience: Duration) -> Result<Ended, Error> {
    match tokio::time::timeout(patience, serving).await {
        Ok(finished) => finished.map(|()| Ended::Drained),
        Err(_) => {
            tracing::warn!(?patience, "calls in flight are cut");
            Ok(Ended::Cut)
        }
    }
}

#[cfg(test)]
mod tests;

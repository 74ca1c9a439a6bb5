//! A server in this process, over a database of its own, and what clients send it.

use std::{net::SocketAddr, sync::Arc};

use scoreline_core::id::TenantId;
use scoreline_ingestion::{
    keys,
    service::{self, Service},
    startup,
};
use scoreline_proto::{
    events::v1::{Attribute, Event, LeadCreated, event::Payload},
    ingestion::v1::{
        EventOutcome, IngestEventsRequest, IngestEventsResponse, ingestion_service_client::IngestionServiceClient,
    },
    tenants::v1::tenants_service_client::TenantsServiceClient,
};
use scoreline_server::{
    config::{LoadOptions, Settings},
    serve::{self, Ended, Services},
    shutdown::Shutdown,
};
use scoreline_storage::{Database, Ledger as _, Options, Store, Tenancy};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::{Request, transport::Channel};

pub(crate) const PEPPER: &str = "a pepper for the tests";

pub(crate) struct Server {
    pub(crate) database: Database,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) serving: JoinHandle<Ended>,
    _folder: TempDir,
}

/// Starts a server with these settings over the defaults.
pub(crate) async fn start(overrides: &[(&str, &str)]) -> Server {
    let folder = TempDir::new().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("scoreline.db").display());
    let fixed = [
        ("listen.address", "127.0.0.1:0"),
        ("database.url", url.as_str()),
        ("shutdown.drain", "5s"),
    ];
    let overrides = fixed
        .iter()
        .chain(overrides)
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let options = LoadOptions {
        overrides: overrides.collect(),
        ..LoadOptions::default()
    };
    let settings = Settings::load(&options).expect("settings");
    migrate(&url).await;
    let database = startup::open(&settings)
        .await
        .expect("a database with the newest schema");
    startup::ensure_default_tenant(&database, &settings)
        .await
        .expect("a tenant");
    let shutdown = Shutdown::new();
    let store: Arc<dyn Store> = Arc::new(database.clone());
    let service = Service::new(Arc::clone(&store), &settings, shutdown.clone());
    let authenticator = keys::authenticator(store as Arc<dyn Tenancy>, &settings.auth);
    let services = Services::new(service.routes(), service::methods(), authenticator).with_shutdown(shutdown.clone());
    let bound = serve::bind(&settings, services).await.expect("a port");
    let address = bound.address();
    let serving = tokio::spawn(async move {
        let ended = bound.serve().await.expect("it serves");
        service.drained().await;
        ended
    });
    Server {
        database,
        address,
        shutdown,
        serving,
        _folder: folder,
    }
}

async fn migrate(url: &str) {
    let options = Options {
        url: url.to_owned(),
        max_connections: 1,
        acquire_timeout: std::time::Duration::from_secs(5),
    };
    let database = Database::open(&options).await.expect("a database");
    scoreline_migrations::up(database.writer()).await.expect("a schema");
    database.close().await.expect("it closes");
}

impl Server {
    async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).expect("an address");
        endpoint.connect().await.expect("it listens")
    }

    pub(crate) async fn ingestion(&self) -> IngestionServiceClient<Channel> {
        IngestionServiceClient::new(self.channel().await)
    }

    pub(crate) async fn tenants(&self) -> TenantsServiceClient<Channel> {
        TenantsServiceClient::new(self.channel().await)
    }

    /// The newest commit of the default tenant.
    pub(crate) async fn commits(&self) -> u64 {
        self.database
            .watermark(&tenant("default"))
            .await
            .expect("the tenant is there")
            .0
    }
}

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::new(name).expect("a name")
}

/// A lead was created.
pub(crate) fn lead(event: &str, lead: &str) -> Event {
    Event {
        event_id: event.to_owned(),
        source: "crm".to_owned(),
        occurred_at: Some(prost_types::Timestamp {
            seconds: 1_780_000_000,
            nanos: 0,
        }),
        payload: Some(Payload::LeadCreated(LeadCreated {
            lead_id: lead.to_owned(),
            ..LeadCreated::default()
        })),
    }
}

/// A lead with an attribute that no settings declare.
pub(crate) fn odd_lead(event: &str) -> Event {
    let attributes = vec![Attribute {
        name: "mood".to_owned(),
        value: "good".to_owned(),
    }];
    let created = LeadCreated {
        lead_id: event.to_owned(),
        attributes,
        ..LeadCreated::default()
    };
    Event {
        payload: Some(Payload::LeadCreated(created)),
        ..lead(event, event)
    }
}

pub(crate) fn batch(events: Vec<Event>) -> IngestEventsRequest {
    IngestEventsRequest {
        events,
        ..IngestEventsRequest::default()
    }
}

pub(crate) fn outcomes(response: &IngestEventsResponse) -> Vec<EventOutcome> {
    response.results.iter().map(|result| result.outcome()).collect()
}

/// The same with a key.
pub(crate) fn with_key<T>(message: T, key: &str) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {key}").parse().expect("ASCII"));
    request
}

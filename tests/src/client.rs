//! Generated clients, as a user in Rust would use them.

use scoreline_proto::{
    analytics::v1::{export_service_client::ExportServiceClient, metrics_service_client::MetricsServiceClient},
    events::v1::Event,
    ingestion::v1::{IngestEventsRequest, IngestEventsResponse, ingestion_service_client::IngestionServiceClient},
    tenants::v1::tenants_service_client::TenantsServiceClient,
};
use tonic::{
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

/// The largest answer that a test takes.
const MAX_ANSWER: usize = 64 << 20;

/// Names the tenant on every call.
#[derive(Debug, Clone)]
pub struct AsTenant(MetadataValue<Ascii>);

impl Interceptor for AsTenant {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        request.metadata_mut().insert("x-scoreline-tenant", self.0.clone());
        Ok(request)
    }
}

/// A channel on which every call names the tenant.
pub type TenantChannel = InterceptedService<Channel, AsTenant>;

/// Clients of all services of one server, for one tenant.
#[derive(Debug, Clone)]
pub struct Clients {
    /// For events.
    pub ingestion: IngestionServiceClient<TenantChannel>,
    /// For metrics.
    pub metrics: MetricsServiceClient<TenantChannel>,
    /// For exports.
    pub export: ExportServiceClient<TenantChannel>,
    /// For settings.
    pub tenants: TenantsServiceClient<TenantChannel>,
    /// For calls that are encoded elsewhere.
    pub channel: TenantChannel,
}

impl Clients {
    /// Connects to a server as a tenant.
    ///
    /// # Errors
    /// When the server can't be reached.
    pub async fn connect(endpoint: &str, tenant: &str) -> anyhow::Result<Self> {
        let channel = Channel::from_shared(endpoint.to_owned())?.connect().await?;
        let named = AsTenant(tenant.parse()?);
        let channel = || InterceptedService::new(channel.clone(), named.clone());
        Ok(Self {
            ingestion: IngestionServiceClient::new(channel()),
            metrics: MetricsServiceClient::new(channel()).max_decoding_message_size(MAX_ANSWER),
            export: ExportServiceClient::new(channel()).max_decoding_message_size(MAX_ANSWER),
            tenants: TenantsServiceClient::new(channel()),
            channel: channel(),
        })
    }

    /// Sends events in one batch.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn ingest(&mut self, events: Vec<Event>) -> Result<IngestEventsResponse, tonic::Status> {
        let request = IngestEventsRequest {
            events,
            ..IngestEventsRequest::default()
        };
        Ok(self.ingestion.ingest_events(request).await?.into_inner())
    }
}

//! The way to a running server.

use std::time::Duration;

use anyhow::{Context as _, bail};
use scoreline_proto::{
    analytics::v1::{export_service_client::ExportServiceClient, metrics_service_client::MetricsServiceClient},
    ingestion::v1::ingestion_service_client::IngestionServiceClient,
    tenants::v1::tenants_service_client::TenantsServiceClient,
};
use scoreline_server::auth::TENANT_HEADER;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::arguments::Remote;

/// How long a server may take to answer the door.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an ordinary call may take; the server allows no more.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// The largest answer that is taken.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// A channel that says who calls.
pub(crate) type Caller = InterceptedService<Channel, Identity>;

/// Puts the key, or the tenant where there is no key, into every call.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    key: Option<MetadataValue<Ascii>>,
    tenant: Option<MetadataValue<Ascii>>,
}

impl Identity {
    fn new(remote: &Remote) -> anyhow::Result<Self> {
        match remote.api_key.as_deref().map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) => {
                let mut bearer: MetadataValue<Ascii> = format!("Bearer {key}")
                    .parse()
                    .ok()
                    .context("--api-key: has characters that no key has")?;
                bearer.set_sensitive(true);
                Ok(Self {
                    key: Some(bearer),
                    tenant: None,
                })
            }
            None => {
                let tenant = remote.tenant.parse().ok();
                let tenant =
                    tenant.with_context(|| format!("--tenant {:?}: has characters that no id has", remote.tenant))?;
                Ok(Self {
                    key: None,
                    tenant: Some(tenant),
                })
            }
        }
    }
}

impl Interceptor for Identity {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        if let Some(key) = &self.key {
            metadata.insert("authorization", key.clone());
        }
        if let Some(tenant) = &self.tenant {
            metadata.insert(TENANT_HEADER, tenant.clone());
        }
        Ok(request)
    }
}

/// An open connection, and the clients of every service on it.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    channel: Channel,
    identity: Identity,
}

impl Connection {
    /// Connects to the server of the arguments.
    ///
    /// # Errors
    /// When the arguments are no address, or nobody answers there.
    pub(crate) async fn open(remote: &Remote) -> anyhow::Result<Self> {
        if remote.endpoint.starts_with("https:") {
            bail!(
                "--endpoint {}: TLS ends before the services; use the http:// address behind it",
                remote.endpoint
            );
        }
        let endpoint = Endpoint::from_shared(remote.endpoint.clone())
            .with_context(|| format!("--endpoint {:?} is not an address", remote.endpoint))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .user_agent(concat!("scoreline-cli/", env!("CARGO_PKG_VERSION")))?;
        let identity = Identity::new(remote)?;
        let channel = endpoint.connect().await.with_context(|| {
            format!(
                "no server answers at {} (start one with `scoreline serve`)",
                remote.endpoint
            )
        })?;
        Ok(Self { channel, identity })
    }

    /// The ingestion service.
    pub(crate) fn ingestion(&self) -> IngestionServiceClient<Caller> {
        IngestionServiceClient::new(self.caller()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// The metrics service.
    pub(crate) fn metrics(&self) -> MetricsServiceClient<Caller> {
        MetricsServiceClient::new(self.caller()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// The export service.
    pub(crate) fn export(&self) -> ExportServiceClient<Caller> {
        ExportServiceClient::new(self.caller()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// The tenants service.
    pub(crate) fn tenants(&self) -> TenantsServiceClient<Caller> {
        TenantsServiceClient::new(self.caller()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    fn caller(&self) -> Caller {
        InterceptedService::new(self.channel.clone(), self.identity.clone())
    }
}

/// A call that the server should answer within the time that it allows.
pub(crate) fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL_TIMEOUT);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(key: Option<&str>) -> Remote {
        Remote {
            endpoint: "http://127.0.0.1:1".into(),
            api_key: key.map(str::to_owned),
            tenant: "acme".into(),
        }
    }

    fn metadata(remote: &Remote) -> tonic::metadata::MetadataMap {
        let mut identity = Identity::new(remote).expect("an identity");
        identity
            .call(Request::new(()))
            .expect("never refuses")
            .metadata()
            .clone()
    }

    #[test]
    fn a_key_takes_the_place_of_the_tenant() {
        let metadata = metadata(&remote(Some("sk_1")));
        assert_eq!(
            metadata.get("authorization").and_then(|value| value.to_str().ok()),
            Some("Bearer sk_1")
        );
        assert!(metadata.get(TENANT_HEADER).is_none());
    }

    #[test]
    fn without_a_key_the_tenant_is_named() {
        for none in [None, Some(""), Some("  ")] {
            let metadata = metadata(&remote(none));
            assert_eq!(
                metadata.get(TENANT_HEADER).and_then(|value| value.to_str().ok()),
                Some("acme")
            );
            assert!(metadata.get("authorization").is_none());
        }
    }

    #[tokio::test]
    async fn nobody_at_home_is_said_with_the_address() {
        let error = Connection::open(&remote(None))
            .await
            .expect_err("nobody listens on port 1");
        assert!(error.to_string().contains("http://127.0.0.1:1"), "{error}");
    }
}

//! Both services as one part of a process: routes, what their methods need, and what must be finished at the end.

use std::{collections::HashSet, sync::Arc};

use scoreline_core::id::TenantId;
use scoreline_proto::{
    ingestion::v1::ingestion_service_server::IngestionServiceServer,
    tenants::v1::tenants_service_server::TenantsServiceServer,
};
use scoreline_server::{config::Settings, methods::MethodPolicy, principal::Scope, shutdown::Shutdown};
use scoreline_storage::{Log, Store, Tenancy};
use tonic::service::{Routes, RoutesBuilder};

use crate::{
    grouping::{self, Groups},
    ingest::Ingestion,
    tenants::Tenants,
};

/// The full names of the services, for health.
pub const NAMES: [&str; 2] = [
    "scoreline.ingestion.v1.IngestionService",
    "scoreline.tenants.v1.TenantsService",
];

/// What each method needs.
#[must_use]
pub fn methods() -> Vec<MethodPolicy> {
    let tenants = [
        (
            "/scoreline.tenants.v1.TenantsService/CreateTenant",
            Scope::SettingsWrite,
        ),
        ("/scoreline.tenants.v1.TenantsService/GetTenant", Scope::SettingsRead),
        ("/scoreline.tenants.v1.TenantsService/ListTenants", Scope::SettingsRead),
        ("/scoreline.tenants.v1.TenantsService/GetSettings", Scope::SettingsRead),
        (
            "/scoreline.tenants.v1.TenantsService/UpdateSettings",
            Scope::SettingsWrite,
        ),
        ("/scoreline.tenants.v1.TenantsService/CreateApiKey", Scope::KeysWrite),
        ("/scoreline.tenants.v1.TenantsService/ListApiKeys", Scope::KeysWrite),
        ("/scoreline.tenants.v1.TenantsService/RevokeApiKey", Scope::KeysWrite),
    ];
    let ingestion = [
        MethodPolicy::unary(
            "/scoreline.ingestion.v1.IngestionService/IngestEvents",
            Scope::EventsWrite,
        ),
        MethodPolicy::streaming(
            "/scoreline.ingestion.v1.IngestionService/StreamEvents",
            Scope::EventsWrite,
        ),
    ];
    ingestion
        .into_iter()
        .chain(tenants.map(|(path, scope)| MethodPolicy::unary(path, scope)))
        .collect()
}

/// Both services.
pub struct Service {
    ingestion: Ingestion,
    tenants: Tenants,
    max_message_bytes: usize,
    max_response_bytes: usize,
}

impl Service {
    /// The services over a store. Streams end when `shutdown` closes.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, settings: &Settings, shutdown: Shutdown) -> Self {
        let log: Arc<dyn Log> = Arc::clone(&store) as Arc<dyn Log>;
        let limits = grouping::Limits {
            max_events: settings.ingestion.group_commit_max_events,
            max_delay: settings.ingestion.group_commit_max_delay,
        };
        let ingestion = Ingestion {
            groups: Groups::new(Arc::clone(&log), limits),
            log,
            limits: (&settings.limits).into(),
            shutdown,
        };
        Self {
            ingestion,
            tenants: Tenants::new(store as Arc<dyn Tenancy>, settings.auth.pepper.clone()),
            max_message_bytes: settings.limits.max_message_bytes,
            max_response_bytes: settings.limits.max_response_bytes,
        }
    }

    /// Adds both services to the routes of a process.
    pub fn add_to(&self, routes: &mut RoutesBuilder) {
        routes.add_service(
            IngestionServiceServer::new(self.ingestion.clone())
                .max_decoding_message_size(self.max_message_bytes)
                .max_encoding_message_size(self.max_response_bytes),
        );
        routes.add_service(
            TenantsServiceServer::new(self.tenants.clone())
                .max_decoding_message_size(self.max_message_bytes)
                .max_encoding_message_size(self.max_response_bytes),
        );
    }

    /// The routes of a process that has no other services.
    #[must_use]
    pub fn routes(&self) -> Routes {
        let mut routes = RoutesBuilder::default();
        self.add_to(&mut routes);
        routes.routes()
    }

    /// The tenants that get events, for upkeep.
    #[must_use]
    pub fn recent(&self) -> Recent {
        Recent(self.ingestion.groups.clone())
    }

    /// Resolves when everything that was taken in is stored and answered. To be awaited after serving has ended: a caller
    /// may be gone while its events still wait.
    pub async fn drained(&self) {
        self.ingestion.groups.drained().await;
    }
}

/// The tenants that got events since this was last asked.
#[derive(Clone)]
pub struct Recent(Groups);

impl Recent {
    /// Takes them.
    #[must_use]
    pub fn take(&self) -> HashSet<TenantId> {
        self.0.take_recent()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;

    use super::*;

    #[test]
    fn every_method_of_the_contracts_is_in_the_table() {
        let set = prost_types::FileDescriptorSet::decode(scoreline_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
        let mut contract = BTreeSet::new();
        for file in &set.file {
            for service in &file.service {
                let name = format!("{}.{}", file.package(), service.name());
                if NAMES.contains(&name.as_str()) {
                    let streams = |method: &prost_types::MethodDescriptorProto| {
                        method.client_streaming() || method.server_streaming()
                    };
                    contract.extend(
                        service
                            .method
                            .iter()
                            .map(|method| (format!("/{name}/{}", method.name()), streams(method))),
                    );
                }
            }
        }
        let table: BTreeSet<_> = methods()
            .iter()
            .map(|policy| (policy.path.to_owned(), policy.streaming))
            .collect();
        assert_eq!(table, contract);
        assert_eq!(contract.len(), 10);
    }
}

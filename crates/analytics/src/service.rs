//! Both services as one part of a process: routes, and what their methods need.

use std::sync::Arc;

use scoreline_proto::analytics::v1::export_service_server::ExportServiceServer;
use scoreline_server::{config::Settings, methods::MethodPolicy, principal::Scope, shutdown::Shutdown};
use scoreline_storage::{Ledger, Store, Tenancy};
use tonic::service::{Routes, RoutesBuilder};

use crate::{
    analytics::Analytics,
    answers::{Costs, Kept, Threads},
    catalogue::Catalogues,
    clock::{Clock, SystemClock},
    export::Export,
    image::Images,
    metrics::{self, Metrics},
};

/// The full names of the services, for health.
pub const NAMES: [&str; 2] = [
    "scoreline.analytics.v1.MetricsService",
    "scoreline.analytics.v1.ExportService",
];

/// What each method needs.
#[must_use]
pub fn methods() -> Vec<MethodPolicy> {
    let unary = [
        ("/scoreline.analytics.v1.MetricsService/ListMetrics", Scope::MetricsRead),
        ("/scoreline.analytics.v1.MetricsService/GetMetric", Scope::MetricsRead),
        (
            "/scoreline.analytics.v1.MetricsService/CreateMetric",
            Scope::MetricsWrite,
        ),
        (
            "/scoreline.analytics.v1.MetricsService/UpdateMetric",
            Scope::MetricsWrite,
        ),
        (
            "/scoreline.analytics.v1.MetricsService/DeleteMetric",
            Scope::MetricsWrite,
        ),
        (
            "/scoreline.analytics.v1.MetricsService/QueryMetrics",
            Scope::MetricsRead,
        ),
        (
            "/scoreline.analytics.v1.MetricsService/BatchQueryMetrics",
            Scope::MetricsRead,
        ),
        (
            "/scoreline.analytics.v1.MetricsService/ListContributions",
            Scope::EventsRead,
        ),
        (
            "/scoreline.analytics.v1.MetricsService/CompareKnowledge",
            Scope::EventsRead,
        ),
    ];
    let streaming = [
        (
            "/scoreline.analytics.v1.MetricsService/WatchMetrics",
            Scope::MetricsRead,
        ),
        ("/scoreline.analytics.v1.ExportService/ExportEvents", Scope::EventsRead),
        ("/scoreline.analytics.v1.ExportService/ExportLedger", Scope::EventsRead),
    ];
    let unary = unary.map(|(path, scope)| MethodPolicy::unary(path, scope));
    unary
        .into_iter()
        .chain(streaming.map(|(path, scope)| MethodPolicy::streaming(path, scope)))
        .collect()
}

/// Both services.
#[derive(Clone)]
pub struct Service {
    analytics: Arc<Analytics>,
}

impl Service {
    /// The services over a store. Streams end when `shutdown` closes.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, settings: &Settings, shutdown: Shutdown) -> Self {
        Self::with_clock(store, settings, shutdown, Arc::new(SystemClock))
    }

    /// The same with a clock of one's own.
    #[must_use]
    pub fn with_clock(store: Arc<dyn Store>, settings: &Settings, shutdown: Shutdown, clock: Arc<dyn Clock>) -> Self {
        let held = &settings.analytics;
        let ledger = Arc::clone(&store) as Arc<dyn Ledger>;
        let analytics = Analytics {
            images: Images::new(ledger, held.image_memory_budget_bytes, held.tail_interval),
            catalogues: Catalogues::new(Arc::clone(&store) as Arc<dyn Tenancy>),
            threads: Threads::new(held.query_threads),
            kept: Kept::new(held.kept_answers_budget_bytes),
            costs: Costs::default(),
            limits: settings.limits.clone(),
            store,
            clock,
            shutdown,
        };
        Self {
            analytics: Arc::new(analytics),
        }
    }

    /// Adds both services to the routes of a process.
    pub fn add_to(&self, routes: &mut RoutesBuilder) {
        let (request, response) = (
            self.analytics.limits.max_message_bytes,
            self.analytics.limits.max_response_bytes,
        );
        let metrics = Metrics(Arc::clone(&self.analytics));
        routes.add_service(metrics::Service::new(metrics, request, response));
        routes.add_service(
            ExportServiceServer::new(Export(Arc::clone(&self.analytics)))
                .max_decoding_message_size(request)
                .max_encoding_message_size(response),
        );
    }

    /// The routes of a process that has no other services.
    #[must_use]
    pub fn routes(&self) -> Routes {
        let mut routes = RoutesBuilder::default();
        self.add_to(&mut routes);
        routes.routes()
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
        for file in set
            .file
            .iter()
            .filter(|file| file.package() == "scoreline.analytics.v1")
        {
            for service in &file.service {
                let name = format!("{}.{}", file.package(), service.name());
                assert!(NAMES.contains(&name.as_str()), "{name} has no health");
                contract.extend(service.method.iter().map(|method| {
                    (
                        format!("/{name}/{}", method.name()),
                        method.client_streaming() || method.server_streaming(),
                    )
                }));
            }
        }
        let table: BTreeSet<_> = methods()
            .iter()
            .map(|policy| (policy.path.to_owned(), policy.streaming))
            .collect();
        assert_eq!(table, contract);
        assert_eq!(contract.len(), 12);
    }
}

//! The service of metrics: one file a call.

mod batch;
mod compare;
mod contributions;
mod create;
mod delete;
mod events;
mod explain;
mod get;
mod knowledge;
mod list;
mod query;
mod rank;
mod update;
mod watch;
mod written;

use std::sync::Arc;

use futures::stream::BoxStream;
use scoreline_proto::analytics::v1::{self as wire, metrics_service_server::MetricsService};
use tonic::{Request, Response, Status};

pub(crate) use self::written::Service;
use crate::{analytics::Analytics, caller::Caller};

/// The service.
#[derive(Clone)]
pub(crate) struct Metrics(pub(crate) Arc<Analytics>);

/// Thin calls: who asks, the answer, the problem as a status.
macro_rules! answered {
    ($self:ident, $request:ident, $call:path) => {{
        let caller = Caller::of(&$request)?;
        let answer = $call(&$self.0, &caller, $request.into_inner()).await?;
        Ok(Response::new(answer))
    }};
}

impl Metrics {
    /// A page of an answer, which [`Service`] sends as it is.
    async fn page(&self, request: Request<wire::QueryMetricsRequest>) -> Result<Response<query::Page>, Status> {
        answered!(self, request, query::query)
    }

    /// Several answers, sent in the same way.
    async fn answers(
        &self,
        request: Request<wire::BatchQueryMetricsRequest>,
    ) -> Result<Response<batch::Answers>, Status> {
        answered!(self, request, batch::batch)
    }
}

#[tonic::async_trait]
impl MetricsService for Metrics {
    async fn list_metrics(
        &self,
        request: Request<wire::ListMetricsRequest>,
    ) -> Result<Response<wire::ListMetricsResponse>, Status> {
        answered!(self, request, list::list)
    }

    async fn get_metric(
        &self,
        request: Request<wire::GetMetricRequest>,
    ) -> Result<Response<wire::GetMetricResponse>, Status> {
        answered!(self, request, get::get)
    }

    async fn create_metric(
        &self,
        request: Request<wire::CreateMetricRequest>,
    ) -> Result<Response<wire::CreateMetricResponse>, Status> {
        answered!(self, request, create::create)
    }

    async fn update_metric(
        &self,
        request: Request<wire::UpdateMetricRequest>,
    ) -> Result<Response<wire::UpdateMetricResponse>, Status> {
        answered!(self, request, update::update)
    }

    async fn delete_metric(
        &self,
        request: Request<wire::DeleteMetricRequest>,
    ) -> Result<Response<wire::DeleteMetricResponse>, Status> {
        answered!(self, request, delete::delete)
    }

    async fn query_metrics(
        &self,
        request: Request<wire::QueryMetricsRequest>,
    ) -> Result<Response<wire::QueryMetricsResponse>, Status> {
        self.page(request).await.map(|page| page.map(|page| page.message()))
    }

    async fn batch_query_metrics(
        &self,
        request: Request<wire::BatchQueryMetricsRequest>,
    ) -> Result<Response<wire::BatchQueryMetricsResponse>, Status> {
        self.answers(request)
            .await
            .map(|answers| answers.map(|answers| answers.message()))
    }

    async fn list_contributions(
        &self,
        request: Request<wire::ListContributionsRequest>,
    ) -> Result<Response<wire::ListContributionsResponse>, Status> {
        answered!(self, request, contributions::list)
    }

    async fn compare_knowledge(
        &self,
        request: Request<wire::CompareKnowledgeRequest>,
    ) -> Result<Response<wire::CompareKnowledgeResponse>, Status> {
        answered!(self, request, compare::compare)
    }

    type WatchMetricsStream = BoxStream<'static, Result<wire::WatchMetricsResponse, Status>>;

    async fn watch_metrics(
        &self,
        request: Request<wire::WatchMetricsRequest>,
    ) -> Result<Response<Self::WatchMetricsStream>, Status> {
        answered!(self, request, watch::watch)
    }
}

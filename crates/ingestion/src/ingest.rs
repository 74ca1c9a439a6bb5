//! The ingestion service.

use std::sync::Arc;

use scoreline_core::id::TenantId;
use scoreline_proto::ingestion::v1::{
    IngestEventsRequest, IngestEventsResponse, StreamEventsRequest, StreamEventsResponse,
    ingestion_service_server::IngestionService,
};
use scoreline_server::{shutdown::Shutdown, status::Problem};
use scoreline_storage::{Log, Receipt, Submission};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    batch::{self, Batch, Summary},
    caller, failure,
    grouping::Groups,
    stream::{self, Session},
};

/// Takes events in.
#[derive(Clone)]
pub(crate) struct Ingestion {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) groups: Groups,
    pub(crate) limits: stream::Limits,
    pub(crate) shutdown: Shutdown,
}

#[tonic::async_trait]
impl IngestionService for Ingestion {
    async fn ingest_events(
        &self,
        request: Request<IngestEventsRequest>,
    ) -> Result<Response<IngestEventsResponse>, Status> {
        let tenant = caller::tenant(&caller::principal(&request)?)?;
        let summary = self.ingest(&tenant, request.into_inner()).await?;
        Ok(Response::new(summary.into()))
    }

    type StreamEventsStream = ReceiverStream<Result<StreamEventsResponse, Status>>;

    async fn stream_events(
        &self,
        request: Request<Streaming<StreamEventsRequest>>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let session = Session {
            tenant: caller::tenant(&caller::principal(&request)?)?,
            groups: self.groups.clone(),
            limits: self.limits.clone(),
            shutdown: self.shutdown.clone(),
        };
        Ok(Response::new(stream::run(session, request.into_inner())))
    }
}

impl Ingestion {
    async fn ingest(&self, tenant: &TenantId, request: IngestEventsRequest) -> Result<Summary, Problem> {
        let IngestEventsRequest {
            events,
            validate_only,
            all_or_nothing,
        } = request;
        batch::check_size("events", events.len(), self.limits.max_batch_events)?;
        let (batch, events) = Batch::read(events).await?;
        let submission = Submission {
            events: events.into(),
            all_or_nothing,
        };
        if all_or_nothing && batch.has_faults() {
            let summary = batch.withheld(self.classify(tenant, submission).await?);
            return Ok(if validate_only { summary.uncommitted() } else { summary });
        }
        if validate_only {
            return Ok(batch.summary(self.classify(tenant, submission).await?).uncommitted());
        }
        Ok(batch.summary(self.store(tenant, submission).await?))
    }

    async fn store(&self, tenant: &TenantId, submission: Submission) -> Result<Receipt, Problem> {
        if submission.events.is_empty() {
            return Ok(nothing());
        }
        Ok(self.groups.submit(tenant, submission).await?)
    }

    async fn classify(&self, tenant: &TenantId, submission: Submission) -> Result<Receipt, Problem> {
        if submission.events.is_empty() {
            return Ok(nothing());
        }
        self.log
            .classify(tenant, &submission)
            .await
            .map_err(|error| failure::problem(&error))
    }
}

fn nothing() -> Receipt {
    Receipt {
        dispositions: Vec::new(),
        commit: 0,
    }
}

//! Ingestion services with a planted bug, in front of an honest one.

use std::{
    collections::HashSet,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::Stream;
use scoreline_proto::ingestion::v1::{
    EventOutcome, EventResult, IngestEventsRequest, IngestEventsResponse, StreamEventsRequest, StreamEventsResponse,
    ingestion_service_server::{IngestionService, IngestionServiceServer},
};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

use crate::client::Clients;

/// One batch in so many is treated wrongly.
const EVERY: u64 = 5;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Some batches are acknowledged, but not passed on.
    Forgets,
    /// Some events are stored once more under another id.
    Copies,
    /// Event ids are claimed before the events are passed on: who tries again after a cancelled call is told that its
    /// events are duplicates, although nobody has them.
    ClaimsFirst,
}

/// A service with a bug. It ends with its owner.
#[derive(Debug)]
pub struct Front {
    endpoint: String,
    behind: Arc<Mutex<String>>,
    serving: JoinHandle<()>,
}

impl Front {
    /// Starts a service with a bug in front of another one.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(bug: Bug, behind: String) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let behind = Arc::new(Mutex::new(behind));
        let service = Service {
            bug,
            behind: Arc::clone(&behind),
            seen: Arc::default(),
        };
        let serving = tokio::spawn(async move {
            let router = tonic::transport::Server::builder().add_service(IngestionServiceServer::new(service));
            // It ends with the test; what is wrong before that, the test sees at its own end.
            drop(router.serve_with_incoming(TcpListenerStream::new(listener)).await);
        });
        Ok(Self {
            endpoint,
            behind,
            serving,
        })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// Says where the service behind it listens now.
    pub fn moved(&self, behind: String) {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = behind;
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Debug, Default)]
struct Seen {
    batches: u64,
    ids: HashSet<String>,
}

#[derive(Debug)]
struct Service {
    bug: Bug,
    behind: Arc<Mutex<String>>,
    seen: Arc<Mutex<Seen>>,
}

impl Service {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time for the bug.
    fn is_due(&self) -> bool {
        let mut seen = self.seen();
        seen.batches += 1;
        seen.batches.is_multiple_of(EVERY)
    }

    async fn pass_on(&self, request: IngestEventsRequest) -> Result<IngestEventsResponse, Status> {
        let behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let gone = |_| Status::unavailable("the service behind is gone");
        let mut clients = Clients::connect(&behind, "default").await.map_err(gone)?;
        clients.ingest(request.events).await
    }

    async fn copy(&self, mut request: IngestEventsRequest) -> Result<IngestEventsResponse, Status> {
        let asked = request.events.len();
        if let Some(first) = request.events.first().cloned() {
            let event_id = format!("{}-copy", first.event_id);
            request
                .events
                .push(scoreline_proto::events::v1::Event { event_id, ..first });
        }
        let mut answer = self.pass_on(request).await?;
        answer.results.truncate(asked);
        Ok(answer)
    }

    async fn claim(&self, request: IngestEventsRequest) -> Result<IngestEventsResponse, Status> {
        let are_new = {
            let mut seen = self.seen();
            let claimed = request
                .events
                .iter()
                .filter(|event| seen.ids.insert(event.event_id.clone()));
            claimed.count() > 0
        };
        if !are_new {
            return Ok(answer(&request, EventOutcome::Duplicate));
        }
        // Where the caller may vanish.
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.pass_on(request).await
    }
}

/// The same outcome for all events.
fn answer(request: &IngestEventsRequest, outcome: EventOutcome) -> IngestEventsResponse {
    let result = |(index, event_id): (i32, &String)| EventResult {
        index,
        event_id: event_id.clone(),
        outcome: outcome.into(),
        ..EventResult::default()
    };
    let ids = request.events.iter().map(|event| &event.event_id);
    IngestEventsResponse {
        results: (0..).zip(ids).map(result).collect(),
        commit: 1,
        ..IngestEventsResponse::default()
    }
}

#[tonic::async_trait]
impl IngestionService for Service {
    async fn ingest_events(
        &self,
        request: Request<IngestEventsRequest>,
    ) -> Result<Response<IngestEventsResponse>, Status> {
        let request = request.into_inner();
        let answered = match self.bug {
            Bug::Forgets if self.is_due() => Ok(answer(&request, EventOutcome::Accepted)),
            Bug::Copies if self.is_due() => self.copy(request).await,
            Bug::Forgets | Bug::Copies => self.pass_on(request).await,
            Bug::ClaimsFirst => self.claim(request).await,
        };
        answered.map(Response::new)
    }

    type StreamEventsStream = Pin<Box<dyn Stream<Item = Result<StreamEventsResponse, Status>> + Send>>;

    async fn stream_events(
        &self,
        _: Request<Streaming<StreamEventsRequest>>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        Err(Status::unimplemented("this service takes calls only"))
    }
}

//! The service of exports.

mod events;
mod ledger;

use std::sync::Arc;

use futures::stream::BoxStream;
use scoreline_proto::analytics::v1::{self as wire, export_service_server::ExportService};
use scoreline_server::status::Problem;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::{analytics::Analytics, caller::Caller, failure};

/// About how many bytes a message has at most; clients take 4 MiB unless told otherwise.
const MESSAGE_BYTES: usize = 2 << 20;
/// Messages that wait for a slow reader.
const WAITING: usize = 2;

/// The service.
#[derive(Clone)]
pub(crate) struct Export(pub(crate) Arc<Analytics>);

type Stream<T> = BoxStream<'static, Result<T, Status>>;

/// Where messages go.
struct Outlet<T>(mpsc::Sender<Result<T, Status>>);

/// Nobody reads any more.
struct Closed;

impl<T> Outlet<T> {
    fn new() -> (Self, Stream<T>)
    where
        T: Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), Box::pin(ReceiverStream::new(receiver)))
    }

    async fn send(&self, message: T) -> Result<(), Closed> {
        self.0.send(Ok(message)).await.map_err(|_| Closed)
    }

    async fn fail(&self, problem: Problem) {
        // When nobody reads any more, nobody needs to know.
        let _ = self.0.send(Err(problem.into())).await;
    }
}

/// The commits of a request: after the first, up to the second.
async fn commits(analytics: &Analytics, caller: &Caller, after: i64, to: i64) -> Result<(u64, u64), Problem> {
    let read = |field: &str, commit: i64| {
        u64::try_from(commit).map_err(|_| Problem::invalid("OUT_OF_RANGE", field, format!("{commit} is negative")))
    };
    let (after, to) = (read("after_commit", after)?, read("up_to_commit", to)?);
    if to != 0 && to < after {
        return Err(Problem::invalid(
            "EMPTY_RANGE",
            "up_to_commit",
            format!("{to} is before after_commit, {after}"),
        ));
    }
    let (newest, _) = analytics
        .store
        .watermark(&caller.tenant)
        .await
        .map_err(|error| failure::stored(&error))?;
    Ok((after, if to == 0 { newest } else { to.min(newest) }))
}

#[tonic::async_trait]
impl ExportService for Export {
    type ExportEventsStream = Stream<wire::ExportEventsResponse>;

    async fn export_events(
        &self,
        request: Request<wire::ExportEventsRequest>,
    ) -> Result<Response<Self::ExportEventsStream>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (after, to) = commits(&self.0, &caller, request.after_commit, request.up_to_commit).await?;
        let (outlet, stream) = Outlet::new();
        tokio::spawn(events::export(Arc::clone(&self.0), caller, after, to, outlet));
        Ok(Response::new(stream))
    }

    type ExportLedgerStream = Stream<wire::ExportLedgerResponse>;

    async fn export_ledger(
        &self,
        request: Request<wire::ExportLedgerRequest>,
    ) -> Result<Response<Self::ExportLedgerStream>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (after, to) = commits(&self.0, &caller, request.after_commit, request.up_to_commit).await?;
        let (outlet, stream) = Outlet::new();
        tokio::spawn(ledger::export(Arc::clone(&self.0), caller, after, to, outlet));
        Ok(Response::new(stream))
    }
}

//! The stream of batches: read in order, committed in company, acknowledged in order and only when durable.
//!
//! A reader and a writer share a bounded queue of what is under way. While it is full nothing is read, and the
//! transport holds the producer back. What ends the stream goes through the same queue, so that everything before it is
//! acknowledged first.

mod reader;
mod writer;

use std::time::Duration;

use futures::Stream;
use scoreline_core::id::TenantId;
use scoreline_proto::ingestion::v1::{StreamClosingReason, StreamEventsRequest, StreamEventsResponse, StreamOpened};
use scoreline_server::{config, shutdown::Shutdown};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tracing::Instrument as _;

use crate::{
    batch::Batch,
    grouping::{self, Groups},
};

/// How long a producer may be silent.
const MAX_IDLE: Duration = Duration::from_secs(300);

/// What a producer may do on a stream.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) max_in_flight_batches: usize,
    pub(crate) max_batch_events: usize,
    pub(crate) max_batch_bytes: usize,
    pub(crate) max_age: Duration,
    pub(crate) max_idle: Duration,
}

impl From<&config::Limits> for Limits {
    fn from(limits: &config::Limits) -> Self {
        Self {
            max_in_flight_batches: (limits.stream_window_events / limits.max_elements_per_batch).max(1),
            max_batch_events: limits.max_elements_per_batch,
            max_batch_bytes: limits.max_message_bytes,
            max_age: limits.max_connection_age,
            max_idle: MAX_IDLE,
        }
    }
}

/// What the streams of a tenant need.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) tenant: TenantId,
    pub(crate) groups: Groups,
    pub(crate) limits: Limits,
    pub(crate) shutdown: Shutdown,
}

/// What the writer has to say next, in order.
enum Under {
    Opened(StreamOpened),
    /// A batch on its way into the store.
    Batch {
        batch: Batch,
        offset: i64,
        next_offset: i64,
        /// None when no event of it could be read.
        pending: Option<grouping::Pending>,
    },
    Closing(StreamClosingReason),
    Failed(Status),
}

/// Runs a stream in a task of its own; it ends when either side does.
pub(crate) fn run<S>(session: Session, inbound: S) -> ReceiverStream<Result<StreamEventsResponse, Status>>
where
    S: Stream<Item = Result<StreamEventsRequest, Status>> + Send + Unpin + 'static,
{
    let (under_way, coming) = mpsc::channel(session.limits.max_in_flight_batches);
    let (out, outbound) = mpsc::channel(1);
    let work = async move {
        futures::join!(reader::read(session, inbound, under_way), writer::write(coming, out));
    };
    tokio::spawn(work.in_current_span());
    ReceiverStream::new(outbound)
}

#[cfg(test)]
mod tests;

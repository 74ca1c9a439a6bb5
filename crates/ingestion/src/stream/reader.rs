//! Reads what the producer sends, and hands it on.

use std::convert::Infallible;

use futures::{Stream, StreamExt as _};
use scoreline_proto::ingestion::v1::{
    StreamBatch, StreamClosingReason, StreamEventsRequest, StreamOpen, StreamOpened, stream_events_request::Message,
};
use scoreline_server::{
    layers::wire_fault,
    status::{Kind, Problem},
};
use scoreline_storage::Submission;
use tokio::sync::mpsc;
use tonic::Status;

use super::{Session, Under};
use crate::batch::{self, Batch};

/// Why reading ended.
enum End {
    /// The producer has nothing more to send.
    Finished,
    /// Nobody listens any more.
    Gone,
    Closing(StreamClosingReason),
    Failed(Status),
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem.into())
    }
}

/// Reads until either side ends the stream, and says so behind everything that is under way.
pub(super) async fn read<S>(session: Session, inbound: S, under_way: mpsc::Sender<Under>)
where
    S: Stream<Item = Result<StreamEventsRequest, Status>> + Unpin,
{
    let mut reader = Reader {
        session,
        expected: None,
    };
    let Err(end) = reader.read_all(inbound, &under_way).await;
    let last = match end {
        End::Finished | End::Gone => return,
        End::Closing(reason) => Under::Closing(reason),
        End::Failed(status) => Under::Failed(status),
    };
    // A producer that went away does not mind.
    drop(under_way.send(last).await);
}

struct Reader {
    session: Session,
    /// The offset that comes next; none before the stream is open.
    expected: Option<i64>,
}

impl Reader {
    async fn read_all<S>(&mut self, mut inbound: S, under_way: &mpsc::Sender<Under>) -> Result<Infallible, End>
    where
        S: Stream<Item = Result<StreamEventsRequest, Status>> + Unpin,
    {
        let shutdown = self.session.shutdown.clone();
        let max_idle = self.session.limits.max_idle;
        let mut age = std::pin::pin!(tokio::time::sleep(self.session.limits.max_age));
        loop {
            let message = tokio::select! {
                biased;
                () = under_way.closed() => return Err(End::Gone),
                () = shutdown.closing() => return Err(End::Closing(StreamClosingReason::Shutdown)),
                () = &mut age => return Err(End::Closing(StreamClosingReason::MaxAge)),
                message = tokio::time::timeout(max_idle, inbound.next()) => {
                    message.map_err(|_| End::Closing(StreamClosingReason::Idle))?
                }
            };
            let message = message
                .ok_or(End::Finished)?
                .map_err(|status| End::Failed(in_our_terms(status)))?;
            let next = self.take(message).await?;
            under_way.send(next).await.map_err(|_| End::Gone)?;
        }
    }

    async fn take(&mut self, request: StreamEventsRequest) -> Result<Under, Problem> {
        match (request.message, self.expected) {
            (Some(Message::Open(open)), None) => self.open(&open),
            (Some(Message::Batch(batch)), Some(expected)) => self.batch(batch, expected).await,
            (Some(Message::Open(_)), Some(_)) => Err(Problem::invalid(
                "STREAM_OPEN_REPEATED",
                "open",
                "the stream is open already",
            )),
            (Some(Message::Batch(_)), None) => Err(Problem::invalid(
                "STREAM_NOT_OPEN",
                "batch",
                "the first message must open the stream",
            )),
            (None, _) => Err(Problem::invalid("MESSAGE_REQUIRED", "message", "must be given")),
        }
    }

    fn open(&mut self, open: &StreamOpen) -> Result<Under, Problem> {
        let next_offset = open.resume_offset;
        if next_offset < 0 {
            return Err(batch::negative("open.resume_offset", next_offset));
        }
        tracing::info!(producer = %open.producer_id.chars().take(64).collect::<String>(), next_offset, "stream opened");
        self.expected = Some(next_offset);
        let limits = &self.session.limits;
        Ok(Under::Opened(StreamOpened {
            max_in_flight_batches: i32::try_from(limits.max_in_flight_batches).unwrap_or(i32::MAX),
            max_batch_events: i32::try_from(limits.max_batch_events).unwrap_or(i32::MAX),
            max_batch_bytes: i64::try_from(limits.max_batch_bytes).unwrap_or(i64::MAX),
            next_offset,
        }))
    }

    async fn batch(&mut self, sent: StreamBatch, expected: i64) -> Result<Under, Problem> {
        let StreamBatch { offset, events } = sent;
        if offset != expected {
            return Err(unexpected(offset, expected));
        }
        batch::check_size("batch.events", events.len(), self.session.limits.max_batch_events)?;
        let length = i64::try_from(events.len()).expect("a batch has fewer events than 2^31");
        let next_offset = offset
            .checked_add(length)
            .ok_or_else(|| Problem::invalid("OFFSET_TOO_LARGE", "batch.offset", format!("{offset} leaves no room")))?;
        let (batch, events) = Batch::read(events).await?;
        let pending = if events.is_empty() {
            None
        } else {
            let submission = Submission {
                events: events.into(),
                all_or_nothing: false,
            };
            Some(
                self.session
                    .groups
                    .hand_over_in_turn(&self.session.tenant, submission)
                    .await,
            )
        };
        self.expected = Some(next_offset);
        Ok(Under::Batch {
            batch,
            offset,
            next_offset,
            pending,
        })
    }
}

fn unexpected(offset: i64, expected: i64) -> Problem {
    let message = format!("the batch has the offset {offset}, {expected} is expected");
    Problem::new(Kind::OutOfRange, "OFFSET_UNEXPECTED", message)
        .with("expected", expected)
        .with("offset", offset)
}

/// What the transport says of a message, in the terms of the status table.
fn in_our_terms(status: Status) -> Status {
    wire_fault::translate(&status).map_or(status, Problem::into_status)
}

//! One stream to the ingestion service.

use scoreline_proto::ingestion::v1::{
    StreamAck, StreamBatch, StreamEventsRequest, StreamEventsResponse, StreamOpen, StreamOpened, stream_events_request,
    stream_events_response,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::connection::Connection;

/// Messages that may wait to be written. The window keeps them fewer in practice.
const WAITING: usize = 64;

/// What the server said.
pub(super) enum Heard {
    /// A batch is durable.
    Acknowledged(StreamAck),
    /// The stream is over, and why.
    Closed(String),
}

/// An open stream.
pub(super) struct Session {
    requests: mpsc::Sender<StreamEventsRequest>,
    responses: Streaming<StreamEventsResponse>,
    /// What the server allows.
    pub(super) opened: StreamOpened,
}

impl Session {
    /// Opens a stream that goes on at an offset.
    pub(super) async fn open(connection: &Connection, resume_offset: i64) -> Result<Self, Status> {
        let (requests, receiver) = mpsc::channel(WAITING);
        let open = StreamOpen {
            producer_id: format!("scoreline-cli-{}", std::process::id()),
            resume_offset,
        };
        let first = message(stream_events_request::Message::Open(open));
        requests
            .try_send(first)
            .map_err(|_| Status::internal("a new channel is full"))?;
        let mut responses = connection
            .ingestion()
            .stream_events(ReceiverStream::new(receiver))
            .await?
            .into_inner();
        match responses.message().await?.and_then(|response| response.message) {
            Some(stream_events_response::Message::Opened(opened)) => Ok(Self {
                requests,
                responses,
                opened,
            }),
            Some(stream_events_response::Message::Closing(closing)) => {
                Err(Status::unavailable(closing.reason().as_str_name().to_owned()))
            }
            _ => Err(Status::unavailable("the server ended the stream before it was open")),
        }
    }

    /// Sends a batch, if there is one; whether the stream still takes batches.
    pub(super) async fn send(&self, batch: Option<StreamBatch>) -> bool {
        match batch {
            Some(batch) => self
                .requests
                .send(message(stream_events_request::Message::Batch(batch)))
                .await
                .is_ok(),
            None => true,
        }
    }

    /// Waits for the server.
    pub(super) async fn hear(&mut self) -> Result<Heard, Status> {
        let heard = match self.responses.message().await? {
            None => Heard::Closed("the server ended the stream".to_owned()),
            Some(response) => match response.message {
                Some(stream_events_response::Message::Ack(ack)) => Heard::Acknowledged(ack),
                Some(stream_events_response::Message::Closing(closing)) => {
                    Heard::Closed(closing.reason().as_str_name().to_owned())
                }
                Some(stream_events_response::Message::Opened(_)) | None => {
                    return Err(Status::internal("the server sent a message that does not belong there"));
                }
            },
        };
        Ok(heard)
    }
}

fn message(message: stream_events_request::Message) -> StreamEventsRequest {
    StreamEventsRequest { message: Some(message) }
}

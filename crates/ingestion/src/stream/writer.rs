//! Tells the producer what became of what is under way, in order.

use scoreline_proto::ingestion::v1::{
    StreamAck, StreamClosing, StreamClosingReason, StreamEventsResponse, stream_events_response::Message,
};
use scoreline_server::status::Problem;
use scoreline_storage::Receipt;
use tokio::sync::mpsc;
use tonic::Status;

use super::Under;
use crate::{batch::Batch, grouping};

/// "There was none", for the offset of the last acknowledged batch.
const NONE: i64 = -1;

/// Writes until something ends the stream, or nobody listens.
pub(super) async fn write(mut coming: mpsc::Receiver<Under>, out: mpsc::Sender<Result<StreamEventsResponse, Status>>) {
    let mut last_acked_offset = NONE;
    loop {
        let next = tokio::select! {
            next = coming.recv() => next,
            () = out.closed() => return,
        };
        let Some(next) = next else { return };
        let message = say(next, last_acked_offset).await;
        let last = !matches!(message, Ok(Message::Opened(_) | Message::Ack(_)));
        if let Ok(Message::Ack(ack)) = &message {
            last_acked_offset = ack.offset;
        }
        let message = message.map(|message| StreamEventsResponse { message: Some(message) });
        if out.send(message).await.is_err() || last {
            return;
        }
    }
}

async fn say(next: Under, last_acked_offset: i64) -> Result<Message, Status> {
    match next {
        Under::Opened(opened) => Ok(Message::Opened(opened)),
        Under::Batch {
            batch,
            offset,
            next_offset,
            pending,
        } => Ok(Message::Ack(
            ack(batch, offset, next_offset, pending).await.map_err(Problem::from)?,
        )),
        Under::Closing(reason) => Ok(closing(reason, last_acked_offset)),
        Under::Failed(status) => Err(status),
    }
}

/// The acknowledgement of a batch, once it is durable.
async fn ack(
    batch: Batch,
    offset: i64,
    next_offset: i64,
    pending: Option<grouping::Pending>,
) -> Result<StreamAck, grouping::Error> {
    let receipt = match pending {
        Some(pending) => pending.receipt().await?,
        None => Receipt {
            dispositions: Vec::new(),
            commit: 0,
        },
    };
    Ok(batch.summary(receipt).into_ack(offset, next_offset))
}

fn closing(reason: StreamClosingReason, last_acked_offset: i64) -> Message {
    tracing::info!(reason = reason.as_str_name(), last_acked_offset, "stream closed");
    Message::Closing(StreamClosing {
        reason: reason.into(),
        last_acked_offset,
    })
}

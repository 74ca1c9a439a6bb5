//! Sends events over one stream, as a producer would: batches in flight up to what the server allows, in order.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{
        StreamAck, StreamBatch, StreamEventsRequest, StreamOpen, StreamOpened, stream_events_request,
        stream_events_response,
    },
    tenants::v1::CreateTenantRequest,
};
use scoreline_tests::client::Clients;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// Events of a batch.
pub(crate) const BATCH: usize = 1_000;

/// What became of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) events: u64,
    pub(crate) took: Duration,
}

impl Sent {
    pub(crate) fn per_second(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }
}

/// Makes a tenant.
///
/// # Errors
/// When the call fails.
pub(crate) async fn create_tenant(clients: &mut Clients, tenant: &str) -> anyhow::Result<()> {
    let request = CreateTenantRequest {
        tenant_id: tenant.to_owned(),
        settings: None,
    };
    clients
        .tenants
        .create_tenant(request)
        .await
        .context("creating a tenant")?;
    Ok(())
}

/// Sends all batches; returns when the last one is durable. Every event has to be accepted.
///
/// # Errors
/// When the stream breaks or an event is not accepted.
pub(crate) async fn send(clients: &mut Clients, mut batches: impl Iterator<Item = Vec<Event>>) -> anyhow::Result<Sent> {
    let (requests, mut answers, opened) = open(clients).await?;
    let window = i64::from(opened.max_in_flight_batches.max(1));
    let began = Instant::now();
    let (mut sent, mut acknowledged, mut events) = (0_i64, 0_i64, 0_u64);
    let mut next_offset = 0;
    loop {
        let more = if sent - acknowledged < window {
            batches.next()
        } else {
            None
        };
        match more {
            Some(batch) => {
                let count = batch.len() as u64;
                let batch = StreamBatch {
                    offset: i64::try_from(events)?,
                    events: batch,
                };
                requests
                    .send(message(stream_events_request::Message::Batch(batch)))
                    .await?;
                (sent, events) = (sent + 1, events + count);
            }
            None if sent == acknowledged => break,
            None => {
                let ack = acknowledgement(&mut answers).await?;
                ensure!(ack.offset == next_offset, "acknowledgements come in order");
                ensure!(
                    ack.rejected_count + ack.conflict_count + ack.duplicate_count == 0,
                    "an event was not accepted: {:?}",
                    ack.results.first()
                );
                (acknowledged, next_offset) = (acknowledged + 1, ack.next_offset);
            }
        }
    }
    let took = began.elapsed();
    drop(requests);
    Ok(Sent { events, took })
}

type Requests = mpsc::Sender<StreamEventsRequest>;
type Answers = Streaming<scoreline_proto::ingestion::v1::StreamEventsResponse>;

async fn open(clients: &mut Clients) -> anyhow::Result<(Requests, Answers, StreamOpened)> {
    let (requests, receiver) = mpsc::channel(4);
    let open = StreamOpen {
        producer_id: String::new(),
        resume_offset: 0,
    };
    requests
        .send(message(stream_events_request::Message::Open(open)))
        .await?;
    let mut answers = clients
        .ingestion
        .stream_events(ReceiverStream::new(receiver))
        .await?
        .into_inner();
    let first = answers.message().await?.and_then(|answer| answer.message);
    let Some(stream_events_response::Message::Opened(opened)) = first else {
        anyhow::bail!("a stream begins with its limits, not with {first:?}");
    };
    Ok((requests, answers, opened))
}

async fn acknowledgement(answers: &mut Answers) -> anyhow::Result<StreamAck> {
    match answers.message().await?.and_then(|answer| answer.message) {
        Some(stream_events_response::Message::Ack(ack)) => Ok(ack),
        other => anyhow::bail!("the stream ended early: {other:?}"),
    }
}

fn message(message: stream_events_request::Message) -> StreamEventsRequest {
    StreamEventsRequest { message: Some(message) }
}

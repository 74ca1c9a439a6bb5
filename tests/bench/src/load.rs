//! Sends events over one stream, as a producer would: batches in flight up to what the server allows, in order. They are
//! encoded before, so that what is measured is the server.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use prost::{
    Message as _,
    bytes::{BufMut as _, Bytes},
};
use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{
        StreamAck, StreamBatch, StreamEventsRequest, StreamEventsResponse, StreamOpen, StreamOpened,
        stream_events_request, stream_events_response,
    },
    tenants::v1::CreateTenantRequest,
};
use scoreline_tests::client::Clients;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Status, Streaming,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
};

const STREAM_EVENTS: &str = "/scoreline.ingestion.v1.IngestionService/StreamEvents";

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

/// A batch as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    events: u64,
    message: Bytes,
}

/// Encodes batches, the first of which begins the stream.
pub(crate) fn prepared(batches: impl IntoIterator<Item = Vec<Event>>) -> impl Iterator<Item = Prepared> {
    let mut offset = 0;
    batches.into_iter().map(move |events| {
        let count = events.len() as u64;
        let batch = StreamBatch { offset, events };
        offset += count.cast_signed();
        Prepared {
            events: count,
            message: message(stream_events_request::Message::Batch(batch)),
        }
    })
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
pub(crate) async fn send(clients: &mut Clients, mut batches: impl Iterator<Item = Prepared>) -> anyhow::Result<Sent> {
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
                requests.send(batch.message).await?;
                (sent, events) = (sent + 1, events + batch.events);
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

type Answers = Streaming<StreamEventsResponse>;

async fn open(clients: &mut Clients) -> anyhow::Result<(mpsc::Sender<Bytes>, Answers, StreamOpened)> {
    let (requests, receiver) = mpsc::channel(4);
    let open = StreamOpen {
        producer_id: String::new(),
        resume_offset: 0,
    };
    requests
        .send(message(stream_events_request::Message::Open(open)))
        .await?;
    let mut calls = Grpc::new(clients.channel.clone());
    calls.ready().await?;
    let (path, stream) = (PathAndQuery::from_static(STREAM_EVENTS), ReceiverStream::new(receiver));
    let mut answers = calls.streaming(Request::new(stream), path, Encoded).await?.into_inner();
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

fn message(message: stream_events_request::Message) -> Bytes {
    let request = StreamEventsRequest { message: Some(message) };
    request.encode_to_vec().into()
}

/// Sends messages that are encoded, and reads those that come back.
#[derive(Debug, Clone, Copy)]
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = StreamEventsResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = StreamEventsResponse;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<StreamEventsResponse>, Status> {
        let read = StreamEventsResponse::decode(from);
        read.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

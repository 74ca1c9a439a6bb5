//! Producers that do not keep to the protocol of a stream.

use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{
        StreamBatch, StreamEventsRequest, StreamEventsResponse, StreamOpen, stream_events_request::Message,
    },
};
use scoreline_tests::{client::Clients, faults::maker::Maker, reference::dice::Dice};
use tonic::{Code, Status};

use super::{Complaints, Refusal, Target};

fn open(resume_offset: i64) -> Message {
    Message::Open(StreamOpen {
        producer_id: "hostile\u{1b}[31m".repeat(1_000),
        resume_offset,
    })
}

fn batch(offset: i64, events: Vec<Event>) -> Message {
    Message::Batch(StreamBatch { offset, events })
}

/// What a stream of these messages answers until it ends.
async fn stream(clients: &mut Clients, messages: Vec<Option<Message>>) -> Result<Vec<StreamEventsResponse>, Status> {
    let messages = messages.into_iter().map(|message| StreamEventsRequest { message });
    let mut answers = clients
        .ingestion
        .stream_events(tokio_stream::iter(messages))
        .await?
        .into_inner();
    let mut heard = Vec::new();
    while let Some(answer) = answers.message().await? {
        heard.push(answer);
    }
    Ok(heard)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_breaks_the_protocol_ends_with_the_reason() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    let mut complaints = Complaints::default();
    let events = |count| Maker::new(1).batch(&mut Dice::new(1), count);
    let unexpected = Refusal::whole(Code::OutOfRange, "OFFSET_UNEXPECTED");
    let rows = [
        (
            "no open",
            vec![Some(batch(0, events(1)))],
            Refusal::field("STREAM_NOT_OPEN", "batch"),
        ),
        (
            "an empty message",
            vec![None],
            Refusal::field("MESSAGE_REQUIRED", "message"),
        ),
        (
            "an empty message after the open",
            vec![Some(open(0)), None],
            Refusal::field("MESSAGE_REQUIRED", "message"),
        ),
        (
            "two opens",
            vec![Some(open(0)), Some(open(0))],
            Refusal::field("STREAM_OPEN_REPEATED", "open"),
        ),
        (
            "a negative start",
            vec![Some(open(-1))],
            Refusal::field("OFFSET_NEGATIVE", "open.resume_offset"),
        ),
        (
            "the least start",
            vec![Some(open(i64::MIN))],
            Refusal::field("OFFSET_NEGATIVE", "open.resume_offset"),
        ),
        (
            "a gap",
            vec![Some(open(0)), Some(batch(5, events(1)))],
            unexpected.clone(),
        ),
        (
            "a repeat",
            vec![Some(open(0)), Some(batch(0, events(2))), Some(batch(0, events(2)))],
            unexpected.clone(),
        ),
        (
            "a negative offset",
            vec![Some(open(0)), Some(batch(-1, events(1)))],
            unexpected,
        ),
        (
            "no room",
            vec![Some(open(i64::MAX)), Some(batch(i64::MAX, events(1)))],
            Refusal::field("OFFSET_TOO_LARGE", "batch.offset"),
        ),
        (
            "too many",
            vec![Some(open(0)), Some(batch(0, vec![Event::default(); 1_001]))],
            Refusal::field("TOO_MANY_EVENTS", "batch.events"),
        ),
    ];
    for (what, messages, expected) in rows {
        complaints.expect(what, stream(&mut target.clients, messages).await, &expected);
    }
    complaints.welcome("nothing", stream(&mut target.clients, Vec::new()).await);
    complaints.welcome(
        "an open and no more",
        stream(&mut target.clients, vec![Some(open(i64::MAX))]).await,
    );
    complaints.welcome(
        "an empty batch",
        stream(&mut target.clients, vec![Some(open(0)), Some(batch(0, Vec::new()))]).await,
    );
    complaints.done(14);
    target.still_serves().await
}

//! Messages that no generated client would send.

use scoreline_proto::{events::v1::Event, ingestion::v1::IngestEventsRequest};
use scoreline_tests::faults::raw::{self, field, nested};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{Complaints, Refusal, Target};

const INGEST: &str = "/scoreline.ingestion.v1.IngestionService/IngestEvents";
const BATCH: &str = "/scoreline.analytics.v1.MetricsService/BatchQueryMetrics";
const QUERY: &str = "/scoreline.analytics.v1.MetricsService/QueryMetrics";

/// The most memory that the server may have had, in bytes.
fn peak_memory(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line.unwrap_or_default().trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes << 10)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_message_are_refused() -> anyhow::Result<()> {
    let target = Target::start().await?;
    let endpoint = target.server.endpoint();
    let mut complaints = Complaints::default();
    let malformed = Refusal::whole(Code::InvalidArgument, "MESSAGE_MALFORMED");
    let rows: [(&str, &'static str, Vec<u8>); 9] = [
        ("an id that is no UTF-8", INGEST, field(1, &field(1, b"\xff\xfe"))),
        (
            "a source of half a character",
            INGEST,
            field(1, &field(2, b"a\xe2\x82")),
        ),
        ("a surrogate", INGEST, field(1, &field(1, b"\xed\xa0\x80"))),
        ("a metric that is no UTF-8", QUERY, field(1, &field(1, b"\xc0\x80"))),
        ("a length beyond the end", INGEST, vec![10, 100, 1]),
        ("an endless number", INGEST, vec![0xff; 11]),
        ("a wrong wire type", INGEST, vec![8, 1]),
        (
            "99 999 messages in each other",
            INGEST,
            field(1, &nested(&[54, 2], 99_998, b"")),
        ),
        ("noise", INGEST, (0..=255).rev().collect()),
    ];
    for (what, path, bytes) in rows {
        complaints.expect(what, raw::call(&endpoint, path, bytes).await, &malformed);
    }
    let nowhere = raw::call(
        &endpoint,
        "/scoreline.ingestion.v1.IngestionService/Explode",
        Vec::new(),
    )
    .await;
    complaints.expect(
        "no such method",
        nowhere,
        &Refusal::whole(Code::Unimplemented, "METHOD_UNKNOWN"),
    );
    complaints.welcome("nothing at all", raw::call(&endpoint, INGEST, Vec::new()).await);
    complaints.welcome(
        "fields of the future",
        raw::call(&endpoint, INGEST, field(1_000, b"later")).await,
    );
    complaints.done(12);
    target.still_serves().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amendments_in_each_other_are_rejected_with_their_field() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    // As deep as a message may be: an event, its amendment, its replacement, and so on.
    let mut event = Event::default();
    for _ in 0..40 {
        let amended = scoreline_proto::events::v1::EventAmended {
            event_id: "x".to_owned(),
            replacement: Some(Box::new(event)),
        };
        let payload = Some(scoreline_proto::events::v1::event::Payload::EventAmended(Box::new(
            amended,
        )));
        event = Event {
            event_id: "deep".to_owned(),
            source: "s".to_owned(),
            occurred_at: None,
            payload,
        };
    }
    let answer = target.clients.ingest(vec![event]).await?;
    assert_eq!(answer.rejected_count, 1);
    let fields: Vec<_> = answer.results[0]
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert!(
        fields.contains(&"payload.event_amended.replacement.payload"),
        "{fields:?}"
    );
    target.still_serves().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_is_refused_with_the_limit() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    let endpoint = target.server.endpoint();
    let mut complaints = Complaints::default();
    let too_large = Refusal::whole(Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
    let bomb = |elements: usize| [10_u8, 0].repeat(elements);
    let refused = raw::call(&endpoint, INGEST, bomb(2 << 20)).await;
    let says_limit = refused
        .as_ref()
        .err()
        .is_some_and(|status| status.message().contains("2097152"));
    assert!(says_limit, "{refused:?}");
    complaints.expect("4 MiB of empty events", refused, &too_large);
    complaints.expect(
        "4 MiB of empty metrics",
        raw::call(&endpoint, QUERY, bomb(2 << 20)).await,
        &too_large,
    );
    let id = IngestEventsRequest {
        events: vec![Event {
            event_id: "x".repeat(3 << 20),
            ..Event::default()
        }],
        ..IngestEventsRequest::default()
    };
    complaints.expect(
        "an id of 3 MiB",
        target.clients.ingestion.ingest_events(id).await,
        &too_large,
    );
    let many = target.clients.ingest(vec![Event::default(); 1_001]).await;
    let limit = many
        .as_ref()
        .err()
        .and_then(|status| status.get_error_details().error_info()?.metadata.get("limit").cloned());
    assert_eq!(limit.as_deref(), Some("1000"));
    complaints.expect("1 001 events", many, &Refusal::field("TOO_MANY_EVENTS", "events"));
    // Just below the limit of bytes, a million times over the limit of events.
    let answer = raw::call(&endpoint, INGEST, bomb((2 << 20) / 2 - 8)).await;
    complaints.expect(
        "2 MiB of empty events",
        answer,
        &Refusal::field("TOO_MANY_EVENTS", "events"),
    );
    let answer = raw::call(&endpoint, BATCH, bomb((2 << 20) / 2 - 8)).await;
    complaints.expect("2 MiB of empty queries", answer, &Refusal::field("TOO_MANY", "queries"));
    let lines = field(1, &field(20, &bomb_of(5, 1_000_000)));
    let answer = raw::call(&endpoint, INGEST, lines).await;
    complaints.welcome("an order of a million empty lines", answer);
    complaints.done(7);
    let peak = peak_memory(target.server.pid())?;
    scoreline_tests::faults::say(&format!(
        "after messages of a million elements the server's peak is {} MiB",
        peak >> 20
    ));
    assert!(peak < 1 << 30, "the server took {peak} bytes");
    target.still_serves().await
}

/// So many empty messages in a field.
fn bomb_of(number: u32, elements: usize) -> Vec<u8> {
    field(number, b"").repeat(elements)
}

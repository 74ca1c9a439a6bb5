//! Streams over a log in memory that commits when the test lets it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::Timestamp;
use scoreline_core::{id::EventId, subject::Subject};
use scoreline_proto::{
    events::v1::{Event, EventVoided, event::Payload},
    ingestion::v1::{
        StreamAck, StreamBatch, StreamClosing, StreamOpen, stream_events_request, stream_events_response::Message,
    },
};
use scoreline_storage::{Disposition, Error, Log, LoggedEvent, Position, Receipt, Submission};
use tokio::sync::Semaphore;
use tonic::Code;

use super::*;

/// Accepts everything, one commit a permit.
struct Gate {
    permits: Semaphore,
    commits: Mutex<u64>,
}

#[async_trait]
impl Log for Gate {
    async fn commit(&self, _: &TenantId, submissions: Vec<Submission>, _: Timestamp) -> Result<Vec<Receipt>, Error> {
        self.permits.acquire().await.expect("never closed").forget();
        let commit = {
            let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
            *commits += 1;
            *commits
        };
        let accepted = |submission: Submission| vec![Disposition::Accepted; submission.events.len()];
        Ok(submissions
            .into_iter()
            .map(|one| Receipt {
                dispositions: accepted(one),
                commit,
            })
            .collect())
    }

    async fn classify(&self, _: &TenantId, _: &Submission) -> Result<Receipt, Error> {
        Err(Error::Stopped)
    }

    async fn events(&self, _: &TenantId, _: Position, _: u32) -> Result<Vec<LoggedEvent>, Error> {
        Err(Error::Stopped)
    }

    async fn find_events(&self, _: &TenantId, _: &[EventId]) -> Result<Vec<LoggedEvent>, Error> {
        Err(Error::Stopped)
    }

    async fn events_of(&self, _: &TenantId, _: &[Subject], _: u32) -> Result<HashMap<Subject, Vec<EventId>>, Error> {
        Err(Error::Stopped)
    }
}

/// A producer and its stream.
struct Producer {
    gate: Arc<Gate>,
    shutdown: Shutdown,
    to: mpsc::Sender<Result<StreamEventsRequest, Status>>,
    from: ReceiverStream<Result<StreamEventsResponse, Status>>,
}

impl Producer {
    fn new(permits: usize, limits: Limits) -> Self {
        let gate = Arc::new(Gate {
            permits: Semaphore::new(permits),
            commits: Mutex::default(),
        });
        let group_limits = grouping::Limits {
            max_events: 100,
            max_delay: Duration::ZERO,
        };
        let shutdown = Shutdown::new();
        let session = Session {
            tenant: TenantId::new("acme").expect("a name"),
            groups: Groups::new(Arc::clone(&gate) as Arc<dyn Log>, group_limits),
            limits,
            shutdown: shutdown.clone(),
        };
        let (to, inbound) = mpsc::channel(1);
        Self {
            gate,
            shutdown,
            to,
            from: run(session, ReceiverStream::new(inbound)),
        }
    }

    async fn say(&self, message: stream_events_request::Message) {
        self.to
            .send(Ok(StreamEventsRequest { message: Some(message) }))
            .await
            .expect("the stream reads");
    }

    async fn open(&mut self, resume_offset: i64) -> StreamOpened {
        self.say(stream_events_request::Message::Open(StreamOpen {
            producer_id: "crm".to_owned(),
            resume_offset,
        }))
        .await;
        match self.hear().await {
            Ok(Message::Opened(opened)) => opened,
            other => panic!("{other:?} is not an opening"),
        }
    }

    async fn send(&self, offset: i64, events: usize) {
        let events = (0..events).map(|at| event(&format!("{offset}-{at}"))).collect();
        self.say(stream_events_request::Message::Batch(StreamBatch { offset, events }))
            .await;
    }

    async fn hear(&mut self) -> Result<Message, Status> {
        self.from
            .next()
            .await
            .expect("something is said")
            .map(|response| response.message.expect("it is said"))
    }

    async fn ack(&mut self) -> StreamAck {
        match self.hear().await {
            Ok(Message::Ack(ack)) => ack,
            other => panic!("{other:?} is not an acknowledgement"),
        }
    }

    async fn closing(&mut self) -> StreamClosing {
        match self.hear().await {
            Ok(Message::Closing(closing)) => closing,
            other => panic!("{other:?} is not a closing"),
        }
    }
}

fn event(id: &str) -> Event {
    Event {
        event_id: id.to_owned(),
        source: "crm".to_owned(),
        occurred_at: Some(prost_types::Timestamp {
            seconds: 1_700_000_000,
            nanos: 0,
        }),
        payload: Some(Payload::EventVoided(EventVoided {
            event_id: "earlier".to_owned(),
            ..EventVoided::default()
        })),
    }
}

fn limits() -> Limits {
    Limits {
        max_in_flight_batches: 4,
        max_batch_events: 10,
        max_batch_bytes: 1_000,
        max_age: Duration::from_secs(3_600),
        max_idle: Duration::from_secs(3_600),
    }
}

#[tokio::test]
async fn batches_under_way_share_commits_and_are_acknowledged_in_order() {
    let mut producer = Producer::new(0, limits());
    let opened = producer.open(100).await;
    assert_eq!(
        (
            opened.next_offset,
            opened.max_in_flight_batches,
            opened.max_batch_events
        ),
        (100, 4, 10)
    );
    producer.send(100, 2).await;
    producer.send(102, 3).await;
    producer.send(105, 0).await;
    producer.send(105, 1).await;
    producer.gate.permits.add_permits(10);
    let mut next = Vec::new();
    for _ in 0..4 {
        let ack = producer.ack().await;
        next.push((ack.offset, ack.next_offset, ack.accepted_count));
    }
    assert_eq!(next, [(100, 102, 2), (102, 105, 3), (105, 105, 0), (105, 106, 1)]);
    drop(producer.to);
    assert!(
        producer.from.next().await.is_none(),
        "the stream ends when the producer is done"
    );
}

#[tokio::test]
async fn an_offset_that_is_not_expected_ends_the_stream_behind_what_is_under_way() {
    let mut producer = Producer::new(10, limits());
    producer.open(0).await;
    producer.send(0, 2).await;
    producer.send(3, 1).await;
    assert_eq!(producer.ack().await.next_offset, 2);
    let status = producer.hear().await.expect_err("the stream ends");
    assert_eq!(status.code(), Code::OutOfRange);
    let details = tonic_types::StatusExt::get_error_details(&status);
    let info = details.error_info().expect("a reason");
    assert_eq!(
        (info.reason.as_str(), info.metadata["expected"].as_str()),
        ("OFFSET_UNEXPECTED", "2")
    );
}

#[tokio::test]
async fn a_stream_is_opened_first_and_once() {
    let mut producer = Producer::new(0, limits());
    producer.send(0, 1).await;
    assert_eq!(
        producer.hear().await.expect_err("refused").code(),
        Code::InvalidArgument
    );
    let mut producer = Producer::new(0, limits());
    producer.open(0).await;
    producer
        .say(stream_events_request::Message::Open(StreamOpen::default()))
        .await;
    assert_eq!(
        producer.hear().await.expect_err("refused").code(),
        Code::InvalidArgument
    );
    let mut producer = Producer::new(0, limits());
    producer.open(0).await;
    producer.send(0, 11).await;
    assert_eq!(
        producer.hear().await.expect_err("too many events").code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn a_bad_event_does_not_end_the_stream() {
    let mut producer = Producer::new(10, limits());
    producer.open(0).await;
    let events = vec![event("good"), Event::default()];
    producer
        .say(stream_events_request::Message::Batch(StreamBatch { offset: 0, events }))
        .await;
    let ack = producer.ack().await;
    assert_eq!((ack.accepted_count, ack.rejected_count, ack.next_offset), (1, 1, 2));
    assert_eq!(ack.results.len(), 1, "what was accepted needs no words");
    assert_eq!(ack.results[0].index, 1);
    producer.send(2, 1).await;
    assert_eq!(producer.ack().await.accepted_count, 1);
}

#[tokio::test]
async fn a_server_that_stops_acknowledges_what_it_took() {
    let mut producer = Producer::new(0, limits());
    producer.open(0).await;
    producer.send(0, 1).await;
    producer.send(1, 1).await;
    // Both are taken when the channel to the stream has room again and nothing more is read.
    while producer.to.capacity() == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    producer.shutdown.begin();
    producer.shutdown.begin();
    producer.gate.permits.add_permits(10);
    assert_eq!(producer.ack().await.offset, 0);
    assert_eq!(producer.ack().await.offset, 1);
    let closing = producer.closing().await;
    assert_eq!(
        (closing.reason(), closing.last_acked_offset),
        (StreamClosingReason::Shutdown, 1)
    );
    assert!(producer.from.next().await.is_none());
}

#[tokio::test]
async fn an_old_stream_and_a_silent_one_are_closed() {
    let mut producer = Producer::new(
        0,
        Limits {
            max_idle: Duration::from_millis(20),
            ..limits()
        },
    );
    producer.open(0).await;
    let closing = producer.closing().await;
    assert_eq!(
        (closing.reason(), closing.last_acked_offset),
        (StreamClosingReason::Idle, -1)
    );
    let mut producer = Producer::new(
        0,
        Limits {
            max_age: Duration::from_millis(20),
            ..limits()
        },
    );
    producer.open(0).await;
    assert_eq!(producer.closing().await.reason(), StreamClosingReason::MaxAge);
}

#[tokio::test]
async fn a_producer_beyond_the_window_is_not_read() {
    let mut producer = Producer::new(
        0,
        Limits {
            max_in_flight_batches: 2,
            ..limits()
        },
    );
    producer.open(0).await;
    let mut sent = 0;
    // The writer holds one, the queue two, the reader one, the channel to the stream one.
    for offset in 0..100 {
        let message = stream_events_request::Message::Batch(StreamBatch {
            offset,
            events: vec![event(&offset.to_string())],
        });
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        match producer.to.try_send(Ok(StreamEventsRequest { message: Some(message) })) {
            Ok(()) => sent += 1,
            Err(_) => break,
        }
    }
    assert_eq!(sent, 5);
    producer.gate.permits.add_permits(100);
    for offset in 0..sent {
        assert_eq!(producer.ack().await.offset, offset);
    }
}

#[tokio::test]
async fn nobody_is_answered_after_the_producer_went_away() {
    let mut producer = Producer::new(0, limits());
    producer.open(0).await;
    drop(producer.from);
    producer.to.closed().await;
}

//! Streams through a real server.

use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{
        EventOutcome, StreamAck, StreamBatch, StreamClosingReason, StreamEventsRequest, StreamEventsResponse,
        StreamOpen, stream_events_request, stream_events_response::Message,
    },
};
use scoreline_server::serve::Ended;
use scoreline_storage::Log as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use crate::support::{Server, lead, odd_lead, start, tenant};

struct Producer {
    to: mpsc::Sender<StreamEventsRequest>,
    from: Streaming<StreamEventsResponse>,
}

impl Producer {
    /// A stream that is open.
    async fn open(server: &Server, resume_offset: i64) -> (Self, i32) {
        let (to, outbound) = mpsc::channel(64);
        let open = StreamOpen {
            producer_id: "crm".to_owned(),
            resume_offset,
        };
        let open = StreamEventsRequest {
            message: Some(stream_events_request::Message::Open(open)),
        };
        to.send(open).await.expect("there is room");
        let response = server
            .ingestion()
            .await
            .stream_events(ReceiverStream::new(outbound))
            .await
            .expect("a stream");
        let mut producer = Self {
            to,
            from: response.into_inner(),
        };
        match producer.hear().await {
            Ok(Some(Message::Opened(opened))) => {
                assert_eq!(opened.next_offset, resume_offset);
                (producer, opened.max_in_flight_batches)
            }
            other => panic!("{other:?} is not an opening"),
        }
    }

    async fn send(&self, offset: i64, events: Vec<Event>) {
        let message = Some(stream_events_request::Message::Batch(StreamBatch { offset, events }));
        self.to
            .send(StreamEventsRequest { message })
            .await
            .expect("there is room");
    }

    async fn hear(&mut self) -> Result<Option<Message>, Status> {
        Ok(self.from.message().await?.and_then(|response| response.message))
    }

    async fn ack(&mut self) -> StreamAck {
        match self.hear().await {
            Ok(Some(Message::Ack(ack))) => ack,
            other => panic!("{other:?} is not an acknowledgement"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_in_the_window_are_acknowledged_in_order_and_share_commits() {
    let server = start(&[
        ("limits.max_elements_per_batch", "10"),
        ("limits.stream_window_events", "80"),
    ])
    .await;
    let (mut producer, window) = Producer::open(&server, 0).await;
    assert_eq!(window, 8);
    for at in 0..32 {
        let events = (0..10)
            .map(|event| lead(&format!("{at}-{event}"), &format!("{at}-{event}")))
            .collect();
        producer.send(at * 10, events).await;
    }
    let mut last = 0;
    for at in 0..32 {
        let ack = producer.ack().await;
        assert_eq!(
            (ack.offset, ack.next_offset, ack.accepted_count),
            (at * 10, at * 10 + 10, 10)
        );
        assert!(ack.commit >= last && ack.results.is_empty());
        last = ack.commit;
    }
    assert!(last < 32, "{last} commits for 32 batches");
    drop(producer.to);
    assert_eq!(producer.from.message().await.expect("a good end"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_comes_back_goes_on_and_repeats_do_no_harm() {
    let server = start(&[]).await;
    let (mut producer, _) = Producer::open(&server, 0).await;
    producer
        .send(0, vec![lead("a", "a"), odd_lead("b"), lead("c", "c")])
        .await;
    let ack = producer.ack().await;
    assert_eq!((ack.accepted_count, ack.rejected_count, ack.next_offset), (2, 1, 3));
    assert_eq!(
        (ack.results[0].index, ack.results[0].outcome()),
        (1, EventOutcome::Rejected)
    );
    drop(producer);
    let (mut producer, _) = Producer::open(&server, 2).await;
    producer.send(2, vec![lead("c", "c"), lead("d", "d")]).await;
    let ack = producer.ack().await;
    assert_eq!(
        (ack.duplicate_count, ack.accepted_count, ack.next_offset, ack.commit),
        (1, 1, 4, 2)
    );
    producer.send(5, vec![lead("e", "e")]).await;
    let status = producer.hear().await.expect_err("a gap");
    assert_eq!(status.code(), Code::OutOfRange);
    assert_eq!(
        status.get_error_details().error_info().expect("a reason").metadata["expected"],
        "4"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_closes_its_streams_and_loses_nothing_it_acknowledged() {
    let server = start(&[]).await;
    let (mut producer, _) = Producer::open(&server, 0).await;
    for at in 0..10 {
        producer.send(at, vec![lead(&at.to_string(), &at.to_string())]).await;
    }
    let mut acknowledged = vec![producer.ack().await.offset];
    server.shutdown.begin();
    let closing = loop {
        match producer.hear().await.expect("an orderly end") {
            Some(Message::Ack(ack)) => acknowledged.push(ack.offset),
            Some(Message::Closing(closing)) => break closing,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(closing.reason(), StreamClosingReason::Shutdown);
    assert_eq!(Some(&closing.last_acked_offset), acknowledged.last());
    assert_eq!(acknowledged, (0..acknowledged.len() as i64).collect::<Vec<_>>());
    drop(producer);
    assert_eq!(server.serving.await.expect("it ends"), Ended::Drained);
    let logged = server
        .database
        .events(&tenant("default"), Default::default(), 100)
        .await
        .expect("a log");
    assert_eq!(logged.len(), acknowledged.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_ends_the_stream_with_a_reason() {
    let server = start(&[("limits.max_message_bytes", "1024")]).await;
    let (mut producer, _) = Producer::open(&server, 0).await;
    producer.send(0, vec![lead("a", &"x".repeat(2_000))]).await;
    let status = producer.hear().await.expect_err("too large");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(
        status.get_error_details().error_info().expect("a reason").reason,
        "MESSAGE_TOO_LARGE"
    );
}

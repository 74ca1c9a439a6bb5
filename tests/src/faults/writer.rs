//! A producer that never gives up an event.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{
        EventOutcome, EventResult, StreamAck, StreamBatch, StreamEventsRequest, StreamOpen,
        stream_events_request::Message as Say, stream_events_response::Message as Hear,
    },
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::{book::Book, maker::Maker};
use crate::{client::Clients, reference::dice::Dice};

/// Batches that are under way at once on a stream.
const IN_FLIGHT: usize = 3;
/// Acknowledged batches that are kept, to be sent again.
const KEPT: usize = 16;
/// How long to wait after the server said that its store is away.
const PAUSE: Duration = Duration::from_millis(10);

/// How a writer sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One call a batch.
    Calls,
    /// A stream of batches.
    Stream,
}

/// A producer: it sends until it is stopped or its server is gone, and later sends again what got no answer.
#[derive(Debug)]
pub struct Writer {
    way: Way,
    book: Book,
    maker: Maker,
    dice: Dice,
    offset: i64,
    unanswered: VecDeque<Vec<Event>>,
    answered: VecDeque<Vec<Event>>,
}

/// Why a session ended.
enum End {
    /// The server is gone, or the writer was stopped.
    Over,
    /// The server is there, but its store is not.
    Away,
}

impl Writer {
    /// A writer with its own numbers and dice.
    pub fn new(way: Way, ordinal: i32, seed: u64, book: Book) -> Self {
        let dice = Dice::new(seed.wrapping_mul(1_000).wrapping_add(u64::from(ordinal.unsigned_abs())));
        let (unanswered, answered) = (VecDeque::new(), VecDeque::new());
        Self {
            way,
            book,
            maker: Maker::new(ordinal),
            dice,
            offset: 0,
            unanswered,
            answered,
        }
    }

    /// Sends until it is stopped or the server is gone.
    pub async fn run(&mut self, endpoint: &str, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let Ok(mut clients) = Clients::connect(endpoint, "default").await else {
                return;
            };
            let end = match self.way {
                Way::Calls => self.call(&mut clients, stop).await,
                Way::Stream => self.stream(&mut clients, stop).await,
            };
            match end {
                End::Over => return,
                End::Away => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Sends again what got no answer, until it has one.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn settle(&mut self, endpoint: &str) -> anyhow::Result<()> {
        let mut clients = Clients::connect(endpoint, "default").await?;
        while let Some(batch) = self.unanswered.pop_front() {
            self.book.open().sending(&batch);
            let answer = clients.ingest(batch.clone()).await?;
            self.heard(batch, &answer.results, answer.commit);
        }
        Ok(())
    }

    async fn call(&mut self, clients: &mut Clients, stop: &AtomicBool) -> End {
        while !stop.load(Ordering::Relaxed) {
            let batch = self.next_batch();
            match clients.ingest(batch.clone()).await {
                Ok(answer) => self.heard(batch, &answer.results, answer.commit),
                Err(status) => {
                    self.unanswered.push_back(batch);
                    return self.failed(&status);
                }
            }
        }
        End::Over
    }

    async fn stream(&mut self, clients: &mut Clients, stop: &AtomicBool) -> End {
        let mut under_way = VecDeque::new();
        let end = self.converse(clients, stop, &mut under_way).await;
        self.unanswered.extend(under_way.into_iter().map(|(_, batch)| batch));
        end.unwrap_or_else(|status| self.failed(&status))
    }

    async fn converse(
        &mut self,
        clients: &mut Clients,
        stop: &AtomicBool,
        under_way: &mut UnderWay,
    ) -> Result<End, Status> {
        let (say, said) = mpsc::channel(IN_FLIGHT + 1);
        let open = StreamOpen {
            producer_id: "faults".to_owned(),
            resume_offset: self.offset,
        };
        let open = StreamEventsRequest {
            message: Some(Say::Open(open)),
        };
        say.try_send(open).expect("an empty channel has room");
        let mut answers = clients
            .ingestion
            .stream_events(ReceiverStream::new(said))
            .await?
            .into_inner();
        while !stop.load(Ordering::Relaxed) {
            while under_way.len() < IN_FLIGHT {
                if say.send(self.next_message(under_way)).await.is_err() {
                    return Ok(End::Over);
                }
            }
            match answers.message().await?.and_then(|answer| answer.message) {
                Some(Hear::Ack(ack)) => self.acknowledge(&ack, under_way),
                Some(Hear::Opened(_)) => {}
                Some(Hear::Closing(_)) | None => return Ok(End::Over),
            }
        }
        Ok(End::Over)
    }

    fn next_message(&mut self, under_way: &mut UnderWay) -> StreamEventsRequest {
        let (offset, events) = (self.offset, self.next_batch());
        self.offset += i64::try_from(events.len()).expect("a batch is small");
        under_way.push_back((offset, events.clone()));
        StreamEventsRequest {
            message: Some(Say::Batch(StreamBatch { offset, events })),
        }
    }

    fn acknowledge(&mut self, ack: &StreamAck, under_way: &mut UnderWay) {
        match under_way.pop_front() {
            Some((offset, batch)) if offset == ack.offset => {
                // Only what was not accepted is told.
                let mut results: Vec<_> = (0..).zip(&batch).map(|(index, _)| accepted(index)).collect();
                for told in &ack.results {
                    let place = usize::try_from(told.index)
                        .ok()
                        .and_then(|index| results.get_mut(index));
                    match place {
                        Some(place) => place.clone_from(told),
                        None => self
                            .book
                            .open()
                            .broken
                            .push(format!("an acknowledgement names event {}", told.index)),
                    }
                }
                self.heard(batch, &results, ack.commit);
            }
            expected => {
                let expected = expected.map(|(offset, _)| offset);
                let problem = format!("offset {} is acknowledged where {expected:?} was expected", ack.offset);
                self.book.open().broken.push(problem);
            }
        }
    }

    /// What got no answer, sometimes what got one, mostly something new.
    fn next_batch(&mut self) -> Vec<Event> {
        let again = self.unanswered.pop_front();
        let again = again.or_else(|| {
            if self.dice.percent(8) {
                self.answered.pop_front()
            } else {
                None
            }
        });
        let batch = again.unwrap_or_else(|| {
            let size = self.dice.between(1, 12);
            self.maker.batch(&mut self.dice, size)
        });
        self.book.open().sending(&batch);
        batch
    }

    fn heard(&mut self, batch: Vec<Event>, results: &[EventResult], commit: i64) {
        let outcomes: Vec<_> = results.iter().map(EventResult::outcome).collect();
        self.book.open().answered(&batch, &outcomes, commit);
        self.answered.push_back(batch);
        if self.answered.len() > KEPT {
            self.answered.pop_front();
        }
    }

    /// A server that is gone says nothing; one that is there says with a reason that its store is away, or that it stops.
    fn failed(&self, status: &Status) -> End {
        let details = status.get_error_details();
        match details.error_info().map(|info| info.reason.as_str()) {
            None => End::Over,
            Some("STORE_UNAVAILABLE") => End::Away,
            Some(reason) => {
                self.book
                    .open()
                    .broken
                    .push(format!("a call fails with {reason}: {status}"));
                End::Over
            }
        }
    }
}

/// Batches on their way, with their offsets.
type UnderWay = VecDeque<(i64, Vec<Event>)>;

fn accepted(index: i32) -> EventResult {
    EventResult {
        index,
        outcome: EventOutcome::Accepted.into(),
        ..EventResult::default()
    }
}

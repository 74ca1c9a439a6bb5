//! What travels together, and what is under way.

use std::{collections::VecDeque, iter::Peekable};

use prost::Message as _;
use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{EventOutcome, EventResult, StreamBatch, StreamOpened},
    types::v1::FieldViolation,
};

use super::{Parcel, Settled};

/// What an event takes in a batch beside its own bytes: a tag and its length.
const FRAME_BYTES: usize = 8;
/// What a batch takes beside its events.
const ENVELOPE_BYTES: usize = 64;

/// What the server, and the arguments, allow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Batches under way.
    pub(super) batches: usize,
    events: usize,
    bytes: usize,
}

impl Limits {
    pub(super) fn new(batch: usize, opened: &StreamOpened) -> Self {
        let at_least_1 = |number: i64| usize::try_from(number).unwrap_or(0).max(1);
        Self {
            batches: at_least_1(opened.max_in_flight_batches.into()),
            events: batch.clamp(1, at_least_1(opened.max_batch_events.into())),
            bytes: match opened.max_batch_bytes {
                0 => usize::MAX,
                bytes => at_least_1(bytes).saturating_sub(ENVELOPE_BYTES),
            },
        }
    }
}

/// Parcels that are settled together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    parcels: Vec<Parcel>,
}

impl Batch {
    /// Takes as many parcels as fit. An event that fits in no batch is refused in its place.
    pub(super) fn fill<I: Iterator<Item = anyhow::Result<Parcel>>>(
        parcels: &mut Peekable<I>,
        limits: Limits,
    ) -> anyhow::Result<Self> {
        let mut batch = Self::default();
        let mut bytes = 0;
        while batch.parcels.len() < limits.events {
            let size = match parcels.peek() {
                Some(Ok(Parcel::Event(_, event))) => event.encoded_len() + FRAME_BYTES,
                Some(_) => 0,
                None => break,
            };
            if bytes + size > limits.bytes && bytes > 0 {
                break;
            }
            let Some(parcel) = parcels.next().transpose()? else {
                break;
            };
            batch.parcels.push(if size > limits.bytes {
                too_large(parcel, size, limits.bytes)
            } else {
                parcel
            });
            bytes += if size > limits.bytes { 0 } else { size };
        }
        Ok(batch)
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.parcels.iter().filter_map(|parcel| match parcel {
            Parcel::Event(_, event) => Some(&**event),
            Parcel::Refused(..) => None,
        })
    }

    /// What became of each parcel. Events without a result were accepted.
    pub(super) fn settle(self, results: &[EventResult]) -> Vec<Settled> {
        let mut at = 0;
        let settled = self.parcels.into_iter().map(|parcel| match parcel {
            Parcel::Refused(origin, event, violations) => Settled {
                origin,
                event,
                outcome: EventOutcome::Rejected,
                violations,
            },
            Parcel::Event(origin, event) => {
                let result = results.iter().find(|result| result.index == at);
                at += 1;
                Settled {
                    origin,
                    event: Some(event),
                    outcome: result.map_or(EventOutcome::Accepted, EventResult::outcome),
                    violations: result.map(|result| result.violations.clone()).unwrap_or_default(),
                }
            }
        });
        settled.collect()
    }
}

fn too_large(parcel: Parcel, size: usize, limit: usize) -> Parcel {
    match parcel {
        Parcel::Event(origin, event) => {
            let violation = FieldViolation {
                field: String::new(),
                description: format!("has {size} bytes; a batch may have {limit}"),
                reason: "TOO_LARGE".to_owned(),
            };
            Parcel::Refused(origin, Some(event), vec![violation])
        }
        refused @ Parcel::Refused(..) => refused,
    }
}

/// Batches that are not settled, first to last, with their offsets.
#[derive(Debug, Default)]
pub(super) struct Queue {
    batches: VecDeque<(i64, Batch)>,
    next_offset: i64,
    settled: u64,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// How many batches were settled so far.
    pub(super) fn settled(&self) -> u64 {
        self.settled
    }

    /// The offset that the server should expect first.
    pub(super) fn first_offset(&self) -> i64 {
        self.batches.front().map_or(self.next_offset, |(offset, _)| *offset)
    }

    pub(super) fn push(&mut self, batch: Batch) {
        let events = batch.events().count();
        self.batches.push_back((self.next_offset, batch));
        self.next_offset += i64::try_from(events).unwrap_or(i64::MAX);
    }

    /// The message of a batch, unless it has nothing to send.
    pub(super) fn message(&self, at: usize) -> Option<StreamBatch> {
        let (offset, batch) = self.batches.get(at)?;
        let events: Vec<Event> = batch.events().cloned().collect();
        (!events.is_empty()).then_some(StreamBatch {
            offset: *offset,
            events,
        })
    }

    /// The first batch, if it had nothing to send.
    pub(super) fn pop_unsent(&mut self) -> Option<Batch> {
        let (_, batch) = self.batches.front()?;
        if batch.events().next().is_some() {
            return None;
        }
        self.settled += 1;
        self.batches.pop_front().map(|(_, batch)| batch)
    }

    /// The first batch, if it has this offset.
    pub(super) fn pop(&mut self, offset: i64) -> Option<Batch> {
        if self.batches.front()?.0 != offset {
            return None;
        }
        self.settled += 1;
        self.batches.pop_front().map(|(_, batch)| batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Origin;

    fn opened(events: i32, bytes: i64) -> StreamOpened {
        StreamOpened {
            max_in_flight_batches: 2,
            max_batch_events: events,
            max_batch_bytes: bytes,
            next_offset: 0,
        }
    }

    fn event(line: u64, id_bytes: usize) -> anyhow::Result<Parcel> {
        let origin = Origin {
            line,
            ..Origin::default()
        };
        let event = Event {
            event_id: "x".repeat(id_bytes),
            ..Event::default()
        };
        Ok(Parcel::Event(origin, Box::new(event)))
    }

    fn refused(line: u64) -> anyhow::Result<Parcel> {
        Ok(Parcel::Refused(
            Origin {
                line,
                ..Origin::default()
            },
            None,
            Vec::new(),
        ))
    }

    fn fill(parcels: Vec<anyhow::Result<Parcel>>, limits: Limits) -> Vec<usize> {
        let mut parcels = parcels.into_iter().peekable();
        let mut sizes = Vec::new();
        while parcels.peek().is_some() {
            sizes.push(Batch::fill(&mut parcels, limits).expect("no errors").parcels.len());
        }
        sizes
    }

    #[test]
    fn batches_keep_to_events_and_bytes() {
        let events = |count: u64| (1..=count).map(|line| event(line, 98)).collect::<Vec<_>>();
        assert_eq!(fill(events(5), Limits::new(500, &opened(2, 0))), [2, 2, 1]);
        // 98 bytes of id, 2 of tag and length, 8 of frame: 108 each, of 300 - 64.
        assert_eq!(fill(events(5), Limits::new(500, &opened(100, 300))), [2, 2, 1]);
    }

    #[test]
    fn an_event_that_fits_in_no_batch_is_refused_and_sinks_nobody() {
        let parcels = vec![event(1, 10), event(2, 1000), event(3, 10)];
        let mut parcels = parcels.into_iter().peekable();
        let limits = Limits::new(500, &opened(100, 300));
        let mut outcomes = Vec::new();
        while parcels.peek().is_some() {
            let batch = Batch::fill(&mut parcels, limits).expect("no errors");
            outcomes.extend(
                batch
                    .settle(&[])
                    .into_iter()
                    .map(|parcel| (parcel.origin.line, parcel.outcome)),
            );
        }
        let (fine, bad) = (EventOutcome::Accepted, EventOutcome::Rejected);
        assert_eq!(outcomes, [(1, fine), (2, bad), (3, fine)]);
    }

    #[test]
    fn results_find_their_events_past_what_was_not_sent() {
        let mut parcels = vec![event(1, 5), refused(2), event(3, 5)].into_iter().peekable();
        let batch = Batch::fill(&mut parcels, Limits::new(10, &opened(10, 0))).expect("no errors");
        let mut queue = Queue::default();
        queue.push(batch);
        assert_eq!(queue.message(0).map(|message| message.events.len()), Some(2));
        let conflict = EventResult {
            index: 1,
            outcome: EventOutcome::Conflict.into(),
            ..EventResult::default()
        };
        let settled = queue.pop(0).expect("it is the first").settle(&[conflict]);
        let outcomes: Vec<_> = settled
            .iter()
            .map(|parcel| (parcel.origin.line, parcel.outcome))
            .collect();
        assert_eq!(
            outcomes,
            [
                (1, EventOutcome::Accepted),
                (2, EventOutcome::Rejected),
                (3, EventOutcome::Conflict)
            ]
        );
        assert_eq!(queue.first_offset(), 2, "what was not sent takes no offset");
    }

    #[test]
    fn a_batch_of_nothing_to_send_settles_itself() {
        let mut queue = Queue::default();
        let mut parcels = vec![refused(1)].into_iter().peekable();
        queue.push(Batch::fill(&mut parcels, Limits::new(10, &opened(10, 0))).expect("no errors"));
        assert!(queue.message(0).is_none());
        assert!(queue.pop_unsent().is_some());
        assert!(queue.is_empty());
    }
}

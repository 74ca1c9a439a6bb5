//! A batch of events: read whole, each event good or with everything that is wrong with it.

mod summary;

use scoreline_core::event::{Event, Payload};
use scoreline_proto::{decode, events::v1 as wire, types::v1::FieldViolation};
use scoreline_server::status::Problem;
use scoreline_storage::Receipt;

pub(crate) use self::summary::Summary;

/// From how many events on a batch is read on a thread that may take its time.
const LARGE: usize = 64;

/// What is known of a batch besides its good events.
#[derive(Debug)]
pub(crate) struct Batch {
    items: Vec<Item>,
}

/// An event of a batch.
#[derive(Debug)]
struct Item {
    event_id: String,
    read: Result<Kinds, Vec<FieldViolation>>,
}

/// The name of an event's payload, and of the payload that it puts in another's place.
#[derive(Debug, Clone, Copy)]
struct Kinds {
    payload: &'static str,
    replacement: Option<&'static str>,
}

impl Batch {
    /// Reads a batch into what is known of it and its good events, in order.
    pub(crate) async fn read(events: Vec<wire::Event>) -> Result<(Self, Vec<Event>), Problem> {
        if events.len() < LARGE {
            return Ok(read(events));
        }
        let span = tracing::Span::current();
        let reading = tokio::task::spawn_blocking(move || span.in_scope(|| read(events)));
        reading.await.map_err(|error| Problem::internal(&error))
    }

    /// Whether an event could not be read.
    pub(crate) fn has_faults(&self) -> bool {
        self.items.iter().any(|item| item.read.is_err())
    }

    /// What became of each event, from what the log says of the good ones.
    pub(crate) fn summary(self, receipt: Receipt) -> Summary {
        summary::summary(self.items, receipt)
    }

    /// The same where nothing may be stored because an event could not be read.
    pub(crate) fn withheld(self, receipt: Receipt) -> Summary {
        let receipt = summary::withhold(&self.items, receipt);
        self.summary(receipt)
    }
}

/// Refuses a batch with more events than a batch may have.
pub(crate) fn check_size(field: &'static str, events: usize, limit: usize) -> Result<(), Problem> {
    if events <= limit {
        return Ok(());
    }
    let description = format!("has {events} elements, the limit is {limit}; split the batch");
    Err(Problem::invalid("TOO_MANY_EVENTS", field, description)
        .with("events", events)
        .with("limit", limit))
}

/// Refuses a number that is not one.
pub(crate) fn negative(field: &'static str, value: i64) -> Problem {
    Problem::invalid("OFFSET_NEGATIVE", field, format!("is {value}, it must not be negative"))
}

fn read(wire: Vec<wire::Event>) -> (Batch, Vec<Event>) {
    let mut events = Vec::with_capacity(wire.len());
    let mut items = Vec::with_capacity(wire.len());
    for mut event in wire {
        let read = match decode::event(&event) {
            Ok(read) => {
                let kinds = Kinds::of(&read.payload);
                events.push(read);
                Ok(kinds)
            }
            Err(violations) => Err(violations.into_iter().map(Into::into).collect()),
        };
        items.push(Item {
            event_id: std::mem::take(&mut event.event_id),
            read,
        });
    }
    (Batch { items }, events)
}

impl Kinds {
    fn of(payload: &Payload) -> Self {
        let replacement = match payload {
            Payload::EventAmended(amended) => Some(amended.payload.name()),
            _ => None,
        };
        Self {
            payload: payload.name(),
            replacement,
        }
    }

    /// The place of the payload in the event.
    fn path(self) -> String {
        match self.replacement {
            Some(replacement) => format!("payload.{}.replacement.payload.{replacement}", self.payload),
            None => format!("payload.{}", self.payload),
        }
    }
}

#[cfg(test)]
mod tests;

//! What was sent, and what was said about it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use prost::Message as _;
use scoreline_proto::{events::v1::Event, ingestion::v1::EventOutcome};

/// What is written down of one tenant. Several writers share it.
#[derive(Debug, Clone, Default)]
pub struct Book(Arc<Mutex<Pages>>);

/// The pages of a book.
#[derive(Debug, Default)]
pub struct Pages {
    /// What each event says, and how often it was sent.
    pub sent: HashMap<String, (Vec<u8>, u32)>,
    /// The events that were acknowledged.
    pub acknowledged: HashSet<String>,
    /// How many batches were acknowledged.
    pub acknowledged_batches: u64,
    /// The last commit that an acknowledgement named.
    pub commit: i64,
    /// Answers that break a promise.
    pub broken: Vec<String>,
}

/// What an event says, whatever its id is.
pub fn content(event: &Event) -> Vec<u8> {
    Event {
        event_id: String::new(),
        ..event.clone()
    }
    .encode_to_vec()
}

impl Book {
    /// The pages.
    pub fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many batches were acknowledged.
    pub fn acknowledged_batches(&self) -> u64 {
        self.open().acknowledged_batches
    }
}

impl Pages {
    /// Notes that events are on their way.
    pub fn sending(&mut self, events: &[Event]) {
        for event in events {
            self.sent
                .entry(event.event_id.clone())
                .or_insert_with(|| (content(event), 0))
                .1 += 1;
        }
    }

    /// Notes what was said about a whole batch.
    pub fn answered(&mut self, batch: &[Event], outcomes: &[EventOutcome], commit: i64) {
        if outcomes.len() != batch.len() {
            self.broken
                .push(format!("{} events got {} answers", batch.len(), outcomes.len()));
        }
        for (event, outcome) in batch.iter().zip(outcomes) {
            self.answered_one(&event.event_id, *outcome);
        }
        if commit <= 0 {
            self.broken
                .push(format!("a batch is acknowledged with commit {commit}"));
        }
        self.commit = self.commit.max(commit);
        self.acknowledged_batches += 1;
    }

    /// What may be said follows from what was said: a first time is accepted, what is acknowledged is a duplicate, and
    /// what got no answer may be either.
    fn answered_one(&mut self, id: &str, outcome: EventOutcome) {
        let times = self.sent.get(id).map_or(0, |(_, times)| *times);
        let known = self.acknowledged.contains(id);
        let fine = match outcome {
            EventOutcome::Accepted => !known,
            EventOutcome::Duplicate => times > 1,
            _ => false,
        };
        if !fine {
            let before = if known {
                "acknowledged before"
            } else {
                "not acknowledged before"
            };
            self.broken.push(format!(
                "{id}, sent {times} times and {before}, is answered {}",
                outcome.as_str_name()
            ));
        }
        if matches!(outcome, EventOutcome::Accepted | EventOutcome::Duplicate) {
            self.acknowledged.insert(id.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> Event {
        Event {
            event_id: id.to_owned(),
            ..Event::default()
        }
    }

    /// The broken promises after one event was sent and answered some times.
    fn broken(answers: &[Option<EventOutcome>]) -> usize {
        let mut pages = Pages::default();
        for answer in answers {
            pages.sending(&[event("a")]);
            if let Some(outcome) = answer {
                pages.answered(&[event("a")], &[*outcome], 1);
            }
        }
        pages.broken.len()
    }

    #[test]
    fn a_promise_is_broken_by_an_answer_that_does_not_follow() {
        use EventOutcome::{Accepted, Conflict, Duplicate};
        assert_eq!(broken(&[Some(Accepted), Some(Duplicate), None, Some(Duplicate)]), 0);
        assert_eq!(broken(&[None, Some(Accepted)]), 0);
        assert_eq!(broken(&[None, Some(Duplicate)]), 0);
        assert_eq!(broken(&[Some(Duplicate)]), 1, "nobody sent it before");
        assert_eq!(broken(&[Some(Accepted), Some(Accepted)]), 1, "it was stored already");
        assert_eq!(broken(&[None, Some(Conflict)]), 1);
    }
}

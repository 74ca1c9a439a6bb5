//! Events on their way into the log, in their stored form.

use std::sync::Arc;

use scoreline_core::event::Event;

use super::{Submission, codec};
use crate::{Database, Error};

/// An event with its stored form.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) event: Event,
    pub(crate) data: Vec<u8>,
    pub(crate) hash: [u8; 32],
}

/// A submission whose events are prepared.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) events: Vec<Arc<Prepared>>,
    pub(crate) all_or_nothing: bool,
}

/// Prepares submissions. That needs nothing that is stored, so that it goes on while others are committed.
pub(crate) async fn prepare(submissions: Vec<Submission>) -> Result<Arc<[Sent]>, Error> {
    let events = submissions.iter().map(|submission| submission.events.len()).sum();
    Database::aside(events, move || submissions.into_iter().map(Sent::from).collect()).await
}

impl From<Submission> for Sent {
    fn from(submission: Submission) -> Self {
        Self {
            events: submission
                .events
                .into_iter()
                .map(Prepared::from)
                .map(Arc::new)
                .collect(),
            all_or_nothing: submission.all_or_nothing,
        }
    }
}

impl From<Event> for Prepared {
    fn from(event: Event) -> Self {
        let data = codec::encode(&event);
        let hash = codec::content_hash(&data);
        Self { event, data, hash }
    }
}

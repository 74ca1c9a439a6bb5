//! What of a commit needs neither the tenant's turn nor the database: the stored form of each event.

use std::sync::Arc;

use scoreline_core::event::Event;

use super::{Submission, codec};

/// Events that were sent together, with their stored forms.
#[derive(Debug)]
pub(crate) struct Parcel {
    events: Arc<[Event]>,
    /// The stored form of each.
    forms: Vec<Vec<u8>>,
    pub(crate) all_or_nothing: bool,
}

/// An event that was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) event: &'a Event,
    pub(crate) data: &'a [u8],
    /// All that were sent together, and its place among them.
    pub(crate) together: &'a Arc<[Event]>,
    pub(crate) at: usize,
}

pub(crate) fn prepare(submissions: Vec<Submission>) -> Vec<Parcel> {
    let parcel = |submission: Submission| Parcel {
        forms: submission.events.iter().map(codec::encode).collect(),
        events: submission.events,
        all_or_nothing: submission.all_or_nothing,
    };
    submissions.into_iter().map(parcel).collect()
}

/// How many events there are.
pub(crate) fn size(parcels: &[Parcel]) -> usize {
    parcels.iter().map(Parcel::len).sum()
}

impl Parcel {
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn sent(&self) -> impl Iterator<Item = Sent<'_>> {
        let forms = self.events.iter().zip(&self.forms).enumerate();
        forms.map(|(at, (event, form))| Sent {
            event,
            data: form,
            together: &self.events,
            at,
        })
    }
}

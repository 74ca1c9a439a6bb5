//! What a batch knows of one subject, and does with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{LazyLock, OnceLock},
};

use super::{
    delta::{Change, Delta},
    sums::Rows,
};
use crate::{
    fold::{
        Facts, Key, Links, Occurrence, Output,
        record::{Head, Record, Unreadable},
        state::State,
    },
    subject::Subject,
};

/// One subject in the batch.
#[derive(Default)]
pub(super) struct Work {
    /// The stored record, `Some(None)` when there is none; `None` while that is not known.
    pub(super) record: Option<Option<Record>>,
    /// The stored history in order, once it was asked for.
    pub(super) history: Option<Vec<Occurrence>>,
    /// What the stored history puts out from its beginning to its end, once that was needed.
    pub(super) stored_output: OnceLock<Output>,
    /// What the events of the batch change in the history.
    pub(super) own: Delta,
    /// What other subjects' signals change in the history, by sender.
    pub(super) told: BTreeMap<Subject, Delta>,
    /// Whether it waits to be folded.
    pub(super) queued: bool,
    /// Whether facts that it reads have changed.
    pub(super) links_changed: bool,
    /// What its fold said last.
    pub(super) outcome: Option<Outcome>,
    /// Whose histories its fold changed last.
    pub(super) tells: BTreeSet<Subject>,
    joined: BTreeSet<Subject>,
    left: BTreeSet<Subject>,
}

/// What a subject's fold says, and how its rows differ from those that are stored.
pub(super) struct Outcome {
    pub(super) state: State,
    pub(super) last: Option<Key>,
    pub(super) facts: Facts,
    pub(super) links: Links,
    pub(super) rows: Rows,
}

static NEW: LazyLock<Head> = LazyLock::new(Head::default);

impl Work {
    /// The head of the stored record, or that of a new one.
    pub(super) fn stored_head(&self) -> &Head {
        self.record
            .as_ref()
            .and_then(Option::as_ref)
            .map_or(&*NEW, Record::head)
    }

    /// What changes in the history, in order.
    pub(super) fn changes(&self) -> Vec<(&Key, &Change)> {
        let mut changes: Vec<(&Key, &Change)> = self.own.iter().chain(self.told.values().flatten()).collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        changes
    }

    /// Whether its whole history is going to be needed.
    pub(super) fn likely_whole(&self) -> bool {
        self.links_changed
            || self
                .own
                .values()
                .chain(self.told.values().flat_map(Delta::values))
                .any(|change| change.removed)
    }

    /// What others may read of the subject now; `None` while that is not known.
    pub(super) fn facts(&self) -> Option<&Facts> {
        match (&self.outcome, &self.record) {
            (Some(outcome), _) => Some(&outcome.facts),
            (None, Some(_)) => Some(&self.stored_head().facts),
            (None, None) => None,
        }
    }

    /// The facts of others that its rows are made with.
    pub(super) fn links(&self) -> &Links {
        self.outcome
            .as_ref()
            .map_or(&self.stored_head().links, |outcome| &outcome.links)
    }

    /// The subjects that read its facts.
    pub(super) fn dependents(&self) -> BTreeSet<Subject> {
        let stored = self
            .stored_head()
            .dependents
            .iter()
            .filter(|dependent| !self.left.contains(*dependent));
        stored.chain(&self.joined).cloned().collect()
    }

    /// Another subject reads its facts.
    pub(super) fn join(&mut self, dependent: &Subject) {
        if !self.left.remove(dependent) {
            self.joined.insert(dependent.clone());
        }
    }

    /// Another subject no longer reads its facts.
    pub(super) fn leave(&mut self, dependent: &Subject) {
        if !self.joined.remove(dependent) {
            self.left.insert(dependent.clone());
        }
    }

    pub(super) fn has_new_dependents(&self) -> bool {
        !self.joined.is_empty() || !self.left.is_empty()
    }

    /// The record to store, if it is another than before.
    ///
    /// # Errors
    /// When the state has no stored form, which is a fault of the machine.
    pub(super) fn new_record(&self, subject: &Subject) -> Result<Option<Vec<u8>>, Unreadable> {
        let dependents = self.dependents();
        let record = match (&self.outcome, &self.record) {
            (Some(outcome), _) => {
                let (last, facts, links) = (outcome.last.clone(), outcome.facts.clone(), outcome.links.clone());
                Record::new(
                    Head {
                        last,
                        facts,
                        links,
                        dependents,
                        ..Head::default()
                    },
                    &outcome.state,
                )?
            }
            (None, stored) if self.has_new_dependents() => {
                let mut record = match stored {
                    Some(Some(record)) => record.clone(),
                    _ => Record::empty(subject.kind)?,
                };
                *record.dependents_mut() = dependents;
                record
            }
            (None, _) => return Ok(None),
        };
        record.encode().map(Some)
    }

    /// What changes in the stored history, in order.
    pub(super) fn into_delta(self) -> Vec<(Key, Change)> {
        let mut changes: Vec<(Key, Change)> = self.own.into_iter().chain(self.told.into_values().flatten()).collect();
        changes.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        changes
    }
}

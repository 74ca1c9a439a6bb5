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
    pub(super) tells: Vec<Subject>,
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

/// A record to store, if it is another than before, and what changes in the history.
pub(super) type Finished = (Option<Vec<u8>>, Vec<(Key, Change)>);

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
        let mut changes: Vec<(&Key, &Change)> = self.deltas().flat_map(Delta::iter).collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        changes
    }

    /// Whether its whole history is going to be needed. Links may be read only at its end.
    pub(super) fn likely_whole(&self, reads_at_end: bool) -> bool {
        (self.links_changed && !reads_at_end) || self.deltas().flat_map(Delta::iter).any(|(_, change)| change.removed)
    }

    fn deltas(&self) -> impl Iterator<Item = &Delta> {
        std::iter::once(&self.own).chain(self.told.values())
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
    pub(super) fn dependents(&self) -> Vec<Subject> {
        let stored = &self.stored_head().dependents;
        let stored = stored.iter().filter(|dependent| !self.left.contains(*dependent));
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

    /// The record to store, if it is another than before, and what changes in the stored history, in order.
    ///
    /// # Errors
    /// When the state has no stored form, which is a fault of the machine.
    pub(super) fn finish(self, subject: &Subject) -> Result<Finished, Unreadable> {
        let mut changes: Vec<(Key, Change)> = self.own.into_iter().chain(self.told.into_values().flatten()).collect();
        changes.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let is_read_otherwise = !self.joined.is_empty() || !self.left.is_empty();
        if self.outcome.is_none() && !is_read_otherwise {
            return Ok((None, changes));
        }
        let mut record = match self.record.flatten() {
            Some(record) => record,
            None if self.outcome.is_some() => Record::default(),
            None => Record::empty(subject.kind)?,
        };
        record.change_dependents(self.joined, &self.left);
        if let Some(outcome) = self.outcome {
            record.follow(outcome.last, outcome.facts, outcome.links, &outcome.state)?;
        }
        Ok((Some(record.encode()?), changes))
    }
}

//! What is stored of a subject between two batches.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Facts, Key, Links, Signal, state::State};
use crate::subject::{Subject, SubjectKind};

/// The layout of the machines' states. A state of another layout is not read: the subject is folded from its history
/// again when it is next touched. It tells nothing of the rows: when machines come to put out other rows, the ledger
/// must be rebuilt.
pub const FOLD_VERSION: u16 = 2;

/// The layout of [`Record`]s (their machines' states excepted) and of stored [`Signal`]s. What has another layout can't
/// be read at all: the tenant must be rebuilt from its log.
const LAYOUT: u8 = 2;

/// More than most heads have.
const HEAD_BYTES: usize = 128;

/// Stored bytes that are of another layout, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stored {what} can't be read: it was written by another version or is damaged, rebuild the tenant from its log"
)]
pub struct Unreadable {
    /// What was to be read.
    pub what: &'static str,
}

/// What is stored of a subject.
#[derive(Debug, Clone, Default)]
pub struct Record {
    head: Head,
    state: Vec<u8>,
}

/// What of a record is read without knowing the machine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Head {
    /// The layout of the state; set when a record is made.
    pub(super) version: u16,
    /// The last occurrence that was taken in; `None` when the history is empty.
    pub(super) last: Option<Key>,
    /// What others may read of the subject.
    pub(super) facts: Facts,
    /// The facts that the subject's rows were made with: those of all subjects that it read on the way.
    pub(super) links: Links,
    /// The subjects whose rows were made with this subject's facts.
    pub(super) dependents: BTreeSet<Subject>,
}

impl Record {
    /// The record of a subject of which nothing is known yet.
    ///
    /// # Errors
    /// When a new machine's state has no stored form, which is a fault of the machine.
    pub(super) fn empty(kind: SubjectKind) -> Result<Self, Unreadable> {
        let state = State::new(kind);
        Self::new(
            Head {
                facts: state.facts(),
                ..Head::default()
            },
            &state,
        )
    }

    /// The record of a subject.
    ///
    /// # Errors
    /// When the machine's state has no stored form, which is a fault of the machine.
    pub(super) fn new(head: Head, state: &State) -> Result<Self, Unreadable> {
        let mut record = Self {
            head,
            state: Vec::new(),
        };
        record.set_state(state)?;
        Ok(record)
    }

    fn set_state(&mut self, state: &State) -> Result<(), Unreadable> {
        let mut bytes = std::mem::take(&mut self.state);
        bytes.clear();
        self.state = state.encode(bytes).map_err(|_| Unreadable { what: "state" })?;
        self.head.version = FOLD_VERSION;
        Ok(())
    }

    /// Takes over what a fold came to.
    ///
    /// # Errors
    /// When the machine's state has no stored form, which is a fault of the machine.
    pub(super) fn follow(
        &mut self,
        last: Option<Key>,
        facts: Facts,
        links: Links,
        state: &State,
    ) -> Result<(), Unreadable> {
        (self.head.last, self.head.facts, self.head.links) = (last, facts, links);
        self.set_state(state)
    }

    /// Others read its facts, and some no longer do.
    pub(super) fn change_dependents(&mut self, joined: BTreeSet<Subject>, left: &BTreeSet<Subject>) {
        if !left.is_empty() {
            self.head.dependents.retain(|dependent| !left.contains(dependent));
        }
        self.head.dependents.extend(joined);
    }

    /// Reads what [`Record::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another layout, or damaged. A state of another [`FOLD_VERSION`] is no error.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let what = "record";
        let Some((&LAYOUT, bytes)) = bytes.split_first() else {
            return Err(Unreadable { what });
        };
        let (head, state) = postcard::take_from_bytes(bytes).map_err(|_| Unreadable { what })?;
        Ok(Self {
            head,
            state: state.to_vec(),
        })
    }

    /// The record as it is stored.
    ///
    /// # Errors
    /// When it has no stored form, which is a fault of the machine.
    pub fn encode(&self) -> Result<Vec<u8>, Unreadable> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.state.len());
        bytes.push(LAYOUT);
        let mut bytes = postcard::to_extend(&self.head, bytes).map_err(|_| Unreadable { what: "record" })?;
        bytes.extend_from_slice(&self.state);
        Ok(bytes)
    }

    /// The last occurrence that was taken in; `None` when the history is empty.
    #[must_use]
    pub fn last(&self) -> Option<&Key> {
        self.head.last.as_ref()
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// The same with a state of another version.
    #[cfg(test)]
    pub(super) fn outdated(mut self) -> Self {
        self.head.version = FOLD_VERSION.wrapping_sub(1);
        self
    }

    /// The machine as it was left. `None` when its layout is not ours, and the history must be folded again. An empty
    /// history leaves the machine as new, whatever the layout.
    pub(super) fn state(&self, kind: SubjectKind) -> Option<State> {
        if self.head.last.is_none() {
            return Some(State::new(kind));
        }
        (self.head.version == FOLD_VERSION)
            .then(|| State::decode(kind, &self.state))
            .flatten()
    }
}

impl Signal {
    /// The signal as it is stored.
    ///
    /// # Errors
    /// When it has no stored form.
    pub fn encode(&self) -> Result<Vec<u8>, Unreadable> {
        postcard::to_extend(self, vec![LAYOUT]).map_err(|_| Unreadable { what: "signal" })
    }

    /// Reads what [`Signal::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another layout, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let what = "signal";
        let Some((&LAYOUT, bytes)) = bytes.split_first() else {
            return Err(Unreadable { what });
        };
        postcard::from_bytes(bytes).map_err(|_| Unreadable { what })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::id::Name;

    #[test]
    fn a_record_survives_its_bytes() {
        let lead = Subject::parse("lead:L").expect("a subject");
        let facts = Facts::Lead {
            created_at: Timestamp::UNIX_EPOCH,
            lead_source: Name::new("web").ok(),
            campaign: None,
            channel: None,
        };
        let head = Head {
            last: Some(Key {
                at: Timestamp::UNIX_EPOCH,
                id: "e".into(),
            }),
            facts: Facts::Account {
                first_purchase: Some(Timestamp::UNIX_EPOCH),
            },
            links: Links::from([(lead.clone(), facts)]),
            dependents: BTreeSet::from([lead]),
            ..Head::default()
        };
        let record = Record::new(head, &State::new(SubjectKind::Account)).expect("bytes");
        let bytes = record.encode().expect("bytes");
        let read = Record::decode(&bytes).expect("a record");
        assert_eq!(read.encode().as_ref(), Ok(&bytes));
        assert_eq!(read.head().links, record.head().links);
        assert_eq!(read.head().dependents, record.head().dependents);
        assert!(read.state(SubjectKind::Account).is_some());
        assert!(read.outdated().state(SubjectKind::Account).is_none());
    }

    #[test]
    fn a_signal_survives_its_bytes_and_other_layouts_are_told() {
        let signal = Signal::Notice(Name::new("hello").expect("a name"));
        let mut bytes = signal.encode().expect("bytes");
        assert_eq!(Signal::decode(&bytes), Ok(signal));
        bytes[0] = 99;
        assert_eq!(Signal::decode(&bytes), Err(Unreadable { what: "signal" }));
        assert_eq!(Signal::decode(&[]), Err(Unreadable { what: "signal" }));
    }
}

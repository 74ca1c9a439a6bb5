//! What a batch changes in a subject's history.

use super::{Error, changes::Body};
use crate::{
    fold::{Key, Occurrence, Signal, What},
    subject::Subject,
};

/// Changes to a history, in the order of their places. There are few: a subject takes part in a batch with an event or two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Delta(Vec<(Key, Change)>);

impl Delta {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The change at a place.
    pub(super) fn at(&mut self, key: &Key) -> &mut Change {
        let place = match self.0.last() {
            Some((last, _)) if last < key => Err(self.0.len()),
            _ => self.0.binary_search_by(|(other, _)| other.cmp(key)),
        };
        let place = place.unwrap_or_else(|place| {
            if self.0.is_empty() {
                // Mostly there is one, and a change is large.
                self.0.reserve_exact(1);
            }
            self.0.insert(place, (key.clone(), Change::default()));
            place
        });
        &mut self.0[place].1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Change)> {
        self.0.iter().map(|(key, change)| (key, change))
    }
}

impl IntoIterator for Delta {
    type Item = (Key, Change);
    type IntoIter = std::vec::IntoIter<(Key, Change)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The change at one place of a history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Change {
    /// Whether what stands there is taken out.
    pub(super) removed: bool,
    /// What comes there.
    pub(super) added: Option<(Occurrence, Body)>,
}

/// Signed signals.
pub(super) type Signals = Vec<((Subject, Key, Signal), i64)>;

/// What a subject changes in the histories of others, in the order of those.
pub(super) type Tells = Vec<(Subject, Delta)>;

/// What the signals of one sender change in the histories of those it tells. No signal may come and go.
///
/// # Errors
/// When two signals stand at one place.
pub(super) fn told(from: &Subject, signals: Signals) -> Result<Tells, Error> {
    let mut tells = Tells::new();
    for ((to, key, signal), count) in signals {
        let place = tells.binary_search_by(|(other, _)| other.cmp(&to));
        let place = place.unwrap_or_else(|place| {
            tells.insert(place, (to.clone(), Delta::default()));
            place
        });
        let change = tells[place].1.at(&key);
        match count {
            1 if change.added.is_none() => {
                let occurrence = Occurrence {
                    key,
                    what: What::Signal(signal.clone()),
                };
                change.added = Some((occurrence, Body::Signal(signal)));
            }
            -1 if !change.removed => change.removed = true,
            _ => {
                return Err(Error::SignalTwice {
                    from: from.clone(),
                    to,
                    id: key.id,
                });
            }
        }
    }
    Ok(tells)
}

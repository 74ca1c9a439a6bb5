//! What a batch changes in a subject's history.

use std::collections::BTreeMap;

use super::{Error, changes::Body, sums::consolidate};
use crate::{
    fold::{Key, Occurrence, Signal, What},
    subject::Subject,
};

/// Changes to a history, by their place.
pub(super) type Delta = BTreeMap<Key, Change>;

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

/// What the signals of one sender change in the histories of those it tells.
///
/// # Errors
/// When two signals stand at one place.
pub(super) fn told(from: &Subject, mut signals: Signals) -> Result<BTreeMap<Subject, Delta>, Error> {
    consolidate(&mut signals);
    let mut deltas: BTreeMap<Subject, Delta> = BTreeMap::new();
    for ((to, key, signal), count) in signals {
        let id = key.id.clone();
        let change = deltas.entry(to.clone()).or_default().entry(key.clone()).or_default();
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
                    id,
                });
            }
        }
    }
    Ok(deltas)
}

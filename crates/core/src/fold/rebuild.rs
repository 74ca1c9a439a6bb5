//! What a log comes to: all at once, or commit by commit.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    batch::{Changes, Error},
    memory::MemoryStore,
};
use crate::{dimension::Fact, event::Event, id::EventId, measure::Measurement, policy::Policies};

/// What all changes of a ledger come to: it no longer shows in which order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The rows that stand, with how often each does. A count below one tells that more was taken back than was there.
    pub measurements: BTreeMap<Measurement, i64>,
    /// The facts that stand, by the event that says them.
    pub facts: BTreeMap<EventId, Fact>,
}

impl Ledger {
    /// Takes in what a batch changed.
    pub fn add(&mut self, changes: &Changes) {
        for (measurement, count) in &changes.measurements {
            let total = self.measurements.entry(measurement.clone()).or_default();
            *total += i64::from(*count);
            if *total == 0 {
                self.measurements.remove(measurement);
            }
        }
        for (fact, _) in changes.facts.iter().filter(|(_, count)| *count < 0) {
            self.facts.remove(&fact.event);
        }
        for (fact, _) in changes.facts.iter().filter(|(_, count)| *count > 0) {
            self.facts.insert(fact.event.clone(), fact.clone());
        }
    }
}

/// What a set of events comes to, from nothing. Repeated ids count once.
///
/// # Errors
/// When the events can't be folded.
pub fn fold_all(policies: &Arc<Policies>, events: Vec<Event>) -> Result<Ledger, Error> {
    let mut ledger = Ledger::default();
    ledger.add(&MemoryStore::new(Arc::clone(policies)).apply(events)?);
    Ok(ledger)
}

/// Replays a log, commit by commit: for each commit what it changes.
pub fn replay<I>(policies: &Arc<Policies>, commits: I) -> impl Iterator<Item = Result<(u64, Changes), Error>>
where
    I: IntoIterator<Item = (u64, Vec<Event>)>,
{
    let mut store = MemoryStore::new(Arc::clone(policies));
    commits
        .into_iter()
        .map(move |(commit, events)| Ok((commit, store.apply(events)?)))
}

//! A store in memory that drives batches: for tests, small tools, and rebuilding what a log comes to.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{
    Key, Occurrence, What,
    batch::{Batch, Body, Changes, Error, Family, Needs, Progress},
    correction::{said, target},
};
use crate::{event::Event, id::EventId, policy::Policies, subject::Subject};

/// The log, the records and the histories of one tenant, in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    policies: Arc<Policies>,
    events: HashMap<EventId, Event>,
    corrections: HashMap<EventId, Vec<EventId>>,
    records: HashMap<Subject, Vec<u8>>,
    histories: HashMap<Subject, BTreeMap<Key, Body>>,
    asked: Asked,
}

/// How much was asked for since the store began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// How often something was asked for at all.
    pub rounds: usize,
    /// Families.
    pub families: usize,
    /// Records.
    pub records: usize,
    /// Whole histories.
    pub histories: usize,
}

impl MemoryStore {
    /// An empty store under policies.
    #[must_use]
    pub fn new(policies: Arc<Policies>) -> Self {
        Self {
            policies,
            ..Self::default()
        }
    }

    /// Takes in a batch; events whose id is known, or was given before in the same batch, are left out.
    ///
    /// # Errors
    /// When the batch can't be folded; then nothing of it is taken in.
    pub fn apply(&mut self, events: Vec<Event>) -> Result<Changes, Error> {
        let mut ids = HashSet::new();
        let mut new = events;
        new.retain(|event| !self.events.contains_key(&event.id) && ids.insert(event.id.clone()));
        let mut batch = Batch::new(Arc::clone(&self.policies), new.clone(), |id| {
            self.corrections.contains_key(id)
        });
        let changes = loop {
            match batch.advance()? {
                Progress::Needs(needs) => self.supply(&mut batch, &needs)?,
                Progress::Done(changes) => break changes,
            }
        };
        self.write(new, &changes);
        Ok(changes)
    }

    /// How much was asked for since the store began.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// The record of every subject, in no order.
    pub fn records(&self) -> impl Iterator<Item = (&Subject, &[u8])> {
        self.records
            .iter()
            .map(|(subject, record)| (subject, record.as_slice()))
    }

    /// What stands in the history of every subject, in the order of each history.
    pub fn histories(&self) -> impl Iterator<Item = (&Subject, &Key, &Body)> {
        self.histories
            .iter()
            .flat_map(|(subject, history)| history.iter().map(move |(key, body)| (subject, key, body)))
    }

    fn supply(&mut self, batch: &mut Batch, needs: &Needs) -> Result<(), Error> {
        self.asked.rounds += 1;
        self.asked.families += needs.families.len();
        self.asked.records += needs.records.len();
        self.asked.histories += needs.histories.len();
        for event in &needs.families {
            batch.supply_family(event, self.family(event));
        }
        for subject in &needs.records {
            batch.supply_record(subject, self.records.get(subject).map(Vec::as_slice))?;
        }
        for subject in &needs.histories {
            batch.supply_history(subject, self.history(subject));
        }
        Ok(())
    }

    fn family(&self, event: &EventId) -> Family {
        let mut corrections: Vec<Event> = Vec::new();
        let mut seen = HashSet::from([event]);
        let mut open = vec![event];
        while let Some(target) = open.pop() {
            for correction in self.corrections.get(target).into_iter().flatten() {
                if seen.insert(correction) {
                    open.push(correction);
                    corrections.extend(self.events.get(correction).cloned());
                }
            }
        }
        Family {
            event: self.events.get(event).cloned(),
            corrections,
        }
    }

    fn history(&self, subject: &Subject) -> Vec<Occurrence> {
        let stored = self.histories.get(subject).into_iter().flatten();
        stored
            .filter_map(|(key, body)| {
                Some(Occurrence {
                    key: key.clone(),
                    what: self.what(body)?,
                })
            })
            .collect()
    }

    fn what(&self, body: &Body) -> Option<What> {
        Some(match body {
            Body::Signal(signal) => What::Signal(signal.clone()),
            Body::Event { body_event, .. } => What::Event(said(self.events.get(body_event)?.payload.clone())),
        })
    }

    fn write(&mut self, events: Vec<Event>, changes: &Changes) {
        for event in events {
            if let Some(target) = target(&event.payload) {
                self.corrections
                    .entry(target.clone())
                    .or_default()
                    .push(event.id.clone());
            }
            self.events.insert(event.id.clone(), event);
        }
        self.records.extend(changes.records.iter().cloned());
        for (subject, key) in &changes.removed {
            self.histories.entry(subject.clone()).or_default().remove(key);
        }
        for (subject, occurrence) in &changes.added {
            self.histories
                .entry(subject.clone())
                .or_default()
                .insert(occurrence.key.clone(), occurrence.body.clone());
        }
    }

    /// Makes all stored states those of another version.
    #[cfg(test)]
    pub(super) fn outdate(&mut self) {
        for bytes in self.records.values_mut() {
            *bytes = super::record::Record::decode(bytes)
                .and_then(|record| record.outdated().encode())
                .expect("it was stored");
        }
    }
}

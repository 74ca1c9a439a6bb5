//! What a batch changes.

use super::{
    Error,
    settle::Subjects,
    sums::{Rows, consolidate},
    work::Work,
};
use crate::{
    dimension::Fact,
    fold::{Key, Signal},
    id::EventId,
    measure::{Measure, Measurement},
    subject::Subject,
};

/// What a batch changes in the ledger, in the dimension tables, and in what is stored of subjects. The order of all lists
/// follows from what is in them, so that the same batch over the same store gives the same bytes.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The rows that come (+1) and go (−1); no row is in both.
    pub measurements: Vec<(Measurement, i8)>,
    /// The facts that come (+1) and go (−1).
    pub facts: Vec<(Fact, i8)>,
    /// The records to put in place of those that are stored.
    pub records: Vec<(Subject, Vec<u8>)>,
    /// Occurrences to take out of histories, before any is added.
    pub removed: Vec<(Subject, Key)>,
    /// Occurrences to add to histories.
    pub added: Vec<(Subject, StoredOccurrence)>,
}

/// One thing in a history, as it is stored: without the payload, which the log has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOccurrence {
    /// Its place.
    pub key: Key,
    /// What it is.
    pub body: Body,
}

/// What is stored of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// An event of the log.
    Event {
        /// The event whose payload holds: itself, or an amendment (see [`said`](crate::fold::correction::said)).
        body_event: EventId,
    },
    /// A signal, to be stored as [`Signal::encode`] writes it.
    Signal(Signal),
}

impl Subjects {
    /// The sum of what all subjects changed. Everything must be settled.
    pub(super) fn into_changes(self) -> Result<Changes, Error> {
        let mut changes = Changes {
            facts: self.facts,
            ..Changes::default()
        };
        // A row is about the subject whose fold put it out, so that no two subjects have rows that cancel.
        let mut rows = self.rows;
        if rows.iter().any(|(_, count)| *count < 0) {
            consolidate(&mut rows);
        }
        let mut works: Vec<(Subject, Box<Work>)> = self.works.into_iter().collect();
        works.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        changes.records.reserve(works.len());
        changes.added.reserve(works.len());
        let outcomes = works.iter().filter_map(|(_, work)| work.outcome.as_ref());
        rows.reserve(outcomes.map(|outcome| outcome.rows.len()).sum());
        for (subject, mut work) in works {
            if let Some(outcome) = &mut work.outcome {
                rows.append(&mut outcome.rows);
            }
            let (record, delta) = work.finish(&subject)?;
            for (key, change) in delta {
                if change.removed {
                    changes.removed.push((subject.clone(), key.clone()));
                }
                if let Some((_, body)) = change.added {
                    changes.added.push((subject.clone(), StoredOccurrence { key, body }));
                }
            }
            changes.records.extend(record.map(|record| (subject, record)));
        }
        changes.measurements = by_measure(rows);
        Ok(changes)
    }
}

/// Rows that count one each, those of a measure together, and within a measure as they were: by event, then by subject.
fn by_measure(rows: Rows) -> Vec<(Measurement, i8)> {
    let mut places: Vec<(usize, usize)> = rows
        .iter()
        .enumerate()
        .map(|(at, (row, _))| match &row.measure {
            Measure::Builtin(measure) => (*measure as usize, at),
            Measure::Own(_) => (usize::MAX, at),
        })
        .collect();
    places.sort_unstable();
    let mut units = Vec::with_capacity(rows.len());
    let mut rows: Vec<_> = rows.into_iter().map(Some).collect();
    for (row, count) in places.into_iter().filter_map(|(_, at)| rows[at].take()) {
        let sign = if count > 0 { 1 } else { -1 };
        for _ in 1..count.unsigned_abs() {
            units.push((row.clone(), sign));
        }
        units.push((row, sign));
    }
    units
}

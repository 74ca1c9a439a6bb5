//! What a batch changes.

use super::{Error, settle::Subjects, sums::consolidate, work::Work};
use crate::{
    dimension::Fact,
    fold::{Key, Signal},
    id::EventId,
    measure::Measurement,
    subject::Subject,
};

/// What a batch changes in the ledger, in the dimension tables, and in what is stored of subjects. All lists are in
/// order, so that the same batch over the same store gives the same bytes.
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
        /// The event.
        identity: EventId,
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
        let mut rows = self.rows;
        let mut works: Vec<(Subject, Work)> = self.works.into_iter().collect();
        works.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (subject, mut work) in works {
            if let Some(outcome) = &mut work.outcome {
                rows.append(&mut outcome.rows);
            }
            if let Some(record) = work.new_record(&subject)? {
                changes.records.push((subject.clone(), record));
            }
            for (key, change) in work.into_delta() {
                if change.removed {
                    changes.removed.push((subject.clone(), key.clone()));
                }
                if let Some((_, body)) = change.added {
                    changes.added.push((subject.clone(), StoredOccurrence { key, body }));
                }
            }
        }
        consolidate(&mut rows);
        changes.measurements = rows.into_iter().flat_map(unit_rows).collect();
        Ok(changes)
    }
}

/// The ledger's rows count one each.
fn unit_rows((row, count): (Measurement, i64)) -> impl Iterator<Item = (Measurement, i8)> {
    let times = usize::try_from(count.unsigned_abs()).expect("no more rows than were put out");
    std::iter::repeat_n((row, if count > 0 { 1 } else { -1 }), times)
}

//! What became of a batch, in the words of the contract.

use std::collections::HashSet;

use scoreline_core::policy;
use scoreline_proto::{
    ingestion::v1::{EventOutcome, EventResult, IngestEventsResponse, StreamAck},
    types::v1::FieldViolation,
};
use scoreline_storage::{Disposition, Receipt};

use super::{Item, Kinds};

/// Violations of one event that are told.
const MAX_VIOLATIONS: usize = 50;

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    results: Vec<EventResult>,
    accepted: i32,
    duplicate: i32,
    conflict: i32,
    rejected: i32,
    commit: i64,
}

impl Summary {
    /// Without a commit: nothing was stored, only asked.
    pub(crate) fn uncommitted(self) -> Self {
        Self { commit: 0, ..self }
    }

    fn add(&mut self, event_id: String, outcome: EventOutcome, violations: Vec<FieldViolation>) {
        let counter = match outcome {
            EventOutcome::Accepted => &mut self.accepted,
            EventOutcome::Duplicate => &mut self.duplicate,
            EventOutcome::Conflict => &mut self.conflict,
            EventOutcome::Rejected | EventOutcome::Unspecified => &mut self.rejected,
        };
        *counter += 1;
        let index = i32::try_from(self.results.len()).expect("a batch has fewer events than 2^31");
        self.results.push(EventResult {
            index,
            event_id,
            outcome: outcome.into(),
            violations,
        });
    }

    /// As the acknowledgement of a stream's batch.
    pub(crate) fn into_ack(self, offset: i64, next_offset: i64) -> StreamAck {
        let accepted = i32::from(EventOutcome::Accepted);
        StreamAck {
            offset,
            next_offset,
            results: self
                .results
                .into_iter()
                .filter(|result| result.outcome != accepted)
                .collect(),
            accepted_count: self.accepted,
            duplicate_count: self.duplicate,
            conflict_count: self.conflict,
            rejected_count: self.rejected,
            commit: self.commit,
        }
    }
}

impl From<Summary> for IngestEventsResponse {
    fn from(summary: Summary) -> Self {
        Self {
            results: summary.results,
            accepted_count: summary.accepted,
            duplicate_count: summary.duplicate,
            conflict_count: summary.conflict,
            rejected_count: summary.rejected,
            commit: summary.commit,
        }
    }
}

/// The good events of a batch have a disposition each, in order.
pub(super) fn summary(items: Vec<Item>, receipt: Receipt) -> Summary {
    let mut summary = Summary::default();
    let mut dispositions = receipt.dispositions.into_iter();
    for Item { event_id, read } in items {
        let (outcome, violations) = match read {
            Err(violations) => (EventOutcome::Rejected, violations),
            Ok(kinds) => outcome(dispositions.next().expect("every good event has a disposition"), kinds),
        };
        summary.add(event_id, outcome, violations);
    }
    if summary.accepted + summary.duplicate > 0 {
        summary.commit = i64::try_from(receipt.commit).expect("commit numbers are stored as i64");
    }
    summary
}

fn outcome(disposition: Disposition, kinds: Kinds) -> (EventOutcome, Vec<FieldViolation>) {
    match disposition {
        Disposition::Accepted => (EventOutcome::Accepted, Vec::new()),
        Disposition::Duplicate => (EventOutcome::Duplicate, Vec::new()),
        Disposition::Conflict => (EventOutcome::Conflict, Vec::new()),
        Disposition::NotStored => (EventOutcome::Rejected, vec![not_stored()]),
        Disposition::Rejected(found) => {
            let found = found.into_iter().take(MAX_VIOLATIONS);
            (
                EventOutcome::Rejected,
                found.map(|violation| under_settings(violation, kinds)).collect(),
            )
        }
    }
}

fn not_stored() -> FieldViolation {
    FieldViolation {
        field: String::new(),
        description: "it was fine, but another event of the batch was not, and either all or none are stored"
            .to_owned(),
        reason: "NOT_STORED".to_owned(),
    }
}

/// The settings speak of the payload; the caller knows the event.
fn under_settings(violation: policy::Violation, kinds: Kinds) -> FieldViolation {
    FieldViolation {
        field: format!("{}.{}", kinds.path(), violation.field),
        description: violation.problem,
        reason: "SETTINGS_MISMATCH".to_owned(),
    }
}

/// What would have been stored is not. A repeat within the batch is as little stored as its first.
pub(super) fn withhold(items: &[Item], receipt: Receipt) -> Receipt {
    let good = items.iter().filter(|item| item.read.is_ok());
    let mut withheld = HashSet::new();
    let dispositions = good
        .zip(receipt.dispositions)
        .map(|(item, disposition)| match disposition {
            Disposition::Accepted => {
                withheld.insert(item.event_id.as_str());
                Disposition::NotStored
            }
            Disposition::Duplicate if withheld.contains(item.event_id.as_str()) => Disposition::NotStored,
            other => other,
        });
    Receipt {
        dispositions: dispositions.collect(),
        commit: receipt.commit,
    }
}

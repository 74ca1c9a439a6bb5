//! Which of the events that were sent are new.

use std::collections::HashMap;

use scoreline_core::{event::Event, id::TenantId, policy::Policies};
use sea_orm::ConnectionTrait;

use super::{Disposition, Submission, codec};
use crate::{Error, sql};

/// A new event with its stored form.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub(crate) event: Event,
    pub(crate) data: Vec<u8>,
    pub(crate) hash: [u8; 32],
}

/// What becomes of submissions.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) dispositions: Vec<Vec<Disposition>>,
    pub(crate) new: Vec<NewEvent>,
}

/// Sorts submissions against the log and against each other, in order.
pub(crate) async fn sort(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    policies: &Policies,
    submissions: Vec<Submission>,
) -> Result<Sorted, Error> {
    let mut known = stored_hashes(db, tenant, &submissions).await?;
    let mut sorted = Sorted {
        dispositions: Vec::with_capacity(submissions.len()),
        new: Vec::new(),
    };
    for submission in submissions {
        let (dispositions, new) = sort_one(policies, &known, submission);
        for event in &new {
            known.insert(event.event.id.to_string(), event.hash);
        }
        sorted.dispositions.push(dispositions);
        sorted.new.extend(new);
    }
    Ok(sorted)
}

async fn stored_hashes(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    submissions: &[Submission],
) -> Result<HashMap<String, [u8; 32]>, Error> {
    let ids = submissions
        .iter()
        .flat_map(|submission| &submission.events)
        .map(|event| event.id.to_string());
    let select = "SELECT event_id, content_hash FROM event WHERE tenant_id = $1";
    let mut known = HashMap::new();
    for row in sql::select_each(db, (select, "event_id"), tenant.as_str(), [], ids).await? {
        let hash: Vec<u8> = row.try_get_by_index(1)?;
        let hash = hash
            .try_into()
            .map_err(|_| Error::damaged("a content hash of the log", "it has not 32 bytes"))?;
        known.insert(row.try_get_by_index(0)?, hash);
    }
    Ok(known)
}

fn sort_one(
    policies: &Policies,
    known: &HashMap<String, [u8; 32]>,
    submission: Submission,
) -> (Vec<Disposition>, Vec<NewEvent>) {
    let mut dispositions = Vec::with_capacity(submission.events.len());
    let mut new: Vec<NewEvent> = Vec::new();
    let mut here: HashMap<String, [u8; 32]> = HashMap::new();
    let mut repeats = Vec::new();
    for (at, event) in submission.events.into_iter().enumerate() {
        let data = codec::encode(&event);
        let hash = codec::content_hash(&data);
        let disposition = match known.get(event.id.as_str()).or_else(|| here.get(event.id.as_str())) {
            Some(stored) if *stored == hash => Disposition::Duplicate,
            Some(_) => Disposition::Conflict,
            None => match policies.payload_violations(&event.payload) {
                violations if violations.is_empty() => Disposition::Accepted,
                violations => Disposition::Rejected(violations),
            },
        };
        if disposition == Disposition::Duplicate && here.contains_key(event.id.as_str()) {
            repeats.push(at);
        }
        if disposition == Disposition::Accepted {
            here.insert(event.id.to_string(), hash);
            new.push(NewEvent { event, data, hash });
        }
        dispositions.push(disposition);
    }
    let refused = |disposition: &Disposition| matches!(disposition, Disposition::Conflict | Disposition::Rejected(_));
    if submission.all_or_nothing && dispositions.iter().any(refused) {
        new.clear();
        for (at, disposition) in dispositions.iter_mut().enumerate() {
            // A repeat of an event of this very submission is as little stored as its first.
            if *disposition == Disposition::Accepted || repeats.contains(&at) {
                *disposition = Disposition::NotStored;
            }
        }
    }
    (dispositions, new)
}

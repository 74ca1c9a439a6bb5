//! Which of the events that were sent are new.

use std::{collections::HashMap, sync::Arc};

use scoreline_core::{id::TenantId, policy::Policies};
use sea_orm::ConnectionTrait;

use super::{
    Disposition,
    prepare::{Prepared, Sent},
};
use crate::{Error, sql};

/// Content hashes by event id.
pub(crate) type Hashes = HashMap<String, [u8; 32]>;

/// What becomes of submissions.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) dispositions: Vec<Vec<Disposition>>,
    pub(crate) new: Vec<Arc<Prepared>>,
}

/// Sorts submissions against what is known, which is the log, and against each other, in order.
pub(crate) fn sort(policies: &Policies, mut known: Hashes, sent: &[Sent]) -> Sorted {
    let mut sorted = Sorted {
        dispositions: Vec::with_capacity(sent.len()),
        new: Vec::new(),
    };
    for submission in sent {
        let (dispositions, new) = sort_one(policies, &known, submission);
        if sent.len() > 1 {
            known.extend(new.iter().map(|new| (new.event.id.to_string(), new.hash)));
        }
        sorted.dispositions.push(dispositions);
        sorted.new.extend(new);
    }
    sorted
}

/// The hashes of those events of submissions that the log has.
pub(crate) async fn stored_hashes(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    sent: &[Sent],
) -> Result<Hashes, Error> {
    let ids = sent
        .iter()
        .flat_map(|submission| &submission.events)
        .map(|prepared| prepared.event.id.to_string());
    let select = "SELECT event_id, content_hash FROM event WHERE tenant_id = $1 AND event_id";
    let (sql, list) = sql::each_of(db.get_database_backend(), 2, select, ids);
    let mut known = HashMap::new();
    for row in sql::select(db, sql, tenant.as_str(), [list]).await? {
        let hash: Vec<u8> = row.try_get_by_index(1)?;
        let hash = hash
            .try_into()
            .map_err(|_| Error::damaged("a content hash of the log", "it has not 32 bytes"))?;
        known.insert(row.try_get_by_index(0)?, hash);
    }
    Ok(known)
}

fn sort_one(policies: &Policies, known: &Hashes, submission: &Sent) -> (Vec<Disposition>, Vec<Arc<Prepared>>) {
    let mut dispositions = Vec::with_capacity(submission.events.len());
    let mut new: Vec<Arc<Prepared>> = Vec::with_capacity(submission.events.len());
    let mut here: HashMap<&str, [u8; 32]> = HashMap::with_capacity(submission.events.len());
    let mut repeats = Vec::new();
    for (at, prepared) in submission.events.iter().enumerate() {
        let id = prepared.event.id.as_str();
        let disposition = match known.get(id).or_else(|| here.get(id)) {
            Some(stored) if *stored == prepared.hash => Disposition::Duplicate,
            Some(_) => Disposition::Conflict,
            None => match policies.payload_violations(&prepared.event.payload) {
                violations if violations.is_empty() => Disposition::Accepted,
                violations => Disposition::Rejected(violations),
            },
        };
        if disposition == Disposition::Duplicate && here.contains_key(id) {
            repeats.push(at);
        }
        if disposition == Disposition::Accepted {
            here.insert(id, prepared.hash);
            new.push(Arc::clone(prepared));
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

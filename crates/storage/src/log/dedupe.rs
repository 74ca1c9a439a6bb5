//! Which of the events that were sent are new.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use scoreline_core::{id::TenantId, policy::Policies};
use sea_orm::ConnectionTrait;

use super::{
    Disposition, codec, page,
    prepare::{Parcel, Sent},
};
use crate::Error;

/// The stored forms of events, by their ids.
pub(crate) type Known = HashMap<String, Vec<u8>>;

/// Stored forms of events by their ids.
type Forms<'a> = HashMap<&'a str, &'a [u8], RandomState>;

/// What becomes of submissions.
#[derive(Debug, Default)]
pub(crate) struct Sorted<'a> {
    pub(crate) dispositions: Vec<Vec<Disposition>>,
    pub(crate) new: Vec<Sent<'a>>,
}

impl Sorted<'_> {
    /// Whether anything but a new event is among them.
    pub(crate) fn has_others(&self) -> bool {
        let mut all = self.dispositions.iter().flatten();
        all.any(|disposition| *disposition != Disposition::Accepted)
    }
}

/// Sorts submissions against the log and against each other, in order.
pub(crate) fn sort<'a>(policies: &Policies, known: &Known, parcels: &'a [Parcel]) -> Sorted<'a> {
    let mut taken: Forms<'_> = known.iter().map(|(id, form)| (id.as_str(), form.as_slice())).collect();
    let mut sorted = Sorted::default();
    for parcel in parcels {
        let (dispositions, new) = sort_one(policies, &taken, parcel);
        taken.extend(new.iter().map(|sent| (sent.event.id.as_str(), sent.data)));
        sorted.dispositions.push(dispositions);
        sorted.new.extend(new);
    }
    sorted
}

/// The stored forms of those of the events that are stored.
pub(crate) async fn known(db: &impl ConnectionTrait, tenant: &TenantId, parcels: &[Parcel]) -> Result<Known, Error> {
    let sent = parcels.iter().flat_map(Parcel::sent);
    let ids = sent.map(|sent| sent.event.id.as_str()).collect();
    let mut known = Known::new();
    page::each_of(db, tenant, ids, |id, _, line| {
        known.insert(id, line.to_vec());
        Ok(())
    })
    .await?;
    Ok(known)
}

fn sort_one<'a>(policies: &Policies, taken: &Forms<'_>, parcel: &'a Parcel) -> (Vec<Disposition>, Vec<Sent<'a>>) {
    let mut dispositions = Vec::with_capacity(parcel.len());
    let mut new: Vec<Sent<'a>> = Vec::with_capacity(parcel.len());
    let mut here = Forms::with_capacity_and_hasher(parcel.len(), RandomState::default());
    let mut repeats = HashSet::new();
    for (at, sent) in parcel.sent().enumerate() {
        let id = sent.event.id.as_str();
        let disposition = match taken.get(id).or_else(|| here.get(id)) {
            Some(stored) if codec::says(stored, sent.event, sent.data) => Disposition::Duplicate,
            Some(_) => Disposition::Conflict,
            None => match policies.payload_violations(&sent.event.payload) {
                violations if violations.is_empty() => Disposition::Accepted,
                violations => Disposition::Rejected(violations),
            },
        };
        if disposition == Disposition::Duplicate && here.contains_key(id) {
            repeats.insert(at);
        }
        if disposition == Disposition::Accepted {
            here.insert(id, sent.data);
            new.push(sent);
        }
        dispositions.push(disposition);
    }
    let refused = |disposition: &Disposition| matches!(disposition, Disposition::Conflict | Disposition::Rejected(_));
    if parcel.all_or_nothing && dispositions.iter().any(refused) {
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

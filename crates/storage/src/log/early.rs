//! What a commit will need of subjects, read while it waits for the desk.
//!
//! It may be used where the book knows nothing else and has forgotten nothing since it was asked for: then this process has
//! changed none of these subjects meanwhile. What others changed shows at the tenant's row when the commit is written.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    sync::Mutex,
};

use scoreline_core::{fold::batch::likely_subjects, id::TenantId, subject::Subject};

use super::{
    lane::{Lane, lock},
    needs,
    prepare::{self, Parcel},
    state::Stored,
};
use crate::Database;

/// From how many events on a commit reads early. A smaller one reads little.
const WORTH_IT: usize = 256;

/// Of so many subjects it is noted at most that somebody asked for them, and of one for so many bytes of the lane's share.
const MANY: usize = 1 << 18;
const BYTES_FOR_ONE: usize = 512;

/// What was read early.
#[derive(Debug)]
pub(crate) struct Early {
    /// How often the lane had forgotten something before it was read.
    pub(crate) forgotten: u64,
    pub(crate) found: Vec<(Subject, Option<Stored>)>,
}

/// Whom a lane has asked for, so that it does not ask again and again: by hashes, as nothing depends on it.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    hashes: Mutex<HashSet<u64>>,
    state: RandomState,
}

impl Asked {
    /// Those of some subjects who were not asked for before. They are now.
    fn take_new(&self, mut subjects: Vec<Subject>, share: usize) -> Vec<Subject> {
        let mut hashes = lock(&self.hashes);
        if hashes.len() > MANY.min(share / BYTES_FOR_ONE) {
            *hashes = HashSet::new();
        }
        subjects.retain(|subject| hashes.insert(self.state.hash_one(subject)));
        subjects
    }

    /// Nobody was asked for.
    pub(crate) fn forget(&self) {
        *lock(&self.hashes) = HashSet::new();
    }
}

/// Reads what is stored of the subjects that events name, as far as nobody has asked for them. None where that is not worth
/// it, or fails: whoever needs it reads it at the desk.
pub(crate) async fn read(database: &Database, tenant: &TenantId, lane: &Lane, parcels: &[Parcel]) -> Option<Early> {
    let size = prepare::size(parcels);
    if size < WORTH_IT || !lane.plans_ahead() {
        return None;
    }
    let forgotten = lane.forgotten();
    let unknown = Database::aside(size, || {
        let events = parcels.iter().flat_map(Parcel::sent).map(|sent| sent.event);
        lane.asked().take_new(likely_subjects(events), lane.share())
    });
    let found = needs::subjects(database.reader(), tenant, unknown).await.ok()?;
    Some(Early { forgotten, found })
}

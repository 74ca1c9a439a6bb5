//! What a commit is going to write, worked out before.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use scoreline_core::{
    dimension::Fact,
    event::{Event, Payload},
    fold::{
        Key, Occurrence, What,
        batch::{Body, Changes, StoredOccurrence},
        correction::target,
    },
    id::{EventId, TenantId},
    ledger::{self, Entry, Segment},
    measure::Measurement,
    policy::Policies,
    subject::Subject,
};
use sea_orm::{ConnectionTrait, DbBackend};

use super::{
    Disposition, dedupe,
    dedupe::Sorted,
    fold::{self, Source},
    history::{End, Link, Place},
    prepare::{Prepared, Sent},
};
use crate::{Database, Error, sql};

/// The tenant's row that a plan is made on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// The settings as they are stored.
    pub(crate) settings: Arc<str>,
    pub(crate) last_commit: u64,
    /// How often all subject state was written anew.
    pub(crate) refolds: u64,
}

/// What a commit is going to write.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) base: Base,
    policies: Arc<Policies>,
    /// What becomes of the events of each submission.
    pub(crate) dispositions: Vec<Vec<Disposition>>,
    pub(crate) new: Vec<Arc<Prepared>>,
    /// Where among the new events an id stands.
    at: HashMap<EventId, usize>,
    /// Whether a correction has a say: one is new, or has waited for what is new. Nothing is planned on such a plan.
    corrects: bool,
    pub(crate) recorded: Recorded,
    /// In the order of subjects.
    pub(crate) subjects: Vec<Stored>,
    pub(crate) removed: HashSet<Place>,
    pub(crate) added: Vec<Link>,
}

/// What is stored of a subject.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) subject: Subject,
    pub(crate) record: Vec<u8>,
    pub(crate) end: End,
}

/// What a commit adds to the ledger and the dimension tables.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) number: u64,
    pub(crate) segment: Option<Segment>,
    pub(crate) facts: Vec<(Fact, i8)>,
}

impl Base {
    /// Reads a tenant's row.
    pub(crate) async fn read(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Self, Error> {
        Self::select(db, tenant, "").await
    }

    /// Locks a tenant's row until the transaction ends: one writer per tenant at a time.
    pub(crate) async fn lock(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Self, Error> {
        let lock = match db.get_database_backend() {
            DbBackend::Postgres => " FOR UPDATE",
            _ => "",
        };
        Self::select(db, tenant, lock).await
    }

    async fn select(db: &impl ConnectionTrait, tenant: &TenantId, lock: &str) -> Result<Self, Error> {
        let sql = format!("SELECT settings, last_commit, refolds FROM tenant WHERE tenant_id = $1{lock}");
        let row = sql::select_one(db, sql, tenant.as_str(), [])
            .await?
            .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))?;
        Ok(Self {
            settings: row.try_get_by_index::<String>(0)?.into(),
            last_commit: sql::unsigned(row.try_get_by_index(1)?, "a commit number")?,
            refolds: sql::unsigned(row.try_get_by_index(2)?, "a number of refolds")?,
        })
    }

    /// What the settings say.
    pub(crate) fn policies(&self, tenant: &TenantId) -> Result<Policies, Error> {
        serde_json::from_str(&self.settings).map_err(|error| Error::damaged(format!("the settings of {tenant}"), error))
    }
}

impl Plan {
    /// Plans a commit on what is stored, or on the plan ahead of it, which is being written or stored. `None` when that
    /// must be stored first: there are corrections, and they concern what is said elsewhere.
    pub(crate) async fn make(
        db: &impl ConnectionTrait,
        tenant: &TenantId,
        ahead: Option<&Self>,
        sent: &Arc<[Sent]>,
    ) -> Result<Option<Self>, Error> {
        let (base, policies) = match ahead {
            Some(ahead) => (ahead.next_base(), Arc::clone(&ahead.policies)),
            None => {
                let base = Base::read(db, tenant).await?;
                let policies = Arc::new(base.policies(tenant)?);
                (base, policies)
            }
        };
        let mut known = dedupe::stored_hashes(db, tenant, sent).await?;
        known.extend(ahead.into_iter().flat_map(|ahead| ahead.known(sent)));
        let sorted = {
            let (policies, sent) = (Arc::clone(&policies), Arc::clone(sent));
            Database::aside(events(&sent), move || dedupe::sort(&policies, known, &sent)).await?
        };
        let corrects = sorted.new.iter().any(|new| target(&new.event.payload).is_some());
        if ahead.is_some_and(|ahead| corrects || ahead.corrects) {
            return Ok(None);
        }
        let new: HashSet<EventId> = sorted.new.iter().map(|new| new.event.id.clone()).collect();
        let source = Source::new(db, tenant, &new, ahead);
        let folded = fold::fold(source, Arc::clone(&policies), events_of(&sorted)).await?;
        let finish = move || Self::of(base, policies, sorted, corrects, folded);
        Database::aside(new.len(), finish).await?.map(Some)
    }

    fn of(
        base: Base,
        policies: Arc<Policies>,
        sorted: Sorted,
        corrects: bool,
        folded: fold::Folded,
    ) -> Result<Self, Error> {
        let fold::Folded { changes, ends, places } = folded;
        let Changes {
            measurements,
            facts,
            records,
            removed,
            added,
        } = changes;
        let number = base.last_commit + 1;
        let recorded = Recorded::new(number, measurements, facts)?;
        let (subjects, added) = linked(number, records, added, ends);
        let new = (0..).zip(&sorted.new).map(|(at, new)| (new.event.id.clone(), at));
        let at: HashMap<EventId, usize> = new.collect();
        let amended = |link: &Link| match &link.occurrence.body {
            Body::Event { body_event, .. } => !at.contains_key(body_event),
            Body::Signal(_) => false,
        };
        let corrects = corrects || added.iter().any(amended);
        Ok(Self {
            recorded,
            at,
            dispositions: sorted.dispositions,
            new: sorted.new,
            corrects,
            subjects,
            removed: taken_out(&places, removed)?,
            added,
            base,
            policies,
        })
    }

    /// The number of the commit.
    pub(crate) fn number(&self) -> u64 {
        self.recorded.number
    }

    fn next_base(&self) -> Base {
        Base {
            last_commit: self.number(),
            ..self.base.clone()
        }
    }

    fn known<'a>(&'a self, sent: &'a [Sent]) -> impl Iterator<Item = (String, [u8; 32])> + 'a {
        let sent = sent.iter().flat_map(|submission| &submission.events);
        sent.filter_map(|prepared| {
            let id = &prepared.event.id;
            self.at.get(id).map(|at| (id.to_string(), self.new[*at].hash))
        })
    }

    /// What comes to a history that ends so after the commit, and where it ended before.
    pub(crate) fn coming(&self, mut end: End) -> (End, Vec<(Place, Occurrence)>) {
        let mut coming = Vec::new();
        while let Some(link) = end.0.and_then(|place| self.link(place)) {
            let StoredOccurrence { key, body } = &link.occurrence;
            let what = match body {
                Body::Signal(signal) => What::Signal(signal.clone()),
                Body::Event { body_event, .. } => What::Event(self.payload(body_event)),
            };
            let key = key.clone();
            coming.push((link.place, Occurrence { key, what }));
            end = link.previous;
        }
        (end, coming)
    }

    fn link(&self, place: Place) -> Option<&Link> {
        let at = usize::try_from(place.ordinal).ok()?;
        self.added.get(at).filter(|_| place.commit == self.number())
    }

    fn payload(&self, event: &EventId) -> Arc<Payload> {
        let at = self.at.get(event);
        let at = *at.expect("where corrections have no say, what comes to histories is what new events say");
        Arc::new(self.new[at].event.payload.clone())
    }

    /// What is stored of a subject after the commit, when that changes it.
    pub(crate) fn subject(&self, subject: &Subject) -> Option<&Stored> {
        let at = self
            .subjects
            .binary_search_by(|stored| stored.subject.cmp(subject))
            .ok()?;
        Some(&self.subjects[at])
    }
}

impl Recorded {
    /// What measurements and facts come to as the commit with a number.
    pub(crate) fn new(
        number: u64,
        measurements: Vec<(Measurement, i8)>,
        facts: Vec<(Fact, i8)>,
    ) -> Result<Self, Error> {
        let entries: Vec<Entry> = measurements
            .into_iter()
            .map(|(measurement, count)| Entry {
                commit: number,
                measurement,
                count,
            })
            .collect();
        let segment = if entries.is_empty() {
            None
        } else {
            Some(ledger::encode(&entries).map_err(|error| Error::Fold(error.to_string()))?)
        };
        Ok(Self { number, segment, facts })
    }
}

fn events(sent: &[Sent]) -> usize {
    sent.iter().map(|submission| submission.events.len()).sum()
}

fn events_of(sorted: &Sorted) -> Vec<Event> {
    sorted.new.iter().map(|new| new.event.clone()).collect()
}

/// What is stored of subjects, and what comes to their histories: each at the next place of the commit, linked to the
/// place where the history ended before.
pub(crate) fn linked(
    number: u64,
    records: Vec<(Subject, Vec<u8>)>,
    added: Vec<(Subject, StoredOccurrence)>,
    mut ends: HashMap<Subject, End>,
) -> (Vec<Stored>, Vec<Link>) {
    let links = (0..).zip(added).map(|(ordinal, (subject, occurrence))| {
        let end = ends.entry(subject).or_default();
        let place = Place {
            commit: number,
            ordinal,
        };
        let previous = std::mem::replace(end, End(Some(place)));
        Link {
            place,
            previous,
            occurrence,
        }
    });
    let links = links.collect();
    let stored = records.into_iter().map(|(subject, record)| Stored {
        end: ends.remove(&subject).unwrap_or_default(),
        subject,
        record,
    });
    (stored.collect(), links)
}

fn taken_out(places: &HashMap<(Subject, Key), Place>, removed: Vec<(Subject, Key)>) -> Result<HashSet<Place>, Error> {
    let place = |taken: (Subject, Key)| {
        places
            .get(&taken)
            .copied()
            .ok_or_else(|| Error::Fold(format!("{} has nothing at {:?} to take out", taken.0, taken.1)))
    };
    removed.into_iter().map(place).collect()
}

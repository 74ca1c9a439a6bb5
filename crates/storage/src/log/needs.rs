//! What a fold needs and does not know is read here, in bulk.

use std::collections::{BTreeMap, HashMap, HashSet};

use scoreline_core::{
    event::Event,
    fold::{
        Occurrence, What,
        batch::{Body, Family},
        correction::said,
    },
    id::{EventId, Name, TenantId},
    policy::Policies,
    subject::{Subject, SubjectKind},
};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};

use super::{
    book::Book,
    history::{Standing, Tail},
    read,
    state::Stored,
};
use crate::{
    Error,
    inserts::{Base, Column},
    sql,
};

/// How many subjects' histories are read at a time.
const HISTORIES: usize = 500;

/// A tenant whose row is locked, or seen in a transaction that reads one moment.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) policies: Policies,
    /// The settings as they are stored.
    pub(crate) settings: String,
    pub(crate) base: Base,
}

/// Locks the tenant's row until the transaction ends: one writer per tenant at a time.
pub(crate) async fn lock_tenant(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Locked, Error> {
    let lock = if db.get_database_backend() == DbBackend::Postgres {
        " FOR UPDATE"
    } else {
        ""
    };
    read_row(db, tenant, lock).await
}

/// The same without a lock, for a transaction that reads one moment.
pub(crate) async fn see_tenant(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Locked, Error> {
    read_row(db, tenant, "").await
}

async fn read_row(db: &impl ConnectionTrait, tenant: &TenantId, lock: &str) -> Result<Locked, Error> {
    let sql = format!("SELECT settings, last_commit, revision, state_commit FROM tenant WHERE tenant_id = $1{lock}");
    let row = sql::select_one(db, sql, tenant.as_str(), [])
        .await?
        .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))?;
    let settings: String = row.try_get_by_index(0)?;
    let policies =
        serde_json::from_str(&settings).map_err(|error| Error::damaged(format!("the settings of {tenant}"), error))?;
    Ok(Locked {
        policies,
        settings,
        base: Base {
            last_commit: sql::unsigned(row.try_get_by_index(1)?, "a commit number")?,
            revision: row.try_get_by_index(2)?,
            state_commit: sql::unsigned(row.try_get_by_index(3)?, "a commit number")?,
        },
    })
}

/// Whether the tenant's log has a correction.
pub(crate) async fn has_corrections(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<bool, Error> {
    let sql = "SELECT event_id FROM correction WHERE tenant_id = $1 LIMIT 1";
    Ok(sql::select_one(db, sql, tenant.as_str(), []).await?.is_some())
}

/// Each event with all corrections that concern it, directly or through other corrections, whether stored or on their way.
///
/// Those that are `new` are not in the log themselves; corrections of them may be.
pub(crate) async fn families(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    book: &mut Book,
    ids: Vec<EventId>,
    new: &HashSet<EventId>,
) -> Result<Vec<(EventId, Family)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut corrections: HashMap<EventId, Vec<Event>> = HashMap::new();
    let mut frontier = ids.clone();
    let mut seen: HashSet<EventId> = ids.iter().cloned().collect();
    while !frontier.is_empty() {
        let mut asked = std::mem::take(&mut frontier);
        asked.retain(|target| book.corrections.may_concern(target));
        let mut found = read::corrections_of(db, tenant, &asked).await?;
        for target in asked {
            let coming = book.corrections.on_their_way(&target);
            found.extend(coming.map(|correction| (target.clone(), correction.clone())));
        }
        for (target, correction) in found {
            if seen.insert(correction.id.clone()) {
                frontier.push(correction.id.clone());
            }
            corrections.entry(target).or_default().push(correction);
        }
    }
    let mut known = events(db, tenant, book, ids.iter().filter(|id| !new.contains(*id))).await?;
    let families = ids.into_iter().map(|id| {
        let family = Family {
            event: known.remove(&id),
            corrections: all_corrections(&id, &corrections),
        };
        (id, family)
    });
    Ok(families.collect())
}

fn all_corrections(id: &EventId, by_target: &HashMap<EventId, Vec<Event>>) -> Vec<Event> {
    let mut all: BTreeMap<EventId, Event> = BTreeMap::new();
    let mut frontier = vec![id.clone()];
    while let Some(target) = frontier.pop() {
        for correction in by_target.get(&target).into_iter().flatten() {
            if all.insert(correction.id.clone(), correction.clone()).is_none() {
                frontier.push(correction.id.clone());
            }
        }
    }
    all.into_values().collect()
}

/// What is stored of subjects, as far as it is.
pub(crate) async fn subjects(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    subjects: Vec<Subject>,
) -> Result<Vec<(Subject, Option<Stored>)>, Error> {
    let mut found: HashMap<Subject, Stored> = HashMap::new();
    for row in select_of(db, ("subject", "record, latest, chapters"), tenant, &subjects).await? {
        let stored = Stored {
            record: row.try_get_by_index(2)?,
            tail: Tail {
                recent: row.try_get_by_index(3)?,
                chapters: row.try_get_by_index(4)?,
            },
        };
        found.insert(subject(&row)?, stored);
    }
    let stored = subjects.into_iter().map(|subject| {
        let stored = found.remove(&subject);
        (subject, stored)
    });
    Ok(stored.collect())
}

/// Reads the rows of some subjects: their kind, their id and further columns of a table.
async fn select_of(
    db: &impl ConnectionTrait,
    what: (&str, &str),
    tenant: &TenantId,
    subjects: &[Subject],
) -> Result<Vec<QueryResult>, Error> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let key = [
        (
            "kind",
            Column::Small(subjects.iter().map(|subject| i16::from(subject.kind.code())).collect()),
        ),
        (
            "subject_id",
            Column::Text(subjects.iter().map(|subject| subject.id.as_str()).collect()),
        ),
    ];
    Ok(sql::select_by(db, what, tenant.as_str(), &key).await?)
}

/// The subject of a row that begins with its kind and its id.
fn subject(row: &QueryResult) -> Result<Subject, Error> {
    let (kind, id): (i16, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    let kind = u8::try_from(kind).ok().and_then(SubjectKind::from_code);
    let kind = kind.ok_or_else(|| Error::damaged("the kind of a subject", "there is no such kind"))?;
    let id = Name::new(&id).map_err(|error| Error::damaged("the id of a subject", error))?;
    Ok(Subject { kind, id })
}

/// The histories of subjects, of which it is known what stands in them.
pub(crate) async fn histories(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    book: &mut Book,
    standing: Vec<(Subject, Standing)>,
) -> Result<Vec<(Subject, Vec<Occurrence>)>, Error> {
    let bodies = standing.iter().flat_map(|(_, standing)| standing.values());
    let bodies = bodies.filter_map(said_by);
    let told = events(db, tenant, book, bodies).await?;
    let mut all = Vec::with_capacity(standing.len());
    for (subject, standing) in standing {
        let mut history = Vec::with_capacity(standing.len());
        for (key, body) in standing {
            let what = match body {
                Body::Signal(signal) => What::Signal(signal),
                Body::Event { body_event, .. } => {
                    let event = told.get(&body_event).ok_or_else(|| {
                        Error::damaged(
                            format!("the history of {subject}"),
                            format_args!("{body_event} is not stored"),
                        )
                    })?;
                    What::Event(said(event.payload.clone()))
                }
            };
            history.push(Occurrence { key, what });
        }
        all.push((subject, history));
    }
    Ok(all)
}

fn said_by(body: &Body) -> Option<&EventId> {
    match body {
        Body::Event { body_event, .. } => Some(body_event),
        Body::Signal(_) => None,
    }
}

/// Those of some events that are known to the log: of late commits, or stored.
async fn events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    book: &mut Book,
    ids: impl Iterator<Item = &EventId>,
) -> Result<HashMap<EventId, Event>, Error> {
    let (mut all, mut unknown) = (HashMap::new(), Vec::new());
    for id in ids {
        match book.told(id) {
            Some(event) => drop(all.insert(id.clone(), event.clone())),
            None => unknown.push(id.clone()),
        }
    }
    let stored = read::find_events(db, tenant, &unknown).await?;
    all.extend(stored.into_iter().map(|logged| (logged.event.id.clone(), logged.event)));
    Ok(all)
}

/// The closed chapters of subjects' histories, of which each has so many. Chapters that were closed since are left out: what
/// is known of the subjects has their lines.
pub(crate) async fn chapters(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    counts: Vec<(Subject, i32)>,
) -> Result<Vec<(Subject, Vec<Vec<u8>>)>, Error> {
    let mut all = Vec::with_capacity(counts.len());
    for counts in counts.chunks(HISTORIES) {
        let subjects: Vec<Subject> = counts.iter().map(|(subject, _)| subject.clone()).collect();
        let mut found: HashMap<Subject, BTreeMap<i32, Vec<u8>>> = HashMap::new();
        for row in select_of(db, ("chapter", "number, data"), tenant, &subjects).await? {
            let chapters = found.entry(subject(&row)?).or_default();
            chapters.insert(row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        }
        for (subject, count) in counts {
            let mut chapters = found.remove(subject).unwrap_or_default();
            chapters.retain(|number, _| number < count);
            if !chapters.keys().copied().eq(0..*count) {
                let problem = format_args!("it has {} of its {count} chapters", chapters.len());
                return Err(Error::damaged(format!("the history of {subject}"), problem));
            }
            all.push((subject.clone(), chapters.into_values().collect()));
        }
    }
    Ok(all)
}

/// The ids of the events in a history, in the order of their times.
pub(crate) fn events_in(standing: Standing) -> Result<Vec<EventId>, Error> {
    let events = standing.into_iter().filter(|(_, body)| said_by(body).is_some());
    // The fold marks ids that begin like a signal's.
    events
        .map(|(key, _)| read::parse_event_id(key.id.strip_prefix('\u{7f}').unwrap_or(&key.id)))
        .collect()
}

//! Driving the fold: the core says what it needs, the database supplies it, in bulk.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use scoreline_core::{
    event::Event,
    fold::{
        Key, Occurrence, Signal, What,
        batch::{Batch, Changes, Family, Needs, Progress},
        correction::said,
    },
    id::{EventId, Name, TenantId},
    policy::Policies,
    subject::{Subject, SubjectKind},
};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};

use super::read;
use crate::{Error, sql};

/// How many subjects' histories are read at a time.
const HISTORIES: usize = 500;

/// A tenant whose row is locked.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) policies: Policies,
    /// The settings as they are stored.
    pub(crate) settings: String,
    pub(crate) last_commit: u64,
}

/// Locks the tenant's row until the transaction ends: one writer per tenant at a time.
pub(crate) async fn lock_tenant(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Locked, Error> {
    let lock = if db.get_database_backend() == DbBackend::Postgres {
        " FOR UPDATE"
    } else {
        ""
    };
    let sql = format!("SELECT settings, last_commit FROM tenant WHERE tenant_id = $1{lock}");
    let row = sql::select_one(db, sql, tenant.as_str(), [])
        .await?
        .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))?;
    let settings: String = row.try_get_by_index(0)?;
    let policies =
        serde_json::from_str(&settings).map_err(|error| Error::damaged(format!("the settings of {tenant}"), error))?;
    Ok(Locked {
        policies,
        settings,
        last_commit: sql::unsigned(row.try_get_by_index(1)?, "a commit number")?,
    })
}

/// What new events change.
pub(crate) async fn fold(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    policies: Arc<Policies>,
    events: Vec<Event>,
) -> Result<Changes, Error> {
    let mut batch = Batch::new(policies, events);
    loop {
        match batch.advance().map_err(|error| Error::Fold(error.to_string()))? {
            Progress::Done(changes) => return Ok(changes),
            Progress::Needs(needs) => supply(db, tenant, &mut batch, needs).await?,
        }
    }
}

async fn supply(db: &impl ConnectionTrait, tenant: &TenantId, batch: &mut Batch, needs: Needs) -> Result<(), Error> {
    for (id, family) in families(db, tenant, needs.families).await? {
        batch.supply_family(&id, family);
    }
    for (subject, record) in records(db, tenant, needs.records).await? {
        batch
            .supply_record(&subject, record.as_deref())
            .map_err(|error| Error::damaged(format!("the record of {subject}"), error))?;
    }
    for (subject, history) in histories(db, tenant, needs.histories).await? {
        batch.supply_history(&subject, history);
    }
    Ok(())
}

/// Each event with all corrections that concern it, directly or through other corrections.
async fn families(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    ids: Vec<EventId>,
) -> Result<Vec<(EventId, Family)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut corrections: HashMap<EventId, Vec<Event>> = HashMap::new();
    let mut frontier: HashSet<String> = ids.iter().map(ToString::to_string).collect();
    let mut seen = frontier.clone();
    while !frontier.is_empty() {
        let found = read::corrections_of(db, tenant, frontier.drain()).await?;
        for (target, correction) in found {
            if seen.insert(correction.id.to_string()) {
                frontier.insert(correction.id.to_string());
            }
            corrections.entry(target).or_default().push(correction);
        }
    }
    let stored = read::find_events(db, tenant, &ids).await?;
    let mut stored: HashMap<EventId, Event> = stored
        .into_iter()
        .map(|logged| (logged.event.id.clone(), logged.event))
        .collect();
    let families = ids.into_iter().map(|id| {
        let family = Family {
            event: stored.remove(&id),
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

async fn records(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    subjects: Vec<Subject>,
) -> Result<Vec<(Subject, Option<Vec<u8>>)>, Error> {
    let mut all = Vec::new();
    for (kind, ids) in by_kind(subjects) {
        let select = "SELECT subject_id, record FROM subject WHERE tenant_id = $1 AND kind = $2";
        let texts = ids.iter().map(ToString::to_string);
        let mut found: HashMap<String, Vec<u8>> = HashMap::new();
        for row in sql::select_each(db, (select, "subject_id"), tenant.as_str(), [code(kind)], texts).await? {
            found.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
        all.extend(ids.into_iter().map(|id| {
            let record = found.remove(id.as_str());
            (Subject { kind, id }, record)
        }));
    }
    Ok(all)
}

fn by_kind(subjects: Vec<Subject>) -> BTreeMap<SubjectKind, Vec<Name>> {
    let mut by_kind: BTreeMap<SubjectKind, Vec<Name>> = BTreeMap::new();
    for subject in subjects {
        by_kind.entry(subject.kind).or_default().push(subject.id);
    }
    by_kind
}

/// The histories of those subjects that have one.
async fn histories(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    subjects: Vec<Subject>,
) -> Result<HashMap<Subject, Vec<Occurrence>>, Error> {
    let mut all: HashMap<Subject, Vec<Occurrence>> = HashMap::new();
    for (kind, ids) in by_kind(subjects) {
        for ids in ids.chunks(HISTORIES) {
            let select = "SELECT occurrence.subject_id, occurrence.occurred_at, occurrence.occurrence_id, occurrence.signal, event.data
                 FROM occurrence
                 LEFT JOIN event ON event.tenant_id = occurrence.tenant_id AND event.event_id = occurrence.body_event_id
                 WHERE occurrence.tenant_id = $1 AND occurrence.kind = $2";
            let texts = ids.iter().map(ToString::to_string);
            let by_subject = (select, "occurrence.subject_id");
            for row in sql::select_each(db, by_subject, tenant.as_str(), [code(kind)], texts).await? {
                let (subject, occurrence) = occurrence(kind, &row)?;
                all.entry(subject).or_default().push(occurrence);
            }
        }
    }
    Ok(all)
}

fn code(kind: SubjectKind) -> Value {
    i16::from(kind.code()).into()
}

fn occurrence(kind: SubjectKind, row: &QueryResult) -> Result<(Subject, Occurrence), Error> {
    let id: String = row.try_get_by_index(0)?;
    let id = Name::new(&id).map_err(|error| Error::damaged("the id of a subject", error))?;
    let subject = Subject { kind, id };
    let at: i64 = row.try_get_by_index(1)?;
    let at =
        Timestamp::from_microsecond(at).map_err(|error| Error::damaged(format!("the history of {subject}"), error))?;
    let id: String = row.try_get_by_index(2)?;
    let signal: Vec<u8> = row.try_get_by_index(3)?;
    let data: Option<Vec<u8>> = row.try_get_by_index(4)?;
    let what = what(&subject, &signal, data.as_deref())?;
    let key = Key { at, id: id.into() };
    Ok((subject, Occurrence { key, what }))
}

fn what(subject: &Subject, signal: &[u8], event: Option<&[u8]>) -> Result<What, Error> {
    match event {
        Some(data) => {
            let event = super::codec::decode(data)?;
            Ok(What::Event(Arc::new(said(event.payload))))
        }
        None => Signal::decode(signal)
            .map(What::Signal)
            .map_err(|error| Error::damaged(format!("a signal to {subject}"), error)),
    }
}

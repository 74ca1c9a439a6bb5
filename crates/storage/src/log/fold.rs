//! Driving the fold: the core says what it needs, the database supplies it, in bulk.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use scoreline_core::{
    event::Event,
    fold::{
        Key, Occurrence,
        batch::{Batch, Changes, Family, Needs, Progress},
    },
    id::{EventId, Name, TenantId},
    policy::Policies,
    subject::{Subject, SubjectKind},
};
use sea_orm::ConnectionTrait;

use super::{
    history::{self, End, Place},
    plan::Plan,
    read,
};
use crate::{Database, Error, sql};

/// What new events change, and what of the stored histories that concerns.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) changes: Changes,
    /// Where the histories of subjects ended before.
    pub(crate) ends: HashMap<Subject, End>,
    /// The places of the histories that had to be read.
    pub(crate) places: HashMap<(Subject, Key), Place>,
}

/// Where the fold finds what it needs: what is stored, and over it what the plan ahead is going to store.
pub(crate) struct Source<'a, C> {
    db: &'a C,
    tenant: &'a TenantId,
    /// The events that are folded: none of them is stored.
    new: &'a HashSet<EventId>,
    ahead: Option<&'a Plan>,
}

/// What was found. What is not supplied does not exist.
#[derive(Default)]
struct Supplies {
    families: Vec<(EventId, Family)>,
    records: Vec<(Subject, Vec<u8>)>,
    histories: Vec<(Subject, Vec<Occurrence>)>,
}

/// Folds new events.
pub(crate) async fn fold<C: ConnectionTrait>(
    source: Source<'_, C>,
    policies: Arc<Policies>,
    events: Vec<Event>,
) -> Result<Folded, Error> {
    let size = events.len();
    let (mut ends, mut places) = (HashMap::new(), HashMap::new());
    let mut supplies = Supplies::default();
    let mut batch = Batch::new(policies, events);
    loop {
        let work = move || {
            supplies.give(&mut batch)?;
            let progress = batch.advance().map_err(|error| Error::Fold(error.to_string()))?;
            Ok::<_, Error>((batch, progress))
        };
        let progress;
        (batch, progress) = Database::aside(size, work).await??;
        let needs = match progress {
            Progress::Done(changes) => return Ok(Folded { changes, ends, places }),
            Progress::Needs(needs) => needs,
        };
        supplies = source.find(needs, &mut ends, &mut places).await?;
    }
}

impl Supplies {
    fn give(self, batch: &mut Batch) -> Result<(), Error> {
        for (id, family) in self.families {
            batch.supply_family(&id, family);
        }
        for (subject, record) in self.records {
            batch
                .supply_record(&subject, Some(&record))
                .map_err(|error| Error::damaged(format!("the record of {subject}"), error))?;
        }
        for (subject, history) in self.histories {
            batch.supply_history(&subject, history);
        }
        Ok(())
    }
}

impl<'a, C: ConnectionTrait> Source<'a, C> {
    pub(crate) fn new(db: &'a C, tenant: &'a TenantId, new: &'a HashSet<EventId>, ahead: Option<&'a Plan>) -> Self {
        Self { db, tenant, new, ahead }
    }

    async fn find(
        &self,
        needs: Needs,
        ends: &mut HashMap<Subject, End>,
        places: &mut HashMap<(Subject, Key), Place>,
    ) -> Result<Supplies, Error> {
        let families = self.families(needs.families).await?;
        let records = self.records(needs.records, ends).await?;
        let histories = self.histories(needs.histories, ends, places).await?;
        Ok(Supplies {
            families,
            records,
            histories,
        })
    }

    /// Histories: what is stored of them, and what the plan ahead puts there.
    async fn histories(
        &self,
        subjects: Vec<Subject>,
        ends: &HashMap<Subject, End>,
        places: &mut HashMap<(Subject, Key), Place>,
    ) -> Result<Vec<(Subject, Vec<Occurrence>)>, Error> {
        let end = |subject: &Subject| ends.get(subject).copied().unwrap_or_default();
        let coming = |end: End| self.ahead.map_or((end, Vec::new()), |plan| plan.coming(end));
        let (stored, ahead): (Vec<End>, Vec<_>) = subjects.iter().map(|subject| coming(end(subject))).unzip();
        let stored = history::read(self.db, self.tenant, &stored).await?;
        let mut histories = Vec::with_capacity(subjects.len());
        for (subject, (stored, ahead)) in subjects.into_iter().zip(stored.into_iter().zip(ahead)) {
            let gone = |place: Place| self.ahead.is_some_and(|plan| plan.removed.contains(&place));
            let stays = stored.into_iter().chain(ahead).filter(|(place, _)| !gone(*place));
            let history = stays.map(|(place, occurrence)| {
                places.insert((subject.clone(), occurrence.key.clone()), place);
                occurrence
            });
            let history = history.collect();
            histories.push((subject, history));
        }
        Ok(histories)
    }

    /// Each event with all corrections that concern it, directly or through other corrections.
    async fn families(&self, ids: Vec<EventId>) -> Result<Vec<(EventId, Family)>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut corrections: HashMap<EventId, Vec<Event>> = HashMap::new();
        let mut frontier: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut seen: HashSet<String> = HashSet::new();
        while !frontier.is_empty() {
            let found = read::corrections_of(self.db, self.tenant, frontier.drain(..)).await?;
            for (target, correction) in found {
                if seen.insert(correction.id.to_string()) {
                    frontier.push(correction.id.to_string());
                }
                corrections.entry(target).or_default().push(correction);
            }
        }
        let stored: Vec<EventId> = ids.iter().filter(|id| !self.new.contains(*id)).cloned().collect();
        let stored = if stored.is_empty() {
            Vec::new()
        } else {
            read::find_events(self.db, self.tenant, &stored).await?
        };
        let mut stored: HashMap<EventId, Event> = stored
            .into_iter()
            .map(|logged| (logged.event.id.clone(), logged.event))
            .collect();
        let families = ids.into_iter().filter_map(|id| {
            let family = Family {
                event: stored.remove(&id),
                corrections: all_corrections(&id, &corrections),
            };
            (family.event.is_some() || !family.corrections.is_empty()).then_some((id, family))
        });
        Ok(families.collect())
    }

    async fn records(
        &self,
        subjects: Vec<Subject>,
        ends: &mut HashMap<Subject, End>,
    ) -> Result<Vec<(Subject, Vec<u8>)>, Error> {
        let mut all = Vec::with_capacity(subjects.len());
        let mut by_kind: BTreeMap<SubjectKind, Vec<Name>> = BTreeMap::new();
        for subject in subjects {
            match self.ahead.and_then(|ahead| ahead.subject(&subject)) {
                Some(stored) => {
                    ends.insert(subject.clone(), stored.end);
                    all.push((subject, stored.record.clone()));
                }
                None => by_kind.entry(subject.kind).or_default().push(subject.id),
            }
        }
        for (kind, ids) in by_kind {
            let mut found = self.stored_records(kind, &ids).await?;
            all.extend(ids.into_iter().filter_map(|id| {
                let (record, end) = found.remove(id.as_str())?;
                let subject = Subject { kind, id };
                ends.insert(subject.clone(), end);
                Some((subject, record))
            }));
        }
        Ok(all)
    }

    async fn stored_records(&self, kind: SubjectKind, ids: &[Name]) -> Result<HashMap<String, (Vec<u8>, End)>, Error> {
        let select = "SELECT subject_id, record, history_commit, history_ordinal FROM subject
             WHERE tenant_id = $1 AND kind = $2 AND subject_id";
        let ids = ids.iter().map(ToString::to_string);
        let (sql, list) = sql::each_of(self.db.get_database_backend(), 3, select, ids);
        let values = [i16::from(kind.code()).into(), list];
        let rows = sql::select(self.db, sql, self.tenant.as_str(), values).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in rows {
            let end = End::of(row.try_get_by_index(2)?, row.try_get_by_index(3)?)?;
            found.insert(row.try_get_by_index(0)?, (row.try_get_by_index(1)?, end));
        }
        Ok(found)
    }
}

fn all_corrections(id: &EventId, by_target: &HashMap<EventId, Vec<Event>>) -> Vec<Event> {
    let mut all: BTreeMap<EventId, Event> = BTreeMap::new();
    if by_target.is_empty() {
        return Vec::new();
    }
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

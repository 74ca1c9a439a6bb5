//! The events that changed records.

use std::collections::{BTreeMap, BTreeSet};

use scoreline_core::{
    event::{Event, Payload},
    fold::routing,
    id::{EventId, Name},
    subject::{Subject, SubjectKind},
};
use scoreline_storage::{Error, LoggedEvent, Position};

use super::knowledge::{Change, Changes};
use crate::{analytics::Analytics, caller::Caller};

const PAGE: u32 = 1_000;
/// How many events of a subject tell what it is linked with.
const LINKS: u32 = 200;

/// The events of the changes, by commit, then id.
pub(super) async fn find(analytics: &Analytics, caller: &Caller, changes: &Changes) -> Result<Vec<LoggedEvent>, Error> {
    let mut found = Vec::new();
    let mut commits = changes.iter().peekable();
    let mut page: Vec<LoggedEvent> = Vec::new();
    while let Some((commit, change)) = commits.next() {
        let mut of_commit = take(&mut page, *commit);
        while page.is_empty() {
            let after = of_commit.last().map_or(before(*commit), |last| last.position);
            page = analytics.store.events(&caller.tenant, after, PAGE).await?;
            if page.is_empty() {
                break;
            }
            of_commit.extend(take(&mut page, *commit));
        }
        found.extend(touching(analytics, caller, change, of_commit).await?);
        // What was read ahead helps only if the next commit is in it.
        let next = commits.peek().map_or(u64::MAX, |(commit, _)| **commit);
        if page.last().is_some_and(|last| last.position.commit < next) {
            page.clear();
        }
    }
    found.sort_by(|left, right| (left.position.commit, &left.event.id).cmp(&(right.position.commit, &right.event.id)));
    Ok(found)
}

fn before(commit: u64) -> Position {
    Position {
        commit: commit.saturating_sub(1),
        ordinal: u32::MAX,
    }
}

/// Takes a commit's events out of a page, and drops those of earlier ones.
fn take(page: &mut Vec<LoggedEvent>, commit: u64) -> Vec<LoggedEvent> {
    let end = page.partition_point(|logged| logged.position.commit <= commit);
    page.drain(..end)
        .filter(|logged| logged.position.commit == commit)
        .collect()
}

/// Those of a commit's events that changed something: they stand in a changed history, correct what stands there, or, where
/// nothing of the commit does, tell of something that the subject is linked with.
async fn touching(
    analytics: &Analytics,
    caller: &Caller,
    change: &Change,
    events: Vec<LoggedEvent>,
) -> Result<Vec<LoggedEvent>, Error> {
    let targets: Vec<EventId> = events
        .iter()
        .filter_map(|logged| target(&logged.event.payload).cloned())
        .collect();
    let corrected = analytics.store.find_events(&caller.tenant, &targets).await?;
    let corrected: BTreeMap<&EventId, &Event> = corrected.iter().map(|found| (&found.event.id, &found.event)).collect();
    let concerned: Vec<BTreeSet<Subject>> = events
        .iter()
        .map(|logged| concerns(&logged.event, &corrected))
        .collect();
    let mut chosen: Vec<bool> = events
        .iter()
        .zip(&concerned)
        .map(|(logged, concerned)| {
            let named = target(&logged.event.payload).unwrap_or(&logged.event.id);
            change.facts.contains(named) || concerned.iter().any(|subject| change.subjects.contains(subject))
        })
        .collect();
    let reached: BTreeSet<&Subject> = concerned.iter().flatten().collect();
    let unreached = change.subjects.iter().filter(|subject| !reached.contains(subject));
    for linked in links(analytics, caller, unreached.cloned().collect()).await? {
        for (at, logged) in events.iter().enumerate() {
            let original = target(&logged.event.payload).and_then(|target| corrected.get(target));
            let mut mentioned = mentions(&logged.event.payload);
            mentioned.extend(original.map(|event| mentions(&event.payload)).unwrap_or_default());
            mentioned.extend(concerned[at].iter().cloned());
            chosen[at] |= !mentioned.is_disjoint(&linked);
        }
    }
    Ok(events
        .into_iter()
        .zip(chosen)
        .filter_map(|(logged, chosen)| chosen.then_some(logged))
        .collect())
}

/// The event that a correction is about.
fn target(payload: &Payload) -> Option<&EventId> {
    match payload {
        Payload::EventAmended(amended) => Some(&amended.event),
        Payload::EventVoided(voided) => Some(&voided.event),
        _ => None,
    }
}

/// In whose histories an event stands, or changes something.
fn concerns(event: &Event, corrected: &BTreeMap<&EventId, &Event>) -> BTreeSet<Subject> {
    let mut found: BTreeSet<Subject> = routing::subjects(&event.id, &event.payload).into_iter().collect();
    if let Some(target) = target(&event.payload) {
        if let Some(original) = corrected.get(target) {
            found.extend(routing::subjects(target, &original.payload));
        }
        if let Payload::EventAmended(amended) = &event.payload {
            found.extend(routing::subjects(target, &amended.payload));
        }
    }
    found
}

/// Each subject and all that its events name.
async fn links(
    analytics: &Analytics,
    caller: &Caller,
    subjects: Vec<Subject>,
) -> Result<Vec<BTreeSet<Subject>>, Error> {
    let mut ids = analytics.store.events_of(&caller.tenant, &subjects, LINKS).await?;
    let mut all = Vec::with_capacity(subjects.len());
    for subject in subjects {
        let ids = ids.remove(&subject).unwrap_or_default();
        let events = analytics.store.find_events(&caller.tenant, &ids).await?;
        let mut linked: BTreeSet<Subject> = events
            .iter()
            .flat_map(|logged| mentions(&logged.event.payload))
            .collect();
        linked.insert(subject);
        all.push(linked);
    }
    Ok(all)
}

/// The subjects that a payload names: whatever stands in a field of their kind's name.
fn mentions(payload: &Payload) -> BTreeSet<Subject> {
    let mut found = BTreeSet::new();
    if let Ok(value) = serde_json::to_value(payload) {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &serde_json::Value, found: &mut BTreeSet<Subject>) {
    let serde_json::Value::Object(fields) = value else {
        return;
    };
    for (field, value) in fields {
        match (field.parse::<SubjectKind>(), value.as_str().map(Name::new)) {
            (Ok(kind), Some(Ok(id))) => drop(found.insert(Subject::new(kind, &id))),
            _ => collect(value, found),
        }
    }
}

#[cfg(test)]
mod tests {
    use scoreline_core::{
        event::{EventAmended, LeadConverted},
        id::{AccountId, LeadId, OpportunityId},
    };

    use super::*;

    #[test]
    fn a_payload_names_its_subjects_also_inside_a_correction() {
        let converted = LeadConverted {
            lead: LeadId::new("L").expect("an id"),
            account: AccountId::new("A").expect("an id"),
            opportunity: Some(OpportunityId::new("O").expect("an id")),
        };
        let names = |payload: &Payload| mentions(payload).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            names(&converted.clone().into()),
            ["lead:L", "opportunity:O", "account:A"]
        );
        let event = EventId::new("e").expect("an id");
        let amended = EventAmended {
            event,
            occurred_at: None,
            payload: Box::new(converted.into()),
        };
        assert!(names(&amended.into()).contains(&"account:A".to_owned()));
    }
}

//! Writing what a commit adds to the log and to the histories of subjects.

use scoreline_core::{
    dimension::Fact,
    fold::{
        Key,
        batch::{Body, StoredOccurrence},
        correction::target,
    },
    id::TenantId,
    subject::Subject,
};
use sea_orm::ConnectionTrait;

use super::dedupe::NewEvent;
use crate::{
    Error,
    sql::{self, Column},
};

/// The events themselves, and which events they correct.
pub(crate) async fn events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    commit: u64,
    new: Vec<NewEvent>,
) -> Result<(), Error> {
    let corrections: Vec<_> = new
        .iter()
        .filter_map(|new| Some((target(&new.event.payload)?.to_string(), new.event.id.to_string())))
        .collect();
    let commits = vec![sql::signed(commit); new.len()];
    let ordinals = (0..).take(new.len()).collect();
    let ids = new.iter().map(|new| new.event.id.to_string()).collect();
    let times = new.iter().map(|new| new.event.occurred_at.as_microsecond()).collect();
    let hashes = new.iter().map(|new| new.hash.to_vec()).collect();
    let data = new.into_iter().map(|new| new.data).collect();
    let columns = vec![
        ("event_id", Column::Text(ids)),
        ("commit_number", Column::Big(commits)),
        ("ordinal", Column::Int(ordinals)),
        ("occurred_at", Column::Big(times)),
        ("content_hash", Column::Bytes(hashes)),
        ("data", Column::Bytes(data)),
    ];
    sql::insert(db, "event", tenant.as_str(), columns, "").await?;
    let (targets, ids) = corrections.into_iter().unzip();
    let columns = vec![("target_id", Column::Text(targets)), ("event_id", Column::Text(ids))];
    sql::insert(db, "correction", tenant.as_str(), columns, "").await?;
    Ok(())
}

/// The states of subjects.
pub(crate) async fn records(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    records: Vec<(Subject, Vec<u8>)>,
) -> Result<(), Error> {
    let (subjects, records): (Vec<_>, Vec<_>) = records.into_iter().unzip();
    let mut columns = subject_columns(subjects.iter());
    columns.push(("record", Column::Bytes(records)));
    let conflict = "ON CONFLICT (tenant_id, kind, subject_id) DO UPDATE SET record = excluded.record";
    sql::insert(db, "subject", tenant.as_str(), columns, conflict).await?;
    Ok(())
}

/// All subject state of a tenant that has none.
pub(crate) async fn write_state(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    states: Vec<(Subject, Vec<u8>)>,
    history: Vec<(Subject, StoredOccurrence)>,
) -> Result<(), Error> {
    records(db, tenant, states).await?;
    occurrences(db, tenant, Vec::new(), history).await
}

fn subject_columns<'a>(subjects: impl Iterator<Item = &'a Subject> + Clone) -> Vec<(&'static str, Column)> {
    let kinds = subjects.clone().map(|subject| i16::from(subject.kind.code())).collect();
    let ids = subjects.map(|subject| subject.id.to_string()).collect();
    vec![("kind", Column::Small(kinds)), ("subject_id", Column::Text(ids))]
}

/// What left and what entered the histories of subjects, in this order.
pub(crate) async fn occurrences(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    removed: Vec<(Subject, Key)>,
    added: Vec<(Subject, StoredOccurrence)>,
) -> Result<(), Error> {
    let mut columns = subject_columns(removed.iter().map(|(subject, _)| subject));
    columns.extend(places(removed.iter().map(|(_, key)| key)));
    sql::delete(db, "occurrence", tenant.as_str(), columns).await?;
    let mut columns = subject_columns(added.iter().map(|(subject, _)| subject));
    columns.extend(places(added.iter().map(|(_, occurrence)| &occurrence.key)));
    let bodies: Vec<_> = added
        .iter()
        .map(|(_, occurrence)| body(&occurrence.body))
        .collect::<Result<_, _>>()?;
    let (bodies, signals) = bodies.into_iter().unzip();
    columns.push(("body_event_id", Column::Text(bodies)));
    columns.push(("signal", Column::Bytes(signals)));
    sql::insert(db, "occurrence", tenant.as_str(), columns, "").await?;
    Ok(())
}

/// Where occurrences stand in their histories.
fn places<'a>(keys: impl Iterator<Item = &'a Key> + Clone) -> [(&'static str, Column); 2] {
    let times = keys.clone().map(|key| key.at.as_microsecond()).collect();
    let ids = keys.map(|key| key.id.to_string()).collect();
    [
        ("occurred_at", Column::Big(times)),
        ("occurrence_id", Column::Text(ids)),
    ]
}

fn body(body: &Body) -> Result<(String, Vec<u8>), Error> {
    Ok(match body {
        Body::Event { body_event, .. } => (body_event.to_string(), Vec::new()),
        Body::Signal(signal) => (
            String::new(),
            signal.encode().map_err(|error| Error::Fold(error.to_string()))?,
        ),
    })
}

/// What a commit changes in the dimension tables.
pub(crate) async fn facts(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    commit: u64,
    facts: &[(Fact, i8)],
) -> Result<(), Error> {
    let encode = |fact: &Fact| serde_json::to_vec(fact).expect("a fact has string keys only and serialises to memory");
    let columns = vec![
        ("commit_number", Column::Big(vec![sql::signed(commit); facts.len()])),
        ("ordinal", Column::Int((0..).take(facts.len()).collect())),
        (
            "row_sign",
            Column::Small(facts.iter().map(|(_, sign)| i16::from(*sign)).collect()),
        ),
        (
            "data",
            Column::Bytes(facts.iter().map(|(fact, _)| encode(fact)).collect()),
        ),
    ];
    sql::insert(db, "dimension_fact", tenant.as_str(), columns, "").await?;
    Ok(())
}

//! Writing what a commit adds to the log, to what is stored of subjects and to the dimension tables.

use std::sync::Arc;

use jiff::Timestamp;
use scoreline_core::{dimension::Fact, fold::correction::target, id::TenantId};
use sea_orm::ConnectionTrait;

use super::{
    history::{self, Link},
    plan::Stored,
    prepare::Prepared,
};
use crate::{
    Error,
    sql::{self, Column},
};

/// The events themselves, and which events they correct.
pub(crate) async fn events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    commit: u64,
    new: &[Arc<Prepared>],
) -> Result<(), Error> {
    let events = || new.iter().map(|new| &new.event);
    let columns = vec![
        ("commit_number", Column::Big(vec![sql::signed(commit); new.len()])),
        ("ordinal", Column::Int((0..).take(new.len()).collect())),
        (
            "event_id",
            Column::Text(events().map(|event| event.id.to_string()).collect()),
        ),
        (
            "occurred_at",
            Column::Big(events().map(|event| event.occurred_at.as_microsecond()).collect()),
        ),
        (
            "content_hash",
            Column::Bytes(new.iter().map(|new| new.hash.to_vec()).collect()),
        ),
        ("data", Column::Bytes(new.iter().map(|new| new.data.clone()).collect())),
    ];
    sql::insert(db, "event", tenant.as_str(), columns, "").await?;
    let corrections = events().filter_map(|event| Some((target(&event.payload)?.to_string(), event.id.to_string())));
    let (targets, ids) = corrections.unzip();
    let columns = vec![("target_id", Column::Text(targets)), ("event_id", Column::Text(ids))];
    sql::insert(db, "correction", tenant.as_str(), columns, "").await?;
    Ok(())
}

/// What is stored of subjects.
pub(crate) async fn subjects(db: &impl ConnectionTrait, tenant: &TenantId, subjects: &[Stored]) -> Result<(), Error> {
    let kind = |stored: &Stored| i16::from(stored.subject.kind.code());
    let columns = vec![
        ("kind", Column::Small(subjects.iter().map(kind).collect())),
        (
            "subject_id",
            Column::Text(subjects.iter().map(|stored| stored.subject.id.to_string()).collect()),
        ),
        (
            "record",
            Column::Bytes(subjects.iter().map(|stored| stored.record.clone()).collect()),
        ),
        (
            "history_commit",
            Column::Big(subjects.iter().map(|stored| stored.end.commit()).collect()),
        ),
        (
            "history_ordinal",
            Column::Int(subjects.iter().map(|stored| stored.end.ordinal()).collect()),
        ),
    ];
    let conflict = "ON CONFLICT (tenant_id, kind, subject_id) DO UPDATE SET record = excluded.record,
        history_commit = excluded.history_commit, history_ordinal = excluded.history_ordinal";
    sql::insert(db, "subject", tenant.as_str(), columns, conflict).await?;
    Ok(())
}

/// All that is stored of the subjects of a tenant that has nothing stored of any.
pub(crate) async fn write_state(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    stored: &[Stored],
    links: &[Link],
) -> Result<(), Error> {
    subjects(db, tenant, stored).await?;
    history::append(db, tenant, links).await
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

/// The commit itself, and that it is the tenant's newest.
pub(crate) async fn number(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    number: u64,
    events: usize,
    now: Timestamp,
) -> Result<(), Error> {
    let columns = vec![
        ("commit_number", Column::Big(vec![sql::signed(number)])),
        ("committed_at", Column::Big(vec![now.as_microsecond()])),
        ("events", Column::Big(vec![i64::try_from(events).unwrap_or(i64::MAX)])),
    ];
    sql::insert(db, "commit_log", tenant.as_str(), columns, "").await?;
    sql::execute(
        db,
        "UPDATE tenant SET last_commit = $2 WHERE tenant_id = $1",
        tenant.as_str(),
        [sql::signed(number).into()],
    )
    .await?;
    Ok(())
}

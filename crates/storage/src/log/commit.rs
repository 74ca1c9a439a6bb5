//! One commit: new events, what they count for, and the tenant's next commit number, in one transaction.

use std::sync::Arc;

use jiff::Timestamp;
use scoreline_core::{
    dimension::Fact,
    id::TenantId,
    ledger::{self, Entry},
    measure::Measurement,
};
use sea_orm::ConnectionTrait;

use super::{Receipt, Submission, dedupe, fold, write};
use crate::{
    Database, Error,
    sql::{self, Column},
};

/// The transaction `commit`.
pub(crate) async fn commit(
    database: &Database,
    tenant: &TenantId,
    submissions: Vec<Submission>,
    now: Timestamp,
) -> Result<Vec<Receipt>, Error> {
    let transaction = database.begin_write().await?;
    let locked = fold::lock_tenant(&transaction, tenant).await?;
    let sorted = dedupe::sort(&transaction, tenant, &locked.policies, submissions).await?;
    if sorted.new.is_empty() {
        transaction.rollback().await?;
        return Ok(receipts(sorted.dispositions, locked.last_commit));
    }
    let number = locked.last_commit + 1;
    let count = sorted.new.len();
    let events: Vec<_> = sorted.new.iter().map(|new| new.event.clone()).collect();
    write::events(&transaction, tenant, number, sorted.new).await?;
    let changes = fold::fold(&transaction, tenant, Arc::new(locked.policies), events).await?;
    write::records(&transaction, tenant, changes.records).await?;
    write::occurrences(&transaction, tenant, changes.removed, changes.added).await?;
    record_changes(
        &transaction,
        tenant,
        Recorded {
            number,
            now,
            events: count,
            measurements: changes.measurements,
            facts: changes.facts,
        },
    )
    .await?;
    transaction.commit().await?;
    Ok(receipts(sorted.dispositions, number))
}

/// The same without a change: what would become of the events.
pub(crate) async fn classify(
    database: &Database,
    tenant: &TenantId,
    submission: &Submission,
) -> Result<Receipt, Error> {
    let transaction = database.begin_read().await?;
    let stored = crate::tenancy::read_tenant(&transaction, tenant)
        .await?
        .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))?;
    let sorted = dedupe::sort(&transaction, tenant, &stored.policies, vec![submission.clone()]).await?;
    transaction.rollback().await?;
    Ok(Receipt {
        dispositions: sorted.dispositions.into_iter().flatten().collect(),
        commit: stored.last_commit,
    })
}

fn receipts(dispositions: Vec<Vec<super::Disposition>>, commit: u64) -> Vec<Receipt> {
    dispositions
        .into_iter()
        .map(|dispositions| Receipt { dispositions, commit })
        .collect()
}

/// What one commit records.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) number: u64,
    pub(crate) now: Timestamp,
    pub(crate) events: usize,
    pub(crate) measurements: Vec<(Measurement, i8)>,
    pub(crate) facts: Vec<(Fact, i8)>,
}

/// Appends a commit's rows to the ledger and moves the tenant's commit number, which must be locked.
pub(crate) async fn record_changes(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    recorded: Recorded,
) -> Result<(), Error> {
    let Recorded {
        number,
        now,
        events,
        measurements,
        facts,
    } = recorded;
    let entries: Vec<Entry> = measurements
        .into_iter()
        .map(|(measurement, count)| Entry {
            commit: number,
            measurement,
            count,
        })
        .collect();
    if !entries.is_empty() {
        let segment = ledger::encode(&entries).map_err(|error| Error::Fold(error.to_string()))?;
        crate::ledger::insert_segment(db, tenant, segment).await?;
    }
    write::facts(db, tenant, number, &facts).await?;
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

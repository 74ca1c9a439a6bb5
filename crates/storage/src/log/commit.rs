//! One commit: new events, what they count for, and the tenant's next commit number, in one transaction.

use std::sync::Arc;

use jiff::Timestamp;
use scoreline_core::id::TenantId;
use sea_orm::ConnectionTrait;

use super::{
    Disposition, Receipt, Submission, dedupe, history,
    lane::Turn,
    plan::{Base, Plan, Recorded},
    prepare::{self, Sent},
    write,
};
use crate::{Database, Error};

/// Commits submissions when their turn has come. They are planned while the commit before them is written.
pub(crate) async fn commit(
    database: &Database,
    turn: Turn,
    tenant: &TenantId,
    submissions: Vec<Submission>,
    now: Timestamp,
) -> Result<Vec<Receipt>, Error> {
    let sent = prepare::prepare(submissions).await?;
    let lane = Arc::clone(&turn.lane);
    let mut ahead = turn.come().await;
    let broken = lane.broken();
    let on_ahead = match ahead.as_deref() {
        Some(ahead) => plan(database, tenant, Some(ahead), &sent).await?,
        None => None,
    };
    let writing = lane.writing.lock().await;
    let planned = match on_ahead.filter(|_| lane.broken() == broken) {
        Some(planned) => planned,
        None => settled(plan(database, tenant, None, &sent).await?)?,
    };
    let planned = Arc::new(planned);
    *ahead = (!planned.new.is_empty()).then(|| Arc::clone(&planned));
    drop(ahead);
    let unsettled = lane.unsettled();
    let (receipts, as_planned) = write(database, tenant, &planned, &sent, now).await?;
    if as_planned {
        unsettled.settle();
    }
    lane.forget(&planned);
    drop(writing);
    Ok(receipts)
}

/// The transaction `plan`.
async fn plan(
    database: &Database,
    tenant: &TenantId,
    ahead: Option<&Plan>,
    sent: &Arc<[Sent]>,
) -> Result<Option<Plan>, Error> {
    let transaction = database.begin_read().await?;
    let plan = Plan::make(&transaction, tenant, ahead, sent).await?;
    transaction.rollback().await?;
    Ok(plan)
}

fn settled(plan: Option<Plan>) -> Result<Plan, Error> {
    plan.ok_or_else(|| Error::Fold("a commit waits for another, and there is none".to_owned()))
}

/// The transaction `commit`. Says also whether the plan was written as it was made.
async fn write(
    database: &Database,
    tenant: &TenantId,
    plan: &Plan,
    sent: &Arc<[Sent]>,
    now: Timestamp,
) -> Result<(Vec<Receipt>, bool), Error> {
    let transaction = database.begin_write().await?;
    let base = Base::lock(&transaction, tenant).await?;
    let as_planned = base == plan.base;
    let again;
    let plan = if as_planned {
        plan
    } else {
        again = settled(Plan::make(&transaction, tenant, None, sent).await?)?;
        &again
    };
    if plan.new.is_empty() {
        transaction.rollback().await?;
        return Ok((receipts(&plan.dispositions, plan.base.last_commit), as_planned));
    }
    write::events(&transaction, tenant, plan.number(), &plan.new).await?;
    write::subjects(&transaction, tenant, &plan.subjects).await?;
    history::take_out(&transaction, tenant, &plan.removed).await?;
    history::append(&transaction, tenant, &plan.added).await?;
    record_changes(&transaction, tenant, &plan.recorded, plan.new.len(), now).await?;
    transaction.commit().await?;
    Ok((receipts(&plan.dispositions, plan.number()), as_planned))
}

/// The same without a change: what would become of the events.
pub(crate) async fn classify(
    database: &Database,
    tenant: &TenantId,
    submission: &Submission,
) -> Result<Receipt, Error> {
    let sent = prepare::prepare(vec![submission.clone()]).await?;
    let transaction = database.begin_read().await?;
    let base = Base::read(&transaction, tenant).await?;
    let policies = base.policies(tenant)?;
    let known = dedupe::stored_hashes(&transaction, tenant, &sent).await?;
    transaction.rollback().await?;
    let sorted = dedupe::sort(&policies, known, &sent);
    Ok(Receipt {
        dispositions: sorted.dispositions.into_iter().flatten().collect(),
        commit: base.last_commit,
    })
}

fn receipts(dispositions: &[Vec<Disposition>], commit: u64) -> Vec<Receipt> {
    dispositions
        .iter()
        .map(|dispositions| Receipt {
            dispositions: dispositions.clone(),
            commit,
        })
        .collect()
}

/// Appends a commit's rows to the ledger and moves the tenant's commit number, which must be locked.
pub(crate) async fn record_changes(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    recorded: &Recorded,
    events: usize,
    now: Timestamp,
) -> Result<(), Error> {
    if let Some(segment) = &recorded.segment {
        crate::ledger::insert_segment(db, tenant, segment).await?;
    }
    write::facts(db, tenant, recorded.number, &recorded.facts).await?;
    write::number(db, tenant, recorded.number, events, now).await
}

//! The worker of one tenant: group after group, until nothing waits.

use std::sync::Arc;

use futures::{StreamExt as _, stream::FuturesOrdered};
use jiff::Timestamp;
use scoreline_core::id::TenantId;
use scoreline_storage::{Disposition, Error as StoreError, Receipt, Submission};
use tokio::sync::{Notify, oneshot};

use super::{Error, Shared, lock, queue::Waiting};

type Answer = oneshot::Sender<Result<Receipt, Error>>;

/// From how many waiting events on a group does not wait until the one before it is stored: it is worth working out
/// meanwhile. Fewer gather company until then.
const WORTH_PLANNING: usize = 256;

/// Groups that are under way at once: one is written, one is put into rows, one is worked out, and one reads what it needs
/// for that.
const MAX_UNDER_WAY: usize = 4;

/// What the worker does next.
enum Next {
    Commit(Vec<Waiting>),
    /// Waits until something came, or a group is stored.
    Wait(Arc<Notify>),
    End,
}

pub(super) async fn run(shared: &Shared, tenant: &TenantId) {
    // The log takes commits in the order in which they are begun.
    let mut under_way = FuturesOrdered::new();
    loop {
        match next(shared, tenant, under_way.len()) {
            Next::Commit(group) => under_way.push_back(commit(shared, tenant, group)),
            Next::Wait(came) => tokio::select! {
                Some(company) = under_way.next() => if company > 1 && under_way.is_empty() {
                    gather(shared, tenant, company).await;
                },
                () = came.notified() => {}
            },
            Next::End => return,
        }
    }
}

/// The next group, if it is to be committed now. When there is none, and none is under way, the queue goes in the same
/// breath: whoever comes later makes a new one.
fn next(shared: &Shared, tenant: &TenantId, under_way: usize) -> Next {
    let mut queues = lock(&shared.queues);
    let Some(queue) = queues.get_mut(tenant) else {
        return Next::End;
    };
    if under_way == MAX_UNDER_WAY || (under_way > 0 && queue.events() < WORTH_PLANNING) {
        return Next::Wait(Arc::clone(&queue.came));
    }
    let group = queue.take(shared.limits.max_events);
    if group.is_empty() {
        queues.remove(tenant);
        return Next::End;
    }
    shared.room.notify_waiters();
    Next::Commit(group)
}

/// Callers that were answered together tend to come back together: waits until as many are here, but not for long.
async fn gather(shared: &Shared, tenant: &TenantId, company: usize) {
    // Those that were just answered get the chance to come back even where no time is set aside for it.
    tokio::task::yield_now().await;
    let deadline = tokio::time::sleep(shared.limits.max_delay);
    let mut deadline = std::pin::pin!(deadline);
    while let Some(came) = short_of(shared, tenant, company) {
        tokio::select! {
            () = &mut deadline => return,
            () = came.notified() => {}
        }
    }
}

/// What to wait for, as long as fewer than `company` wait.
fn short_of(shared: &Shared, tenant: &TenantId, company: usize) -> Option<Arc<Notify>> {
    let queues = lock(&shared.queues);
    let queue = queues.get(tenant)?;
    (!queue.has(company, shared.limits.max_events)).then(|| Arc::clone(&queue.came))
}

/// Commits a group, answers its callers and says how many there were.
async fn commit(shared: &Shared, tenant: &TenantId, group: Vec<Waiting>) -> usize {
    let company = group.len();
    let (submissions, answers): (Vec<_>, Vec<_>) = group.into_iter().map(|next| (next.submission, next.answer)).unzip();
    let events: usize = submissions.iter().map(|submission| submission.events.len()).sum();
    tracing::debug!(events, submissions = submissions.len(), "committing");
    // A copy is kept only where a failure would have to be taken apart.
    let kept = if submissions.len() > 1 {
        submissions.clone()
    } else {
        Vec::new()
    };
    match store(shared, tenant, submissions).await {
        Ok(receipts) => {
            for (answer, receipt) in answers.into_iter().zip(receipts) {
                tell(answer, Ok(receipt));
            }
        }
        Err(error) if may_be_one_of_many(&error) && !kept.is_empty() => isolate(shared, tenant, kept, answers).await,
        Err(error) => {
            let error = Arc::new(error);
            for answer in answers {
                tell(answer, Err(Error::Store(Arc::clone(&error))));
            }
        }
    }
    company
}

/// Whether leaving a submission out could help the others.
fn may_be_one_of_many(error: &StoreError) -> bool {
    !error.is_transient() && !matches!(error, StoreError::UnknownTenant(_))
}

/// Each on its own, once: one that cannot be stored does not sink its neighbours. A group that was begun meanwhile may be
/// stored before them.
async fn isolate(shared: &Shared, tenant: &TenantId, submissions: Vec<Submission>, answers: Vec<Answer>) {
    tracing::warn!(
        submissions = submissions.len(),
        "a group failed; each of its submissions is tried alone"
    );
    for (submission, answer) in submissions.into_iter().zip(answers) {
        let stored = store(shared, tenant, vec![submission]).await;
        let receipt = stored.map(|receipts| receipts.into_iter().next());
        tell(
            answer,
            receipt
                .map_err(Arc::new)
                .map_err(Error::Store)
                .and_then(|receipt| receipt.ok_or(Error::Stopped)),
        );
    }
}

async fn store(shared: &Shared, tenant: &TenantId, submissions: Vec<Submission>) -> Result<Vec<Receipt>, StoreError> {
    let receipts = shared.log.commit(tenant, submissions, Timestamp::now()).await?;
    let accepted = |receipt: &Receipt| receipt.dispositions.contains(&Disposition::Accepted);
    if receipts.iter().any(accepted) {
        lock(&shared.recent).insert(tenant.clone());
    }
    Ok(receipts)
}

/// A caller that went away does not mind.
fn tell(answer: Answer, receipt: Result<Receipt, Error>) {
    drop(answer.send(receipt));
}

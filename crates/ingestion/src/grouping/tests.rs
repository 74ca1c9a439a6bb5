//! Submissions to a log that commits when the test lets it.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use jiff::Timestamp;
use scoreline_core::{
    event::{Event, EventVoided},
    id::{EventId, SourceId},
    subject::Subject,
};
use scoreline_storage::{Disposition, Error as StoreError, LoggedEvent, Position};
use tokio::sync::Semaphore;

use super::*;

/// Commits one group a permit, and notes the ids of each.
struct SlowLog {
    permits: Semaphore,
    commits: Mutex<Vec<Vec<String>>>,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl SlowLog {
    fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(permits),
            commits: Mutex::default(),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
        })
    }

    fn commits(&self) -> Vec<Vec<String>> {
        lock(&self.commits).clone()
    }
}

#[async_trait]
impl Log for SlowLog {
    async fn commit(
        &self,
        tenant: &TenantId,
        submissions: Vec<Submission>,
        _now: Timestamp,
    ) -> Result<Vec<Receipt>, StoreError> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        self.permits.acquire().await.expect("never closed").forget();
        self.running.fetch_sub(1, Ordering::SeqCst);
        let ids: Vec<String> = submissions
            .iter()
            .flat_map(|submission| submission.events.iter())
            .map(|event| event.id.to_string())
            .collect();
        if tenant.as_str() == "unknown" {
            return Err(StoreError::UnknownTenant(tenant.to_string()));
        }
        assert!(!ids.iter().any(|id| id == "panic"), "as asked");
        if ids.iter().any(|id| id == "poison") {
            return Err(StoreError::Fold("poison".to_owned()));
        }
        if ids.iter().any(|id| id == "busy") {
            return Err(StoreError::Stopped);
        }
        let mut commits = lock(&self.commits);
        commits.push(ids);
        let commit = commits.len() as u64;
        let receipt = |submission: Submission| Receipt {
            dispositions: vec![Disposition::Accepted; submission.events.len()],
            commit,
        };
        Ok(submissions.into_iter().map(receipt).collect())
    }

    async fn classify(&self, _: &TenantId, _: &Submission) -> Result<Receipt, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn events(&self, _: &TenantId, _: Position, _: u32) -> Result<Vec<LoggedEvent>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn find_events(&self, _: &TenantId, _: &[EventId]) -> Result<Vec<LoggedEvent>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn events_of(
        &self,
        _: &TenantId,
        _: &[Subject],
        _: u32,
    ) -> Result<HashMap<Subject, Vec<EventId>>, StoreError> {
        Err(StoreError::Stopped)
    }
}

fn tenant(name: &str) -> TenantId {
    TenantId::new(name).expect("a name")
}

fn submission(ids: &[&str]) -> Submission {
    let event = |id: &&str| Event {
        id: EventId::new(id).expect("a name"),
        source: SourceId::new("crm").expect("a name"),
        occurred_at: Timestamp::UNIX_EPOCH,
        payload: EventVoided {
            event: EventId::new("earlier").expect("a name"),
            reason: None,
        }
        .into(),
    };
    Submission {
        events: ids.iter().map(event).collect(),
        all_or_nothing: false,
    }
}

fn groups(log: &Arc<SlowLog>, max_events: usize) -> Groups {
    let limits = Limits {
        max_events,
        max_delay: Duration::ZERO,
    };
    Groups::new(Arc::clone(log) as Arc<dyn Log>, limits)
}

fn hand_over(groups: &Groups, to: &str, ids: &[&str]) -> Pending {
    groups.hand_over(&tenant(to), submission(ids)).expect("there is room")
}

/// Until the worker has taken what was there.
async fn until_committing(log: &SlowLog, commits: usize) {
    while log.running.load(Ordering::SeqCst) < commits {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_comes_during_a_commit_shares_the_next_one() {
    let log = SlowLog::new(0);
    let groups = groups(&log, 100);
    let mut pending = vec![hand_over(&groups, "acme", &["first"])];
    until_committing(&log, 1).await;
    pending.extend(["a", "b", "c"].map(|id| hand_over(&groups, "acme", &[id])));
    log.permits.add_permits(2);
    let mut commits = Vec::new();
    for one in pending {
        commits.push(one.receipt().await.expect("stored").commit);
    }
    assert_eq!(commits, [1, 2, 2, 2]);
    assert_eq!(log.commits(), [vec!["first"], vec!["a", "b", "c"]]);
    groups.drained().await;
    assert!(lock(&groups.shared.queues).is_empty(), "idle queues are gone");
    assert_eq!(groups.take_recent(), HashSet::from([tenant("acme")]));
    assert!(groups.take_recent().is_empty());
}

#[tokio::test]
async fn a_group_has_a_limit_but_a_submission_is_never_split() {
    let log = SlowLog::new(0);
    let groups = groups(&log, 3);
    let first = hand_over(&groups, "acme", &["first"]);
    until_committing(&log, 1).await;
    let rest = [&["a", "b"][..], &["c", "d"], &["e"], &["f", "g", "h", "i"]].map(|ids| hand_over(&groups, "acme", ids));
    log.permits.add_permits(10);
    first.receipt().await.expect("stored");
    for one in rest {
        one.receipt().await.expect("stored");
    }
    assert_eq!(
        log.commits(),
        [
            vec!["first"],
            vec!["a", "b"],
            vec!["c", "d", "e"],
            vec!["f", "g", "h", "i"]
        ]
    );
}

#[tokio::test]
async fn tenants_do_not_wait_for_each_other() {
    let log = SlowLog::new(0);
    let groups = groups(&log, 10);
    let pending = ["a", "b", "c"].map(|name| hand_over(&groups, name, &["event"]));
    until_committing(&log, 3).await;
    log.permits.add_permits(3);
    for one in pending {
        one.receipt().await.expect("stored");
    }
    assert_eq!(log.most_running.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_full_queue_refuses_and_has_room_again_later() {
    let log = SlowLog::new(0);
    let groups = groups(&log, 1);
    let mut pending = vec![hand_over(&groups, "acme", &["first"])];
    until_committing(&log, 1).await;
    let names: Vec<String> = (0..MAX_WAITING_GROUPS).map(|at| at.to_string()).collect();
    pending.extend(names.iter().map(|name| hand_over(&groups, "acme", &[name])));
    let refused = groups.submit(&tenant("acme"), submission(&["late"])).await;
    assert!(matches!(refused, Err(Error::Full)));
    hand_over(&groups, "other", &["another tenant has room"]);
    let acme = tenant("acme");
    let in_turn = groups.hand_over_in_turn(&acme, submission(&["patient"]));
    let (patient, ()) = futures::join!(in_turn, async { log.permits.add_permits(100) });
    for one in pending {
        one.receipt().await.expect("stored");
    }
    patient.receipt().await.expect("stored");
}

#[tokio::test]
async fn one_that_cannot_be_stored_does_not_sink_its_neighbours() {
    let log = SlowLog::new(0);
    let groups = groups(&log, 10);
    let first = hand_over(&groups, "acme", &["first"]);
    until_committing(&log, 1).await;
    let [before, poison, after] = ["before", "poison", "after"].map(|id| hand_over(&groups, "acme", &[id]));
    log.permits.add_permits(10);
    first.receipt().await.expect("stored");
    before.receipt().await.expect("stored");
    assert!(matches!(poison.receipt().await, Err(Error::Store(_))));
    after.receipt().await.expect("stored");
    assert_eq!(log.commits(), [["first"], ["before"], ["after"]]);
}

#[tokio::test]
async fn a_store_that_is_away_is_not_asked_for_each() {
    let log = SlowLog::new(0);
    let groups = groups(&log, 10);
    let first = hand_over(&groups, "acme", &["first"]);
    until_committing(&log, 1).await;
    let pending = ["a", "busy", "b"].map(|id| hand_over(&groups, "acme", &[id]));
    log.permits.add_permits(2);
    first.receipt().await.expect("stored");
    for one in pending {
        let problem = Problem::from(one.receipt().await.expect_err("not stored"));
        assert_eq!(problem.kind, Kind::Unavailable(Some(failure::RETRY_AFTER)));
    }
}

#[tokio::test]
async fn an_unknown_tenant_is_told_once() {
    let log = SlowLog::new(1);
    let groups = groups(&log, 10);
    let error = groups
        .submit(&tenant("unknown"), submission(&["a"]))
        .await
        .expect_err("unknown");
    assert_eq!(Problem::from(error).kind, Kind::NotFound);
}

#[tokio::test]
async fn a_caller_that_goes_away_changes_nothing() {
    let log = SlowLog::new(0);
    let groups = groups(&log, 10);
    drop(hand_over(&groups, "acme", &["first"]));
    until_committing(&log, 1).await;
    drop(hand_over(&groups, "acme", &["second"]));
    log.permits.add_permits(2);
    groups.drained().await;
    assert_eq!(log.commits(), [["first"], ["second"]]);
}

#[tokio::test]
async fn a_panic_ends_neither_the_callers_nor_the_tenant() {
    let log = SlowLog::new(10);
    let groups = groups(&log, 10);
    let error = groups
        .submit(&tenant("acme"), submission(&["panic"]))
        .await
        .expect_err("it panicked");
    assert!(matches!(error, Error::Stopped));
    groups.drained().await;
    groups
        .submit(&tenant("acme"), submission(&["fine"]))
        .await
        .expect("stored");
}

#[tokio::test]
async fn a_large_group_is_begun_while_one_is_stored_and_answers_come_in_order() {
    let log = SlowLog::new(0);
    let groups = groups(&log, 300);
    let names: Vec<String> = (0..300).map(|at| at.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut pending = vec![hand_over(&groups, "acme", &["first"])];
    until_committing(&log, 1).await;
    pending.push(hand_over(&groups, "acme", &["small"]));
    pending.push(hand_over(&groups, "acme", &names[1..]));
    pending.push(hand_over(&groups, "acme", &["last"]));
    until_committing(&log, 2).await;
    log.permits.add_permits(10);
    let mut commits = Vec::new();
    for one in pending {
        commits.push(one.receipt().await.expect("stored").commit);
    }
    assert_eq!(commits, [1, 2, 2, 3]);
    assert_eq!(log.most_running.load(Ordering::SeqCst), 2);
}

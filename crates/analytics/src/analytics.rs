//! What all calls share, and how a question is answered.

use std::sync::Arc;

use jiff::Timestamp;
use scoreline_core::{dimension::Tables, metric::evaluate::Question, query::Options};
use scoreline_proto::{analytics::v1 as wire, encode};
use scoreline_server::{
    config::Limits,
    shutdown::Shutdown,
    status::{INTERNAL, Kind, Problem},
};
use scoreline_storage::{Ledger, Store};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::JoinHandle,
};

use crate::{
    answers::{Costs, Kept, LedgerAnswers, Stop, Threads},
    caller::Caller,
    catalogue::{Catalogue, Catalogues},
    clock::Clock,
    convert::known::Known,
    failure,
    image::{Images, Snapshot},
};

/// What all calls share.
pub(crate) struct Analytics {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) images: Images,
    pub(crate) catalogues: Catalogues,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) threads: Threads,
    pub(crate) kept: Kept,
    pub(crate) costs: Costs,
    pub(crate) limits: Limits,
    pub(crate) shutdown: Shutdown,
}

/// The state of knowledge that answers.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) tables: Arc<Tables>,
    /// The last commit that is known.
    pub(crate) commit: u64,
    pub(crate) commit_time: Timestamp,
    /// The present.
    pub(crate) now: Timestamp,
}

impl Standing {
    pub(crate) fn watermark(&self) -> wire::Watermark {
        wire::Watermark {
            commit: i64::try_from(self.commit).unwrap_or(i64::MAX),
            commit_time: Some(encode::instant(self.commit_time)),
        }
    }

    /// A question in this state of knowledge.
    pub(crate) fn put(&self, mut question: Question) -> Question {
        question.known_at = Some(self.commit);
        question.now = self.now;
        question
    }
}

impl Analytics {
    /// The state of knowledge that a call asks for, with at least a commit.
    pub(crate) async fn standing(&self, caller: &Caller, known: Known, at_least: u64) -> Result<Standing, Problem> {
        match known {
            Known::Now => {
                let snapshot = self.images.get(caller, at_least).await?;
                let (commit, now) = (snapshot.commit, self.clock.now());
                self.standing_at(caller, snapshot, commit, now).await
            }
            Known::Commit(commit) => {
                let snapshot = self.images.get(caller, at_least.max(commit)).await?;
                let mut standing = self
                    .standing_at(caller, snapshot, commit, Timestamp::UNIX_EPOCH)
                    .await?;
                standing.now = standing.commit_time.min(self.clock.now());
                Ok(standing)
            }
            Known::Instant(instant) => {
                let snapshot = self.images.get(caller, at_least).await?;
                let commit = self
                    .store
                    .commit_at(&caller.tenant, instant)
                    .await
                    .map_err(|error| failure::stored(&error))?;
                let snapshot = if commit > snapshot.commit {
                    self.images.get(caller, commit).await?
                } else {
                    snapshot
                };
                self.standing_at(caller, snapshot, commit, instant.min(self.clock.now()))
                    .await
            }
        }
    }

    /// The state of knowledge at a commit, with a present of one's own.
    pub(crate) async fn standing_at(
        &self,
        caller: &Caller,
        snapshot: Arc<Snapshot>,
        commit: u64,
        now: Timestamp,
    ) -> Result<Standing, Problem> {
        let commit_time = if commit == snapshot.commit {
            snapshot.commit_time
        } else {
            self.instant_of(caller, commit).await?
        };
        let tables = snapshot.facts.tables(Some(commit));
        Ok(Standing {
            snapshot,
            tables,
            commit,
            commit_time,
            now,
        })
    }

    async fn instant_of(&self, caller: &Caller, commit: u64) -> Result<Timestamp, Problem> {
        let found = self
            .store
            .instants(&caller.tenant, commit..=commit)
            .await
            .map_err(|error| failure::stored(&error))?;
        if let Some((_, instant)) = found.first() {
            return Ok(*instant);
        }
        let tenant = self
            .store
            .tenant(&caller.tenant)
            .await
            .map_err(|error| failure::stored(&error))?;
        tenant
            .map(|tenant| tenant.created_at)
            .ok_or_else(|| failure::unknown_tenant(caller.tenant.as_str()))
    }

    /// Answers questions where the call is: to hand thousands of rows to another thread, which has to give them back in the
    /// end, takes longer than to write them. Those that [are quick](crate::answers::at_once::are_quick) are answered at once.
    ///
    /// # Errors
    /// As `work`, or when the process is at fault.
    pub(crate) async fn answer<T: Send + 'static>(
        &self,
        caller: &Caller,
        catalogue: &Catalogue,
        standing: &Standing,
        are_quick: bool,
        work: impl FnOnce(&LedgerAnswers) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        if are_quick {
            let (stop, _never) = Stop::at(caller.deadline);
            let over = self.over(caller, catalogue, standing, stop);
            return work(&LedgerAnswers {
                threads: self.threads.alone(),
                ..over
            });
        }
        self.compute(caller, catalogue, standing, work).await
    }

    /// Runs something over the ledger, off the async threads. It is told when the call is dropped.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        caller: &Caller,
        catalogue: &Catalogue,
        standing: &Standing,
        work: impl FnOnce(&LedgerAnswers) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (stop, _cancel) = Stop::at(caller.deadline);
        let lease = self.threads.one().await;
        let over = self.over(caller, catalogue, standing, stop);
        let span = tracing::Span::current();
        let done = beside(move || {
            let _held = lease;
            span.in_scope(|| work(&over))
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a computation was stopped");
            Err(Problem::new(
                Kind::Internal,
                INTERNAL,
                "an internal error; quote the request id when you report it",
            ))
        })
    }

    /// The ledger as a call sees it.
    fn over(&self, caller: &Caller, catalogue: &Catalogue, standing: &Standing, stop: Stop) -> LedgerAnswers {
        LedgerAnswers {
            store: Arc::clone(&self.store) as Arc<dyn Ledger>,
            runtime: Handle::current(),
            tenant: caller.tenant.clone(),
            snapshot: Arc::clone(&standing.snapshot),
            tables: Arc::clone(&standing.tables),
            options: Options {
                max_cells: self.limits.max_query_cells,
                zone: zone(catalogue),
            },
            max_buckets: self.limits.max_buckets,
            threads: self.threads.clone(),
            kept: self.kept.clone(),
            stop,
        }
    }
}

/// Does something that takes its time in a task of its own, on the thread of this one as soon as that waits: other tasks
/// move to another thread meanwhile. To wake a thread for it, and be woken by that, takes a part of the time that most
/// answers take.
fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::spawn(async { tokio::task::block_in_place(work) }),
        _ => tokio::task::spawn_blocking(work),
    }
}

fn zone(catalogue: &Catalogue) -> jiff::tz::TimeZone {
    let name = catalogue.policies.time_zone.name();
    jiff::tz::TimeZone::get(name).unwrap_or(jiff::tz::TimeZone::UTC)
}

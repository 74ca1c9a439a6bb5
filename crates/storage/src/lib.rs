//! Storage: the only crate that knows the database. The log of events, the state of subjects, the ledger, the facts
//! of the dimension tables, and everything that a tenant configures, on SQLite or PostgreSQL.
//!
//! The traits below are what services see; [`Database`] implements them, one file an operation. Every operation
//! starts from a tenant. Whatever writes runs in a task of its own, so that a call that is dropped half-way can't
//! leave a transaction behind.

mod connect;
mod database;
mod error;
mod inserts;
mod ledger;
mod log;
mod sql;
mod tenancy;
mod transaction;
mod upkeep;

use std::{collections::HashMap, ops::RangeInclusive};

use async_trait::async_trait;
use jiff::Timestamp;
use scoreline_core::{
    id::{EventId, TenantId},
    policy::Policies,
    subject::Subject,
};

pub use self::{
    connect::{Options, redacted},
    database::Database,
    error::Error,
    ledger::{Compacted, CompactionPlan, Segment, Tail},
    log::{Disposition, LoggedEvent, Position, Receipt, Submission},
    tenancy::{ApiKey, KeyRecord, Settings, StoredMetric, Tenant},
    upkeep::{Difference, RebuildReport, VerifyReport},
};

/// The append-only log of events.
#[async_trait]
pub trait Log: Send + Sync {
    /// Stores submissions of one tenant in one commit and answers each event. When it returns, what is accepted is
    /// durable. Submissions are taken in order; an event id that occurs twice is new the first time.
    ///
    /// # Errors
    /// When the tenant does not exist or the database fails; then nothing was stored.
    async fn commit(
        &self,
        tenant: &TenantId,
        submissions: Vec<Submission>,
        now: Timestamp,
    ) -> Result<Vec<Receipt>, Error>;

    /// Answers as [`Log::commit`] would, and stores nothing.
    ///
    /// # Errors
    /// When the tenant does not exist or the database fails.
    async fn classify(&self, tenant: &TenantId, submission: &Submission) -> Result<Receipt, Error>;

    /// The events after a position, at most `limit`, in the order of the log.
    ///
    /// # Errors
    /// When the database fails or a record is damaged.
    async fn events(&self, tenant: &TenantId, after: Position, limit: u32) -> Result<Vec<LoggedEvent>, Error>;

    /// The events with these ids, as far as they exist, in the order of the log.
    ///
    /// # Errors
    /// When the database fails or a record is damaged.
    async fn find_events(&self, tenant: &TenantId, ids: &[EventId]) -> Result<Vec<LoggedEvent>, Error>;

    /// The ids of the events that the histories of subjects hold, at most `limit` of each, in the order of their times. Subjects
    /// of whom nothing is stored are left out.
    ///
    /// # Errors
    /// When the tenant does not exist or the database fails.
    async fn events_of(
        &self,
        tenant: &TenantId,
        subjects: &[Subject],
        limit: u32,
    ) -> Result<HashMap<Subject, Vec<EventId>>, Error>;
}

/// The ledger and the facts of the dimension tables.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// What was recorded after a commit: at most about `max_bytes` of segments, and the facts of the same commits.
    ///
    /// # Errors
    /// When the tenant does not exist, the database fails, or a segment is damaged.
    async fn tail(&self, tenant: &TenantId, after: u64, max_bytes: u64) -> Result<Tail, Error>;

    /// The tenant's newest commit and its instant (that of the tenant's creation for commit 0).
    ///
    /// # Errors
    /// When the tenant does not exist or the database fails.
    async fn watermark(&self, tenant: &TenantId) -> Result<(u64, Timestamp), Error>;

    /// The newest commit at or before an instant; 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    async fn commit_at(&self, tenant: &TenantId, instant: Timestamp) -> Result<u64, Error>;

    /// The commits with these numbers, as far as they exist, and their instants, in order.
    ///
    /// # Errors
    /// When the database fails.
    async fn instants(&self, tenant: &TenantId, commits: RangeInclusive<u64>) -> Result<Vec<(u64, Timestamp)>, Error>;

    /// Merges one run of small segments, if the plan finds one. Readers are never blocked.
    ///
    /// # Errors
    /// When the database fails or a segment is damaged; then nothing is changed.
    async fn compact(&self, tenant: &TenantId, plan: &CompactionPlan) -> Result<Option<Compacted>, Error>;
}

/// Tenants and what they configure.
#[async_trait]
pub trait Tenancy: Send + Sync {
    /// Makes a tenant.
    ///
    /// # Errors
    /// When it exists, its policies are wrong, or the database fails.
    async fn create_tenant(&self, tenant: &TenantId, policies: &Policies, now: Timestamp) -> Result<Tenant, Error>;

    /// A tenant.
    ///
    /// # Errors
    /// When the database fails or the record is damaged.
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<Tenant>, Error>;

    /// All tenants, by id.
    ///
    /// # Errors
    /// When the database fails or a record is damaged.
    async fn tenants(&self) -> Result<Vec<Tenant>, Error>;

    /// Replaces a tenant's policies. Where they change what events count for, the log is folded again in the same
    /// transaction, and the difference is one more commit.
    ///
    /// # Errors
    /// When `etag` is given and is not the stored one, the policies are wrong, or the database fails.
    async fn update_policies(
        &self,
        tenant: &TenantId,
        policies: &Policies,
        etag: Option<&str>,
        now: Timestamp,
    ) -> Result<Tenant, Error>;

    /// Stores a new API key.
    ///
    /// # Errors
    /// When the tenant does not exist, or the database fails.
    async fn create_key(&self, tenant: &TenantId, key: &KeyRecord) -> Result<(), Error>;

    /// The key with an id, whosever it is.
    ///
    /// # Errors
    /// When the database fails.
    async fn find_key(&self, key_id: &str) -> Result<Option<ApiKey>, Error>;

    /// A tenant's keys, newest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>, Error>;

    /// Revokes a key; says whether there was one to revoke.
    ///
    /// # Errors
    /// When the database fails.
    async fn revoke_key(&self, tenant: &TenantId, key_id: &str, now: Timestamp) -> Result<bool, Error>;

    /// Notes that keys were used.
    ///
    /// # Errors
    /// When the database fails.
    async fn touch_key(&self, tenant: &TenantId, key_id: &str, now: Timestamp) -> Result<(), Error>;

    /// A tenant's own metrics, by id.
    ///
    /// # Errors
    /// When the database fails.
    async fn metrics(&self, tenant: &TenantId) -> Result<Vec<StoredMetric>, Error>;

    /// Stores a metric: a new one when `expected` is `None`, else the successor of that version.
    ///
    /// # Errors
    /// When it exists (or has another version), or the database fails.
    async fn put_metric(
        &self,
        tenant: &TenantId,
        metric: &StoredMetric,
        expected: Option<i64>,
        now: Timestamp,
    ) -> Result<(), Error>;

    /// Removes a metric; says whether there was one.
    ///
    /// # Errors
    /// When the version is not the expected one, or the database fails.
    async fn delete_metric(&self, tenant: &TenantId, metric_id: &str, expected: Option<i64>) -> Result<bool, Error>;
}

/// Looking after what is stored.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Folds the whole log from scratch and compares it with the ledger; with `apply`, records the difference as one
    /// more commit.
    ///
    /// # Errors
    /// When the tenant does not exist, the database fails, or a record is damaged.
    async fn rebuild(&self, tenant: &TenantId, apply: bool, now: Timestamp) -> Result<RebuildReport, Error>;

    /// Checks the log, the ledger and the sequence of commits against each other.
    ///
    /// # Errors
    /// When the tenant does not exist or the database fails. Damage is reported, not an error.
    async fn verify(&self, tenant: &TenantId) -> Result<VerifyReport, Error>;

    /// Writes the state of subjects as far as it is only known from the log: at the end of a process, and for one that was
    /// killed.
    ///
    /// # Errors
    /// When the tenant does not exist, the database fails, or a record is damaged.
    async fn catch_up(&self, tenant: &TenantId) -> Result<(), Error>;

    /// Whether the database answers and has the newest schema.
    ///
    /// # Errors
    /// When it does not.
    async fn ready(&self) -> Result<(), Error>;
}

/// All of it.
pub trait Store: Log + Ledger + Tenancy + Upkeep {}

impl<T: Log + Ledger + Tenancy + Upkeep> Store for T {}

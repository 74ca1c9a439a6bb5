//! The ledger as it is stored: immutable columnar segments, one a commit, merged by and by.

mod compact;
mod read;
mod write;

use std::ops::RangeInclusive;

use async_trait::async_trait;
use jiff::Timestamp;
use scoreline_core::{dimension::Fact, id::TenantId};

pub use self::compact::{Compacted, CompactionPlan};
pub(crate) use self::{
    read::{all_facts, each_segment},
    write::insert_segment,
};
use crate::{Database, Error, Ledger};

/// A stored segment: Arrow IPC, as `scoreline_core::ledger::segment` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The first commit that it covers.
    pub first_commit: u64,
    /// The last commit that it covers.
    pub last_commit: u64,
    /// How many rows it has.
    pub rows: u64,
    /// The rows.
    pub data: Vec<u8>,
}

/// What was recorded after a commit.
#[derive(Debug, Clone)]
pub struct Tail {
    /// Segments that have rows of later commits, in order. The first may have rows of earlier ones too, where it was
    /// merged meanwhile: the reader leaves them out.
    pub segments: Vec<Segment>,
    /// Facts with their commit and count.
    pub facts: Vec<(u64, Fact, i8)>,
    /// Everything up to and including this commit is here, or was before.
    pub complete_to: u64,
    /// The instant of that commit.
    pub complete_at: Timestamp,
    /// The tenant's newest commit; above `complete_to` there is more to ask for.
    pub watermark: u64,
}

#[async_trait]
impl Ledger for Database {
    async fn tail(&self, tenant: &TenantId, after: u64, max_bytes: u64) -> Result<Tail, Error> {
        read::tail(self, tenant, after, max_bytes).await
    }

    async fn watermark(&self, tenant: &TenantId) -> Result<(u64, Timestamp), Error> {
        read::watermark(self.reader(), tenant).await
    }

    async fn commit_at(&self, tenant: &TenantId, instant: Timestamp) -> Result<u64, Error> {
        read::commit_at(self.reader(), tenant, instant).await
    }

    async fn instants(&self, tenant: &TenantId, commits: RangeInclusive<u64>) -> Result<Vec<(u64, Timestamp)>, Error> {
        read::instants(self.reader(), tenant, commits).await
    }

    async fn compact(&self, tenant: &TenantId, plan: &CompactionPlan) -> Result<Option<Compacted>, Error> {
        let (database, tenant, plan) = (self.clone(), tenant.clone(), *plan);
        Self::detached(async move { compact::compact(&database, &tenant, &plan).await }).await
    }
}

//! What is known of a tenant at one commit.

use std::sync::Arc;

use jiff::Timestamp;
use scoreline_core::ledger::Image;

/// A tenant's state at one commit. It never changes.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The rows; `None` when they do not fit in memory and are streamed instead.
    pub(crate) rows: Option<Arc<Image>>,
    /// An image without rows: the facts of the dimension tables.
    pub(crate) facts: Arc<Image>,
    pub(crate) commit: u64,
    pub(crate) commit_time: Timestamp,
}

impl Snapshot {
    pub(crate) fn bytes(&self) -> u64 {
        let rows = self.rows.as_ref().map_or(0, |rows| rows.bytes());
        (rows + self.facts.bytes()) as u64
    }
}

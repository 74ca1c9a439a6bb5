//! From pages of the ledger to images.

use std::{ops::RangeInclusive, sync::Arc};

use jiff::Timestamp;
use scoreline_core::ledger::{Error, Image};
use scoreline_storage::Tail;

use super::{Snapshot, overlap::within};

/// An image under construction, and then the place where it is continued.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    /// `None` once the rows did not fit.
    pub(super) rows: Option<Image>,
    /// Shared as long as no fact is added, so that tables are made once.
    pub(super) facts: Arc<Image>,
    pub(super) commit: u64,
    pub(super) at: Timestamp,
}

impl Loaded {
    pub(super) fn new() -> Self {
        Self {
            rows: Some(Image::new()),
            facts: Arc::new(Image::new()),
            commit: 0,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    /// The same with one more page. Rows of commits that are here already are left out: segments may have been merged
    /// meanwhile.
    pub(super) fn with(mut self, page: &Tail, budget: u64) -> Result<Self, Error> {
        let news: RangeInclusive<u64> = self.commit + 1..=page.complete_to;
        if let Some(rows) = &mut self.rows {
            for segment in &page.segments {
                match within(segment, &news)? {
                    None => rows.append_bytes(&segment.data)?,
                    Some(entries) => rows.append(&entries),
                }
            }
            rows.reach(page.complete_to);
        }
        for facts in page.facts.chunk_by(|left, right| left.0 == right.0) {
            let counted = facts.iter().map(|(_, fact, count)| (fact.clone(), *count));
            Arc::make_mut(&mut self.facts).append_facts(facts[0].0, counted);
        }
        if self.rows.as_ref().is_some_and(|rows| rows.bytes() as u64 > budget) {
            tracing::info!(
                commit = page.complete_to,
                budget,
                "the ledger does not fit in memory and is streamed"
            );
            self.rows = None;
        }
        (self.commit, self.at) = (page.complete_to, page.complete_at);
        Ok(self)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            rows: self.rows.clone().map(Arc::new),
            facts: Arc::clone(&self.facts),
            commit: self.commit,
            commit_time: self.at,
        }
    }
}

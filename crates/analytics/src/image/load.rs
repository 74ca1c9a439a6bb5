//! From pages of the ledger to images.

use std::{ops::RangeInclusive, sync::Arc};

use jiff::Timestamp;
use scoreline_core::{
    dimension::Fact,
    ledger::{self, Entry, Error, Image, OpenSegment},
};
use scoreline_storage::{Segment, Tail};

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

    /// The same with one more page.
    pub(super) fn with(mut self, page: Page, budget: u64) -> Self {
        if let Some(rows) = &mut self.rows {
            for opened in page.opened {
                match opened {
                    Opened::Whole(segment) => rows.append_segment(&segment),
                    Opened::Part(entries) => rows.append(&entries),
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
        self
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

/// A page of the ledger whose segments are opened, which takes about as long as to append them: so the next page can be
/// opened beside.
pub(super) struct Page {
    opened: Vec<Opened>,
    facts: Vec<(u64, Fact, i8)>,
    complete_to: u64,
    complete_at: Timestamp,
}

enum Opened {
    Whole(Box<OpenSegment>),
    Part(Vec<Entry>),
}

impl Page {
    /// Opens what was recorded after a commit. Rows of earlier commits are left out: segments may have been merged meanwhile.
    ///
    /// # Errors
    /// When a segment is damaged.
    pub(super) fn open(tail: Tail, after: u64, with_rows: bool) -> Result<Self, Error> {
        let news: RangeInclusive<u64> = after + 1..=tail.complete_to;
        let segments = tail.segments.into_iter().filter(|_| with_rows);
        let open = |segment: Segment| match within(&segment, &news)? {
            None => ledger::open(segment.data).map(Box::new).map(Opened::Whole),
            Some(entries) => Ok(Opened::Part(entries)),
        };
        Ok(Self {
            opened: segments.map(open).collect::<Result<_, _>>()?,
            facts: tail.facts,
            complete_to: tail.complete_to,
            complete_at: tail.complete_at,
        })
    }
}

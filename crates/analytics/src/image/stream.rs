//! A ledger that does not fit in memory, segment by segment.

use std::{collections::VecDeque, sync::Arc};

use scoreline_core::{
    id::TenantId,
    ledger::{self, SegmentStream},
};
use scoreline_storage::{Ledger, Segment};
use tokio::runtime::Handle;

use super::overlap::within;

/// How many bytes of segments are held at a time.
const PAGE_BYTES: u64 = 8 << 20;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A tenant's segments up to a commit, in order, each row once. Reads the store, so it is to be pulled off the async
/// threads.
pub(crate) struct Pages {
    store: Arc<dyn Ledger>,
    runtime: Handle,
    tenant: TenantId,
    after: u64,
    to: u64,
    ready: VecDeque<Vec<u8>>,
}

impl Pages {
    pub(crate) fn new(store: Arc<dyn Ledger>, runtime: Handle, tenant: TenantId, after: u64, to: u64) -> Self {
        Self {
            store,
            runtime,
            tenant,
            after,
            to,
            ready: VecDeque::new(),
        }
    }

    fn turn(&mut self) -> Result<(), Failure> {
        let page = self
            .runtime
            .block_on(self.store.tail(&self.tenant, self.after, PAGE_BYTES))?;
        let news = self.after + 1..=page.complete_to.min(self.to);
        for segment in page.segments {
            self.ready.extend(bytes(segment, &news)?);
        }
        // A store that has nothing more must not be asked for ever.
        self.after = if page.complete_to > self.after {
            page.complete_to
        } else {
            self.to
        };
        Ok(())
    }
}

fn bytes(segment: Segment, news: &std::ops::RangeInclusive<u64>) -> Result<Option<Vec<u8>>, ledger::Error> {
    match within(&segment, news)? {
        None => Ok(Some(segment.data)),
        Some(entries) if entries.is_empty() => Ok(None),
        Some(entries) => Ok(Some(ledger::encode(&entries)?.bytes)),
    }
}

impl Iterator for Pages {
    type Item = Result<Vec<u8>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && self.after < self.to {
            if let Err(error) = self.turn() {
                self.after = self.to;
                return Some(Err(error));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// The blocks of a tenant's segments.
pub(crate) fn streamed(pages: Pages) -> SegmentStream<Pages> {
    SegmentStream::new(pages)
}

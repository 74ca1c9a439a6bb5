//! Queries over a ledger that does not fit in memory: each is one pass over the segments.

use std::sync::Arc;

use scoreline_core::{
    ledger::{Block, BlockSource, Dictionaries, Error, SegmentStream, Wanted},
    query::{self, AggregateQuery, Answer},
};

use super::{LedgerAnswers, Stop, Stopped};
use crate::image::{Pages, streamed};

pub(super) fn answers(over: &LedgerAnswers, queries: &[AggregateQuery]) -> Result<Vec<Arc<Answer>>, Stopped> {
    queries
        .iter()
        .map(|query| {
            let mut source = Stoppable {
                blocks: streamed(over.pages()),
                stop: over.stop.clone(),
            };
            let answer = query::run_over(&mut source, &over.tables, query, &over.options);
            let why = |error| over.stop.check().err().unwrap_or(Stopped::Query(error));
            answer.map(Arc::new).map_err(why)
        })
        .collect()
}

/// Blocks, as long as someone waits for them.
struct Stoppable {
    blocks: SegmentStream<Pages>,
    stop: Stop,
}

impl BlockSource for Stoppable {
    fn dictionaries(&self) -> &Dictionaries {
        self.blocks.dictionaries()
    }

    fn start(&mut self, wanted: &Wanted) {
        self.blocks.start(wanted);
    }

    fn next_block(&mut self) -> Result<Option<Arc<Block>>, Error> {
        self.stop.check().map_err(|stopped| Error::Source(Box::new(stopped)))?;
        self.blocks.next_block()
    }
}

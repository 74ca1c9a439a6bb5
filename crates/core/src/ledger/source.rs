//! Where blocks come from: an image in memory, or segments read one after the other.

use std::{collections::BTreeSet, sync::Arc};

use super::{Block, Dictionaries, Error, block::BLOCK_ROWS, load::Loader, segment};
use crate::{dimension::Dimension, measure::Measure};

/// What a reader wants of a measure's rows, so that a source may leave the rest out.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The measure.
    pub measure: Measure,
    /// Which dimensions; `None`: all.
    pub dimensions: Option<BTreeSet<Dimension>>,
    /// Whether subjects are looked at.
    pub subjects: bool,
}

impl Wanted {
    pub(crate) fn has(&self, dimension: &Dimension) -> bool {
        self.dimensions
            .as_ref()
            .is_none_or(|dimensions| dimensions.contains(dimension))
    }
}

/// Gives the blocks of one measure, one at a time, in any order.
pub trait BlockSource {
    /// The dictionaries of its codes. They may grow from one block to the next.
    fn dictionaries(&self) -> &Dictionaries;

    /// Begins a pass over the rows of a measure.
    fn start(&mut self, wanted: &Wanted);

    /// The next block; `None` after the last.
    ///
    /// # Errors
    /// When a segment cannot be read.
    fn next_block(&mut self) -> Result<Option<Arc<Block>>, Error>;
}

/// The blocks of a ledger that does not fit in memory: segments are opened one at a time and let go, with dictionaries of
/// their own that hold only what the question looks at. Good for one pass.
pub struct SegmentStream<I> {
    segments: I,
    dictionaries: Dictionaries,
    wanted: Option<Wanted>,
    ready: Vec<Arc<Block>>,
    block_rows: usize,
}

impl<I, B, E> SegmentStream<I>
where
    I: Iterator<Item = Result<B, E>>,
    B: Into<Vec<u8>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// A stream of segments' bytes.
    pub fn new(segments: I) -> Self {
        Self {
            segments,
            dictionaries: Dictionaries::default(),
            wanted: None,
            ready: Vec::new(),
            block_rows: BLOCK_ROWS,
        }
    }

    /// The same with smaller blocks. Answers do not depend on their size.
    #[must_use]
    pub fn with_block_rows(mut self, block_rows: usize) -> Self {
        self.block_rows = block_rows.clamp(1, BLOCK_ROWS);
        self
    }
}

impl<I, B, E> BlockSource for SegmentStream<I>
where
    I: Iterator<Item = Result<B, E>>,
    B: Into<Vec<u8>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn dictionaries(&self) -> &Dictionaries {
        &self.dictionaries
    }

    fn start(&mut self, wanted: &Wanted) {
        self.wanted = Some(wanted.clone());
    }

    fn next_block(&mut self) -> Result<Option<Arc<Block>>, Error> {
        let Some(wanted) = &self.wanted else { return Ok(None) };
        while self.ready.is_empty() {
            let Some(bytes) = self.segments.next() else {
                return Ok(None);
            };
            let bytes = bytes.map_err(|error| Error::Source(error.into()))?;
            let segment = segment::open(bytes.into())?;
            let loader = Loader {
                dictionaries: &self.dictionaries,
                block_rows: self.block_rows,
                wanted: Some(wanted),
            };
            let blocks = loader.load(&segment).blocks;
            self.ready.extend(blocks.into_iter().map(|(_, block)| Arc::new(block)));
        }
        Ok(self.ready.pop())
    }
}

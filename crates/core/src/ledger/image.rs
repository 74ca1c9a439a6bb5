//! The image: a tenant's ledger in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use super::{
    Block, BlockSource, Dictionaries, Entry, Error, OpenSegment, Wanted,
    block::{BLOCK_ROWS, Columns},
    cluster::clustered,
    day,
    load::Loader,
    subjects::SegmentIds,
};
use crate::{
    dimension::{Fact, Tables},
    measure::Measure,
};

/// Fewer rows of a measure are as fast in any order.
const WORTH_ORDER: usize = 1 << 12;

/// A tenant's ledger in memory: for each measure its rows in packed blocks, and the facts of the dimension tables.
///
/// A clone is a snapshot: it shares all blocks and dictionaries with the original, and appending to one never shows in
/// the other. So a writer clones, appends and publishes, while readers keep what they have.
#[derive(Debug, Clone)]
pub struct Image {
    dictionaries: Dictionaries,
    measures: BTreeMap<Measure, Vec<Arc<Block>>>,
    /// How many rows a measure had when they were last put in order.
    ordered: BTreeMap<Measure, usize>,
    /// The ids that blocks of settled segments share.
    ids: Vec<Arc<SegmentIds>>,
    facts: Vec<Arc<Vec<FactRow>>>,
    latest: OnceLock<Arc<Tables>>,
    commit: u64,
    block_rows: usize,
}

#[derive(Debug, Clone)]
struct FactRow {
    commit: u64,
    count: i8,
    fact: Arc<Fact>,
}

impl Default for Image {
    fn default() -> Self {
        Self::new()
    }
}

impl Image {
    /// An empty image.
    #[must_use]
    pub fn new() -> Self {
        Self::with_block_rows(BLOCK_ROWS)
    }

    /// An empty image with smaller (or larger) blocks. Answers do not depend on their size.
    #[must_use]
    pub fn with_block_rows(block_rows: usize) -> Self {
        Self {
            dictionaries: Dictionaries::default(),
            measures: BTreeMap::new(),
            ordered: BTreeMap::new(),
            ids: Vec::new(),
            facts: Vec::new(),
            latest: OnceLock::new(),
            commit: 0,
            block_rows: block_rows.clamp(1, BLOCK_ROWS),
        }
    }

    /// Appends a segment's rows.
    pub fn append_segment(&mut self, segment: &OpenSegment) {
        let loader = Loader {
            dictionaries: &self.dictionaries,
            block_rows: self.block_rows,
            wanted: None,
        };
        let loaded = loader.load(segment);
        for (measure, block) in loaded.blocks {
            self.push(measure, block);
        }
        self.ids.extend(loaded.ids);
        self.reach(segment.last_commit());
    }

    /// Appends entries.
    pub fn append(&mut self, entries: &[Entry]) {
        let mut by_measure: BTreeMap<&Measure, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            by_measure.entry(&entry.measurement.measure).or_default().push(entry);
        }
        for (measure, entries) in by_measure {
            for part in entries.chunks(self.block_rows) {
                let block = self.columns(part).pack();
                self.push(measure.clone(), block);
            }
        }
        self.reach(entries.iter().map(|entry| entry.commit).max().unwrap_or(0));
    }

    fn columns(&self, entries: &[&Entry]) -> Columns {
        let (mut texts, mut subjects) = (self.dictionaries.write(), self.dictionaries.write_subjects());
        let mut columns = Columns::default();
        for Entry {
            commit,
            measurement,
            count,
        } in entries
        {
            columns.date.push(day::to_day(measurement.date));
            columns.origin.push(day::to_day(measurement.origin_date));
            columns.instant.push(day::to_micros(measurement.instant));
            columns.commit.push(*commit);
            let subject = &measurement.subject;
            columns.subject.push(subjects.code(subject.kind, subject.id.as_str()));
            columns.value.push(measurement.value);
            columns.count.push(*count);
            for (dimension, value) in measurement.dimensions.iter() {
                let code = texts.value(dimension, value.as_str());
                columns.set(dimension, code);
            }
        }
        columns.level();
        columns
    }

    /// Adds a block. Small neighbours are joined when they are of like size, so that a measure has few of them and a
    /// row is copied a logarithmic number of times, however small the commits are. Blocks with uncoded subjects stay alone.
    fn push(&mut self, measure: Measure, block: Block) {
        let blocks = self.measures.entry(measure).or_default();
        blocks.push(Arc::new(block));
        while let [.., before, last] = blocks.as_slice() {
            let is_alone = before.subject.is_of_segment() || last.subject.is_of_segment();
            if is_alone || before.rows() > 2 * last.rows() || before.rows() + last.rows() > self.block_rows {
                break;
            }
            let mut columns = Columns::unpack(before);
            columns.extend(last);
            blocks.truncate(blocks.len() - 2);
            blocks.push(Arc::new(columns.pack()));
        }
    }

    /// Appends facts of the dimension tables: count +1 adds one, −1 takes one back.
    pub fn append_facts(&mut self, commit: u64, facts: impl IntoIterator<Item = (Fact, i8)>) {
        let rows: Vec<_> = facts
            .into_iter()
            .map(|(fact, count)| FactRow {
                commit,
                count,
                fact: Arc::new(fact),
            })
            .collect();
        self.reach(commit);
        if rows.is_empty() {
            return;
        }
        self.facts.push(Arc::new(rows));
        while let [.., before, last] = self.facts.as_slice() {
            if before.len() > 2 * last.len() {
                break;
            }
            let joined = before.iter().chain(last.iter()).cloned().collect();
            self.facts.truncate(self.facts.len() - 2);
            self.facts.push(Arc::new(joined));
        }
        self.latest = OnceLock::new();
    }

    /// The dimension tables as known at a commit, or as they are now (these are kept until facts change).
    #[must_use]
    pub fn tables(&self, known_at: Option<u64>) -> Arc<Tables> {
        match known_at {
            Some(commit) if commit < self.commit => Arc::new(self.tables_at(commit)),
            _ => Arc::clone(self.latest.get_or_init(|| Arc::new(self.tables_at(u64::MAX)))),
        }
    }

    fn tables_at(&self, commit: u64) -> Tables {
        let rows = self
            .facts
            .iter()
            .flat_map(|rows| rows.iter())
            .filter(|row| row.commit <= commit);
        Tables::from_facts(rows.map(|row| (row.fact.as_ref(), i64::from(row.count))))
    }

    /// Notes that everything up to a commit is here, also when it brought no rows.
    pub fn reach(&mut self, commit: u64) {
        self.commit = self.commit.max(commit);
    }

    /// The greatest commit that is here.
    #[must_use]
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.measures.values().flatten().map(|block| block.rows()).sum()
    }

    /// About how many bytes it takes, dictionaries included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let blocks: usize = self.measures.values().flatten().map(|block| block.bytes()).sum();
        let facts: usize = self
            .facts
            .iter()
            .map(|rows| rows.len() * (size_of::<FactRow>() + size_of::<Fact>()))
            .sum();
        let ids: usize = self.ids.iter().map(|ids| ids.bytes()).sum();
        blocks + ids + facts + self.dictionaries.bytes()
    }

    /// The measures that have rows.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.measures.keys()
    }

    /// The dictionaries of its codes.
    #[must_use]
    pub fn dictionaries(&self) -> &Dictionaries {
        &self.dictionaries
    }

    /// The blocks of a measure, for callers that spread them over threads.
    #[must_use]
    pub fn blocks(&self, measure: &Measure) -> &[Arc<Block>] {
        self.measures.get(measure).map_or(&[], Vec::as_slice)
    }

    /// The first blocks of a measure, as far as no later commit will join them with others.
    #[must_use]
    pub fn settled(&self, measure: &Measure) -> &[Arc<Block>] {
        let blocks = self.blocks(measure);
        // A block is joined with one of at least half its rows, if both fit: nothing reaches past one that is two thirds full.
        let is_full = |block: &Arc<Block>| block.subject.is_of_segment() || block.rows() * 3 > self.block_rows * 2;
        &blocks[..blocks.iter().rposition(is_full).map_or(0, |last| last + 1)]
    }

    /// The measures that have got so many settled rows since these were last put in order that it is worth doing again,
    /// those with the most rows first.
    #[must_use]
    pub fn disordered(&self) -> Vec<Measure> {
        let settled = |measure: &Measure| self.settled(measure).iter().map(|block| block.rows()).sum::<usize>();
        let is_disordered = |(measure, rows): &(&Measure, usize)| {
            let ordered = self.ordered.get(*measure).copied().unwrap_or(0);
            *rows >= WORTH_ORDER && *rows > ordered + ordered / 2
        };
        let measures = self.measures.keys().map(|measure| (measure, settled(measure)));
        let mut disordered: Vec<(&Measure, usize)> = measures.filter(is_disordered).collect();
        disordered.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        disordered.into_iter().map(|(measure, _)| measure.clone()).collect()
    }

    /// The settled rows of a measure in the order that questions like. Changes nothing: [`Image::put_in_order`] does, on
    /// this image or on one that has got more rows meanwhile.
    #[must_use]
    pub fn in_order(&self, measure: &Measure) -> Ordered {
        let blocks = self.settled(measure);
        Ordered {
            measure: measure.clone(),
            replaced: blocks.len(),
            blocks: clustered(blocks, self.block_rows),
        }
    }

    /// Replaces the settled blocks of a measure by what [`Image::in_order`] made of them.
    pub fn put_in_order(&mut self, ordered: Ordered) {
        let rows = ordered.blocks.iter().map(|block| block.rows()).sum();
        if let Some(blocks) = self.measures.get_mut(&ordered.measure) {
            blocks.splice(..ordered.replaced, ordered.blocks);
            self.ordered.insert(ordered.measure, rows);
        }
    }

    /// The image as a source of blocks.
    #[must_use]
    pub fn source(&self) -> ImageBlocks<'_> {
        ImageBlocks { image: self, left: &[] }
    }
}

/// Rows of a measure in another order.
#[derive(Debug)]
pub struct Ordered {
    measure: Measure,
    replaced: usize,
    blocks: Vec<Arc<Block>>,
}

/// The blocks of an image, one at a time.
pub struct ImageBlocks<'a> {
    image: &'a Image,
    left: &'a [Arc<Block>],
}

impl BlockSource for ImageBlocks<'_> {
    fn dictionaries(&self) -> &Dictionaries {
        &self.image.dictionaries
    }

    fn start(&mut self, wanted: &Wanted) {
        self.left = self.image.blocks(&wanted.measure);
    }

    fn next_block(&mut self) -> Result<Option<Arc<Block>>, Error> {
        let Some((block, left)) = self.left.split_first() else {
            return Ok(None);
        };
        self.left = left;
        Ok(Some(Arc::clone(block)))
    }
}

//! Settled segments: rows in the order of [`super::order`], packed as blocks hold them, so that loading copies them.
//!
//! The Arrow stream has one batch. First come its dictionaries, a row each: `column` names the dimension, or is `subject`
//! and `kind` says of which kind, and `texts` are its texts. Then come the columns of block after block, a row each:
//! `block` and `measure` say of which block, `column` which column as a flat segment names it, and its values are
//! `base + scale · offset` with as many offsets as the block has `rows`, in the one list of `bytes`, `shorts`, `words`
//! that is not empty (none is when they are all 0), or the `wholes` themselves. A value of a dimension is 0 or the place
//! of its text plus one; one of `subject` the place of its text among those of its kind; one of `subject_kind` the
//! kind's number.

mod merge;
mod pack;
mod read;
mod write;

use arrow_array::{Array as _, StringArray};
use arrow_buffer::Buffer;

pub(super) use self::{merge::merged, pack::packed, write::write};
use super::{Meta, SegmentRows};
use crate::{
    dimension::Dimension,
    id::Name,
    ledger::{
        day,
        packed::{Packed, Rows},
    },
    measure::Measure,
    subject::SubjectKind,
};

/// The names of the columns that all blocks have, in this order.
const FIXED: [&str; 8] = [
    "date",
    "origin_date",
    "instant",
    "commit",
    "subject_kind",
    "subject",
    "value",
    "count",
];

/// A settled segment, checked as [`SegmentRows`] are. Its columns are parts of the segment's bytes.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// The ids of each kind.
    pub(crate) subjects: Vec<(SubjectKind, StringArray)>,
    pub(crate) dimensions: Vec<(Dimension, StringArray)>,
    pub(crate) blocks: Vec<SettledBlock>,
}

/// Rows of one measure.
#[derive(Debug, Clone)]
pub(crate) struct SettledBlock {
    pub(crate) measure: Measure,
    pub(crate) rows: usize,
    pub(crate) date: Packed,
    pub(crate) origin: Packed,
    pub(crate) instant: Packed,
    pub(crate) commit: Packed,
    pub(crate) kind: Packed,
    pub(crate) subject: Packed,
    pub(crate) value: Packed,
    pub(crate) count: Packed,
    /// By their places among the segment's.
    pub(crate) dimensions: Vec<(usize, Packed)>,
}

impl Settled {
    /// The ids of a kind that occurs.
    pub(crate) fn ids(&self, kind: SubjectKind) -> &StringArray {
        let found = self.subjects.iter().find(|(other, _)| *other == kind);
        &found.expect("kinds were checked").1
    }

    /// The measure of each block.
    fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.blocks.iter().map(|block| &block.measure)
    }

    /// All dictionaries.
    fn texts(&self) -> impl Iterator<Item = &StringArray> {
        let subjects = self.subjects.iter().map(|(_, texts)| texts);
        subjects.chain(self.dimensions.iter().map(|(_, texts)| texts))
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.rows).sum()
    }

    /// What is known of the rows as a whole; `None` when there are none.
    fn meta(&self) -> Option<Meta> {
        let ends = |of: fn(&SettledBlock) -> &Packed| {
            let columns = || self.blocks.iter().map(of);
            Some((columns().map(Packed::min).min()?, columns().map(Packed::max).max()?))
        };
        let ((first, last), (from, to)) = (ends(|block| &block.commit)?, ends(|block| &block.date)?);
        let date = |number: i64| day::from_day(number as i32).expect("days were checked");
        Some(Meta {
            first_commit: first as u64,
            last_commit: last as u64,
            min_date: date(from),
            max_date: date(to),
            rows: self.len(),
        })
    }

    /// Row by row again.
    pub(super) fn rows(&self) -> SegmentRows {
        let mut rows = SegmentRows {
            measures: Vec::new(),
            measure: Vec::new(),
            date: Vec::new(),
            origin: Vec::new(),
            instant: Vec::new(),
            commit: Vec::new(),
            subject_kind: Vec::new(),
            subjects: self.subjects.iter().flat_map(|(_, ids)| names(ids)).collect(),
            subject: Vec::new(),
            value: Vec::new(),
            count: Vec::new(),
            dimensions: Vec::new(),
        };
        for (dimension, texts) in &self.dimensions {
            rows.dimensions.push(super::DimensionColumn {
                dimension: dimension.clone(),
                texts: names(texts).collect(),
                codes: Vec::new(),
            });
        }
        for block in &self.blocks {
            self.append(block, &mut rows);
        }
        rows
    }

    fn append(&self, block: &SettledBlock, rows: &mut SegmentRows) {
        let all = Rows::Run(0, block.rows);
        if rows.measures.last() != Some(&block.measure) {
            rows.measures.push(block.measure.clone());
        }
        let measure = rows.measures.len() as u32 - 1;
        rows.measure.resize(rows.measure.len() + block.rows, measure);
        block.date.read(all, &mut rows.date);
        block.origin.read(all, &mut rows.origin);
        block.instant.read(all, &mut rows.instant);
        block.commit.read(all, &mut rows.commit);
        block.value.read(all, &mut rows.value);
        block.count.read(all, &mut rows.count);
        for row in 0..block.rows {
            let kind = block.kind(row);
            let before = self.subjects.iter().take_while(|(other, _)| *other != kind);
            let start: usize = before.map(|(_, ids)| ids.len()).sum();
            rows.subject_kind.push(kind);
            rows.subject.push((start as i64 + block.subject.at(row)) as u32);
        }
        for (at, codes) in &block.dimensions {
            let column = &mut rows.dimensions[*at].codes;
            column.resize(rows.date.len() - block.rows, 0);
            codes.read(all, column);
        }
        for column in &mut rows.dimensions {
            column.codes.resize(rows.date.len(), 0);
        }
    }
}

impl SettledBlock {
    pub(crate) fn kind(&self, row: usize) -> SubjectKind {
        SubjectKind::from_code(self.kind.at(row) as u8).expect("kinds were checked")
    }
}

/// Refuses more texts than one Arrow array can hold: a settled segment has all its dictionaries in one.
///
/// # Errors
/// When there are more.
pub(super) fn bounded_texts(parts: &[Settled]) -> Result<(), super::Error> {
    let limit = i32::MAX as usize;
    let bytes = parts.iter().flat_map(Settled::texts).map(bytes_of).sum();
    if bytes > limit {
        return Err(super::Error::TooManyTexts { bytes, limit });
    }
    Ok(())
}

/// The bytes of some texts, which may be a part of those of an array.
fn bytes_of(texts: &StringArray) -> usize {
    let offsets = texts.value_offsets();
    offsets[texts.len()] as usize - offsets[0] as usize
}

fn names(texts: &StringArray) -> impl Iterator<Item = Name> + '_ {
    let name = |text| Name::new(text).expect("texts were checked");
    texts.iter().flatten().map(name)
}

/// Opens the stream of a settled segment.
pub(super) fn open(stream: Buffer) -> Result<Settled, super::Error> {
    read::settled(stream)
}

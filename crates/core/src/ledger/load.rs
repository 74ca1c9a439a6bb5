//! A segment's rows to blocks under a tenant's dictionaries.

mod settled;

use std::{ops::Range, sync::Arc};

use super::{
    Block, Dictionaries, OpenSegment, SegmentRows, Wanted,
    block::Columns,
    segment::{DimensionColumn, Form, pick},
    subjects::SegmentIds,
};
use crate::{dimension::Dimension, measure::Measure};

/// What a segment comes to.
#[derive(Default)]
pub(crate) struct Loaded {
    /// The wanted rows as blocks of one measure each, in the order of measure and then of the rows.
    pub(crate) blocks: Vec<(Measure, Block)>,
    /// What these blocks share.
    pub(crate) ids: Vec<Arc<SegmentIds>>,
}

/// Turns segments into blocks.
pub(crate) struct Loader<'a> {
    pub(crate) dictionaries: &'a Dictionaries,
    pub(crate) block_rows: usize,
    /// `None`: everything.
    pub(crate) wanted: Option<&'a Wanted>,
}

/// A segment's codes in the tenant's dictionaries.
struct Codes {
    /// For each row, as a text may belong to subjects of several kinds.
    subjects: Vec<u32>,
    /// For each wanted dimension: its place in the segment, and the code of each of its codes.
    dimensions: Vec<(usize, Dimension, Vec<u32>)>,
}

impl Loader<'_> {
    pub(crate) fn load(&self, segment: &OpenSegment) -> Loaded {
        match &segment.0 {
            Form::Flat(rows) => Loaded {
                blocks: self.blocks(rows),
                ids: Vec::new(),
            },
            Form::Settled(settled) => self.settled(settled),
        }
    }

    fn blocks(&self, rows: &SegmentRows) -> Vec<(Measure, Block)> {
        let by_measure = self.by_measure(rows);
        if by_measure.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        let codes = self.codes(rows, &by_measure);
        let mut blocks = Vec::new();
        for (measure, picked) in rows.measures.iter().zip(&by_measure) {
            for part in parts(picked.len(), self.block_rows) {
                blocks.push((measure.clone(), columns(rows, &codes, &picked[part]).pack()));
            }
        }
        blocks
    }

    /// For each measure of the segment its rows; none where it is not wanted.
    fn by_measure(&self, rows: &SegmentRows) -> Vec<Vec<u32>> {
        let mut by_measure = vec![Vec::new(); rows.measures.len()];
        let is_wanted = |measure: &Measure| self.wanted.is_none_or(|wanted| wanted.measure == *measure);
        let wanted: Vec<bool> = rows.measures.iter().map(is_wanted).collect();
        for (row, measure) in rows.measure.iter().enumerate() {
            if wanted[*measure as usize] {
                by_measure[*measure as usize].push(row as u32);
            }
        }
        by_measure
    }

    fn codes(&self, rows: &SegmentRows, by_measure: &[Vec<u32>]) -> Codes {
        let mut subjects = Vec::new();
        if self.wanted.is_none_or(|wanted| wanted.subjects) {
            let mut texts = self.dictionaries.write_subjects();
            subjects.resize(rows.len(), 0);
            // A subject stands in several rows: ask the dictionary once for each kind that a text is used with.
            let mut known: Vec<Option<(u8, u32)>> = vec![None; rows.subjects.len()];
            for row in by_measure.iter().flatten().map(|row| *row as usize) {
                let (kind, text) = (rows.subject_kind[row], rows.subject[row] as usize);
                subjects[row] = match known[text] {
                    Some((of, code)) if of == kind.code() => code,
                    _ => texts.code(kind, rows.subjects[text].as_str()),
                };
                known[text] = Some((kind.code(), subjects[row]));
            }
        }
        let mut texts = self.dictionaries.write();
        let wanted = |column: &DimensionColumn| self.wanted.is_none_or(|wanted| wanted.has(&column.dimension));
        let columns = rows.dimensions.iter().enumerate().filter(|(_, column)| wanted(column));
        let dimensions = columns.map(|(at, column)| {
            let codes = column
                .texts
                .iter()
                .map(|text| texts.value(&column.dimension, text.as_str()));
            (at, column.dimension.clone(), std::iter::once(0).chain(codes).collect())
        });
        Codes {
            dimensions: dimensions.collect(),
            subjects,
        }
    }
}

fn parts(rows: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows)
        .step_by(size.max(1))
        .map(move |first| first..rows.min(first + size.max(1)))
}

fn columns(rows: &SegmentRows, codes: &Codes, picked: &[u32]) -> Columns {
    let mut columns = Columns {
        date: pick(&rows.date, picked),
        origin: pick(&rows.origin, picked),
        instant: pick(&rows.instant, picked),
        commit: pick(&rows.commit, picked),
        value: pick(&rows.value, picked),
        count: pick(&rows.count, picked),
        ..Columns::default()
    };
    columns.subject = if codes.subjects.is_empty() {
        vec![0; picked.len()]
    } else {
        pick(&codes.subjects, picked)
    };
    for (at, dimension, map) in &codes.dimensions {
        let own = &rows.dimensions[*at].codes;
        let column = picked.iter().map(|row| map[own[*row as usize] as usize]).collect();
        columns.dimensions.insert(dimension.clone(), column);
    }
    columns
}

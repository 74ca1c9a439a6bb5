//! Rows to blocks of packed columns.

use std::ops::Range;

use arrow_array::StringArray;

use super::{Settled, SettledBlock};
use crate::{
    id::Name,
    ledger::{
        BLOCK_ROWS, SegmentRows,
        packed::{Lane, Packed},
        segment::DimensionColumn,
    },
    subject::SubjectKind,
};

/// Packs rows that are [arranged](super::super::order::arranged).
pub(in crate::ledger::segment) fn packed(rows: &SegmentRows) -> Settled {
    let (subjects, codes) = subjects(rows);
    let texts = |texts: &[Name]| StringArray::from_iter_values(texts);
    let dictionary = |column: &DimensionColumn| (column.dimension.clone(), texts(&column.texts));
    Settled {
        subjects,
        dimensions: rows.dimensions.iter().map(dictionary).collect(),
        blocks: ranges(rows).map(|range| block(rows, &codes, range)).collect(),
    }
}

/// Rows of one measure each, as many as a block holds.
fn ranges(rows: &SegmentRows) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    let runs = rows.measure.chunk_by(|left, right| left == right);
    runs.flat_map(move |run| {
        let first = start;
        start += run.len();
        let end = start;
        (first..end)
            .step_by(BLOCK_ROWS)
            .map(move |start| start..end.min(start + BLOCK_ROWS))
    })
}

/// Ids by kind, and each row's place among those of its kind.
fn subjects(rows: &SegmentRows) -> (Vec<(SubjectKind, StringArray)>, Vec<u32>) {
    let mut kinds: Vec<SubjectKind> = rows.subject_kind.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let mut codes = vec![0; rows.len()];
    let mut ids = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let of_kind = || {
            rows.subject_kind
                .iter()
                .enumerate()
                .filter(move |(_, other)| **other == kind)
        };
        let mut places = vec![None; rows.subjects.len()];
        of_kind().for_each(|(row, _)| places[rows.subject[row] as usize] = Some(0));
        let mut occurring = Vec::new();
        for (place, id) in places.iter_mut().zip(&rows.subjects) {
            if let Some(place) = place {
                *place = occurring.len() as u32;
                occurring.push(id);
            }
        }
        ids.push((kind, StringArray::from_iter_values(occurring)));
        of_kind().for_each(|(row, _)| codes[row] = places[rows.subject[row] as usize].expect("it occurs"));
    }
    (ids, codes)
}

fn block(rows: &SegmentRows, subjects: &[u32], range: Range<usize>) -> SettledBlock {
    fn column<T: Lane>(values: &[T], range: &Range<usize>) -> Packed {
        Packed::without_runs(&values[range.clone()])
    }
    let kinds = rows.subject_kind[range.clone()].iter();
    let kinds: Vec<u32> = kinds.map(|kind| u32::from(kind.code())).collect();
    let dimensions = rows.dimensions.iter().map(|dimension| column(&dimension.codes, &range));
    SettledBlock {
        measure: rows.measures[rows.measure[range.start] as usize].clone(),
        rows: range.len(),
        date: column(&rows.date, &range),
        origin: column(&rows.origin, &range),
        instant: column(&rows.instant, &range),
        commit: column(&rows.commit, &range),
        kind: Packed::without_runs(&kinds),
        subject: column(subjects, &range),
        value: column(&rows.value, &range),
        count: column(&rows.count, &range),
        dimensions: dimensions
            .enumerate()
            .filter(|(_, codes)| codes.single() != Some(0))
            .collect(),
    }
}

//! Several segments to one, for the compactor.

use std::cmp::Ordering;

use super::{
    Error, MAX_SEGMENT_ROWS, Segment, SegmentRows, encode,
    rows::{Coded, DimensionColumn},
};
use crate::{dimension::Dimension, id::Name, measure::Measure};

/// The rows of all segments as one segment, sorted by measure, date and commit. No row is ever cancelled against
/// another: what was known at an earlier commit must stay answerable.
///
/// # Errors
/// When a segment is damaged, or all together have more than [`MAX_SEGMENT_ROWS`] rows.
pub fn merge<'a>(segments: impl IntoIterator<Item = &'a [u8]>) -> Result<Segment, Error> {
    let parts = segments.into_iter().map(super::decode).collect::<Result<Vec<_>, _>>()?;
    let rows = parts.iter().map(SegmentRows::len).sum();
    if rows > MAX_SEGMENT_ROWS {
        return Err(Error::TooManyRows {
            rows,
            limit: MAX_SEGMENT_ROWS,
        });
    }
    encode::write(&sorted(&joined(&parts)))
}

/// All parts one after the other, under common dictionaries.
fn joined(parts: &[SegmentRows]) -> SegmentRows {
    let mut measures: Coded<Measure> = Coded::default();
    let mut subjects: Coded<Name> = Coded::default();
    let measure = recode(parts, &mut measures, |part| (&part.measures, &part.measure));
    let subject = recode(parts, &mut subjects, |part| (&part.subjects, &part.subject));
    SegmentRows {
        measures: measures.texts,
        measure,
        date: chain(parts, |part| &part.date),
        origin: chain(parts, |part| &part.origin),
        instant: chain(parts, |part| &part.instant),
        commit: chain(parts, |part| &part.commit),
        subject_kind: chain(parts, |part| &part.subject_kind),
        subjects: subjects.texts,
        subject,
        value: chain(parts, |part| &part.value),
        count: chain(parts, |part| &part.count),
        dimensions: dimensions(parts),
    }
}

fn chain<T: Copy>(parts: &[SegmentRows], column: impl Fn(&SegmentRows) -> &Vec<T>) -> Vec<T> {
    parts.iter().flat_map(|part| column(part).iter().copied()).collect()
}

fn recode<T: Clone + Eq + std::hash::Hash>(
    parts: &[SegmentRows],
    common: &mut Coded<T>,
    column: impl Fn(&SegmentRows) -> (&Vec<T>, &Vec<u32>),
) -> Vec<u32> {
    let mut codes = Vec::new();
    for part in parts {
        let (texts, own) = column(part);
        let map: Vec<u32> = texts.iter().map(|text| common.code(text)).collect();
        codes.extend(own.iter().map(|code| map[*code as usize]));
    }
    codes
}

fn dimensions(parts: &[SegmentRows]) -> Vec<DimensionColumn> {
    let mut present: Vec<&Dimension> = parts
        .iter()
        .flat_map(|part| &part.dimensions)
        .map(|column| &column.dimension)
        .collect();
    present.sort();
    present.dedup();
    present
        .into_iter()
        .map(|dimension| joined_dimension(parts, dimension))
        .collect()
}

fn joined_dimension(parts: &[SegmentRows], dimension: &Dimension) -> DimensionColumn {
    let mut common: Coded<Name> = Coded::default();
    let mut codes = Vec::new();
    for part in parts {
        match part.dimensions.iter().find(|column| column.dimension == *dimension) {
            None => codes.resize(codes.len() + part.len(), 0),
            Some(column) => {
                let map: Vec<u32> = column.texts.iter().map(|text| common.code(text) + 1).collect();
                codes.extend(
                    column
                        .codes
                        .iter()
                        .map(|code| code.checked_sub(1).map_or(0, |at| map[at as usize])),
                );
            }
        }
    }
    DimensionColumn {
        dimension: dimension.clone(),
        texts: common.texts,
        codes,
    }
}

/// Sorted by measure, date, commit, and then in a way that does not depend on which segments were merged first.
fn sorted(rows: &SegmentRows) -> SegmentRows {
    let mut order: Vec<u32> = (0..u32::try_from(rows.len()).expect("at most 2^23 rows")).collect();
    let mut ranks: Vec<u32> = (0..rows.measures.len() as u32).collect();
    ranks.sort_by(|left, right| rows.measures[*left as usize].cmp(&rows.measures[*right as usize]));
    let mut rank = vec![0_u32; ranks.len()];
    for (place, code) in ranks.iter().enumerate() {
        rank[*code as usize] = place as u32;
    }
    let key = |row: u32| {
        (
            rank[rows.measure[row as usize] as usize],
            rows.date[row as usize],
            rows.commit[row as usize],
        )
    };
    order.sort_unstable_by(|left, right| {
        key(*left)
            .cmp(&key(*right))
            .then_with(|| tie(rows, *left as usize, *right as usize))
    });
    let pick = |row: &u32| *row as usize;
    SegmentRows {
        measures: rows.measures.clone(),
        measure: order.iter().map(|row| rows.measure[pick(row)]).collect(),
        date: order.iter().map(|row| rows.date[pick(row)]).collect(),
        origin: order.iter().map(|row| rows.origin[pick(row)]).collect(),
        instant: order.iter().map(|row| rows.instant[pick(row)]).collect(),
        commit: order.iter().map(|row| rows.commit[pick(row)]).collect(),
        subject_kind: order.iter().map(|row| rows.subject_kind[pick(row)]).collect(),
        subjects: rows.subjects.clone(),
        subject: order.iter().map(|row| rows.subject[pick(row)]).collect(),
        value: order.iter().map(|row| rows.value[pick(row)]).collect(),
        count: order.iter().map(|row| rows.count[pick(row)]).collect(),
        dimensions: rows
            .dimensions
            .iter()
            .map(|column| DimensionColumn {
                dimension: column.dimension.clone(),
                texts: column.texts.clone(),
                codes: order.iter().map(|row| column.codes[pick(row)]).collect(),
            })
            .collect(),
    }
}

fn tie(rows: &SegmentRows, left: usize, right: usize) -> Ordering {
    let subject = |row: usize| (rows.subject_kind[row], &rows.subjects[rows.subject[row] as usize]);
    let rest = |row: usize| (rows.instant[row], rows.origin[row], rows.value[row], rows.count[row]);
    let order = subject(left)
        .cmp(&subject(right))
        .then_with(|| rest(left).cmp(&rest(right)));
    let text = |column: &'_ DimensionColumn, row: usize| {
        column.codes[row]
            .checked_sub(1)
            .map(|at| column.texts[at as usize].clone())
    };
    rows.dimensions.iter().fold(order, |order, column| {
        order.then_with(|| text(column, left).cmp(&text(column, right)))
    })
}

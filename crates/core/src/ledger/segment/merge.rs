//! Several segments to one, for the compactor.

use super::{DimensionColumn, Error, Segment, SegmentRows, bounded, encode, order, settled};
use crate::{dimension::Dimension, ledger::Entry};

/// The rows of all segments as one settled segment. No row is ever cancelled against another: what was known at an
/// earlier commit must stay answerable.
///
/// # Errors
/// When a segment is damaged, or all together have more than [`MAX_SEGMENT_ROWS`](super::MAX_SEGMENT_ROWS) rows.
pub fn merge<'a>(segments: impl IntoIterator<Item = &'a [u8]>) -> Result<Segment, Error> {
    let parts = segments.into_iter().map(super::decode).collect::<Result<Vec<_>, _>>()?;
    write(&parts)
}

/// Rows as the settled segment that they would be merged to.
///
/// # Errors
/// When there are more than [`MAX_SEGMENT_ROWS`](super::MAX_SEGMENT_ROWS).
pub fn settle(entries: &[Entry]) -> Result<Segment, Error> {
    write(&[encode::gather(entries.iter().map(encode::Row::of))])
}

fn write(parts: &[SegmentRows]) -> Result<Segment, Error> {
    bounded(parts.iter().map(SegmentRows::len).sum())?;
    let joined = joined(parts);
    settled::write::write(&picked(&joined, &order::settled(&joined)))
}

/// All parts one after the other, under common and sorted dictionaries.
fn joined(parts: &[SegmentRows]) -> SegmentRows {
    let (measures, measure) = united(parts, |part| (&part.measures, &part.measure));
    let (subjects, subject) = united(parts, |part| (&part.subjects, &part.subject));
    SegmentRows {
        measures,
        measure,
        date: chain(parts, |part| &part.date),
        origin: chain(parts, |part| &part.origin),
        instant: chain(parts, |part| &part.instant),
        commit: chain(parts, |part| &part.commit),
        subject_kind: chain(parts, |part| &part.subject_kind),
        subjects,
        subject,
        value: chain(parts, |part| &part.value),
        count: chain(parts, |part| &part.count),
        dimensions: dimensions(parts),
    }
}

fn chain<T: Copy>(parts: &[SegmentRows], column: impl Fn(&SegmentRows) -> &Vec<T>) -> Vec<T> {
    parts.iter().flat_map(|part| column(part).iter().copied()).collect()
}

/// One dictionary for all parts, and their codes in it.
fn united<T: Clone + Ord>(
    parts: &[SegmentRows],
    column: impl Fn(&SegmentRows) -> (&Vec<T>, &Vec<u32>),
) -> (Vec<T>, Vec<u32>) {
    let dictionaries: Vec<&[T]> = parts.iter().map(|part| column(part).0.as_slice()).collect();
    let (texts, maps) = sorted(&dictionaries);
    let recode = |(part, map): (_, &Vec<u32>)| -> Vec<u32> {
        let (_, codes) = column(part);
        codes.iter().map(|code| map[*code as usize]).collect()
    };
    (texts, parts.iter().zip(&maps).flat_map(recode).collect())
}

/// All texts in order, and for each dictionary the places of its texts among them.
fn sorted<T: Clone + Ord>(dictionaries: &[&[T]]) -> (Vec<T>, Vec<Vec<u32>>) {
    let mut maps: Vec<Vec<u32>> = dictionaries.iter().map(|texts| vec![0; texts.len()]).collect();
    let places = dictionaries
        .iter()
        .enumerate()
        .flat_map(|(dictionary, texts)| texts.iter().enumerate().map(move |(at, text)| (text, dictionary, at)));
    let mut places: Vec<(&T, usize, usize)> = places.collect();
    // Dictionaries of settled segments are sorted: a stable sort merges them.
    places.sort_by_key(|(text, ..)| *text);
    let mut texts: Vec<T> = Vec::new();
    for (text, dictionary, at) in places {
        if texts.last() != Some(text) {
            texts.push(text.clone());
        }
        maps[dictionary][at] = texts.len() as u32 - 1;
    }
    (texts, maps)
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
    let find = |part: &'_ SegmentRows| part.dimensions.iter().position(|column| column.dimension == *dimension);
    let columns: Vec<Option<&DimensionColumn>> = parts
        .iter()
        .map(|part| find(part).map(|at| &part.dimensions[at]))
        .collect();
    let dictionaries: Vec<_> = columns
        .iter()
        .map(|column| column.map_or(&[][..], |column| column.texts.as_slice()))
        .collect();
    let (texts, maps) = sorted(&dictionaries);
    let mut codes = Vec::new();
    for ((part, column), map) in parts.iter().zip(columns).zip(&maps) {
        match column {
            None => codes.resize(codes.len() + part.len(), 0),
            Some(column) => codes.extend(
                column
                    .codes
                    .iter()
                    .map(|code| code.checked_sub(1).map_or(0, |at| map[at as usize] + 1)),
            ),
        }
    }
    DimensionColumn {
        dimension: dimension.clone(),
        texts,
        codes,
    }
}

/// The rows in another order.
fn picked(rows: &SegmentRows, order: &[u32]) -> SegmentRows {
    fn pick<T: Copy>(column: &[T], order: &[u32]) -> Vec<T> {
        order.iter().map(|row| column[*row as usize]).collect()
    }
    let dimension = |column: &DimensionColumn| DimensionColumn {
        dimension: column.dimension.clone(),
        texts: column.texts.clone(),
        codes: pick(&column.codes, order),
    };
    SegmentRows {
        measures: rows.measures.clone(),
        measure: pick(&rows.measure, order),
        date: pick(&rows.date, order),
        origin: pick(&rows.origin, order),
        instant: pick(&rows.instant, order),
        commit: pick(&rows.commit, order),
        subject_kind: pick(&rows.subject_kind, order),
        subjects: rows.subjects.clone(),
        subject: pick(&rows.subject, order),
        value: pick(&rows.value, order),
        count: pick(&rows.count, order),
        dimensions: rows.dimensions.iter().map(dimension).collect(),
    }
}

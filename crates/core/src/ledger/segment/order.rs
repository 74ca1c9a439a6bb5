//! The order of rows in a settled segment.

use std::cmp::Ordering;

use super::{DimensionColumn, SegmentRows, pick};
use crate::{id::Name, subject::SubjectKind};

/// Rows in the order of a settled segment: by measure, and then as questions prune, by date. The rest only makes it the same
/// whichever segments were merged first. Dictionaries are in the order of their texts, and so are codes.
pub(super) fn arranged(mut rows: SegmentRows) -> SegmentRows {
    let beginning = |name: &Name| beginning(name.as_str());
    sort(&mut rows.measures, &mut rows.measure, 0, |_| 0);
    sort(&mut rows.subjects, &mut rows.subject, 0, beginning);
    for column in &mut rows.dimensions {
        sort(&mut column.texts, &mut column.codes, 1, beginning);
    }
    rows.dimensions
        .sort_by(|left, right| left.dimension.cmp(&right.dimension));
    let order = order(&rows);
    picked(rows, &order)
}

/// How a text begins: texts are in the order of their beginnings, and only where these are the same they have to be looked at.
pub(super) fn beginning(text: &str) -> u128 {
    let mut bytes = [0; size_of::<u128>()];
    for (byte, of_text) in bytes.iter_mut().zip(text.bytes()) {
        *byte = of_text;
    }
    u128::from_be_bytes(bytes)
}

/// Puts texts in order, each once, and gives each of its codes anew. Codes begin with `first`; smaller ones stay.
fn sort<T: Ord + Clone>(texts: &mut Vec<T>, codes: &mut [u32], first: u32, beginning: impl Fn(&T) -> u128) {
    let mut order: Vec<(u128, usize)> = texts.iter().map(beginning).zip(0..).collect();
    order.sort_unstable_by(|(one, left), (other, right)| one.cmp(other).then_with(|| texts[*left].cmp(&texts[*right])));
    let mut places: Vec<u32> = (0..first).chain(texts.iter().map(|_| 0)).collect();
    let mut sorted: Vec<T> = Vec::with_capacity(texts.len());
    for (_, at) in order {
        if sorted.last() != Some(&texts[at]) {
            sorted.push(texts[at].clone());
        }
        places[first as usize + at] = first + sorted.len() as u32 - 1;
    }
    *texts = sorted;
    codes.iter_mut().for_each(|code| *code = places[*code as usize]);
}

/// What nearly always tells two rows apart, side by side.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    measure: u32,
    date: i32,
    commit: u64,
    kind: SubjectKind,
    subject: u32,
    instant: i64,
}

fn order(rows: &SegmentRows) -> Vec<u32> {
    let place = |row: usize| Place {
        measure: rows.measure[row],
        date: rows.date[row],
        commit: rows.commit[row],
        kind: rows.subject_kind[row],
        subject: rows.subject[row],
        instant: rows.instant[row],
    };
    let mut order: Vec<(Place, u32)> = (0..rows.len()).map(place).zip(0..).collect();
    order.sort_unstable_by(|(one, left), (other, right)| {
        let then = || compare_rest(rows, *left as usize, *right as usize);
        one.cmp(other).then_with(then)
    });
    order.into_iter().map(|(_, row)| row).collect()
}

fn compare_rest(rows: &SegmentRows, left: usize, right: usize) -> Ordering {
    let first = |row: usize| (rows.origin[row], rows.value[row], rows.count[row]);
    let codes = |row: usize| rows.dimensions.iter().map(move |column| column.codes[row]);
    first(left)
        .cmp(&first(right))
        .then_with(|| codes(left).cmp(codes(right)))
}

/// The rows in another order.
fn picked(rows: SegmentRows, order: &[u32]) -> SegmentRows {
    let dimension = |column: DimensionColumn| DimensionColumn {
        codes: pick(&column.codes, order),
        ..column
    };
    SegmentRows {
        measure: pick(&rows.measure, order),
        date: pick(&rows.date, order),
        origin: pick(&rows.origin, order),
        instant: pick(&rows.instant, order),
        commit: pick(&rows.commit, order),
        subject_kind: pick(&rows.subject_kind, order),
        subject: pick(&rows.subject, order),
        value: pick(&rows.value, order),
        count: pick(&rows.count, order),
        measures: rows.measures,
        subjects: rows.subjects,
        dimensions: rows.dimensions.into_iter().map(dimension).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_in_the_order_of_their_beginnings(texts in prop::collection::vec("[\\x00a-cé]{0,18}", 2)) {
            let [one, other] = [&texts[0], &texts[1]];
            let compared = beginning(one).cmp(&beginning(other)).then_with(|| one.cmp(other));
            prop_assert_eq!(compared, one.cmp(other));
        }
    }
}

//! The order of rows in a settled segment.

use super::SegmentRows;

/// The places of rows in the order of a settled segment: by measure, and then as questions prune, by date. The rest only
/// makes it the same whichever segments were merged first. Dictionaries have to be sorted, so that codes are in the
/// order of their texts.
pub(super) fn settled(rows: &SegmentRows) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(rows.len()).expect("at most 2^23 rows")).collect();
    let first = |row: usize| (rows.measure[row], rows.date[row], rows.commit[row]);
    let then = |row: usize| {
        (
            rows.subject_kind[row],
            rows.subject[row],
            rows.instant[row],
            rows.origin[row],
        )
    };
    let last = |row: usize| (rows.value[row], rows.count[row]);
    let codes = |row: usize| rows.dimensions.iter().map(move |column| column.codes[row]);
    order.sort_unstable_by(|left, right| {
        let (left, right) = (*left as usize, *right as usize);
        first(left)
            .cmp(&first(right))
            .then_with(|| then(left).cmp(&then(right)))
            .then_with(|| last(left).cmp(&last(right)))
            .then_with(|| codes(left).cmp(codes(right)))
    });
    order
}

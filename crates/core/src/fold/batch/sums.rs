//! Sums of signed rows.

use crate::measure::Measurement;

/// Rows with how often each is added, or taken back.
pub(super) type Rows = Vec<(Measurement, i64)>;

/// From how many pairs on it is quicker to put rows in order than to compare each with each.
const PAIRS: usize = 1 << 10;

/// Puts equal rows together and drops those that cancel. The outcome is in order.
pub(super) fn consolidate<T: Ord>(rows: &mut Vec<(T, i64)>) {
    rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    rows.dedup_by(|(later, more), (earlier, count)| {
        let equal = later == earlier;
        if equal {
            *count += *more;
        }
        equal
    });
    rows.retain(|(_, count)| *count != 0);
}

/// What makes `stored` into `new`: rows to add and rows to take back, none of them in both, in no order.
pub(super) fn difference<T: Ord>(mut new: Vec<T>, mut stored: Vec<T>) -> Vec<(T, i64)> {
    // Most of what was stored is put out again, and in the same place: where a fold goes on at its tip, the rows that hold
    // only as long as nothing happens come last; where it starts again, what nothing has changed comes first.
    while new.last().zip(stored.last()).is_some_and(|(one, other)| one == other) {
        new.pop();
        stored.pop();
    }
    let same = new.iter().zip(&stored).take_while(|(one, other)| one == other).count();
    new.drain(..same);
    stored.drain(..same);
    if new.len().saturating_mul(stored.len()) > PAIRS {
        let mut rows = signed(new, 1).chain(signed(stored, -1)).collect();
        consolidate(&mut rows);
        return rows;
    }
    stored.retain(|row| match new.iter().position(|other| other == row) {
        Some(at) => {
            new.swap_remove(at);
            false
        }
        None => true,
    });
    signed(new, 1).chain(signed(stored, -1)).collect()
}

/// Rows of one sign.
pub(super) fn signed<T>(rows: Vec<T>, count: i64) -> impl Iterator<Item = (T, i64)> {
    rows.into_iter().map(move |row| (row, count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_rows_add_up_and_cancel() {
        let mut rows = vec![("b", 1), ("a", 1), ("b", -1), ("c", -1), ("a", 1)];
        consolidate(&mut rows);
        assert_eq!(rows, [("a", 2), ("c", -1)]);
    }

    proptest! {
        #[test]
        fn a_difference_is_the_sum_of_what_is_new_less_what_was_stored(
            new in prop::collection::vec(0..20, 0..60),
            stored in prop::collection::vec(0..20, 0..60),
        ) {
            let mut found = difference(new.clone(), stored.clone());
            for (row, count) in &found {
                let other_sign = |(other, of): &(i32, i64)| other == row && of.signum() != count.signum();
                prop_assert!(!found.iter().any(other_sign), "{row} comes and goes");
            }
            consolidate(&mut found);
            let mut sum: Vec<_> = signed(new, 1).chain(signed(stored, -1)).collect();
            consolidate(&mut sum);
            prop_assert_eq!(found, sum);
        }
    }
}

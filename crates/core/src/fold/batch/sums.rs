//! Sums of signed rows.

use crate::measure::Measurement;

/// Rows with how often each is added, or taken back.
pub(super) type Rows = Vec<(Measurement, i64)>;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_add_up_and_cancel() {
        let mut rows = vec![("b", 1), ("a", 1), ("b", -1), ("c", -1), ("a", 1)];
        consolidate(&mut rows);
        assert_eq!(rows, [("a", 2), ("c", -1)]);
    }
}

//! Values that are too great for one row.

/// The value as that of one row or, where it is too great for one, as those of several that sum to it.
pub(super) fn parts(value: i128) -> impl Iterator<Item = i64> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let part = i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX });
        let left = value - i128::from(part);
        rest = (left != 0).then_some(left);
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_value_and_are_as_few_as_can_be() {
        let most = i128::from(i64::MAX);
        for (value, expected) in [
            (0, vec![0]),
            (-7, vec![-7]),
            (most, vec![i64::MAX]),
            (most + 1, vec![i64::MAX, 1]),
            (-2 * most - 2, vec![i64::MIN, i64::MIN]),
        ] {
            assert_eq!(parts(value).collect::<Vec<_>>(), expected);
        }
    }
}

//! Sharing an amount out without losing a micro-unit.

use super::Error;

/// Shares `total` in proportion to `weights` by the largest-remainder method (Hamilton): every share is its exact
/// proportion rounded down, and the units left over go one each to the largest remainders, ties to the lower index.
///
/// The shares sum to exactly `total`. A negative total is shared like the positive one with signs turned, so that a
/// refund takes back what the sale gave. Weights are relative; parts per million are customary.
///
/// # Errors
/// [`Error::NoWeight`] when the weights are none or all zero.
pub fn split(total: i64, weights: &[u64]) -> Result<Vec<i64>, Error> {
    let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if whole == 0 {
        return Err(Error::NoWeight);
    }
    let magnitude = total.unsigned_abs();
    // magnitude ≤ 2⁶³ and weight < 2⁶⁴: the product fits u128.
    let exact = |weight: &u64| u128::from(magnitude) * u128::from(*weight);
    // A share is at most the magnitude, which is a u64.
    let mut shares: Vec<u64> = weights.iter().map(|weight| (exact(weight) / whole) as u64).collect();
    let left_over = magnitude - shares.iter().sum::<u64>();

    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| (std::cmp::Reverse(exact(&weights[*index]) % whole), *index));
    for index in by_remainder.into_iter().take(left_over as usize) {
        shares[index] += 1;
    }
    Ok(shares.into_iter().map(|share| with_sign(share, total < 0)).collect())
}

/// A share never exceeds the total's magnitude, so it fits again with the total's sign.
fn with_sign(share: u64, negative: bool) -> i64 {
    if negative {
        0_i64.wrapping_sub_unsigned(share)
    } else {
        share as i64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_remainder_gets_the_odd_unit() {
        // 100 by 1:1:1 is 33⅓ each; the tie goes to the first.
        assert_eq!(split(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
        // 10 by 60:25:15 % is 6, 2.5, 1.5; the tie of halves goes to the first of them.
        assert_eq!(split(10, &[600_000, 250_000, 150_000]), Ok(vec![6, 3, 1]));
        // 7 by 1:2 is 2⅓ and 4⅔.
        assert_eq!(split(7, &[1, 2]), Ok(vec![2, 5]));
        assert_eq!(split(5, &[0, 3, 0]), Ok(vec![0, 5, 0]));
        assert_eq!(split(0, &[1, 2]), Ok(vec![0, 0]));
    }

    #[test]
    fn a_refund_takes_back_what_the_sale_gave() {
        assert_eq!(split(-100, &[1, 1, 1]), Ok(vec![-34, -33, -33]));
    }

    #[test]
    fn the_extremes_are_shared_too() {
        assert_eq!(split(i64::MIN, &[u64::MAX]), Ok(vec![i64::MIN]));
        assert_eq!(split(i64::MAX, &[u64::MAX, 0]), Ok(vec![i64::MAX, 0]));
        assert_eq!(split(1, &[]), Err(Error::NoWeight));
        assert_eq!(split(1, &[0, 0]), Err(Error::NoWeight));
    }

    proptest! {
        #[test]
        fn shares_sum_to_the_total_and_lie_within_one_of_their_proportion(
            total: i64,
            weights in prop::collection::vec(any::<u64>(), 1..12),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let shares = split(total, &weights)?;
            prop_assert_eq!(shares.iter().map(|share| i128::from(*share)).sum::<i128>(), i128::from(total));
            let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            for (share, weight) in shares.iter().zip(&weights) {
                let floor = u128::from(total.unsigned_abs()) * u128::from(*weight) / whole;
                let above = u128::from(share.unsigned_abs()) - floor;
                prop_assert!(above <= 1);
            }
        }
    }
}

//! Quantiles, and intervals of quantiles by order statistics.

use super::special::{ln_gamma, regularised_beta};
use super::student::Z;
use crate::rational::{Error, Rational};

/// Parts in a whole, for quantiles given in parts per million.
const PPM: u32 = 1_000_000;
/// Beyond this many values the normal approximation of the binomial is within a rank of it.
const MANY: u64 = 1_000_000;
/// What may lie beyond each end of an interval.
const TAIL: f64 = 0.025;

/// Where a quantile lies among sorted values, counted from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QuantileRank {
    /// Index of the value at or below.
    pub lower: u64,
    /// Index of the value at or above: `lower`, or one more.
    pub upper: u64,
    /// How far from the lower to the upper value, from 0 up to but not including 1.
    pub fraction: Rational,
}

/// Where the quantile of `quantile_ppm` parts per million lies among `count` sorted values: position (n − 1)·q, linear in
/// between. This is type 7 of Hyndman and Fan (1996, The American Statistician 50), the default of numpy, pandas, R and
/// `percentile_cont` in SQL. `None` without values or above 1 000 000.
#[must_use]
pub fn quantile_rank(count: u64, quantile_ppm: u32) -> Option<QuantileRank> {
    if quantile_ppm > PPM {
        return None;
    }
    let scaled = u128::from(count.checked_sub(1)?) * u128::from(quantile_ppm);
    // At most count − 1.
    let lower = (scaled / u128::from(PPM)) as u64;
    let rest = (scaled % u128::from(PPM)) as i128;
    let fraction = Rational::new(rest, i128::from(PPM)).expect("a million is not zero");
    Some(QuantileRank {
        lower,
        upper: lower + u64::from(rest > 0),
        fraction,
    })
}

/// `lower + (upper − lower) · fraction`, exactly.
///
/// # Errors
/// [`Error::Overflow`], not for the fraction of a [`QuantileRank`].
pub fn interpolate(lower: i64, upper: i64, fraction: Rational) -> Result<Rational, Error> {
    let distance = Rational::from(i128::from(upper) - i128::from(lower));
    Rational::from(lower).checked_add(distance.checked_mul(fraction)?)
}

/// The sorted values that bound a quantile, counted from 0, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RankInterval {
    /// Index of the lower bound.
    pub lower: u64,
    /// Index of the upper bound.
    pub upper: u64,
}

/// Between which of `count` sorted values the true quantile lies with at least 95 % confidence, whatever the distribution:
/// at most 2.5 % beyond either end. `None` where no two values say so (a median needs six), and for a quantile of 0 or of
/// 1 000 000 parts per million and more.
///
/// The number of values below the quantile is binomial, B(n, q) (David and Nagaraja, *Order Statistics*, §7.1): the lower
/// rank is the highest l with P(B < l) ≤ 2.5 %, the upper the lowest u with P(B ≥ u) ≤ 2.5 %. For more than a million values
/// nq ± z·√(nq(1−q)) takes the binomial's place, rounded outwards.
#[must_use]
pub fn quantile_interval(count: u64, quantile_ppm: u32) -> Option<RankInterval> {
    if quantile_ppm == 0 || quantile_ppm >= PPM {
        return None;
    }
    let share = f64::from(quantile_ppm) / f64::from(PPM);
    let (lower, upper) = if count > MANY {
        normal_ranks(count, share)
    } else {
        binomial_ranks(count, share)
    };
    // Ranks count from 1, indexes from 0.
    (lower >= 1 && upper <= count).then(|| RankInterval {
        lower: lower - 1,
        upper: upper - 1,
    })
}

fn normal_ranks(count: u64, share: f64) -> (u64, u64) {
    let mean = count as f64 * share;
    let half = Z * (mean * (1.0 - share)).sqrt();
    ((mean - half).floor().max(0.0) as u64, (mean + half).ceil() as u64 + 1)
}

fn binomial_ranks(count: u64, share: f64) -> (u64, u64) {
    // P(B < l) = 1 − P(B ≥ l) rises with l; P(B ≥ u) falls with u.
    let (below, above) = normal_ranks(count, share);
    (
        first_rank(count, share, below, |tail| 1.0 - tail > TAIL).saturating_sub(1),
        first_rank(count, share, above, |tail| tail <= TAIL),
    )
}

/// The first rank k from 0 to `count` for whose P(B ≥ k) something holds that holds from there on; `count + 1` if none. From
/// a guess it goes rank by rank, as neighbours differ by P(B = k): a good guess is next to it.
fn first_rank(count: u64, share: f64, guess: u64, holds: impl Fn(f64) -> bool) -> u64 {
    let mut at = guess.min(count);
    let mut tail = at_least(count, share, at);
    let mut mass = exactly(count, share, at);
    let odds = share / (1.0 - share);
    if holds(tail) {
        while at > 0 {
            mass *= at as f64 / ((count - at + 1) as f64 * odds);
            tail += mass;
            if !holds(tail) {
                break;
            }
            at -= 1;
        }
        return at;
    }
    // Nothing lies beyond `count`, where it ends.
    while at <= count {
        tail -= mass;
        at += 1;
        if at > count || holds(tail) {
            break;
        }
        mass *= (count - at + 1) as f64 / at as f64 * odds;
    }
    at
}

/// P(B = k) for B ~ B(n, p).
fn exactly(n: u64, p: f64, k: u64) -> f64 {
    let (all, some, rest) = (n as f64, k as f64, (n - k) as f64);
    let ways = ln_gamma(all + 1.0) - ln_gamma(some + 1.0) - ln_gamma(rest + 1.0);
    (ways + some * p.ln() + rest * (-p).ln_1p()).exp()
}

/// P(B ≥ k) for B ~ B(n, p): I_p(k, n − k + 1) (DLMF 8.17.5).
fn at_least(n: u64, p: f64, k: u64) -> f64 {
    match k {
        0 => 1.0,
        _ if k > n => 0.0,
        _ => regularised_beta(p, k as f64, (n - k + 1) as f64),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranks(count: u64, quantile_ppm: u32) -> Option<(u64, u64)> {
        // From 1, as the tables count.
        quantile_interval(count, quantile_ppm).map(|interval| (interval.lower + 1, interval.upper + 1))
    }

    #[test]
    fn type_seven_by_hand() {
        // The median of four values lies half way between the second and the third.
        let median = quantile_rank(4, 500_000).expect("values");
        assert_eq!((median.lower, median.upper), (1, 2));
        assert_eq!(interpolate(10, 15, median.fraction), Rational::new(25, 2));
        // numpy.percentile([1, 2, 3, 4, 5, 6], 90) = 5.5; of five values, the 25 % quantile is the second.
        let ninth = quantile_rank(6, 900_000).expect("values");
        assert_eq!(interpolate(5, 6, ninth.fraction), Rational::new(11, 2));
        assert_eq!(
            quantile_rank(5, 250_000),
            Some(QuantileRank {
                lower: 1,
                upper: 1,
                fraction: Rational::ZERO
            })
        );
        assert_eq!(
            quantile_rank(7, 1_000_000).map(|rank| (rank.lower, rank.upper)),
            Some((6, 6))
        );
        assert_eq!(quantile_rank(0, 500_000), None);
        assert_eq!(quantile_rank(7, 1_000_001), None);
        let fraction = Rational::new(999_999, 1_000_000).expect("a fraction");
        assert!(interpolate(i64::MIN, i64::MAX, fraction).is_ok());
    }

    #[test]
    fn the_interval_of_a_median() {
        // Tables of the sign test (Conover, Practical Nonparametric Statistics): from six values on.
        let expected = [
            (5, None),
            (6, Some((1, 6))),
            (8, Some((1, 8))),
            (9, Some((2, 8))),
            (10, Some((2, 9))),
            (20, Some((6, 15))),
            (25, Some((8, 18))),
            (100, Some((40, 61))),
        ];
        for (count, interval) in expected {
            assert_eq!(ranks(count, 500_000), interval, "{count} values");
        }
    }

    #[test]
    fn a_high_quantile_needs_more_values() {
        // Somebody must lie above it: 0.9ⁿ ≤ 2.5 % from n = 36 on.
        assert_eq!(ranks(35, 900_000), None);
        assert!(ranks(36, 900_000).is_some());
        assert_eq!(ranks(10_000, 0), None);
        assert_eq!(ranks(10_000, 1_000_000), None);
        assert_eq!(ranks(0, 500_000), None);
    }

    #[test]
    fn the_approximation_for_many_is_as_wide_as_the_binomial() {
        for quantile in [500_000, 900_000, 990_000] {
            let share = f64::from(quantile) / 1e6;
            let (exact, normal) = (binomial_ranks(MANY, share), normal_ranks(MANY, share));
            assert!(
                exact.0.abs_diff(normal.0) <= 3 && exact.1.abs_diff(normal.1) <= 3,
                "{exact:?} {normal:?}"
            );
        }
        assert!(ranks(u64::MAX / 2, 500_000).is_some());
    }

    proptest! {
        #[test]
        fn the_ranks_are_the_first_and_the_last_that_hold(count in 1_u64..MANY, quantile_ppm in 1_u32..1_000_000) {
            let share = f64::from(quantile_ppm) / 1e6;
            let (lower, upper) = binomial_ranks(count, share);
            let below = |rank| 1.0 - at_least(count, share, rank);
            prop_assert!(below(lower) <= TAIL + 1e-9 && below(lower + 1) > TAIL - 1e-9);
            prop_assert!(at_least(count, share, upper) <= TAIL + 1e-9);
            prop_assert!(upper == 0 || at_least(count, share, upper - 1) > TAIL - 1e-9);
        }

        #[test]
        fn at_most_a_fortieth_lies_beyond_either_end(count in 1_u64..60, quantile_ppm in 1_u32..1_000_000) {
            let share = f64::from(quantile_ppm) / 1e6;
            // The binomial, term by term.
            let mut terms = vec![(1.0 - share).powi(count as i32)];
            for k in 1..=count {
                terms.push(terms[k as usize - 1] * (count - k + 1) as f64 / k as f64 * share / (1.0 - share));
            }
            if let Some((lower, upper)) = ranks(count, quantile_ppm) {
                let below: f64 = terms.iter().take(lower as usize).sum();
                let above: f64 = terms.iter().skip(upper as usize).sum();
                prop_assert!(below <= TAIL + 1e-9 && above <= TAIL + 1e-9, "{below} {above}");
            }
        }
    }
}

//! Intervals of a rate and of a mean.

use serde::{Deserialize, Serialize};

use super::student::{Z, t_quantile_975};

/// A two-sided 95 % interval, ends included.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Wilson's score interval of the rate `successes ÷ trials`, within 0 and 1. `None` without trials, or with more successes
/// than trials.
///
/// (p̂ + z²/2n ± z·√(p̂(1−p̂)/n + z²/4n²)) ÷ (1 + z²/n) with z = 1.95996… (Wilson 1927, JASA 22; the choice over the
/// textbook interval for small n is argued in Brown, Cai and DasGupta 2001, Statistical Science 16).
#[must_use]
pub fn wilson_interval(successes: u64, trials: u64) -> Option<Interval> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (n, rate) = (trials as f64, successes as f64 / trials as f64);
    let z2 = Z * Z;
    let centre = rate + z2 / (2.0 * n);
    let half = Z * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // At the edges the formula gives exactly 0 and 1; floats would miss by a hair.
    let low = if successes == 0 {
        0.0
    } else {
        ((centre - half) / scale).max(0.0)
    };
    let high = if successes == trials {
        1.0
    } else {
        ((centre + half) / scale).min(1.0)
    };
    Some(Interval { low, high })
}

/// Student's interval of the mean of `count` values, from their sum and the sum of their squares, in their own unit.
/// `None` for fewer than two values, and for sums that no values have.
///
/// x̄ ± t₀.₉₇₅(n−1) · s/√n, s² = Σ(x−x̄)²/(n−1). The squares are taken around the whole part of the mean in integers before
/// anything becomes a float, so that values that are large and close together lose nothing.
#[must_use]
pub fn mean_interval(count: u64, sum: i128, sum_of_squares: i128) -> Option<Interval> {
    let factor = t_quantile_975(count.checked_sub(1)?)?;
    let n = count as f64;
    let spread = squared_deviations(count, sum, sum_of_squares)?;
    let half = factor * (spread / (n - 1.0) / n).sqrt();
    let whole = sum.div_euclid(i128::from(count));
    let mean = whole as f64 + sum.rem_euclid(i128::from(count)) as f64 / n;
    Some(Interval {
        low: mean - half,
        high: mean + half,
    })
}

/// Σ(x − x̄)² = Σ(x − q)² − r²/n, where the sum is n·q + r.
fn squared_deviations(count: u64, sum: i128, sum_of_squares: i128) -> Option<f64> {
    let n = i128::from(count);
    let (quotient, rest) = (sum.div_euclid(n), sum.rem_euclid(n));
    // Σ(x − q)² = Σx² − 2q·Σx + n·q² = Σx² − q·Σx − q·r
    let around = sum_of_squares
        .checked_sub(quotient.checked_mul(sum)?)?
        .checked_sub(quotient.checked_mul(rest)?)?;
    let exact = around
        .checked_mul(n)
        .and_then(|scaled| scaled.checked_sub(rest.checked_mul(rest)?));
    let spread = match exact {
        Some(scaled) => scaled as f64 / n as f64,
        None => around as f64 - rest as f64 * (rest as f64 / n as f64),
    };
    (spread >= 0.0).then_some(spread)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(found: Option<Interval>, low: f64, high: f64) {
        let found = found.expect("an interval");
        assert!(
            (found.low - low).abs() < 1e-9 && (found.high - high).abs() < 1e-9,
            "{found:?}"
        );
    }

    #[test]
    fn wilson_by_hand() {
        // 81 of 263, 15 of 148, 0 of 20 and 1 of 29: the examples of Newcombe 1998, Statistics in Medicine 17, table I, which
        // prints four places.
        close(wilson_interval(81, 263), 0.255_288_519_9, 0.366_209_577_0);
        let newcombe = [(15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)];
        for (successes, trials, low, high) in newcombe {
            let found = wilson_interval(successes, trials).expect("an interval");
            assert!(
                (found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5,
                "{found:?}"
            );
        }
        assert_eq!(wilson_interval(0, 0), None);
        assert_eq!(wilson_interval(2, 1), None);
    }

    #[test]
    fn the_mean_of_one_to_five() {
        // Mean 3, s = √2.5, t(4) = 2.776445105: 3 ± 1.963243161.
        close(mean_interval(5, 15, 55), 1.036_756_839, 4.963_243_161);
        assert_eq!(mean_interval(1, 15, 225), None);
        assert_eq!(mean_interval(0, 0, 0), None);
        // Equal values have no spread.
        close(mean_interval(3, 30, 300), 10.0, 10.0);
        // Squares that no two values with this sum have.
        assert_eq!(mean_interval(2, 10, 1), None);
    }

    #[test]
    fn large_values_that_are_close_together_lose_nothing() {
        // 10¹⁵ + {1, 2, 3, 4, 5}, whose squares have 31 digits.
        let values: Vec<i128> = (1..=5).map(|offset| 1_000_000_000_000_000 + offset).collect();
        let found =
            mean_interval(5, values.iter().sum(), values.iter().map(|value| value * value).sum()).expect("an interval");
        assert!((found.high - found.low - 2.0 * 1.963_243_161).abs() < 0.5, "{found:?}");
        assert!(
            (squared_deviations(5, values.iter().sum(), values.iter().map(|value| value * value).sum())
                .expect("a spread")
                - 10.0)
                .abs()
                < 1e-12
        );
    }

    proptest! {
        #[test]
        fn wilson_holds_its_rate_and_is_symmetric(trials in 1_u64..1_000_000, share in 0.0..=1.0) {
            let successes = (trials as f64 * share) as u64;
            let found = wilson_interval(successes, trials).expect("an interval");
            let rate = successes as f64 / trials as f64;
            prop_assert!(0.0 <= found.low && found.low <= rate && rate <= found.high && found.high <= 1.0);
            let mirrored = wilson_interval(trials - successes, trials).expect("an interval");
            prop_assert!((found.low + mirrored.high - 1.0).abs() < 1e-12);
        }

        #[test]
        fn no_sums_give_a_float_that_is_no_number(count: u64, sum: i128, squares: i128) {
            if let Some(found) = mean_interval(count, sum, squares) {
                prop_assert!(found.low.is_finite() && found.high.is_finite() && found.low <= found.high);
            }
        }
    }
}

//! Student's t distribution.

use super::special::regularised_beta;

/// The 97.5 % quantile of the normal distribution.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// From here on the expansion around the normal quantile is exact to 1e-14 and the inversion no longer needed.
const MANY: u64 = 1_000;

/// The 97.5 % quantile of Student's t with `degrees` of freedom: the factor of a two-sided 95 % interval. `None` for 0.
///
/// Up to 1000 degrees by bisection of P(|T| > t) = I_{ν/(ν+t²)}(ν/2, ½) (DLMF 8.17; Abramowitz and Stegun 26.7.1), beyond
/// by the expansion in 1/ν of Abramowitz and Stegun 26.7.5.
#[must_use]
pub fn t_quantile_975(degrees: u64) -> Option<f64> {
    match degrees {
        0 => None,
        1..=MANY => Some(by_inversion(degrees as f64)),
        _ => Some(by_expansion(degrees as f64)),
    }
}

fn by_inversion(degrees: f64) -> f64 {
    let outside = |t: f64| regularised_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5);
    // The quantile falls from 12.706 at one degree of freedom towards the normal one.
    let (mut low, mut high) = (Z, 12.8);
    for _ in 0..60 {
        let middle = low + (high - low) / 2.0;
        if outside(middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

fn by_expansion(degrees: f64) -> f64 {
    let z2 = Z * Z;
    let first = Z * (z2 + 1.0) / 4.0;
    let second = Z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let third = Z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    let fourth = Z * ((((79.0 * z2 + 776.0) * z2 + 1_482.0) * z2 - 1_920.0) * z2 - 945.0) / 92_160.0;
    Z + (first + (second + (third + fourth / degrees) / degrees) / degrees) / degrees
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, expected) in [
            (1, 12.706_204_736),
            (2, 4.302_652_730),
            (10, 2.228_138_852),
            (30, 2.042_272_456),
            (1_000, 1.962_339_081),
        ] {
            let quantile = t_quantile_975(degrees).expect("degrees of freedom");
            assert!((quantile - expected).abs() < 5e-10, "{degrees}: {quantile}");
        }
        assert_eq!(t_quantile_975(0), None);
    }

    #[test]
    fn both_ways_meet_and_fall_towards_the_normal() {
        for degrees in [200.0, 500.0, 1_000.0] {
            assert!(
                (by_inversion(degrees) - by_expansion(degrees)).abs() < 1e-10,
                "{degrees}"
            );
        }
        let quantiles: Vec<_> = (1..1_500).filter_map(t_quantile_975).collect();
        assert!(quantiles.windows(2).all(|pair| pair[0] > pair[1]));
        assert!((t_quantile_975(u64::MAX).expect("degrees of freedom") - Z).abs() < 1e-15);
    }
}

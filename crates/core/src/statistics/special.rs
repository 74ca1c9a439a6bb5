//! Special functions.

/// ln Γ(x) for x > 0, to about 1e-15 relative: Lanczos' approximation with g = 7 and nine terms (Godfrey's coefficients).
pub(super) fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const TERMS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let tail = TERMS
        .iter()
        .enumerate()
        .skip(1)
        .map(|(index, term)| term / (x + index as f64));
    let series = TERMS[0] + tail.sum::<f64>();
    let base = x + G + 0.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * base.ln() - base + series.ln()
}

/// The regularised incomplete beta function Iₓ(a, b) for a, b > 0 and 0 ≤ x ≤ 1.
///
/// Continued fraction (DLMF 8.17.22) by Lentz' method, on the side of the symmetry Iₓ(a, b) = 1 − I₁₋ₓ(b, a) where it
/// converges in about √max(a, b) steps.
pub(super) fn regularised_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const MAX_STEPS: u32 = 100_000;
    let nonzero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..MAX_STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / nonzero(1.0 + coefficient * d);
            c = nonzero(1.0 + coefficient / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-16 * 4.0 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_gamma_of_known_values() {
        let factorial: f64 = (1..=20).map(f64::from).product();
        for (x, expected) in [
            (1.0, 0.0),
            (0.5, std::f64::consts::PI.sqrt().ln()),
            (21.0, factorial.ln()),
        ] {
            assert!((ln_gamma(x) - expected).abs() < 1e-13, "ln Γ({x})");
        }
    }

    #[test]
    fn beta_of_known_values() {
        // Iₓ(1, 1) = x; Iₓ(2, 3) = x²(6 − 8x + 3x²); Iₓ(½, ½) = 2/π · asin √x.
        for x in [0.01, 0.3, 0.5, 0.77, 0.999] {
            assert!((regularised_beta(x, 1.0, 1.0) - x).abs() < 1e-14);
            assert!((regularised_beta(x, 2.0, 3.0) - x * x * (6.0 - 8.0 * x + 3.0 * x * x)).abs() < 1e-14);
            let arcsine = 2.0 / std::f64::consts::PI * x.sqrt().asin();
            assert!((regularised_beta(x, 0.5, 0.5) - arcsine).abs() < 1e-14);
        }
        assert!(regularised_beta(0.0, 2.0, 3.0) <= 0.0 && regularised_beta(1.0, 2.0, 3.0) >= 1.0);
    }
}

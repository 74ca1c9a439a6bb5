use proptest::prelude::*;

use super::*;

fn ratio(numerator: i128, denominator: i128) -> Rational {
    Rational::new(numerator, denominator).expect("a test fraction is valid")
}

#[test]
fn a_fraction_is_kept_in_lowest_terms_with_a_positive_denominator() {
    assert_eq!(ratio(6, -8), ratio(-3, 4));
    assert_eq!((ratio(6, -8).numerator(), ratio(6, -8).denominator()), (-3, 4));
    assert_eq!(ratio(0, -5), Rational::ZERO);
    assert_eq!(Rational::new(1, 0), Err(Error::DivisionByZero));
}

#[test]
fn arithmetic_by_hand() {
    assert_eq!(ratio(1, 6).checked_add(ratio(1, 10)), Ok(ratio(4, 15)));
    assert_eq!(ratio(1, 6).checked_sub(ratio(1, 6)), Ok(Rational::ZERO));
    assert_eq!(ratio(2, 3).checked_mul(ratio(-9, 4)), Ok(ratio(-3, 2)));
    assert_eq!(ratio(2, 3).checked_div(ratio(4, 9)), Ok(ratio(3, 2)));
    assert_eq!(ratio(2, 3).checked_div(Rational::ZERO), Err(Error::DivisionByZero));
}

#[test]
fn what_fits_after_reduction_is_answered_and_what_does_not_is_refused() {
    let big = ratio(i128::MAX, 3);
    assert_eq!(big.checked_mul(ratio(3, i128::MAX)), Ok(Rational::ONE));
    assert_eq!(big.checked_mul(big), Err(Error::Overflow));
    assert_eq!(
        Rational::from(i128::MAX).checked_add(Rational::ONE),
        Err(Error::Overflow)
    );
    assert_eq!(Rational::from(i128::MIN).checked_neg(), Err(Error::Overflow));
    assert_eq!(Rational::new(1, i128::MIN), Err(Error::Overflow));
}

#[test]
fn decimals_round_half_to_even_and_drop_trailing_zeros() {
    for (numerator, denominator, places, expected) in [
        (1, 3, 4, "0.3333"),
        (2, 3, 4, "0.6667"),
        (5, 2, 0, "2"),
        (7, 2, 0, "4"),
        (-1, 3, 0, "0"),
        (-2, 3, 0, "-1"),
        (1, 8, 2, "0.12"),
        (3, 8, 2, "0.38"),
        (1, 4, 9, "0.25"),
        (999_999, 1_000_000, 3, "1"),
        (1_999_999, 1_000_000, 3, "2"),
        (100, 1, 5, "100"),
        (1, 1_000_000, 5, "0"),
        (i128::MAX - 1, i128::MAX, 38, "0.99999999999999999999999999999999999999"),
    ] {
        assert_eq!(
            ratio(numerator, denominator).to_decimal_string(places),
            expected,
            "{numerator}/{denominator}"
        );
    }
}

#[test]
fn places_that_show_a_value_exactly() {
    for (numerator, denominator, places) in [
        (7, 1, 0),
        (0, 1, 0),
        (1, 2, 1),
        (-3, 20, 2),
        (1, 8, 3),
        (1, 1 << 12, 12),
        (1, 1 << 13, 12),
        (1, 5_i128.pow(12), 12),
        (1, 5_i128.pow(13), 12),
        (1, 3, 12),
        (1, 30, 12),
        (1, 10_i128.pow(30), 12),
    ] {
        assert_eq!(
            ratio(numerator, denominator).decimal_places(12),
            places,
            "{numerator}/{denominator}"
        );
    }
}

#[test]
fn scaling_rounds_half_to_even_and_tells_what_does_not_fit() {
    let scaled = |numerator, denominator, places| ratio(numerator, denominator).scaled(places);
    assert_eq!(
        [scaled(1, 8, 2), scaled(3, 8, 2), scaled(-3, 8, 2)],
        [Some(12), Some(38), Some(-38)]
    );
    assert_eq!([scaled(1, 3, 0), scaled(-2, 3, 1)], [Some(0), Some(-7)]);
    assert_eq!(
        [scaled(i128::MAX, 1, 0), scaled(i128::MAX, 1, 1)],
        [Some(i128::MAX), None]
    );
    assert_eq!(scaled(1, 1, 39), None);
}

#[test]
fn rounding_to_whole_numbers() {
    let rounded: Vec<_> = [-5, -3, -1, 1, 3, 5].map(|n| ratio(n, 2).round_half_even()).into();
    assert_eq!(rounded, [-2, -2, 0, 0, 2, 2]);
    assert_eq!(Rational::from(i128::MIN).round_half_even(), i128::MIN);
}

#[test]
fn quotients_at_the_ends_of_what_fits() {
    let whole = Rational::from;
    let (zero, one, least, most) = (Rational::ZERO, Rational::ONE, whole(i128::MIN), whole(i128::MAX));
    let half = ratio(1, 2);
    for (dividend, divisor, quotient) in [
        (whole(4), whole(-6), Ok(ratio(-2, 3))),
        (zero, whole(-7), Ok(zero)),
        (whole(7), zero, Err(Error::DivisionByZero)),
        (half, zero, Err(Error::DivisionByZero)),
        (zero, zero, Err(Error::DivisionByZero)),
        (least, least, Ok(one)),
        (least, one, Ok(least)),
        (least, whole(-1), Err(Error::Overflow)),
        (whole(4), least, Ok(ratio(-1, 1 << 125))),
        (one, least, Err(Error::Overflow)),
        (most, whole(-1), Ok(whole(-i128::MAX))),
        (half, one, Ok(half)),
        (one, half, Ok(whole(2))),
        (half, least, Err(Error::Overflow)),
    ] {
        assert_eq!(dividend.checked_div(divisor), quotient, "{dividend} / {divisor}");
    }
    assert_eq!((one.checked_mul(half), half.checked_mul(one)), (Ok(half), Ok(half)));
    assert_eq!(zero.reciprocal(), Err(Error::DivisionByZero));
    assert_eq!(least.reciprocal(), Err(Error::Overflow));
    assert_eq!(ratio(-2, 3).reciprocal(), Ok(ratio(-3, 2)));
}

proptest! {
    #[test]
    fn a_common_divisor_is_euclids(shared: u32, a: u64, b: u64, wide: u128) {
        let euclid = |mut a: u128, mut b: u128| {
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        let (a, b, shared) = (u128::from(a >> 32), u128::from(b >> 32), u128::from(shared));
        for (a, b) in [(a * shared, b * shared), (a, 0), (0, b), (wide, b), (a, wide), (u64::MAX.into(), a)] {
            prop_assert_eq!(greatest_common_divisor(a, b), euclid(a, b));
        }
    }

    #[test]
    fn a_quotient_is_the_product_with_the_reciprocal(a: i64, b in 1_i64.., c: i64, d in 1_i64..) {
        let (dividend, divisor) = (ratio(a.into(), b.into()), ratio(c.into(), d.into()));
        let quotient = Rational::new(i128::from(a) * i128::from(d), i128::from(b) * i128::from(c));
        prop_assert_eq!(dividend.checked_div(divisor), quotient);
        let whole = |number: i64| Rational::from(i128::from(number));
        prop_assert_eq!(whole(a).checked_div(whole(c)), Rational::new(a.into(), c.into()));
        prop_assert_eq!(divisor.reciprocal(), Rational::new(d.into(), c.into()));
    }

    #[test]
    fn scaled_numbers_have_the_digits_of_decimals(a in any::<i64>(), b in 1_i64..10_000_000, places in 0_u32..=12) {
        let value = ratio(a.into(), b.into());
        let scaled = value.scaled(places).expect("fits");
        let back = ratio(scaled, 10_i128.pow(places));
        prop_assert_eq!(back.to_decimal_string(places), value.to_decimal_string(places));
        let exact = value.decimal_places(12);
        let told = ratio(value.scaled(exact).expect("fits"), 10_i128.pow(exact));
        prop_assert_eq!(told == value, exact < 12 || value.checked_mul(ratio(10_i128.pow(12), 1)).is_ok_and(Rational::is_integer));
    }

    #[test]
    fn field_laws_hold(a in -1_000_000_i128..1_000_000, b in 1_i128..100_000, c in -1_000_000_i128..1_000_000,
                       d in 1_i128..100_000) {
        let (x, y) = (ratio(a, b), ratio(c, d));
        prop_assert_eq!(x.checked_add(y), y.checked_add(x));
        prop_assert_eq!(x.checked_add(y)?.checked_sub(y), Ok(x));
        prop_assert_eq!(x.checked_add(y)?, ratio(a * d + c * b, b * d));
        prop_assert_eq!(x.checked_mul(y)?, ratio(a * c, b * d));
        if !y.is_zero() {
            prop_assert_eq!(x.checked_div(y)?.checked_mul(y), Ok(x));
        }
        prop_assert_eq!(x.cmp(&y), (a * d).cmp(&(c * b)));
    }

    #[test]
    fn order_never_overflows(a: i128, b in 1_i128.., c: i128, d in 1_i128..) {
        let (x, y) = (ratio(a, b), ratio(c, d));
        prop_assert_eq!(x.cmp(&y), y.cmp(&x).reverse());
        if x.to_f64() < y.to_f64() * (1.0 - 1e-12 * y.to_f64().signum()) {
            prop_assert!(x < y);
        }
    }

    #[test]
    fn a_short_decimal_has_the_digits_of_a_long_one(above: u64, wide: u128, small in 0_u128..10_000, below in 1_u64..,
                                                    few in 1_u64..5_000, places in 0..=SHORT_PLACES, negative: bool) {
        for above in [u128::from(above), wide, small] {
            for below in [below, few, 10_u64.pow(few as u32 % 20)] {
                if let Some(short) = short_decimal(negative, above, below, places) {
                    prop_assert_eq!(short.as_str(), long_decimal(negative, above, below.into(), places));
                }
            }
        }
    }

    #[test]
    fn a_decimal_is_within_half_a_unit_of_the_last_place(a in -10_000_000_i128..10_000_000, b in 1_i128..10_000_000) {
        let text = ratio(a, b).to_decimal_string(6);
        let micros: i128 = text.split_once('.').map_or_else(
            || text.parse::<i128>().expect("digits") * 1_000_000,
            |(whole, fraction)| {
                let sign = if whole.starts_with('-') { -1 } else { 1 };
                let whole: i128 = whole.trim_start_matches('-').parse().expect("digits");
                sign * (whole * 1_000_000 + format!("{fraction:0<6}").parse::<i128>().expect("digits"))
            },
        );
        prop_assert!((2 * (micros * b - a * 1_000_000)).abs() <= b);
        prop_assert!(!text.contains('.') || !text.ends_with('0'));
    }
}

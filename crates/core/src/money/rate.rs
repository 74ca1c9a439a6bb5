//! Exchange rates and conversion.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Error, decimal};
use crate::rational::{self, Rational, wide};

/// Decimal places of a rate as it is sent and stored.
const PLACES: u32 = 12;
const SCALE: i128 = 1_000_000_000_000;

/// How many units of the target currency one unit of the source currency buys: an exact fraction above zero.
///
/// A rate is sent as a decimal of at most 12 places and held as a fraction, so that an inverse or a cross rate is never
/// rounded before the amount is: 300 JPY at the inverse of 150 is 2 units, not 2.000000000001.
///
/// Serialised as the decimal it was parsed from, or as `numerator/denominator` where there is none.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate(Rational);

impl Rate {
    /// The rate of a currency to itself.
    pub const ONE: Self = Self(Rational::ONE);

    /// The rate of `mantissa` · 10⁻¹², as it is stored.
    ///
    /// # Errors
    /// [`Error::RateNotPositive`].
    pub fn from_mantissa(mantissa: i64) -> Result<Self, Error> {
        Self::from_rational(Rational::new(i128::from(mantissa), SCALE).map_err(|_| Error::RateOverflow)?)
    }

    /// A rate from any exact fraction above zero.
    ///
    /// # Errors
    /// [`Error::RateNotPositive`].
    pub fn from_rational(value: Rational) -> Result<Self, Error> {
        if value <= Rational::ZERO {
            Err(Error::RateNotPositive)
        } else {
            Ok(Self(value))
        }
    }

    /// The rate in 10⁻¹², if it is exactly that: always for a rate that was parsed, seldom for an inverse.
    #[must_use]
    pub fn mantissa(self) -> Option<i64> {
        let scaled = self.0.checked_mul(Rational::from(SCALE)).ok()?;
        if scaled.is_integer() {
            i64::try_from(scaled.numerator()).ok()
        } else {
            None
        }
    }

    /// The exact fraction.
    #[must_use]
    pub const fn as_rational(self) -> Rational {
        self.0
    }

    /// The rate the other way round, exactly.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self(
            self.0
                .reciprocal()
                .expect("a rate is above zero, and both its parts have positive twins"),
        )
    }

    /// The cross rate: from A to C, when `self` is from A to B and `next` from B to C. Exact.
    ///
    /// # Errors
    /// [`Error::RateOverflow`]; never for two rates that were parsed, or inverses of such.
    pub fn then(self, next: Self) -> Result<Self, Error> {
        self.0
            .checked_mul(next.0)
            .map(Self)
            .map_err(|_: rational::Error| Error::RateOverflow)
    }
}

impl FromStr for Rate {
    type Err = Error;

    /// Plain decimal text above zero with at most 12 places, exactly.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mantissa = decimal::parse(text, PLACES).map_err(|error| match error {
            Error::Overflow => Error::RateOverflow,
            other => other,
        })?;
        Self::from_mantissa(mantissa)
    }
}

impl TryFrom<String> for Rate {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let Some((numerator, denominator)) = text.split_once('/') else {
            return text.parse();
        };
        let (Ok(numerator), Ok(denominator)) = (numerator.parse(), denominator.parse()) else {
            return Err(decimal::not_a_decimal(&text));
        };
        Self::from_rational(Rational::new(numerator, denominator).map_err(|_| Error::RateOverflow)?)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        if rate.mantissa().is_some() {
            rate.to_string()
        } else {
            rate.0.to_string()
        }
    }
}

impl fmt::Display for Rate {
    /// As a decimal of at most 12 places, half to even. Exact for a rate that was parsed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_decimal_string(PLACES))
    }
}

/// `amount` micro-units at `rate`, in micro-units of the target currency, rounded half to even once.
///
/// # Errors
/// [`Error::Overflow`] when the result does not fit; never because of an intermediate.
pub fn convert(amount: i64, rate: Rate) -> Result<i64, Error> {
    let (numerator, denominator) = (rate.0.numerator().unsigned_abs(), rate.0.denominator().unsigned_abs());
    let magnitude = wide::multiply_divide_half_even(u128::from(amount.unsigned_abs()), numerator, denominator)
        .ok_or(Error::Overflow)?;
    let magnitude = u64::try_from(magnitude).map_err(|_| Error::Overflow)?;
    if amount < 0 {
        0_i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
    .ok_or(Error::Overflow)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().expect("a test rate is valid")
    }

    #[test]
    fn amounts_are_converted_half_to_even_in_micro_units() {
        assert_eq!(convert(100_000_000, rate("1.0845")), Ok(108_450_000));
        // 1, 3 and 5 micro-units at one half: 0.5 → 0, 1.5 → 2, 2.5 → 2.
        assert_eq!(
            [1, 3, 5, -1, -3, -5].map(|n| convert(n, rate("0.5")).ok()),
            [0, 2, 2, 0, -2, -2].map(Some)
        );
        assert_eq!(convert(i64::MIN, Rate::ONE), Ok(i64::MIN));
        assert_eq!(convert(i64::MIN, rate("1.000000000001")), Err(Error::Overflow));
    }

    #[test]
    fn an_inverse_is_not_rounded_first() {
        // One third has no decimal: 3 units at the inverse of 3 are exactly 1.
        assert_eq!(convert(3_000_000, rate("3").inverse()), Ok(1_000_000));
        assert_eq!(rate("3").inverse().inverse(), rate("3"));
        assert_eq!(rate("3").inverse().mantissa(), None);
        assert_eq!(rate("3").inverse().to_string(), "0.333333333333");
    }

    #[test]
    fn a_cross_rate_is_exact_and_large_amounts_survive_it() -> Result<(), Error> {
        // GBP → EUR → JPY: 1.170000000001 · 163.25 = 191.00250000016325.
        let cross = rate("1.170000000001").then(rate("163.25"))?;
        assert_eq!(convert(1_000_000_000_000, cross), Ok(191_002_500_000_163));
        // 1.170000000001 ÷ 1.084512345677 on 4 000 000 000 units: the intermediate passes 128 bits.
        let cross = rate("1.170000000001").then(rate("1.084512345677").inverse())?;
        let by_hand = 4_000_000_000_000_000_f64 * 1.170_000_000_001 / 1.084_512_345_677;
        let converted = convert(4_000_000_000_000_000, cross)?;
        assert!(
            (converted as f64 - by_hand).abs() < 2.0,
            "{converted} against {by_hand}"
        );
        Ok(())
    }

    #[test]
    fn a_serialised_rate_is_the_same_rate() {
        for (rate, text) in [
            (rate("1.0845"), r#""1.0845""#),
            (rate("3").inverse(), r#""1/3""#),
            (Rate::ONE, r#""1""#),
        ] {
            assert_eq!(serde_json::to_string(&rate).expect("json"), text);
            assert_eq!(serde_json::from_str::<Rate>(text).expect("a rate"), rate);
        }
        for wrong in [
            r#""1/0""#,
            r#""-1/3""#,
            r#""1/-3""#,
            r#""0""#,
            r#""/""#,
            r#""1/3/4""#,
            "1.5",
        ] {
            assert!(serde_json::from_str::<Rate>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_plain_positive_decimals() {
        assert_eq!("0".parse::<Rate>(), Err(Error::RateNotPositive));
        assert_eq!("-1.1".parse::<Rate>(), Err(Error::RateNotPositive));
        assert!(matches!(
            "0.0000000000001".parse::<Rate>(),
            Err(Error::TooManyPlaces { limit: 12, .. })
        ));
        assert!(matches!("1e-3".parse::<Rate>(), Err(Error::NotADecimal { .. })));
        assert_eq!("9223373".parse::<Rate>(), Err(Error::RateOverflow));
        assert_eq!(rate("1.0845").to_string(), "1.0845");
        assert_eq!(rate("1.0845").mantissa(), Some(1_084_500_000_000));
    }

    proptest! {
        #[test]
        fn a_parsed_rate_round_trips_and_its_inverse_undoes_it(mantissa in 1_i64.., amount in -1_000_000_000_i64..1_000_000_000) {
            let rate = Rate::from_mantissa(mantissa)?;
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
            prop_assert_eq!(rate.mantissa(), Some(mantissa));
            prop_assert_eq!(rate.then(rate.inverse()), Ok(Rate::ONE));
            prop_assert_eq!(convert(-amount, rate).ok(), convert(amount, rate).ok().map(|converted| -converted));
        }

        #[test]
        fn conversion_is_the_nearest_micro_unit(mantissa in 1_i64..1_000_000_000_000_000, amount in -1_000_000_000_000_i64..1_000_000_000_000) {
            let converted = i128::from(convert(amount, Rate::from_mantissa(mantissa)?)?);
            let error = converted * SCALE - i128::from(amount) * i128::from(mantissa);
            prop_assert!(2 * error.abs() <= SCALE);
        }
    }
}

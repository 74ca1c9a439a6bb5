//! Amounts in micro-units.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Currency, Error, decimal};

/// Micro-units in one unit of any currency.
pub const PER_UNIT: i64 = 1_000_000;
/// Decimal places of a micro-unit.
const PLACES: u32 = 6;
const NANOS_PER_MICRO: i32 = 1_000;
const NANOS_PER_UNIT: i32 = 1_000_000_000;

/// An amount in millionths of some currency's unit. The currency travels beside it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number of units.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn from_units(units: i64) -> Result<Self, Error> {
        units.checked_mul(PER_UNIT).map(Self).ok_or(Error::Overflow)
    }

    /// The amount that `units` and `nanos` (billionths, same sign, as in `google.type.Money`) name.
    ///
    /// # Errors
    /// [`Error::NanosOutOfRange`], [`Error::SignsDisagree`], [`Error::FinerThanMicros`], [`Error::Overflow`].
    pub fn from_units_nanos(units: i64, nanos: i32) -> Result<Self, Error> {
        if nanos.unsigned_abs() >= NANOS_PER_UNIT.unsigned_abs() {
            return Err(Error::NanosOutOfRange { nanos });
        }
        if (units > 0 && nanos < 0) || (units < 0 && nanos > 0) {
            return Err(Error::SignsDisagree { units, nanos });
        }
        if nanos % NANOS_PER_MICRO != 0 {
            return Err(Error::FinerThanMicros { nanos });
        }
        // In i128, so that only the sum has to fit and neither of its terms.
        let micros = i128::from(units) * i128::from(PER_UNIT) + i128::from(nanos / NANOS_PER_MICRO);
        i64::try_from(micros).map(Self).map_err(|_| Error::Overflow)
    }

    /// The amount as units and nanos of the same sign.
    #[must_use]
    pub const fn to_units_nanos(self) -> (i64, i32) {
        (self.0 / PER_UNIT, (self.0 % PER_UNIT) as i32 * NANOS_PER_MICRO)
    }

    /// `self + other`.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, Error> {
        self.0.checked_add(other.0).map(Self).ok_or(Error::Overflow)
    }

    /// `self − other`.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, Error> {
        self.0.checked_sub(other.0).map(Self).ok_or(Error::Overflow)
    }

    /// `−self`.
    ///
    /// # Errors
    /// [`Error::Overflow`] for the smallest amount, which has no opposite.
    pub fn checked_neg(self) -> Result<Self, Error> {
        self.0.checked_neg().map(Self).ok_or(Error::Overflow)
    }

    /// `self × count`, for a quantity of whole things.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn checked_mul(self, count: i64) -> Result<Self, Error> {
        self.0.checked_mul(count).map(Self).ok_or(Error::Overflow)
    }

    /// Exact text with the currency's decimal places, or as many more as the amount needs: `1234.50` in EUR, `1235` in
    /// JPY, `0.0425` in EUR for a unit price. Parses back to the same amount.
    #[must_use]
    pub fn to_decimal_string(self, currency: Currency) -> String {
        decimal_string(self, usize::from(currency.exponent()))
    }
}

/// The amount with at least `least` places.
fn decimal_string(amount: Micros, least: usize) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let per_unit = PER_UNIT.unsigned_abs();
    let (whole, rest) = (amount.0.unsigned_abs() / per_unit, amount.0.unsigned_abs() % per_unit);
    let fraction = format!("{rest:0width$}", width = PLACES as usize);
    let needed = fraction.trim_end_matches('0').len().max(least);
    if needed == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{}", &fraction[..needed])
    }
}

impl FromStr for Micros {
    type Err = Error;

    /// Plain decimal text, exactly: at most six places, no exponent.
    fn from_str(text: &str) -> Result<Self, Error> {
        decimal::parse(text, PLACES).map(Self)
    }
}

impl fmt::Display for Micros {
    /// As few places as the amount needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal_string(*self, 0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<i64, Error> {
        text.parse::<Micros>().map(|micros| micros.0)
    }

    #[test]
    fn decimals_are_read_exactly() {
        assert_eq!(parse("1234.50"), Ok(1_234_500_000));
        assert_eq!(parse("-0.000001"), Ok(-1));
        assert_eq!(parse("+7"), Ok(7_000_000));
        assert_eq!(parse("0.10000000000000"), Ok(100_000));
        assert_eq!(parse("9223372036854.775807"), Ok(i64::MAX));
        assert_eq!(parse("-9223372036854.775808"), Ok(i64::MIN));
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused_and_never_guessed() {
        let hostile = [
            "",
            "-",
            "+",
            ".",
            "1.",
            ".5",
            "1e3",
            "1E3",
            "NaN",
            "nan",
            "inf",
            "-Infinity",
            "1,5",
            "1 000",
            " 1",
            "1_0",
            "--1",
            "+-1",
            "0x10",
            "1.2.3",
            "1.-5",
            "١",
            "１",
            "\u{0}",
            "−5",
        ];
        for text in hostile {
            assert_eq!(parse(text), Err(Error::NotADecimal { text: text.into() }), "{text:?}");
        }
        assert!(matches!(parse("0.0000001"), Err(Error::TooManyPlaces { limit: 6, .. })));
        assert_eq!(parse("9223372036854.775808"), Err(Error::Overflow));
        assert_eq!(parse(&"9".repeat(10_000)), Err(Error::Overflow));
        let Err(Error::NotADecimal { text }) = parse(&"é".repeat(1_000)) else {
            panic!("not a decimal")
        };
        assert_eq!(text.chars().count(), 64);
    }

    #[test]
    fn an_amount_prints_with_its_currencys_places_or_more() -> Result<(), Error> {
        let (euro, yen, dinar) = ("EUR".parse()?, "JPY".parse()?, "KWD".parse()?);
        assert_eq!(Micros(1_234_500_000).to_decimal_string(euro), "1234.50");
        assert_eq!(Micros(42_500).to_decimal_string(euro), "0.0425");
        assert_eq!(Micros(-1_235_000_000).to_decimal_string(yen), "-1235");
        assert_eq!(Micros(500_000).to_decimal_string(yen), "0.5");
        assert_eq!(Micros(1_000_000).to_decimal_string(dinar), "1.000");
        assert_eq!(Micros(i64::MIN).to_string(), "-9223372036854.775808");
        Ok(())
    }

    #[test]
    fn units_and_nanos_agree_in_sign_and_fit_micros() {
        assert_eq!(Micros::from_units_nanos(-1, -750_000_000), Ok(Micros(-1_750_000)));
        assert_eq!(Micros::from_units_nanos(0, -1_000), Ok(Micros(-1)));
        assert_eq!(
            Micros::from_units_nanos(1, -1_000),
            Err(Error::SignsDisagree {
                units: 1,
                nanos: -1_000
            })
        );
        assert_eq!(Micros::from_units_nanos(1, 1), Err(Error::FinerThanMicros { nanos: 1 }));
        assert_eq!(
            Micros::from_units_nanos(0, i32::MIN),
            Err(Error::NanosOutOfRange { nanos: i32::MIN })
        );
        assert_eq!(Micros::from_units_nanos(i64::MAX, 0), Err(Error::Overflow));
        assert_eq!(Micros(i64::MIN).to_units_nanos(), (-9_223_372_036_854, -775_808_000));
    }

    #[test]
    fn arithmetic_stops_at_the_edge() {
        assert_eq!(Micros(1).checked_add(Micros(2)), Ok(Micros(3)));
        assert_eq!(Micros(i64::MAX).checked_add(Micros(1)), Err(Error::Overflow));
        assert_eq!(Micros(i64::MIN).checked_sub(Micros(1)), Err(Error::Overflow));
        assert_eq!(Micros(i64::MIN).checked_neg(), Err(Error::Overflow));
        assert_eq!(Micros(2).checked_mul(i64::MAX), Err(Error::Overflow));
        assert_eq!(Micros::from_units(i64::MAX), Err(Error::Overflow));
    }

    proptest! {
        #[test]
        fn text_and_nanos_round_trip(micros: i64, index in 0_usize..10_000) {
            let amount = Micros(micros);
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            let all: Vec<_> = super::super::currencies().collect();
            prop_assert_eq!(amount.to_decimal_string(all[index % all.len()]).parse(), Ok(amount));
            let (units, nanos) = amount.to_units_nanos();
            prop_assert_eq!(Micros::from_units_nanos(units, nanos), Ok(amount));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<Micros>();
        }
    }
}

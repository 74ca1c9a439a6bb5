//! Numbers and money.

use std::ops::RangeInclusive;

use scoreline_core::{
    event::Money,
    money::{self, Currency, Micros, Rate},
};

use super::Reader;
use crate::{decimal, types::v1 as wire, violation::Reason};

/// Decimal places of quantities, scores and plain numbers.
pub const MILLI_PLACES: u32 = 3;

/// Decimal places of shares.
pub const SHARE_PLACES: u32 = 6;

/// The whole, as a share.
pub const WHOLE_SHARE: u32 = 1_000_000;

/// The most that a count may be, so that sums of counts within an event never overflow.
pub const MAX_COUNT: i64 = 1_000_000_000_000_000;

/// Thousandths of any number: what is counted, times a thousand, still within [`MAX_COUNT`].
pub const ANY_MILLI: RangeInclusive<i64> = -MAX_COUNT..=MAX_COUNT;

impl Reader {
    /// Reads decimal text that must be given, as an integer with `places` places within `range`.
    pub fn decimal(
        &mut self,
        field: &'static str,
        text: &str,
        places: u32,
        range: &RangeInclusive<i64>,
    ) -> Option<i64> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        match decimal::parse(text, places) {
            Ok(value) if range.contains(&value) => Some(value),
            Ok(value) => {
                let [value, low, high] =
                    [value, *range.start(), *range.end()].map(|number| decimal::print(number, places));
                self.fault(field, Reason::OutOfRange, format!("{value} is outside {low} to {high}"));
                None
            }
            Err((reason, description)) => {
                self.fault(field, reason, description);
                None
            }
        }
    }

    /// Reads a share of 0 to 1 as millionths.
    pub fn share(&mut self, field: &'static str, text: &str) -> Option<u32> {
        let share = self.decimal(field, text, SHARE_PLACES, &(0..=i64::from(WHOLE_SHARE)))?;
        u32::try_from(share).ok()
    }

    /// Reads a count: 0 when it is none, which is noted.
    pub fn count(&mut self, field: &'static str, value: i64) -> i64 {
        if (0..=MAX_COUNT).contains(&value) {
            return value;
        }
        self.fault(
            field,
            Reason::OutOfRange,
            format!("{value} is outside 0 to {MAX_COUNT}"),
        );
        0
    }

    /// Reads the code of a currency.
    pub fn currency(&mut self, field: &'static str, code: &str) -> Option<Currency> {
        if code.is_empty() {
            self.missing(field);
            return None;
        }
        self.money_result(field, Currency::new(code))
    }

    /// Reads an exchange rate.
    pub fn rate(&mut self, field: &'static str, text: &str) -> Option<Rate> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        self.money_result(field, text.parse())
    }

    /// Reads an amount; absent: none.
    pub fn money(&mut self, field: &'static str, amount: Option<&wire::Money>) -> Option<Money> {
        let amount = amount?;
        self.within(field, |reader| {
            let currency = reader.currency("currency_code", &amount.currency_code);
            let micros = reader.money_result("", Micros::from_units_nanos(amount.units, amount.nanos));
            Some(Money {
                currency: currency?,
                micros: micros?.0,
            })
        })
    }

    /// Reads an amount that must be given.
    pub fn required_money(&mut self, field: &'static str, amount: Option<&wire::Money>) -> Option<Money> {
        let amount = self.present(field, amount);
        self.money(field, amount)
    }

    /// Notes a fault when an amount is negative.
    pub fn not_negative(&mut self, field: &'static str, micros: i64) {
        if micros < 0 {
            self.fault(
                field,
                Reason::OutOfRange,
                format!("{} must not be negative", Micros(micros)),
            );
        }
    }

    fn money_result<T>(&mut self, field: &'static str, result: Result<T, money::Error>) -> Option<T> {
        result
            .map_err(|error| self.fault(field, reason(&error), error.to_string()))
            .ok()
    }
}

fn reason(error: &money::Error) -> Reason {
    match error {
        money::Error::UnknownCurrency { .. } => Reason::UnknownCurrency,
        money::Error::NotADecimal { .. } => Reason::NotADecimal,
        money::Error::TooManyPlaces { .. } | money::Error::FinerThanMicros { .. } => Reason::TooManyPlaces,
        money::Error::SignsDisagree { .. } => Reason::SignsDisagree,
        money::Error::Overflow
        | money::Error::RateNotPositive
        | money::Error::RateOverflow
        | money::Error::NanosOutOfRange { .. }
        | money::Error::NoWeight => Reason::OutOfRange,
    }
}

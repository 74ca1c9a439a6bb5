//! Amounts in one currency: which rate each row needs, and the rates kept by currency and day.

use std::collections::HashMap;

use super::{Conversion, Error, slots::Slots};
use crate::{
    dimension::{Dimension, Tables},
    ledger::{Texts, day},
    money::{self, Currency, Rate},
    policy::CurrencyMode,
};

/// At which day's rate a row is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RateDay {
    /// The row's own.
    OfRow,
    /// The last of the row's bucket.
    OfBucket,
    /// One for all.
    Fixed(i32),
}

/// How amounts are converted.
#[derive(Debug, Clone)]
pub(super) struct Pricing {
    pub(super) to: Currency,
    pub(super) day: RateDay,
    /// A stock at each bucket's own rate: what is not in the target currency is summed up for each bucket by itself.
    pub(super) restates: bool,
    /// By code: the currency, where the text is one.
    currencies: Vec<Option<Currency>>,
    texts: Vec<String>,
}

impl Pricing {
    pub(super) fn new(conversion: &Conversion, slots: &Slots, stock: bool) -> Self {
        let day = match conversion.mode {
            CurrencyMode::BusinessDate => RateDay::OfRow,
            CurrencyMode::PeriodEnd => RateDay::OfBucket,
            CurrencyMode::Fixed(date) => RateDay::Fixed(day::to_day(date)),
        };
        let restates = stock && day == RateDay::OfBucket && !slots.before.is_empty();
        Self {
            to: conversion.to,
            day,
            restates,
            currencies: Vec::new(),
            texts: Vec::new(),
        }
    }

    pub(super) fn refresh(&mut self, texts: &Texts) {
        for code in self.currencies.len() as u32..texts.size(&Dimension::Currency) {
            let text = texts.text(&Dimension::Currency, code).unwrap_or_default();
            self.currencies.push(Currency::new(text).ok());
            self.texts.push(text.to_owned());
        }
    }

    /// The currency of a code.
    ///
    /// # Errors
    /// When the row has none, or one that does not exist.
    pub(super) fn currency(&self, code: u32) -> Result<Currency, Error> {
        self.currencies[code as usize].ok_or_else(|| Error::UnknownCurrency(self.texts[code as usize].clone()))
    }

    pub(super) fn is_target(&self, code: u32) -> bool {
        self.currencies[code as usize] == Some(self.to)
    }
}

/// The rates that rows have needed so far.
#[derive(Debug, Default)]
pub(super) struct Rates {
    pages: HashMap<(u32, i32), Box<[Known]>>,
}

const PAGE_DAYS: i32 = 512;

#[derive(Debug, Clone, Copy)]
enum Known {
    NotYet,
    Missing,
    Rate(Quick),
}

impl Rates {
    /// An amount in the target currency; `None` when there is no rate for that day.
    pub(super) fn convert(
        &mut self,
        pricing: &Pricing,
        tables: &Tables,
        (amount, code, day): (i64, u32, i32),
    ) -> Result<Option<i64>, Error> {
        // An amount that is not known is a row of 0 in no currency.
        if (amount, code) == (0, 0) {
            return Ok(Some(0));
        }
        let page = self.pages.entry((code, day.div_euclid(PAGE_DAYS)));
        let known = &mut page.or_insert_with(|| vec![Known::NotYet; PAGE_DAYS as usize].into())
            [day.rem_euclid(PAGE_DAYS) as usize];
        if let Known::NotYet = known {
            let from = pricing.currency(code)?;
            let rate = day::from_day(day).and_then(|date| tables.rate(from, pricing.to, date));
            *known = rate.map_or(Known::Missing, |rate| Known::Rate(Quick::new(rate)));
        }
        match known {
            Known::Rate(rate) => match rate.convert(amount) {
                Some(converted) => Ok(Some(converted)),
                None => Err(Error::Overflow {
                    amount,
                    from: pricing.currency(code)?.code().to_owned(),
                }),
            },
            _ => Ok(None),
        }
    }
}

/// A rate with what makes dividing by it fast.
#[derive(Debug, Clone, Copy)]
struct Quick {
    rate: Rate,
    numerator: u64,
    denominator: u64,
    about: f64,
}

impl Quick {
    fn new(rate: Rate) -> Self {
        let exact = rate.as_rational();
        let part = |part: i128| u64::try_from(part).ok().filter(|part| *part < 1 << 62).unwrap_or(0);
        Self {
            rate,
            numerator: part(exact.numerator()),
            denominator: part(exact.denominator()),
            about: exact.to_f64(),
        }
    }

    /// The same as [`money::convert`]. A float guesses the quotient, and the exact remainder puts the guess right, so no
    /// digit depends on the float: only how many steps that takes.
    fn convert(&self, amount: i64) -> Option<i64> {
        let magnitude = amount.unsigned_abs();
        let guess = magnitude as f64 * self.about;
        if self.numerator == 0 || self.denominator == 0 || guess > 4e15 {
            return money::convert(amount, self.rate).ok();
        }
        let denominator = i128::from(self.denominator);
        let mut quotient = guess as i128;
        let mut rest = i128::from(magnitude) * i128::from(self.numerator) - quotient * denominator;
        while rest < 0 {
            quotient -= 1;
            rest += denominator;
        }
        while rest >= denominator {
            quotient += 1;
            rest -= denominator;
        }
        let twice = 2 * rest;
        if twice > denominator || (twice == denominator && quotient & 1 == 1) {
            quotient += 1;
        }
        let converted = i64::try_from(quotient).ok()?;
        Some(if amount < 0 { -converted } else { converted })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_quick_way_gives_the_exact_digits(mantissa in 1_i64.., amount: i64, small in -1_000_000_000_000_i64..1_000_000_000_000) {
            let rate = Rate::from_mantissa(mantissa)?;
            for rate in [rate, rate.inverse(), "0.5".parse()?, "1.0845".parse()?] {
                for amount in [amount, small, small % 1_000] {
                    prop_assert_eq!(Quick::new(rate).convert(amount), money::convert(amount, rate).ok());
                }
            }
        }
    }
}

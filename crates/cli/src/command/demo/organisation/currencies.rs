//! The three currencies of the organisation and what they were worth month by month.

use scoreline_core::{
    event::{CurrencyRateSet, Money},
    money::{Currency, PER_UNIT, Rate},
};

use super::{
    days::Days,
    dice::Dice,
    journal::{Journal, System},
};

/// A currency of the organisation; the first is the one that it reports in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Coin {
    Usd,
    Eur,
    Gbp,
}

/// What each currency was worth in US dollars, in ten-thousandths, by month.
pub(super) struct Currencies {
    eur: Vec<i64>,
    gbp: Vec<i64>,
}

impl Coin {
    pub(super) fn currency(self) -> Currency {
        let code = match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
        };
        Currency::new(code).expect("a currency of ISO 4217")
    }

    pub(super) fn money(self, micros: i64) -> Money {
        Money {
            currency: self.currency(),
            micros,
        }
    }
}

impl Currencies {
    /// Lets the rates wander, and tells each month's.
    pub(super) fn tell(days: &Days, dice: &mut Dice, journal: &mut Journal) -> Self {
        let months = days.days[days.len() - 1].month + 1;
        let rates = Self {
            eur: wander(dice, 1.085, months),
            gbp: wander(dice, 1.265, months),
        };
        for (at, day) in days.days.iter().enumerate().filter(|(_, day)| day.date.day() == 1) {
            for (coin, rates) in [(Coin::Eur, &rates.eur), (Coin::Gbp, &rates.gbp)] {
                let rate = Rate::from_mantissa(rates[day.month] * 100_000_000).expect("a rate near 1");
                let payload = CurrencyRateSet {
                    from: coin.currency(),
                    to: Coin::Usd.currency(),
                    rate,
                    effective_date: Some(day.date),
                };
                journal.tell(System::Finance, days.midnight(at), payload);
            }
        }
        rates
    }

    /// An amount in US dollars, for what the organisation itself reckons with.
    pub(super) fn dollars(&self, coin: Coin, micros: i64, month: usize) -> i64 {
        let rate = match coin {
            Coin::Usd => 10_000,
            Coin::Eur => self.eur[month],
            Coin::Gbp => self.gbp[month],
        };
        micros / 10_000 * rate
    }
}

fn wander(dice: &mut Dice, start: f64, months: usize) -> Vec<i64> {
    let mut rate = start;
    let step = |_| {
        rate *= 1.0 + 0.012 * dice.normal();
        (rate * 10_000.0).round() as i64
    };
    (0..months).map(step).collect()
}

/// An amount to the cent, in micro-units.
pub(super) fn cents(amount: f64) -> i64 {
    (amount * 100.0).round() as i64 * (PER_UNIT / 100)
}

/// An amount to a round number of units, in micro-units.
pub(super) fn rounded(amount: f64, to: f64) -> i64 {
    ((amount / to).round().max(1.0) * to) as i64 * PER_UNIT
}

//! Currency rates, dated.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::money::{Currency, Rate};

/// The rates of each pair, by the day from which they hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Rates {
    pairs: BTreeMap<(Currency, Currency), BTreeMap<Date, Rate>>,
    currencies: BTreeSet<Currency>,
}

impl Rates {
    /// Sets a pair's rate from a day on; the last call for a day wins.
    pub(super) fn set(&mut self, from: Currency, to: Currency, effective: Date, rate: Rate) {
        self.pairs.entry((from, to)).or_default().insert(effective, rate);
        self.currencies.extend([from, to]);
    }

    pub(super) fn rate(&self, from: Currency, to: Currency, date: Date) -> Option<Rate> {
        if from == to {
            return Some(Rate::ONE);
        }
        self.leg(from, to, date).or_else(|| {
            self.currencies.iter().find_map(|via| {
                let first = self.leg(from, *via, date)?;
                first.then(self.leg(*via, to, date)?).ok()
            })
        })
    }

    fn leg(&self, from: Currency, to: Currency, date: Date) -> Option<Rate> {
        self.direct(from, to, date)
            .or_else(|| self.direct(to, from, date).map(Rate::inverse))
    }

    fn direct(&self, from: Currency, to: Currency, date: Date) -> Option<Rate> {
        self.pairs
            .get(&(from, to))?
            .range(..=date)
            .next_back()
            .map(|(_, rate)| *rate)
    }
}

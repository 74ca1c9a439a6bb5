//! What reference data says: who belongs where on which day, what things are, what a currency is worth.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use scoreline_core::rational::Rational;
use scoreline_proto::{
    events::v1::{RepAssigned, event::Payload},
    types::v1 as types,
};

use super::effective::Said;

/// The world of a history.
#[derive(Debug, Clone)]
pub struct World {
    zone: TimeZone,
    assignments: BTreeMap<String, BTreeMap<Date, RepAssigned>>,
    parents: BTreeMap<String, String>,
    categories: BTreeMap<String, String>,
    segments: BTreeMap<String, String>,
    industries: BTreeMap<String, String>,
    rates: BTreeMap<(String, String), BTreeMap<Date, Rational>>,
}

/// A day of the wire.
pub(super) fn day(date: &types::Date) -> Date {
    let part = |part: i32| i8::try_from(part).expect("a generated date");
    Date::new(
        i16::try_from(date.year).expect("a generated date"),
        part(date.month),
        part(date.day),
    )
    .expect("a generated date")
}

/// Calendar days from one day to another.
pub(super) fn days_between(from: Date, to: Date) -> i128 {
    i128::from((to - from).get_days())
}

impl World {
    /// The world that events tell of, in their order.
    pub fn new(said: &[Said], zone: TimeZone) -> Self {
        let mut world = Self {
            zone,
            assignments: BTreeMap::new(),
            parents: BTreeMap::new(),
            categories: BTreeMap::new(),
            segments: BTreeMap::new(),
            industries: BTreeMap::new(),
            rates: BTreeMap::new(),
        };
        for said in said {
            world.learn(said);
        }
        world
    }

    fn learn(&mut self, said: &Said) {
        let from = |date: &Option<types::Date>| date.as_ref().map_or_else(|| self.date(said.at), day);
        match &said.payload {
            Payload::RepAssigned(assigned) => {
                let from = from(&assigned.effective_date);
                self.assignments
                    .entry(assigned.rep_id.clone())
                    .or_default()
                    .insert(from, assigned.clone());
            }
            Payload::TeamDescribed(team) => drop(self.parents.insert(team.team_id.clone(), team.parent_id.clone())),
            Payload::ProductDescribed(product) => drop(
                self.categories
                    .insert(product.product_id.clone(), product.category.clone()),
            ),
            Payload::AccountDescribed(account) => {
                self.segments
                    .insert(account.account_id.clone(), account.segment.clone());
                self.industries
                    .insert(account.account_id.clone(), account.industry.clone());
            }
            Payload::CurrencyRateSet(set) => {
                let from = from(&set.effective_date);
                let pair = (set.from_currency_code.clone(), set.to_currency_code.clone());
                self.rates.entry(pair).or_default().insert(from, decimal(&set.rate));
            }
            _ => {}
        }
    }

    /// The business date of an instant.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// An amount in micro-units of another currency, at the rate of a day.
    ///
    /// # Panics
    /// When there is no rate: a generated history has one for every day.
    pub fn convert(&self, micros: i128, from: &str, to: &str, date: Date) -> i128 {
        if from == to || micros == 0 {
            return micros;
        }
        let rate = |from: &str, to: &str| {
            let pair = self.rates.get(&(from.to_owned(), to.to_owned()))?;
            pair.range(..=date).next_back().map(|(_, rate)| *rate)
        };
        let rate = rate(from, to).or_else(|| rate(to, from).map(|rate| rate.reciprocal().expect("a rate is not zero")));
        let rate = rate.unwrap_or_else(|| panic!("no rate from {from} to {to} on {date}"));
        Rational::from(micros)
            .checked_mul(rate)
            .expect("a small amount")
            .round_half_even()
    }

    /// The value of a dimension for something with these own values, for which the rep's place of a day decides.
    pub fn value<'a>(&'a self, dimension: &str, own: &'a BTreeMap<&'static str, String>, date: Date) -> &'a str {
        let text = |name: &str| own.get(name).map_or("", String::as_str);
        let looked_up = |table: &'a BTreeMap<String, String>, by: &str| table.get(text(by)).map_or("", String::as_str);
        let place = || {
            self.assignments
                .get(text("rep"))?
                .range(..=date)
                .next_back()
                .map(|(_, place)| place)
        };
        match dimension {
            "team" => place().map_or("", |place| &place.team_id),
            "team@1" => place().map_or("", |place| self.lineage(&place.team_id).last().copied().unwrap_or("")),
            "manager" => place().map_or("", |place| &place.manager_id),
            "region" => place().map_or("", |place| &place.region),
            "role" => place().map_or("", |place| &place.role),
            "product_category" => looked_up(&self.categories, "product"),
            "segment" => looked_up(&self.segments, "account"),
            "industry" => looked_up(&self.industries, "account"),
            stored => text(stored),
        }
    }

    /// A team and the teams above it.
    pub fn lineage<'a>(&'a self, team: &'a str) -> Vec<&'a str> {
        let mut seen = BTreeSet::new();
        let mut lineage = Vec::new();
        let mut next = Some(team);
        while let Some(team) = next.filter(|team| !team.is_empty() && seen.insert(*team)) {
            lineage.push(team);
            next = self.parents.get(team).map(String::as_str);
        }
        lineage
    }
}

/// A decimal number.
pub(super) fn decimal(text: &str) -> Rational {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{places}").parse().expect("a generated number");
    Rational::new(
        digits,
        10_i128.pow(u32::try_from(places.len()).expect("a short number")),
    )
    .expect("a power of ten")
}

/// Thousandths of a decimal number.
pub(super) fn milli(text: &str) -> i128 {
    decimal(text)
        .checked_mul(Rational::from(1_000_i64))
        .expect("a small number")
        .round_half_even()
}

/// Micro-units of an amount.
pub(super) fn micros(money: &types::Money) -> i128 {
    i128::from(money.units) * 1_000_000 + i128::from(money.nanos) / 1_000
}

//! Where generated events are written down.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use scoreline_proto::{
    encode,
    events::v1::{Event, event::Payload},
    types::v1::Money,
};

use super::{CHANNELS, FIRST_DAY, LAST_DAY, PRODUCTS, REPS, SOURCES};
use crate::reference::{dice::Dice, tenant::CURRENCIES};

/// The journal, and the dice.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) dice: Dice,
    pub(super) events: Vec<Event>,
    seconds: HashSet<i64>,
}

impl Journal {
    pub(super) fn new(dice: Dice) -> Self {
        Self {
            dice,
            events: Vec::new(),
            seconds: HashSet::new(),
        }
    }

    /// Writes an event down, at that second or, as no two events are to happen at once, at the next that is free.
    pub(super) fn say(&mut self, at: Timestamp, payload: impl Into<Payload>) -> Timestamp {
        let at = self.free(at);
        let event = Event {
            event_id: format!("e{:04}-{}", self.dice.between(0, 10_000), self.events.len()),
            source: "test".to_owned(),
            occurred_at: Some(encode::instant(at)),
            payload: Some(payload.into()),
        };
        self.events.push(event);
        at
    }

    /// The first free second from an instant on, which it takes.
    pub(super) fn free(&mut self, at: Timestamp) -> Timestamp {
        let mut second = at.as_second();
        while !self.seconds.insert(second) {
            second += 1;
        }
        Timestamp::from_second(second).expect("a second near now")
    }

    /// A random instant of the history.
    pub(super) fn sometime(&mut self) -> Timestamp {
        let second = |day: jiff::civil::Date| day.to_zoned(TimeZone::UTC).expect("a day").timestamp().as_second();
        let second = self.dice.between(second(FIRST_DAY), second(LAST_DAY));
        Timestamp::from_second(second).expect("a second of the history")
    }

    /// A random instant within so many hours after another one.
    pub(super) fn within(&mut self, after: Timestamp, hours: i64) -> Timestamp {
        after + SignedDuration::from_secs(self.dice.between(1, hours * 3_600))
    }

    /// Whether an instant lies before the end of the history.
    pub(super) fn is_over(at: Timestamp) -> bool {
        at >= LAST_DAY.to_zoned(TimeZone::UTC).expect("a day").timestamp()
    }

    /// A random amount.
    pub(super) fn money(&mut self, most: i64) -> Money {
        let currency = (*self.dice.pick(&CURRENCIES)).to_owned();
        self.money_in(currency, most)
    }

    /// A random amount in a currency.
    pub(super) fn money_in(&mut self, currency_code: String, most: i64) -> Money {
        let micros = match self.dice.between(0, 3) {
            0 => 0,
            1 => self.dice.between(0, 100) * 10_000,
            _ => self.dice.between(0, 1_000_000),
        };
        let nanos = i32::try_from(micros * 1_000).expect("less than a unit");
        Money {
            currency_code,
            units: self.dice.between(1, most),
            nanos,
        }
    }

    pub(super) fn rep(&mut self) -> String {
        self.dice.maybe(&REPS, 8)
    }

    pub(super) fn source(&mut self) -> String {
        self.dice.maybe(&SOURCES, 15)
    }

    pub(super) fn channel(&mut self) -> String {
        self.dice.maybe(&CHANNELS, 20)
    }

    pub(super) fn product(&mut self) -> String {
        self.dice.maybe(&PRODUCTS, 10)
    }
}

//! The business dates of many instants, most of which share their days.

use std::cell::Cell;

use jiff::{Timestamp, civil::Date};

use super::{TimeZone, day::add_days, zone::floor_second};

/// Days that are remembered.
const SLOTS: i64 = 64;

const HALF_DAY_SECONDS: i64 = 43_200;

/// The business dates of a [`TimeZone`], the last few of which are remembered: a batch of events asks several times
/// an event, and nearly always for the day that it asked for before.
#[derive(Debug)]
pub struct Days {
    zone: TimeZone,
    /// By half days, of which a business day has two or three.
    slots: Vec<Cell<Option<Day>>>,
}

/// Seconds since 1970 that wholly lie in one business day.
#[derive(Debug, Clone, Copy)]
struct Day {
    start: i64,
    end: i64,
    date: Date,
}

impl Days {
    /// The dates of a zone.
    #[must_use]
    pub fn new(zone: &TimeZone) -> Self {
        Self {
            zone: zone.clone(),
            slots: (0..SLOTS).map(|_| Cell::new(None)).collect(),
        }
    }

    /// The business date of an instant: [`TimeZone::date_of`].
    #[must_use]
    pub fn date_of(&self, instant: Timestamp) -> Date {
        let second = floor_second(instant);
        let slot = second.div_euclid(HALF_DAY_SECONDS).rem_euclid(SLOTS);
        let slot = &self.slots[usize::try_from(slot).expect("a remainder of 64")];
        match slot.get() {
            Some(day) if (day.start..day.end).contains(&second) => day.date,
            _ => {
                let date = self.zone.date_of(instant);
                slot.set(Some(self.day(date)));
                date
            }
        }
    }

    fn day(&self, date: Date) -> Day {
        let start = self.zone.start_of_day(date);
        let end = self.zone.start_of_day(add_days(date, 1));
        Day {
            // A second that the day begins in is not wholly its own.
            start: floor_second(start) + i64::from(start.subsec_nanosecond() != 0),
            end: floor_second(end),
            date,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_remembered_day_is_the_day(
            zone in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "America/Havana", "Asia/Kathmandu",
                "Africa/Monrovia", "America/Toronto", "Pacific/Kiritimati", "Asia/Beirut",
            ]),
            // The time in which these zones skip days, go back over midnight and have odd offsets.
            from in prop_oneof![Just(1_325_000_000_i64), Just(1_162_000_000), Just(1_774_600_000), Just(-1_600_000_000), Just(63_500_000)],
            seconds in prop::collection::vec((0_i64..900_000, 0_i32..1_000_000_000), 1..200),
        ) {
            let zone = TimeZone::new(zone).expect("a zone of the database");
            let days = Days::new(&zone);
            for (second, nanosecond) in seconds {
                let instant = Timestamp::from_nanosecond(i128::from(from + second) * 1_000_000_000 + i128::from(nanosecond));
                let instant = instant.expect("an instant");
                prop_assert_eq!(days.date_of(instant), zone.date_of(instant));
            }
        }
    }

    #[test]
    fn the_ends_of_time_have_their_dates() {
        for name in ["Pacific/Kiritimati", "Pacific/Niue", "UTC"] {
            let zone = TimeZone::new(name).expect("a zone of the database");
            let days = Days::new(&zone);
            for instant in [Timestamp::MIN, Timestamp::MAX, Timestamp::MIN, Timestamp::MAX] {
                assert_eq!(days.date_of(instant), zone.date_of(instant));
            }
        }
    }
}

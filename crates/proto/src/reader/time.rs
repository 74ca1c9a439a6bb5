//! Instants, days, ranges of days and lengths of time.

use jiff::{Timestamp, civil::Date};
use prost_types as well_known;

use super::Reader;
use crate::{types::v1 as wire, violation::Reason};

/// The first year that is taken.
pub const FIRST_YEAR: i32 = 1970;

/// The last year that is taken.
pub const LAST_YEAR: i32 = 2200;

/// 2201-01-01T00:00:00Z, in seconds since 1970.
const END_SECOND: i64 = 7_289_654_400;

/// The longest duration: ten years with three leap days.
const MAX_DURATION_SECONDS: i64 = 3_653 * 86_400;

const NANOS: std::ops::RangeInclusive<i32> = 0..=999_999_999;

impl Reader {
    /// Reads an instant, to the microsecond; absent: none.
    pub fn instant(&mut self, field: &'static str, instant: Option<&well_known::Timestamp>) -> Option<Timestamp> {
        let well_known::Timestamp { seconds, nanos } = *instant?;
        if !NANOS.contains(&nanos) {
            self.fault(
                field,
                Reason::OutOfRange,
                format!("nanos {nanos} are outside 0 to 999999999"),
            );
            return None;
        }
        if !(0..END_SECOND).contains(&seconds) {
            let description = format!("{seconds} seconds since 1970 lie outside the years {FIRST_YEAR} to {LAST_YEAR}");
            self.fault(field, Reason::OutOfRange, description);
            return None;
        }
        Timestamp::from_microsecond(seconds * 1_000_000 + i64::from(nanos / 1_000)).ok()
    }

    /// Reads an instant that must be given.
    pub fn required_instant(
        &mut self,
        field: &'static str,
        instant: Option<&well_known::Timestamp>,
    ) -> Option<Timestamp> {
        let instant = self.present(field, instant);
        self.instant(field, instant)
    }

    /// Reads a day; absent: none.
    pub fn date(&mut self, field: &'static str, date: Option<&wire::Date>) -> Option<Date> {
        let wire::Date { year, month, day } = *date?;
        let found = civil(year, month, day);
        if found.is_none() {
            let description = if (FIRST_YEAR..=LAST_YEAR).contains(&year) {
                format!("there is no day {day} of month {month} in {year}")
            } else {
                format!("the year {year} is outside {FIRST_YEAR} to {LAST_YEAR}")
            };
            self.fault(field, Reason::NotADate, description);
        }
        found
    }

    /// Reads a day that must be given.
    pub fn required_date(&mut self, field: &'static str, date: Option<&wire::Date>) -> Option<Date> {
        let date = self.present(field, date);
        self.date(field, date)
    }

    /// Reads a range of days that must be given and not be empty: its first day, and the first after it.
    pub fn required_range(&mut self, field: &'static str, range: Option<&wire::DateRange>) -> Option<(Date, Date)> {
        let range = self.present(field, range)?;
        self.within(field, |reader| {
            let start = reader.required_date("start", range.start.as_ref());
            let end = reader.required_date("end", range.end.as_ref());
            let (start, end) = (start?, end?);
            if start >= end {
                reader.fault(
                    "end",
                    Reason::EmptyRange,
                    format!("{end} must lie after the start, {start}"),
                );
            }
            Some((start, end))
        })
    }

    /// Reads a length of time as milliseconds; absent: none.
    pub fn duration(&mut self, field: &'static str, duration: Option<&well_known::Duration>) -> Option<i64> {
        let well_known::Duration { seconds, nanos } = *duration?;
        let negative = seconds < 0 || nanos < 0;
        if negative || !NANOS.contains(&nanos) || seconds >= MAX_DURATION_SECONDS {
            let description = format!("{seconds} seconds and {nanos} nanos are outside 0 seconds to 10 years");
            self.fault(field, Reason::OutOfRange, description);
            return None;
        }
        Some(seconds * 1_000 + i64::from(nanos / 1_000_000))
    }

    /// Reads a length of time that must be given.
    pub fn required_duration(&mut self, field: &'static str, duration: Option<&well_known::Duration>) -> Option<i64> {
        let duration = self.present(field, duration);
        self.duration(field, duration)
    }
}

fn civil(year: i32, month: i32, day: i32) -> Option<Date> {
    if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
        return None;
    }
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(seconds: i64, nanos: i32) -> Option<Timestamp> {
        Reader::new().instant("at", Some(&well_known::Timestamp { seconds, nanos }))
    }

    #[test]
    fn an_instant_is_kept_to_the_microsecond_within_the_years_taken() {
        assert_eq!(
            instant(1, 1_999),
            Some("1970-01-01T00:00:01.000001Z".parse().expect("an instant"))
        );
        assert_eq!(
            instant(END_SECOND - 1, 0),
            Some("2200-12-31T23:59:59Z".parse().expect("an instant"))
        );
        for (seconds, nanos) in [
            (-1, 0),
            (END_SECOND, 0),
            (i64::MIN, 0),
            (i64::MAX, 999_999_999),
            (0, -1),
            (0, i32::MAX),
        ] {
            assert_eq!(instant(seconds, nanos), None, "{seconds} {nanos}");
        }
    }

    #[test]
    fn a_day_exists() {
        let day = |year, month, day| Reader::new().date("day", Some(&wire::Date { year, month, day }));
        assert_eq!(day(2024, 2, 29), Some(jiff::civil::date(2024, 2, 29)));
        for (year, month, number) in [
            (2023, 2, 29),
            (1969, 12, 31),
            (2201, 1, 1),
            (2024, 0, 1),
            (2024, 13, 1),
            (2024, 1, 0),
        ] {
            assert_eq!(day(year, month, number), None, "{year}-{month}-{number}");
        }
        assert_eq!(day(i32::MAX, i32::MIN, i32::MAX), None);
    }

    #[test]
    fn a_duration_is_not_negative_and_kept_to_the_millisecond() {
        let length =
            |seconds, nanos| Reader::new().duration("duration", Some(&well_known::Duration { seconds, nanos }));
        assert_eq!(length(90, 1_999_999), Some(90_001));
        assert_eq!(length(0, 0), Some(0));
        for (seconds, nanos) in [
            (-1, 0),
            (0, -1),
            (1, -1),
            (i64::MAX, 0),
            (i64::MIN, i32::MIN),
            (0, 1_000_000_000),
        ] {
            assert_eq!(length(seconds, nanos), None, "{seconds} {nanos}");
        }
    }
}

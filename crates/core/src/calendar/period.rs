//! Half-open ranges of business dates.

use std::fmt;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::Error;
use super::day::{add_days, days_between};
use super::error::shown;

/// The days from `start` up to but not including `end`; at least one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct Period {
    start: Date,
    end: Date,
}

impl Period {
    /// The first date that a period may hold.
    pub const EARLIEST: Date = date(1, 1, 1);
    /// The last date that a period may end on.
    pub const LATEST: Date = date(9990, 1, 1);

    /// The days from `start` up to but not including `end`.
    ///
    /// # Errors
    /// [`Error::EmptyPeriod`], [`Error::DateOutOfRange`].
    pub fn new(start: Date, end: Date) -> Result<Self, Error> {
        for date in [start, end] {
            if !(Self::EARLIEST..=Self::LATEST).contains(&date) {
                return Err(Error::DateOutOfRange { date });
            }
        }
        if start < end {
            Ok(Self { start, end })
        } else {
            Err(Error::EmptyPeriod { start, end })
        }
    }

    /// The days from `first` to `last`, both included.
    ///
    /// # Errors
    /// As [`Period::new`].
    pub fn inclusive(first: Date, last: Date) -> Result<Self, Error> {
        Self::new(first, add_days(last, 1))
    }

    /// The first day.
    #[must_use]
    pub const fn start(self) -> Date {
        self.start
    }

    /// The first day after.
    #[must_use]
    pub const fn end(self) -> Date {
        self.end
    }

    /// The last day.
    #[must_use]
    pub fn last_day(self) -> Date {
        add_days(self.end, -1)
    }

    /// How many days.
    #[must_use]
    pub fn days(self) -> i32 {
        days_between(self.start, self.end)
    }

    /// Whether `date` is one of the days.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        self.start <= date && date < self.end
    }

    /// The days that both have, if any.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }
}

impl fmt::Display for Period {
    /// `[2026-01-01, 2026-02-01)`: half-open, as it is meant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

/// The serialised form.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Text {
    start: String,
    end: String,
}

impl TryFrom<Text> for Period {
    type Error = Error;

    fn try_from(text: Text) -> Result<Self, Error> {
        Self::new(parse_date(&text.start)?, parse_date(&text.end)?)
    }
}

impl From<Period> for Text {
    fn from(period: Period) -> Self {
        Self {
            start: period.start.to_string(),
            end: period.end.to_string(),
        }
    }
}

/// Exactly `YYYY-MM-DD`. jiff alone would also take a date-time and drop its time.
///
/// # Errors
/// [`Error::NotADate`].
pub(super) fn parse_date(text: &str) -> Result<Date, Error> {
    let digits_and_dashes = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let parsed = if digits_and_dashes { text.parse().ok() } else { None };
    parsed.ok_or_else(|| Error::NotADate { text: shown(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_half_open_and_never_empty() -> Result<(), Error> {
        let march = Period::new(date(2026, 3, 1), date(2026, 4, 1))?;
        assert_eq!((march.days(), march.last_day()), (31, date(2026, 3, 31)));
        assert_eq!(march, Period::inclusive(date(2026, 3, 1), date(2026, 3, 31))?);
        assert!(march.contains(date(2026, 3, 31)) && !march.contains(date(2026, 4, 1)));
        let (start, end) = (date(2026, 3, 1), date(2026, 3, 1));
        assert_eq!(Period::new(start, end), Err(Error::EmptyPeriod { start, end }));
        assert_eq!(
            Period::new(Date::MIN, end),
            Err(Error::DateOutOfRange { date: Date::MIN })
        );
        Ok(())
    }

    #[test]
    fn periods_intersect_in_the_days_they_share() -> Result<(), Error> {
        let first = Period::new(date(2026, 1, 1), date(2026, 2, 1))?;
        let second = Period::new(date(2026, 1, 31), date(2026, 3, 1))?;
        assert_eq!(first.intersection(second).map(Period::days), Some(1));
        let third = Period::new(date(2026, 2, 1), date(2026, 3, 1))?;
        assert_eq!(first.intersection(third), None);
        Ok(())
    }

    #[test]
    fn the_serialised_form_is_checked() {
        let read = |text: &str| serde_json::from_str::<Period>(text);
        let march = read(r#"{"start":"2026-03-01","end":"2026-04-01"}"#).expect("a period");
        assert_eq!(
            serde_json::to_string(&march).expect("json"),
            r#"{"start":"2026-03-01","end":"2026-04-01"}"#
        );
        for wrong in [
            "2026-02-30",
            "2026-3-1",
            "2026-03-01T10:00",
            "20260301",
            "+02026-03",
            "２０２６-03-01",
            "",
        ] {
            assert!(
                read(&format!(r#"{{"start":"{wrong}","end":"2027-04-01"}}"#)).is_err(),
                "{wrong}"
            );
        }
    }
}

//! Business hours: how much of a wait fell into the hours in which somebody could have answered.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::day::date_of_day_number;
use super::period::parse_date;
use super::zone::Stretch;
use super::{Error, TimeZone, parse_weekday, weekday_name};

const MINUTES_PER_DAY: u16 = 24 * 60;
const SECONDS_PER_DAY: i64 = 86_400;

/// The open spans of each weekday as minutes after midnight on the wall clock (half-open, in order, apart), and the dates
/// on which nothing is open. The default is never open.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct BusinessHours {
    /// By weekday, Monday first.
    spans: [Vec<(u16, u16)>; 7],
    holidays: BTreeSet<Date>,
}

impl BusinessHours {
    /// Hours of these spans and holidays. A weekday that is not named is closed.
    ///
    /// # Errors
    /// [`Error::BusinessSpan`], [`Error::BusinessOverlap`].
    pub fn new(
        spans: impl IntoIterator<Item = (Weekday, Vec<(u16, u16)>)>,
        holidays: BTreeSet<Date>,
    ) -> Result<Self, Error> {
        let mut hours = Self {
            spans: Default::default(),
            holidays,
        };
        for (weekday, spans) in spans {
            check(weekday, &spans)?;
            hours.spans[monday_zero(weekday)] = spans;
        }
        Ok(hours)
    }

    /// The open spans of a date, in minutes after midnight.
    #[must_use]
    pub fn on(&self, date: Date) -> &[(u16, u16)] {
        if self.holidays.contains(&date) {
            &[]
        } else {
            &self.spans[monday_zero(date.weekday())]
        }
    }

    /// Open minutes of the whole days from `first` up to but not including `end`, as day numbers.
    fn open_minutes(&self, first: i64, end: i64) -> i64 {
        let of_weekday = |date: Date| minutes(&self.spans[monday_zero(date.weekday())]);
        let weeks = (end - first) / 7;
        let rest = (first + weeks * 7..end).map(|day| of_weekday(date_of(day)));
        let closed = self
            .holidays
            .range(date_of(first)..date_of(end))
            .map(|date| of_weekday(*date));
        let week: i64 = self.spans.iter().map(|spans| minutes(spans)).sum();
        weeks * week + rest.sum::<i64>() - closed.sum::<i64>()
    }

    /// The dates on which nothing is open.
    #[must_use]
    pub const fn holidays(&self) -> &BTreeSet<Date> {
        &self.holidays
    }
}

fn minutes(spans: &[(u16, u16)]) -> i64 {
    spans.iter().map(|(start, end)| i64::from(end - start)).sum()
}

fn monday_zero(weekday: Weekday) -> usize {
    weekday.to_monday_zero_offset().unsigned_abs().into()
}

fn check(weekday: Weekday, spans: &[(u16, u16)]) -> Result<(), Error> {
    let weekday = weekday_name(weekday);
    let mut open_until = 0;
    for &(start, end) in spans {
        if start >= end || end > MINUTES_PER_DAY {
            return Err(Error::BusinessSpan { weekday, start, end });
        }
        if start < open_until {
            return Err(Error::BusinessOverlap { weekday, minute: start });
        }
        open_until = end;
    }
    Ok(())
}

/// Milliseconds of `[from, to)` in which the wall clock of `zone` showed business hours; 0 if `to` is not after `from`.
///
/// Time is counted as it passes: an open hour that the clocks skip does not count, one that they repeat counts twice.
/// Takes time in proportion to the clock changes and holidays between, not to the days.
#[must_use]
pub fn business_millis_between(from: Timestamp, to: Timestamp, zone: &TimeZone, hours: &BusinessHours) -> i64 {
    let open = zone.stretches(from, to).map(|stretch| open_within(stretch, hours));
    // All of expressible time is 6·10¹⁴ ms.
    open.fold(SignedDuration::ZERO, |sum, part| sum + part).as_millis() as i64
}

/// How long of a stretch is open: its first and last day as far as they reach, the days between as a whole.
fn open_within(stretch: Stretch, hours: &BusinessHours) -> SignedDuration {
    let first = stretch.clock_second(stretch.start).div_euclid(SECONDS_PER_DAY);
    let last = stretch.clock_second(stretch.end).div_euclid(SECONDS_PER_DAY);
    let mut open = open_on(first, stretch, hours);
    if first < last {
        open += open_on(last, stretch, hours) + SignedDuration::from_mins(hours.open_minutes(first + 1, last));
    }
    open
}

/// How long of one day, within the stretch, is open.
fn open_on(day: i64, stretch: Stretch, hours: &BusinessHours) -> SignedDuration {
    let at = |minute: u16| stretch.instant_of(day * SECONDS_PER_DAY + i64::from(minute) * 60);
    let spans = hours
        .on(date_of(day))
        .iter()
        .map(|&(start, end)| stretch.overlap(at(start), at(end)));
    spans.fold(SignedDuration::ZERO, |sum, span| sum + span)
}

/// The date of a day number taken from an instant; instants span less than 7.4 million days.
fn date_of(day: i64) -> Date {
    date_of_day_number(day as i32)
}

/// The serialised form: `{"spans": {"monday": [[540, 1020]]}, "holidays": ["2026-12-25"]}`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    spans: BTreeMap<String, Vec<(u16, u16)>>,
    #[serde(default)]
    holidays: BTreeSet<String>,
}

impl TryFrom<Text> for BusinessHours {
    type Error = Error;

    fn try_from(text: Text) -> Result<Self, Error> {
        let spans: Result<Vec<_>, Error> = text
            .spans
            .into_iter()
            .map(|(name, spans)| Ok((parse_weekday(&name)?, spans)))
            .collect();
        let holidays: Result<_, Error> = text.holidays.iter().map(|date| parse_date(date)).collect();
        Self::new(spans?, holidays?)
    }
}

impl From<BusinessHours> for Text {
    fn from(hours: BusinessHours) -> Self {
        let named = Weekday::Monday
            .cycle_forward()
            .map(|weekday| weekday_name(weekday).to_owned());
        let open = named.zip(hours.spans).filter(|(_, spans)| !spans.is_empty());
        Self {
            spans: open.collect(),
            holidays: hours.holidays.iter().map(Date::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000;

    /// Monday to Friday, 09:00 to 17:00 with a pause from 12:00 to 12:30; closed on Christmas Day 2026, a Friday.
    fn office() -> BusinessHours {
        let week = Weekday::Monday
            .cycle_forward()
            .take(5)
            .map(|weekday| (weekday, vec![(540, 720), (750, 1020)]));
        BusinessHours::new(week, BTreeSet::from([date(2026, 12, 25)])).expect("hours")
    }

    fn always() -> BusinessHours {
        let week = Weekday::Monday
            .cycle_forward()
            .take(7)
            .map(|weekday| (weekday, vec![(0, 1440)]));
        BusinessHours::new(week, BTreeSet::new()).expect("hours")
    }

    fn between(from: &str, to: &str, zone: &str, hours: &BusinessHours) -> i64 {
        let zone = TimeZone::new(zone).expect("a zone");
        business_millis_between(
            from.parse().expect("an instant"),
            to.parse().expect("an instant"),
            &zone,
            hours,
        )
    }

    #[test]
    fn nights_weekends_and_pauses_do_not_count() {
        // Friday 2026-03-06 16:00 to Monday 10:30, Berlin (UTC+1): one hour and one and a half.
        assert_eq!(
            between(
                "2026-03-06T15:00:00Z",
                "2026-03-09T09:30:00Z",
                "Europe/Berlin",
                &office()
            ),
            5 * HOUR / 2
        );
        // 11:30 to 13:00 over the pause.
        assert_eq!(
            between(
                "2026-03-09T10:30:00Z",
                "2026-03-09T12:00:00Z",
                "Europe/Berlin",
                &office()
            ),
            HOUR
        );
        // Sunday only; and backwards.
        assert_eq!(
            between(
                "2026-03-08T00:00:00Z",
                "2026-03-08T20:00:00Z",
                "Europe/Berlin",
                &office()
            ),
            0
        );
        assert_eq!(
            between(
                "2026-03-09T12:00:00Z",
                "2026-03-09T10:30:00Z",
                "Europe/Berlin",
                &office()
            ),
            0
        );
        // A quarter of a second.
        assert_eq!(
            between("2026-03-09T09:00:00.125Z", "2026-03-09T09:00:00.375Z", "UTC", &office()),
            250
        );
    }

    #[test]
    fn a_holiday_is_closed() {
        // The week of Christmas 2026: four days of seven and a half hours.
        assert_eq!(
            between("2026-12-21T00:00:00Z", "2026-12-28T00:00:00Z", "UTC", &office()),
            30 * HOUR
        );
    }

    #[test]
    fn an_hour_that_clocks_skip_or_repeat_counts_as_it_passes() {
        let day = |from, to| between(from, to, "Europe/Berlin", &always()) / HOUR;
        assert_eq!(day("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 23);
        assert_eq!(day("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 25);
        let night = BusinessHours::new([(Weekday::Sunday, vec![(120, 180)])], BTreeSet::new()).expect("hours");
        let open = |from, to| between(from, to, "Europe/Berlin", &night) / HOUR;
        assert_eq!(open("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 0);
        assert_eq!(open("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 2);
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        let monday = |spans| BusinessHours::new([(Weekday::Monday, spans)], BTreeSet::new());
        assert_eq!(
            monday(vec![(600, 600)]),
            Err(Error::BusinessSpan {
                weekday: "monday",
                start: 600,
                end: 600
            })
        );
        assert_eq!(
            monday(vec![(0, 1441)]),
            Err(Error::BusinessSpan {
                weekday: "monday",
                start: 0,
                end: 1441
            })
        );
        let overlap = Err(Error::BusinessOverlap {
            weekday: "monday",
            minute: 599,
        });
        assert_eq!(monday(vec![(540, 600), (599, 700)]), overlap);
        assert!(serde_json::from_str::<BusinessHours>(r#"{"spans":{"someday":[[1,2]]}}"#).is_err());
    }

    #[test]
    fn settings_round_trip() {
        let text = serde_json::to_string(&office()).expect("json");
        assert!(
            text.contains(r#""monday":[[540,720],[750,1020]]"#) && text.contains(r#"["2026-12-25"]"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<BusinessHours>(&text).expect("hours"), office());
    }

    #[test]
    fn all_of_time_is_counted_at_once() {
        let zone = TimeZone::new("America/New_York").expect("a zone");
        let ever = Timestamp::MIN.duration_until(Timestamp::MAX).as_millis() as i64;
        assert_eq!(
            business_millis_between(Timestamp::MIN, Timestamp::MAX, &zone, &always()),
            ever
        );
    }

    proptest! {
        #[test]
        fn a_long_wait_is_the_sum_of_its_days(start in 1_790_000_000_i64..1_800_000_000, days in 1_i64..120) {
            let zone = TimeZone::new("Europe/Berlin").expect("a zone");
            let at = |day: i64| Timestamp::from_second(start + day * SECONDS_PER_DAY).expect("in range");
            let by_day: i64 = (0..days).map(|day| business_millis_between(at(day), at(day + 1), &zone, &office())).sum();
            prop_assert_eq!(business_millis_between(at(0), at(days), &zone, &office()), by_day);
        }

        #[test]
        fn waits_add_up_and_round_the_clock_is_the_whole_wait(
            start in 0_i64..2_000_000_000, first in 0_i64..30_000_000, second in 0_i64..3_000_000,
        ) {
            let zone = TimeZone::new("Australia/Lord_Howe").expect("a zone");
            let [a, b, c] = [start, start + first, start + first + second]
                .map(|second| Timestamp::from_second(second).expect("in range"));
            let open = |from, to| business_millis_between(from, to, &zone, &office());
            prop_assert_eq!(open(a, b) + open(b, c), open(a, c));
            prop_assert_eq!(business_millis_between(a, c, &zone, &always()), (first + second) * 1_000);
        }
    }
}

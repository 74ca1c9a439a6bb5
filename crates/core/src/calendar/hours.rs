//! Clock hours as instants.
//!
//! A bucket ends at the next full hour on the wall clock, or earlier where the clock jumps. So a day has 23 or 25 hours where
//! clocks move by one; where they move by half an hour (Lord Howe) one bucket lasts half an hour; and in zones of 30 or 45
//! minutes the hours begin where people there see them begin.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::zone::Stretch;
use super::{Error, Grain, MAX_BUCKETS, Period, TimeZone};

const SECONDS_PER_HOUR: i64 = 3_600;
const HOUR: SignedDuration = SignedDuration::from_secs(SECONDS_PER_HOUR);

/// A clock hour, as far as the range reaches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HourBucket {
    /// Where the hour begins on the wall clock, with its offset: `2026-11-01T01:00-04:00`. Unlike the time alone, this
    /// tells the two hours of an autumn night apart.
    pub label: String,
    /// First instant.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
    /// Whether the range cuts the hour short.
    pub partial: bool,
}

/// The clock hours that tile the days of `range`.
///
/// # Errors
/// [`Error::TooManyBuckets`] beyond [`MAX_BUCKETS`].
pub fn hour_buckets(range: Period, zone: &TimeZone) -> Result<Vec<HourBucket>, Error> {
    hour_buckets_between(zone.start_of_day(range.start()), zone.start_of_day(range.end()), zone)
}

/// The clock hours that tile `[from, to)`, the first and last cut to it; none if that is empty.
///
/// # Errors
/// [`Error::TooManyBuckets`] beyond [`MAX_BUCKETS`].
pub fn hour_buckets_between(from: Timestamp, to: Timestamp, zone: &TimeZone) -> Result<Vec<HourBucket>, Error> {
    let whole = u64::try_from(from.duration_until(to).as_hours()).unwrap_or(0);
    let refuse = |count| {
        Err(Error::TooManyBuckets {
            grain: Grain::Hour,
            count,
            limit: MAX_BUCKETS,
        })
    };
    if whole > MAX_BUCKETS {
        return refuse(whole);
    }
    // An hour more on either side shows whether the first and the last one are whole.
    let early = from.checked_sub(HOUR).unwrap_or(Timestamp::MIN);
    let late = to.checked_add(HOUR).unwrap_or(Timestamp::MAX);
    let hours = zone.stretches(early, late).flat_map(hours_of);
    let buckets: Vec<_> = hours
        .filter(|hour| hour.end > from && hour.start < to)
        .map(|hour| HourBucket {
            label: label(hour.start, hour.offset),
            start: hour.start.max(from),
            end: hour.end.min(to),
            partial: hour.start < from || hour.end > to,
        })
        .collect();
    if buckets.len() as u64 > MAX_BUCKETS {
        refuse(buckets.len() as u64)
    } else {
        Ok(buckets)
    }
}

/// The pieces of a stretch between full clock hours.
fn hours_of(stretch: Stretch) -> impl Iterator<Item = Stretch> {
    let first = stretch.clock_second(stretch.start).div_euclid(SECONDS_PER_HOUR);
    let pieces = (first..).map(move |hour| Stretch {
        start: stretch.instant_of(hour * SECONDS_PER_HOUR).max(stretch.start),
        end: stretch.instant_of((hour + 1) * SECONDS_PER_HOUR).min(stretch.end),
        offset: stretch.offset,
    });
    pieces.take_while(move |piece| piece.start < stretch.end)
}

fn label(start: Timestamp, offset: Offset) -> String {
    let clock: DateTime = offset.to_datetime(start);
    let seconds = offset.seconds().unsigned_abs();
    let sign = if offset.is_negative() { '-' } else { '+' };
    let mut label = format!("{}T{:02}:{:02}", clock.date(), clock.hour(), clock.minute());
    label.push_str(&format!("{sign}{:02}:{:02}", seconds / 3_600, seconds / 60 % 60));
    label
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::super::day::add_days;
    use super::*;

    fn hours_of_day(zone: &str, day: Date) -> Vec<HourBucket> {
        let period = Period::new(day, add_days(day, 1)).expect("a day");
        hour_buckets(period, &TimeZone::new(zone).expect("a zone")).expect("a day's hours")
    }

    #[test]
    fn days_have_23_24_and_25_hours() {
        let lengths = [date(2026, 3, 29), date(2026, 6, 1), date(2026, 10, 25)];
        assert_eq!(
            lengths.map(|day| hours_of_day("Europe/Berlin", day).len()),
            [23, 24, 25]
        );
    }

    #[test]
    fn the_two_hours_of_an_autumn_night_have_two_names() {
        let hours = hours_of_day("America/New_York", date(2026, 11, 1));
        let labels: Vec<_> = hours.iter().skip(1).take(2).map(|hour| hour.label.as_str()).collect();
        assert_eq!(labels, ["2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00"]);
    }

    #[test]
    fn zones_of_45_minutes_begin_their_hours_on_their_clock() {
        let hours = hours_of_day("Asia/Kathmandu", date(2026, 1, 2));
        assert_eq!(hours.len(), 24);
        assert_eq!(hours[0].start, "2026-01-01T18:15:00Z".parse().expect("an instant"));
        assert_eq!(hours[0].label, "2026-01-02T00:00+05:45");
    }

    #[test]
    fn half_an_hour_of_summer_time_is_half_a_bucket() {
        // Lord Howe, 2026-04-05: at 02:00 the clocks go back to 01:30.
        let hours = hours_of_day("Australia/Lord_Howe", date(2026, 4, 5));
        assert_eq!(hours.len(), 25);
        assert_eq!(hours[2].label, "2026-04-05T01:30+10:30");
        assert_eq!(
            hours[2].start.duration_until(hours[2].end),
            SignedDuration::from_mins(30)
        );
    }

    #[test]
    fn a_range_that_cuts_hours_says_so() -> Result<(), Error> {
        let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let (from, to) = (instant("2026-01-01T10:17:00Z"), instant("2026-01-01T13:00:00Z"));
        let hours = hour_buckets_between(from, to, &TimeZone::utc())?;
        let seen: Vec<_> = hours.iter().map(|hour| (hour.label.as_str(), hour.partial)).collect();
        assert_eq!(
            seen,
            [
                ("2026-01-01T10:00+00:00", true),
                ("2026-01-01T11:00+00:00", false),
                ("2026-01-01T12:00+00:00", false)
            ]
        );
        assert_eq!(hours[0].start, from);
        assert_eq!(hour_buckets_between(to, from, &TimeZone::utc())?, []);
        Ok(())
    }

    #[test]
    fn too_many_hours_are_refused_and_the_ends_of_time_are_not_a_trap() {
        let refused = hour_buckets_between(Timestamp::MIN, Timestamp::MAX, &TimeZone::utc());
        assert!(matches!(refused, Err(Error::TooManyBuckets { grain: Grain::Hour, .. })));
        let berlin = TimeZone::new("Europe/Berlin").expect("a zone");
        let before_the_end = Timestamp::MAX.checked_sub(HOUR * 3).expect("in range");
        assert!(
            hour_buckets_between(before_the_end, Timestamp::MAX, &berlin)
                .expect("few")
                .len()
                <= 4
        );
        let after_the_start = Timestamp::MIN.checked_add(HOUR * 3).expect("in range");
        assert!(
            hour_buckets_between(Timestamp::MIN, after_the_start, &berlin)
                .expect("few")
                .len()
                <= 4
        );
    }
}

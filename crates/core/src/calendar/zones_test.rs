//! Every zone of the database, at every change of its clocks from 1970 to 2037.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::day::{add_days, day_number};
use super::{Period, TimeZone, hour_buckets};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn changes(zone: &TimeZone) -> Vec<Timestamp> {
    let from: Timestamp = "1970-01-01T00:00:00Z".parse().expect("an instant");
    let to: Timestamp = "2038-01-01T00:00:00Z".parse().expect("an instant");
    zone.stretches(from, to).skip(1).map(|stretch| stretch.start).collect()
}

/// The instant lies in the day that it is dated, and in no other.
fn day_holds_its_instant(zone: &TimeZone, instant: Timestamp) {
    let date = zone.date_of(instant);
    let (start, end) = (zone.start_of_day(date), zone.start_of_day(add_days(date, 1)));
    assert!(
        start <= instant && instant < end,
        "{zone}: {instant} is dated {date}, which is [{start}, {end})"
    );
    assert_eq!(zone.date_of(start), date, "{zone}: {date} starts at {start}");
    let shown = zone.offset_at(instant).to_datetime(instant).date();
    assert!(
        day_number(date) - day_number(shown) <= 1 && shown <= date,
        "{zone}: {instant} shows {shown}, not {date}"
    );
}

/// Hours tile the days around the instant, lie within one day each, and have names of their own.
fn hours_tile_days(zone: &TimeZone, instant: Timestamp) {
    let date = zone.date_of(instant);
    let days = Period::new(add_days(date, -1), add_days(date, 2)).expect("three days");
    let hours = hour_buckets(days, zone).expect("few hours");
    assert_eq!(
        hours.first().map(|hour| hour.start),
        Some(zone.start_of_day(days.start())),
        "{zone} {date}"
    );
    assert_eq!(
        hours.last().map(|hour| hour.end),
        Some(zone.start_of_day(days.end())),
        "{zone} {date}"
    );
    assert!(
        hours.windows(2).all(|pair| pair[0].end == pair[1].start),
        "{zone} {date}: gap or overlap"
    );
    assert_eq!(
        hours
            .iter()
            .filter(|hour| hour.start <= instant && instant < hour.end)
            .count(),
        1,
        "{zone} {instant}"
    );
    for hour in &hours {
        let length = hour.start.duration_until(hour.end);
        assert!(
            SignedDuration::ZERO < length && length <= SECOND * 3_600,
            "{zone}: {hour:?}"
        );
        let last = hour.end.checked_sub(SignedDuration::from_nanos(1)).expect("in range");
        assert_eq!(zone.date_of(hour.start), zone.date_of(last), "{zone}: {hour:?}");
    }
    let labels: BTreeSet<_> = hours.iter().map(|hour| &hour.label).collect();
    assert_eq!(labels.len(), hours.len(), "{zone} {date}: two hours of one name");
}

#[test]
fn days_and_hours_agree_at_every_change_of_every_clock() {
    let names = TimeZone::names();
    assert!(names.len() > 400, "the database is compiled in");
    let mut seen = 0;
    for name in &names {
        let zone = TimeZone::new(name).expect("a name of the database");
        for change in changes(&zone) {
            for instant in [change.checked_sub(SECOND), Ok(change), change.checked_add(SECOND)] {
                day_holds_its_instant(&zone, instant.expect("in range"));
            }
            hours_tile_days(&zone, change);
            seen += 1;
        }
    }
    assert!(seen > 20_000, "only {seen} changes");
}

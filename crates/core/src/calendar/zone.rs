//! Time zones, and the business date of an instant.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::{Date, time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Error;
use super::day::add_days;
use super::error::shown;

/// The IANA data that is compiled in. The machine's own is never read: it may be older, newer or missing.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database, by name.
///
/// # Days
/// A business day begins at the first instant whose clock shows its date, and ends where the next one begins: days tile
/// time without gap or overlap, and [`date_of`](Self::date_of) never goes back as time goes on. Where clocks behave, that is
/// midnight. Where they skip midnight, the day begins when the skip ends. Where they skip a whole date (Samoa,
/// 2011-12-30), that day holds no instant. Where clocks go back over midnight (St. John's until 2011, from 00:01 to 23:01),
/// the date that has begun stays: the second 23:30 belongs to the new day, although the clock shows the old date again.
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone {
    name: String,
    rules: jiff::tz::TimeZone,
}

/// A stretch of time in which the zone's offset stays the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// First instant.
    pub(super) start: Timestamp,
    /// First instant after.
    pub(super) end: Timestamp,
    /// What the clock shows, less UTC.
    pub(super) offset: Offset,
}

impl TimeZone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: jiff::tz::TimeZone::UTC,
        }
    }

    /// The zone with this name, in any case; `Europe/Berlin`, `Asia/Kathmandu`, `UTC`.
    ///
    /// # Errors
    /// [`Error::UnknownTimeZone`], naming what was given.
    pub fn new(name: &str) -> Result<Self, Error> {
        let found = DATABASE.get(name).ok().filter(|rules| !rules.is_unknown());
        let named = found.and_then(|rules| {
            Some(Self {
                name: rules.iana_name()?.to_owned(),
                rules,
            })
        });
        named.ok_or_else(|| Error::UnknownTimeZone { name: shown(name) })
    }

    /// Every name of the database.
    #[must_use]
    pub fn names() -> Vec<String> {
        DATABASE.available().map(|name| name.as_str().to_owned()).collect()
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the clock shows at `instant`, less UTC.
    #[must_use]
    pub fn offset_at(&self, instant: Timestamp) -> Offset {
        self.rules.to_offset(instant)
    }

    /// The business date of `instant`.
    #[must_use]
    pub fn date_of(&self, instant: Timestamp) -> Date {
        let shown = self.offset_at(instant).to_datetime(instant).date();
        // Clocks that went back over midnight show the old date again. No zone goes back by more than a day.
        let next = add_days(shown, 1);
        if next > shown && self.start_of_day(next) <= instant {
            next
        } else {
            shown
        }
    }

    /// The first instant of a business day; for a date that was skipped, the first instant after the skip.
    ///
    /// Saturates at the first and last instant that can be expressed (years ∓9999).
    #[must_use]
    pub fn start_of_day(&self, date: Date) -> Timestamp {
        let midnight = date.to_datetime(time(0, 0, 0, 0));
        let ambiguous = self.rules.to_ambiguous_timestamp(midnight);
        let edge = if date.year() < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().unwrap_or(edge),
            AmbiguousOffset::Gap { after, .. } => {
                // With the offset after the skip, a skipped time lies before it.
                after
                    .to_timestamp(midnight)
                    .map_or(edge, |before| self.next_change(before).map_or(edge, |at| at.0))
            }
        }
    }

    /// When the offset next changes after `instant`, and to what.
    fn next_change(&self, instant: Timestamp) -> Option<(Timestamp, Offset)> {
        let current = self.offset_at(instant);
        let mut changes = self
            .rules
            .following(instant)
            .filter(|change| change.offset() != current);
        changes.next().map(|change| (change.timestamp(), change.offset()))
    }

    /// The stretches of constant offset that tile `[from, to)`.
    pub(super) fn stretches(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Stretch> {
        let mut next = Some((from, self.offset_at(from)));
        std::iter::from_fn(move || {
            let (start, offset) = next.filter(|(start, _)| *start < to)?;
            next = self.next_change(start);
            Some(Stretch {
                start,
                end: next.map_or(to, |(change, _)| change.min(to)),
                offset,
            })
        })
    }
}

impl Stretch {
    /// Seconds that the clock shows at `instant`, counted from its own 1970-01-01T00:00.
    pub(super) fn clock_second(&self, instant: Timestamp) -> i64 {
        floor_second(instant) + i64::from(self.offset.seconds())
    }

    /// The instant at which the clock shows a [`clock_second`](Self::clock_second), if this stretch lasted for ever.
    pub(super) fn instant_of(&self, clock_second: i64) -> Timestamp {
        let second = clock_second - i64::from(self.offset.seconds());
        Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }

    /// How long of `[start, end)` falls into the stretch.
    pub(super) fn overlap(&self, start: Timestamp, end: Timestamp) -> SignedDuration {
        self.start
            .max(start)
            .duration_until(self.end.min(end))
            .max(SignedDuration::ZERO)
    }
}

/// Whole seconds since 1970, rounded down also before it.
pub(super) fn floor_second(instant: Timestamp) -> i64 {
    instant.as_second() - i64::from(instant.subsec_nanosecond() < 0)
}

impl PartialEq for TimeZone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeZone {}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeZone({})", self.name)
    }
}

impl FromStr for TimeZone {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::new(name)
    }
}

impl TryFrom<String> for TimeZone {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::new(&name)
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::new(name).expect("a zone of the database")
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn an_unknown_zone_is_refused_by_name() {
        for name in [
            "",
            "Mars/Olympus",
            "Etc/Unknown",
            "../etc/passwd",
            "+02:00",
            "Europe/Berlin ",
            "EST5EDT4",
        ] {
            assert_eq!(TimeZone::new(name), Err(Error::UnknownTimeZone { name: name.into() }));
        }
        assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
        assert_eq!(zone("UTC"), TimeZone::utc());
    }

    #[test]
    fn the_date_is_the_zones_and_not_utcs() {
        let late = instant("2026-03-31T22:30:00Z");
        assert_eq!(zone("Europe/Berlin").date_of(late), date(2026, 4, 1));
        assert_eq!(zone("America/New_York").date_of(late), date(2026, 3, 31));
        assert_eq!(TimeZone::utc().date_of(late), date(2026, 3, 31));
    }

    #[test]
    fn a_day_starts_when_the_skip_over_its_midnight_ends() {
        // Lebanon moves from 00:00 to 01:00.
        assert_eq!(
            zone("Asia/Beirut").start_of_day(date(2026, 3, 29)),
            instant("2026-03-28T22:00:00Z")
        );
        // Toronto, 1919: from 23:30 to 00:30, so that the 31st began at half past midnight.
        assert_eq!(
            zone("America/Toronto").start_of_day(date(1919, 3, 31)),
            instant("1919-03-31T04:30:00Z")
        );
    }

    #[test]
    fn a_day_that_has_two_midnights_starts_at_the_first() {
        // Cuba moves from 01:00 back to 00:00.
        assert_eq!(
            zone("America/Havana").start_of_day(date(2026, 11, 1)),
            instant("2026-11-01T04:00:00Z")
        );
    }

    #[test]
    fn a_date_that_was_skipped_holds_no_instant() {
        let samoa = zone("Pacific/Apia");
        assert_eq!(
            samoa.start_of_day(date(2011, 12, 30)),
            samoa.start_of_day(date(2011, 12, 31))
        );
        assert_eq!(samoa.date_of(instant("2011-12-30T09:59:59Z")), date(2011, 12, 29));
        assert_eq!(samoa.date_of(instant("2011-12-30T10:00:00Z")), date(2011, 12, 31));
    }

    #[test]
    fn a_date_that_has_begun_does_not_go_back() {
        // St. John's, 2006-10-29: at 00:01 the clocks went back to 23:01 of the 28th.
        let newfoundland = zone("America/St_Johns");
        assert_eq!(
            newfoundland.start_of_day(date(2006, 10, 29)),
            instant("2006-10-29T02:30:00Z")
        );
        assert_eq!(
            newfoundland.date_of(instant("2006-10-29T02:29:59Z")),
            date(2006, 10, 28)
        );
        assert_eq!(
            newfoundland.date_of(instant("2006-10-29T02:30:00Z")),
            date(2006, 10, 29)
        );
        assert_eq!(
            newfoundland.date_of(instant("2006-10-29T02:31:00Z")),
            date(2006, 10, 29)
        );
    }

    #[test]
    fn the_ends_of_time_saturate() {
        for name in ["Pacific/Kiritimati", "Pacific/Niue", "UTC"] {
            let zone = zone(name);
            assert!(zone.start_of_day(Date::MIN) <= zone.start_of_day(date(1970, 1, 1)));
            assert!(zone.start_of_day(Date::MAX) >= zone.start_of_day(date(1970, 1, 1)));
            let _ = (zone.date_of(Timestamp::MIN), zone.date_of(Timestamp::MAX));
        }
    }
}

//! Days as numbers. Calendar arithmetic is integer arithmetic on these; dates are only its two ends.
//!
//! Everything saturates at jiff's first and last date (years ∓9999), so nothing here can fail or overflow; a
//! [`Period`](super::Period) keeps millennia of distance from both.

use jiff::SignedDuration;
use jiff::civil::{Date, date};

const EPOCH: Date = date(1970, 1, 1);
const SECONDS_PER_DAY: i64 = 86_400;

/// Days since 1970-01-01.
#[must_use]
pub fn day_number(date: Date) -> i32 {
    // jiff's dates span less than 7.4 million days.
    (EPOCH.duration_until(date).as_secs() / SECONDS_PER_DAY) as i32
}

/// The date of a [`day_number`]; the first or last date there is, for a number beyond them.
#[must_use]
pub fn date_of_day_number(number: i32) -> Date {
    let distance = SignedDuration::from_secs(i64::from(number) * SECONDS_PER_DAY);
    EPOCH
        .checked_add(distance)
        .unwrap_or(if number < 0 { Date::MIN } else { Date::MAX })
}

/// `date` moved by `days`.
pub(super) fn add_days(date: Date, days: i32) -> Date {
    date_of_day_number(day_number(date).saturating_add(days))
}

/// Days from `start` to `end`.
pub(super) fn days_between(start: Date, end: Date) -> i32 {
    day_number(end) - day_number(start)
}

/// Calendar months since January of year 0.
pub(super) fn month_number(date: Date) -> i32 {
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

/// The first day of a [`month_number`].
pub(super) fn first_of_month(number: i32) -> Date {
    let month = number.rem_euclid(12) as i8 + 1;
    let year = i16::try_from(number.div_euclid(12)).ok();
    year.and_then(|year| Date::new(year, month, 1).ok())
        .unwrap_or(if number < 0 { Date::MIN } else { Date::MAX })
}

/// The same day of the month `months` later, or that month's last day if it is shorter.
pub(super) fn add_months_clipped(date: Date, months: i32) -> Date {
    let first = first_of_month(month_number(date).saturating_add(months));
    add_days(first, i32::from(date.day().min(first.days_in_month())) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_inverse_over_all_dates() {
        for number in (day_number(Date::MIN)..=day_number(Date::MAX)).step_by(97) {
            assert_eq!(day_number(date_of_day_number(number)), number);
        }
        assert_eq!(day_number(date(2026, 1, 1)), 20_454);
    }

    #[test]
    fn the_edges_saturate() {
        assert_eq!(add_days(Date::MAX, i32::MAX), Date::MAX);
        assert_eq!(add_days(Date::MIN, i32::MIN), Date::MIN);
        assert_eq!(first_of_month(i32::MAX), Date::MAX);
        assert_eq!(first_of_month(i32::MIN), Date::MIN);
    }

    #[test]
    fn a_shorter_month_clips_the_day() {
        assert_eq!(add_months_clipped(date(2028, 2, 29), -12), date(2027, 2, 28));
        assert_eq!(add_months_clipped(date(2026, 1, 31), 1), date(2026, 2, 28));
        assert_eq!(add_months_clipped(date(2026, 1, 15), -1), date(2025, 12, 15));
    }
}

//! Dates and instants as the integers that columns hold: days and microseconds since 1970-01-01 (UTC).

use jiff::{Timestamp, civil::Date};

const DAYS_OF_400_YEARS: i32 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i32 = 719_468;

/// Days since 1970-01-01, by years that begin in March, so that the leap day is the last of its year.
pub(crate) fn to_day(date: Date) -> i32 {
    let month = i32::from(date.month());
    let year = i32::from(date.year()) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(date.day()) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_OF_400_YEARS + day_of_era - EPOCH
}

/// The date of a day number; `None` outside the years that a date can name.
pub(crate) fn from_day(day: i32) -> Option<Date> {
    let shifted = day.checked_add(EPOCH)?;
    let era = shifted.div_euclid(DAYS_OF_400_YEARS);
    let day_of_era = shifted.rem_euclid(DAYS_OF_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = (march_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    let of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    Date::new(year.try_into().ok()?, month.try_into().ok()?, of_month.try_into().ok()?).ok()
}

/// The days of the month that a day lies in.
pub(crate) fn month_of(day: i32) -> std::ops::Range<i32> {
    let Some(date) = from_day(day) else { return day..day + 1 };
    let first = day - i32::from(date.day()) + 1;
    first..first + i32::from(date.days_in_month())
}

/// Whether a day number is one of the years that a date can name.
pub(crate) fn is_day(day: i32) -> bool {
    (to_day(Date::MIN)..=to_day(Date::MAX)).contains(&day)
}

/// Microseconds since 1970, rounded towards the past.
pub(crate) fn to_micros(instant: Timestamp) -> i64 {
    instant.as_second() * 1_000_000 + i64::from(instant.subsec_nanosecond().div_euclid(1_000))
}

/// The instant of a number of microseconds; `None` outside the years that an instant can name.
pub(crate) fn from_micros(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

/// Whether a number of microseconds is one of the years that an instant can name.
pub(crate) fn is_micros(micros: i64) -> bool {
    let [first, last] = [Timestamp::MIN, Timestamp::MAX].map(|end| end.as_second() * 1_000_000);
    (first..=last).contains(&micros)
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    #[test]
    fn days_count_like_the_calendar_over_four_centuries_and_at_the_ends() {
        let mut day = date(1890, 1, 1);
        let mut number = to_day(day);
        while day < date(2300, 1, 1) {
            assert_eq!((to_day(day), from_day(number)), (number, Some(day)));
            day = day.checked_add(1.day()).expect("in range");
            number += 1;
        }
        assert_eq!(to_day(date(1970, 1, 1)), 0);
        for end in [Date::MIN, Date::MAX] {
            assert_eq!(from_day(to_day(end)), Some(end));
        }
        let march = to_day(date(2024, 2, 29)) + 1;
        assert_eq!(month_of(march - 29), march - 29..march);
        assert_eq!(month_of(march), march..march + 31);
        let beyond = [i32::MIN, i32::MAX, to_day(Date::MAX) + 1, to_day(Date::MIN) - 1];
        assert_eq!(beyond.map(from_day), [None; 4]);
        assert_eq!(beyond.map(is_day), [false; 4]);
        assert_eq!([Date::MIN, Date::MAX].map(|end| is_day(to_day(end))), [true; 2]);
    }

    #[test]
    fn instants_before_1970_round_towards_the_past_too() {
        let instant = Timestamp::from_nanosecond(-1).expect("in range");
        assert_eq!(to_micros(instant), -1);
        assert_eq!(
            from_micros(to_micros(Timestamp::MIN)).map(to_micros),
            Some(to_micros(Timestamp::MIN))
        );
        for edge in [Timestamp::MIN, Timestamp::MAX].map(|end| end.as_second() * 1_000_000) {
            for micros in [edge - 1, edge, edge + 1] {
                assert_eq!(is_micros(micros), from_micros(micros).is_some(), "{micros}");
            }
        }
    }
}

//! The days that the organisation has lived: how busy each was, and its working hours.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, Weekday},
};

use super::dice::{Dice, Wheel};

/// Seconds since 1970.
pub(super) type Moment = i64;
/// Seconds of an hour.
pub(super) const HOUR: i64 = 3_600;
/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;
/// How many quarters there are before the present one.
const FULL_QUARTERS: i32 = 9;

/// A day.
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) weekday: Weekday,
    /// Which of the quarters it lies in.
    pub(super) quarter: usize,
    /// Which month, counted from the first day's.
    pub(super) month: usize,
    /// How busy it is; a plain working day has 1.
    pub(super) bustle: f64,
}

/// A calendar quarter; the last one may not be over.
#[derive(Clone, Copy)]
pub(super) struct Quarter {
    pub(super) start: Date,
    pub(super) end: Date,
    /// Its first day and the first day after it, as positions; the last one may lie beyond the days.
    pub(super) first: usize,
    pub(super) after: usize,
}

/// All days, from the start of a quarter more than two years ago until yesterday.
pub(super) struct Days {
    pub(super) days: Vec<Day>,
    pub(super) quarters: Vec<Quarter>,
    start: Moment,
    wheel: Wheel,
}

impl Days {
    pub(super) fn until(today: Date) -> Self {
        let present = today.first_of_month() - ((i32::from(today.month()) - 1) % 3).months();
        let first = present - (3 * FULL_QUARTERS).months();
        let length = length(first, today);
        let days: Vec<Day> = (0..length).map(|at| Day::new(first, first + at.days())).collect();
        let quarter = |at: i32| {
            let (start, end) = (first + (3 * at).months(), first + (3 * at + 3).months());
            Quarter {
                start,
                end,
                first: length_of(first, start),
                after: length_of(first, end),
            }
        };
        let quarters = (0..=FULL_QUARTERS)
            .map(quarter)
            .filter(|quarter| quarter.first < days.len())
            .collect();
        let wheel = Wheel::new(days.iter().map(|day| day.bustle));
        let start = DAY * i64::from(self::length(jiff::civil::date(1970, 1, 1), first));
        Self {
            days,
            quarters,
            start,
            wheel,
        }
    }

    /// The first moment that has not come yet.
    pub(super) fn end(&self) -> Moment {
        self.start + DAY * self.days.len() as i64
    }

    pub(super) fn len(&self) -> usize {
        self.days.len()
    }

    /// The first moment of a day.
    pub(super) fn midnight(&self, day: usize) -> Moment {
        self.start + DAY * day as i64
    }

    /// The day of a moment; the last day for what lies in the future.
    pub(super) fn day_of(&self, moment: Moment) -> usize {
        let day = ((moment - self.start).max(0) / DAY) as usize;
        day.min(self.days.len() - 1)
    }

    /// The date of a moment, future ones too.
    pub(super) fn date_of(&self, moment: Moment) -> Date {
        self.days[0].date + ((moment - self.start).div_euclid(DAY)).days()
    }

    /// A day, the likelier the busier.
    pub(super) fn draw(&self, dice: &mut Dice, from: usize, to: usize) -> usize {
        self.wheel.draw_between(dice, from, to.max(from + 1))
    }

    /// A moment in the working hours of a day of an office that opens at an hour (UTC).
    pub(super) fn working_moment(&self, dice: &mut Dice, day: usize, opens: i64) -> Moment {
        self.midnight(day) + opens * HOUR + working_second(dice)
    }

    /// A working moment about so many days later, never before `moment`.
    pub(super) fn after(&self, dice: &mut Dice, moment: Moment, days: f64, opens: i64) -> Moment {
        let mut day = (moment + (days * DAY as f64) as i64 - self.start).div_euclid(DAY);
        day += match (self.weekday(day), dice.chance(0.97)) {
            (Weekday::Saturday, true) => 2,
            (Weekday::Sunday, true) => 1,
            _ => 0,
        };
        let later = self.start + DAY * day + opens * HOUR + working_second(dice);
        if later > moment {
            later
        } else {
            moment + dice.whole(300, 7_200)
        }
    }

    fn weekday(&self, day: i64) -> Weekday {
        Weekday::from_monday_zero_offset(((self.start / DAY + 3 + day).rem_euclid(7)) as i8).expect("a remainder of 7")
    }

    /// How many days remain of the quarter after a day.
    pub(super) fn left_in_quarter(&self, day: usize) -> usize {
        self.quarters[self.days[day].quarter].after - 1 - day
    }
}

/// The instant of a moment.
pub(super) fn instant(moment: Moment) -> Timestamp {
    Timestamp::from_second(moment).expect("a moment of this century")
}

/// Seconds after opening: busiest in the middle of morning and afternoon.
fn working_second(dice: &mut Dice) -> i64 {
    let half = if dice.chance(0.52) { 0.0 } else { 4.6 };
    ((half + 2.1 * (dice.unit() + dice.unit())) * HOUR as f64) as i64
}

fn length(from: Date, to: Date) -> i32 {
    from.until(to).expect("both are dates of this century").get_days()
}

fn length_of(from: Date, to: Date) -> usize {
    length(from, to).max(0) as usize
}

impl Day {
    fn new(first: Date, date: Date) -> Self {
        let month = (i32::from(date.year() - first.year()) * 12 + i32::from(date.month() - first.month())) as usize;
        Self {
            date,
            weekday: date.weekday(),
            quarter: month / 3,
            month,
            bustle: bustle(date, month),
        }
    }
}

/// The week's rhythm, the year's, and growth of a quarter a year.
fn bustle(date: Date, months: usize) -> f64 {
    let week = match date.weekday() {
        Weekday::Monday => 0.95,
        Weekday::Tuesday | Weekday::Wednesday => 1.12,
        Weekday::Thursday => 1.05,
        Weekday::Friday => 0.78,
        Weekday::Saturday => 0.05,
        Weekday::Sunday => 0.03,
    };
    let year = match (date.month(), date.day()) {
        (12, 20..) | (1, 1..=3) => 0.35,
        (7, _) => 0.84,
        (8, _) => 0.72,
        (3 | 6 | 9 | 11 | 12, _) => 1.12,
        _ => 1.0,
    };
    week * year * 1.25_f64.powf(months as f64 / 12.0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_days_end_yesterday_and_begin_with_a_quarter() {
        let days = Days::until(date(2026, 11, 21));
        assert_eq!(days.days[0].date, date(2024, 7, 1));
        assert_eq!(days.days[days.len() - 1].date, date(2026, 11, 20));
        assert_eq!(instant(days.end()).to_string(), "2026-11-21T00:00:00Z");
        assert_eq!(days.quarters.len(), 10);
        assert_eq!(
            (days.quarters[9].start, days.quarters[9].end),
            (date(2026, 10, 1), date(2027, 1, 1))
        );
        assert!(
            days.days
                .iter()
                .enumerate()
                .all(|(at, day)| days.weekday(at as i64) == day.weekday)
        );
    }

    #[test]
    fn on_the_first_day_of_a_quarter_there_is_no_present_quarter_yet() {
        let days = Days::until(date(2026, 1, 1));
        assert_eq!(days.quarters.len(), 9);
        assert_eq!(days.days[days.len() - 1].date, date(2025, 12, 31));
    }

    #[test]
    fn what_comes_after_comes_later_and_hardly_ever_on_a_weekend() {
        let days = Days::until(date(2026, 11, 21));
        let mut dice = Dice::new(3);
        let friday = days.working_moment(&mut dice, 4, 8);
        for _ in 0..100 {
            assert!(days.after(&mut dice, friday, 0.01, 8) > friday);
        }
        let next =
            (0..100).filter(|_| days.date_of(days.after(&mut dice, friday, 1.0, 8)).weekday() == Weekday::Monday);
        assert!(next.count() > 85);
    }
}

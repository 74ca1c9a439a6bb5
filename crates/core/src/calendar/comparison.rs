//! Which period another one is compared with.

use jiff::civil::Date;

use super::day::{add_days, add_months_clipped, days_between};
use super::{Calendar, Error, Grain, Period};

impl Calendar {
    /// The period before, at the grain that the period shows by itself ([`Calendar::natural_grain`]).
    ///
    /// # Errors
    /// [`Error::DateOutOfRange`] before [`Period::EARLIEST`].
    pub fn previous(&self, period: Period) -> Result<Period, Error> {
        self.previous_by(period, self.natural_grain(period))
    }

    /// The period before, aligned with units of `grain`.
    ///
    /// - Whole units are compared with as many whole units before: March with February, whatever their lengths.
    /// - A unit to date is compared with the unit before to the same day: March 1–14 with February 1–14. Where that unit is
    ///   shorter, with the whole of it: March 1–30 with February 1–28. Several units, the last of them to date, likewise.
    /// - A period that does not start with a unit, and any period by hour, day or total, is compared with as many days
    ///   just before it.
    ///
    /// # Errors
    /// [`Error::DateOutOfRange`] before [`Period::EARLIEST`].
    pub fn previous_by(&self, period: Period, grain: Grain) -> Result<Period, Error> {
        let aligned =
            !matches!(grain, Grain::Hour | Grain::Day | Grain::Total) && self.starts_unit(period.start(), grain);
        if !aligned {
            return Period::new(add_days(period.start(), -period.days()), period.start());
        }
        let (first, last) = (
            self.unit_of(period.start(), grain),
            self.unit_of(period.last_day(), grain),
        );
        let touched = last - first + 1;
        let start = self.unit_start(first - touched, grain);
        let end = if self.starts_unit(period.end(), grain) {
            period.start()
        } else {
            let to_date = days_between(self.unit_start(last, grain), period.end());
            add_days(self.unit_start(last - touched, grain), to_date).min(self.unit_start(last - touched + 1, grain))
        };
        Period::new(start, end)
    }

    /// The grain that a period has by itself: a single day is a day; else the longest of year, quarter, month and week that it
    /// is made of in whole; else the first of month, quarter, year and week that it is a beginning of ("to date"); else
    /// days. Where a person has said which (`quarter to date`), use [`Calendar::previous_by`] with that.
    #[must_use]
    pub fn natural_grain(&self, period: Period) -> Grain {
        if period.days() == 1 {
            return Grain::Day;
        }
        let whole = |grain: &Grain| self.starts_unit(period.start(), *grain) && self.starts_unit(period.end(), *grain);
        let to_date = |grain: &Grain| {
            self.starts_unit(period.start(), *grain)
                && self.unit_of(period.start(), *grain) == self.unit_of(period.last_day(), *grain)
        };
        let longest_whole = [Grain::Year, Grain::Quarter, Grain::Month, Grain::Week]
            .into_iter()
            .find(whole);
        let first_begun = || {
            [Grain::Month, Grain::Quarter, Grain::Year, Grain::Week]
                .into_iter()
                .find(to_date)
        };
        longest_whole.or_else(first_begun).unwrap_or(Grain::Day)
    }

    /// The same period of the year before.
    ///
    /// - Whole months, quarters and years are compared with the same of the year before, at their own length: February 2029
    ///   (28 days) with February 2028 (29). A retail year's last month is compared with last year's last, with or without a
    ///   53rd week.
    /// - On a retail calendar everything else, and on any other calendar whole weeks, are compared with the weeks of the same
    ///   numbers. A 53rd week without counterpart is compared with the 52nd; a longer period is cut at the year's end.
    /// - Other dates are compared with the same dates; a leap day with February 28th.
    ///
    /// # Errors
    /// [`Error::DateOutOfRange`] before [`Period::EARLIEST`].
    pub fn same_period_last_year(&self, period: Period) -> Result<Period, Error> {
        let both = |grain| self.starts_unit(period.start(), grain) && self.starts_unit(period.end(), grain);
        if both(Grain::Month) {
            let earlier = |date| self.unit_start(self.unit_of(date, Grain::Month) - 12, Grain::Month);
            Period::new(earlier(period.start()), earlier(period.end()))
        } else if self.retail().is_some() || both(Grain::Week) {
            self.same_weeks_last_year(period)
        } else {
            same_dates_last_year(period)
        }
    }

    fn same_weeks_last_year(&self, period: Period) -> Result<Period, Error> {
        let start = self.same_weekday_last_year(period.start());
        let last = self.same_weekday_last_year(period.last_day());
        if start <= last {
            return Period::inclusive(start, last);
        }
        // From within week 52 into a week 53 that last year did not have: to the end of last year.
        let (year, _) = self.week_position(self.unit_of(start, Grain::Week));
        Period::new(start, self.unit_start(self.first_week_of(year + 1), Grain::Week))
    }

    /// The same weekday in the week of the same number, or in the last week if there is no such.
    fn same_weekday_last_year(&self, date: Date) -> Date {
        let unit = self.unit_of(date, Grain::Week);
        let (year, week) = self.week_position(unit);
        let earlier = self.first_week_of(year - 1) + week.min(self.weeks_in(year - 1)) - 1;
        add_days(date, (earlier - unit) * 7)
    }

    fn starts_unit(&self, date: Date, grain: Grain) -> bool {
        self.bucket_start(date, grain) == date
    }
}

fn same_dates_last_year(period: Period) -> Result<Period, Error> {
    let start = add_months_clipped(period.start(), -12);
    if period.end().day() == 1 {
        // To the end of a month is to the end of that month, leap day or not.
        return Period::new(start, add_months_clipped(period.end(), -12));
    }
    Period::inclusive(start, add_months_clipped(period.last_day(), -12))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date};
    use proptest::prelude::*;

    use super::super::{RetailAnchor, RetailPattern, RetailYear, date_of_day_number};
    use super::*;

    /// A period from two dates as `2026-03-01 2026-03-15`, the end not part of it.
    fn period(text: &str) -> Period {
        let (start, end) = text.split_once(' ').expect("two dates");
        Period::new(start.parse().expect("a date"), end.parse().expect("a date")).expect("a period")
    }

    fn named(calendar: &Calendar, name: &str) -> Period {
        calendar.period_named(name).expect("a period")
    }

    fn retail() -> Calendar {
        let retail = RetailYear {
            pattern: RetailPattern::FourFiveFour,
            anchor: RetailAnchor::Nearest,
        };
        Calendar::new(2, Weekday::Sunday, Some(retail)).expect("a calendar")
    }

    #[test]
    fn to_date_is_compared_with_to_date() {
        let calendar = Calendar::default();
        for (this, before) in [
            ("2026-03-01 2026-04-01", "2026-02-01 2026-03-01"), // a whole month
            ("2026-03-01 2026-03-15", "2026-02-01 2026-02-15"), // month to date
            ("2026-03-01 2026-03-31", "2026-02-01 2026-03-01"), // to the 30th: all of February
            ("2024-03-01 2024-03-30", "2024-02-01 2024-03-01"), // to the 29th: all of a leap February
            ("2026-01-01 2026-04-01", "2025-10-01 2026-01-01"), // a whole quarter
            ("2026-01-01 2026-07-01", "2025-07-01 2026-01-01"), // two of them
            ("2026-01-01 2027-01-01", "2025-01-01 2026-01-01"), // a year
            ("2026-04-01 2026-05-16", "2026-01-01 2026-02-15"), // quarter to date: 45 days of each
            ("2026-01-01 2026-10-11", "2025-01-01 2025-10-11"), // year to date
            ("2026-03-09 2026-03-16", "2026-03-02 2026-03-09"), // a week
            ("2026-03-09 2026-03-12", "2026-03-02 2026-03-05"), // week to date
            ("2026-03-10 2026-03-20", "2026-02-28 2026-03-10"), // ten days
            ("2026-03-01 2026-03-02", "2026-02-28 2026-03-01"), // one day
        ] {
            assert_eq!(calendar.previous(period(this)), Ok(period(before)), "{this}");
        }
    }

    #[test]
    fn a_stated_grain_decides_where_a_period_shows_several() {
        let calendar = Calendar::default();
        let this = period("2026-01-01 2026-01-15");
        assert_eq!(
            calendar.previous_by(this, Grain::Month),
            Ok(period("2025-12-01 2025-12-15"))
        );
        assert_eq!(
            calendar.previous_by(this, Grain::Quarter),
            Ok(period("2025-10-01 2025-10-15"))
        );
        assert_eq!(
            calendar.previous_by(this, Grain::Year),
            Ok(period("2025-01-01 2025-01-15"))
        );
        assert_eq!(
            calendar.previous_by(this, Grain::Total),
            Ok(period("2025-12-18 2026-01-01"))
        );
        // Two months and a half against the two and a half before them.
        let this = period("2026-03-01 2026-05-16");
        assert_eq!(
            calendar.previous_by(this, Grain::Month),
            Ok(period("2025-12-01 2026-02-16"))
        );
    }

    #[test]
    fn fiscal_quarters_precede_fiscal_quarters() {
        let calendar = Calendar::new(2, Weekday::Monday, None).expect("a calendar");
        assert_eq!(
            calendar.previous(named(&calendar, "FY2027-Q1")),
            Ok(named(&calendar, "FY2026-Q4"))
        );
        assert_eq!(
            calendar.same_period_last_year(named(&calendar, "FY2027-Q1")),
            Ok(named(&calendar, "FY2026-Q1"))
        );
        assert_eq!(
            calendar.previous(period("2026-02-01 2027-02-01")),
            Ok(period("2025-02-01 2026-02-01"))
        );
    }

    #[test]
    fn last_year_knows_leap_days() {
        let calendar = Calendar::default();
        for (this, before) in [
            ("2028-02-29 2028-03-01", "2027-02-28 2027-03-01"), // the leap day
            ("2028-02-01 2028-03-01", "2027-02-01 2027-03-01"), // February 2028
            ("2029-02-01 2029-03-01", "2028-02-01 2028-03-01"), // February 2029: all 29 days
            ("2029-02-10 2029-03-01", "2028-02-10 2028-03-01"), // to the end of February
            ("2028-02-01 2028-02-29", "2027-02-01 2027-03-01"), // to the 28th
            ("2029-02-01 2029-02-28", "2028-02-01 2028-02-28"), // to the 27th
            ("2028-01-01 2029-01-01", "2027-01-01 2028-01-01"),
        ] {
            assert_eq!(
                calendar.same_period_last_year(period(this)),
                Ok(period(before)),
                "{this}"
            );
        }
    }

    #[test]
    fn weeks_are_compared_with_the_weeks_of_the_same_number() {
        let calendar = Calendar::default();
        let last_year = |name| calendar.same_period_last_year(named(&calendar, name));
        assert_eq!(last_year("2026-W10"), Ok(named(&calendar, "2025-W10")));
        // 2026 has 53 weeks, 2025 and 2027 have 52.
        assert_eq!(last_year("2026-W53"), Ok(named(&calendar, "2025-W52")));
        assert_eq!(last_year("2027-W52"), Ok(named(&calendar, "2026-W52")));
        // Weeks 52 and 53 together: week 52.
        assert_eq!(
            calendar.same_period_last_year(period("2026-12-21 2027-01-04")),
            Ok(named(&calendar, "2025-W52"))
        );
    }

    #[test]
    fn retail_years_are_compared_by_week() {
        let calendar = retail();
        let last_year = |name| calendar.same_period_last_year(named(&calendar, name));
        // FY2024 (from 2023-01-29) has 53 weeks, FY2023 and FY2025 have 52.
        assert_eq!(last_year("FY2024-W53"), Ok(named(&calendar, "FY2023-W52")));
        assert_eq!(last_year("FY2025-P12"), Ok(named(&calendar, "FY2024-P12")));
        assert_eq!(last_year("FY2025"), Ok(named(&calendar, "FY2024")));
        assert_eq!(
            calendar.previous(named(&calendar, "FY2025-Q1")),
            Ok(named(&calendar, "FY2024-Q4"))
        );
        // Three days of week 52 and two of a week 53 that last year lacks: to the end of last year.
        let start = add_days(named(&calendar, "FY2024-W52").start(), 4);
        let expected = add_days(named(&calendar, "FY2023-W52").start(), 4);
        assert_eq!(
            calendar.same_period_last_year(Period::new(start, add_days(start, 5)).expect("a period")),
            Period::new(expected, named(&calendar, "FY2023-W52").end())
        );
        // A Wednesday is compared with a Wednesday.
        let wednesday = calendar
            .same_period_last_year(period("2026-03-04 2026-03-05"))
            .expect("a day");
        assert_eq!((wednesday.days(), wednesday.start().weekday()), (1, Weekday::Wednesday));
    }

    #[test]
    fn the_beginning_of_time_has_nothing_before_it() {
        let first = Period::new(Period::EARLIEST, date(2, 1, 1)).expect("a year");
        assert!(matches!(
            Calendar::default().previous(first),
            Err(Error::DateOutOfRange { .. })
        ));
        assert!(matches!(
            retail().same_period_last_year(first),
            Err(Error::DateOutOfRange { .. })
        ));
    }

    proptest! {
        #[test]
        fn comparisons_lie_before_and_are_never_empty(day in 0_i32..40_000, days in 1_i32..900, retailer: bool) {
            let calendar = if retailer { retail() } else { Calendar::default() };
            let this = Period::new(date_of_day_number(day), date_of_day_number(day + days)).expect("a period");
            for grain in Grain::ALL {
                let before = calendar.previous_by(this, grain).expect("in range");
                prop_assert!(before.end() <= this.start());
                let whole = calendar.natural_grain(this) == Grain::Day;
                prop_assert!(!whole || calendar.previous(this).expect("in range").days() == this.days());
            }
            let last_year = calendar.same_period_last_year(this).expect("in range");
            prop_assert!(days_between(last_year.start(), this.start()).abs_diff(365) <= 7);
            prop_assert!(last_year.days().abs_diff(this.days()) <= 7);
        }
    }
}

//! Units of a calendar (its days, weeks, months, quarters, years) as consecutive numbers.
//!
//! Numbering makes "the unit before", "twelve months earlier" and "how many buckets" plain subtraction, and one pair of
//! functions serves calendar, fiscal and retail years alike.

use jiff::civil::Date;

use super::day::{add_days, date_of_day_number, day_number, first_of_month, month_number};
use super::retail::{first_day_of_week, week_number};
use super::{Calendar, Grain, RetailYear};

impl Calendar {
    /// The first day of the unit that holds `date`; `date` itself for hours, days and the total.
    #[must_use]
    pub fn bucket_start(&self, date: Date, grain: Grain) -> Date {
        match grain {
            Grain::Hour | Grain::Day | Grain::Total => date,
            _ => self.unit_start(self.unit_of(date, grain), grain),
        }
    }

    /// The number of the unit that holds `date`. Consecutive units have consecutive numbers. Hours count as their day; the
    /// total is always 0.
    ///
    /// Months, quarters and years are numbered from the year they *begin* in: month = 12 · year + index, and so on.
    #[must_use]
    pub fn unit_of(&self, date: Date, grain: Grain) -> i32 {
        match grain {
            Grain::Hour | Grain::Day => day_number(date),
            Grain::Week => week_number(day_number(date), self.week_start()),
            Grain::Month => self.month_of(date),
            Grain::Quarter => self.month_of(date).div_euclid(3),
            Grain::Year => self.month_of(date).div_euclid(12),
            Grain::Total => 0,
        }
    }

    /// The first day of the unit of this number; the earliest date there is, for the total.
    #[must_use]
    pub fn unit_start(&self, unit: i32, grain: Grain) -> Date {
        match grain {
            Grain::Hour | Grain::Day => date_of_day_number(unit),
            Grain::Week => date_of_day_number(first_day_of_week(unit, self.week_start())),
            Grain::Month => self.month_start(unit),
            Grain::Quarter => self.month_start(unit.saturating_mul(3)),
            Grain::Year => self.month_start(unit.saturating_mul(12)),
            Grain::Total => Date::MIN,
        }
    }

    /// Fiscal months since the fiscal year that began in year 0.
    fn month_of(&self, date: Date) -> i32 {
        match self.retail() {
            None => month_number(date) - self.months_before_start(),
            Some(retail) => self.retail_month_of(retail, date),
        }
    }

    fn month_start(&self, month: i32) -> Date {
        let Some(retail) = self.retail() else {
            return first_of_month(month.saturating_add(self.months_before_start()));
        };
        let (year, index) = (month.div_euclid(12), month.rem_euclid(12));
        add_days(
            self.retail_year_start(retail, year),
            retail.pattern.weeks_before(index) * 7,
        )
    }

    fn retail_month_of(&self, retail: RetailYear, date: Date) -> i32 {
        let year = self.retail_year_of(retail, date);
        let week = (day_number(date) - day_number(self.retail_year_start(retail, year))) / 7;
        let index = (0..12).rev().find(|month| retail.pattern.weeks_before(*month) <= week);
        year * 12 + index.unwrap_or(0)
    }

    /// The year that holds `date`. A year starts within a week of its nominal first, so the one before, the same and the
    /// one after the date's own are all there can be.
    pub(super) fn retail_year_of(&self, retail: RetailYear, date: Date) -> i32 {
        let own = i32::from(date.year());
        let begun = |year: &i32| self.retail_year_start(retail, *year) <= date;
        [own + 1, own].into_iter().find(begun).unwrap_or(own - 1)
    }

    pub(super) fn retail_year_start(&self, retail: RetailYear, year: i32) -> Date {
        let first = first_of_month(year.saturating_mul(12).saturating_add(self.months_before_start()));
        retail.anchor.year_start(first, self.week_start())
    }

    /// Months of a calendar year before the fiscal year starts.
    fn months_before_start(&self) -> i32 {
        i32::from(self.fiscal_year_start_month()) - 1
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date};
    use proptest::prelude::*;

    use super::super::{RetailAnchor, RetailPattern};
    use super::*;

    fn calendars() -> impl Strategy<Value = Calendar> {
        let pattern = prop_oneof![
            Just(RetailPattern::FourFourFive),
            Just(RetailPattern::FourFiveFour),
            Just(RetailPattern::FiveFourFour)
        ];
        let anchor = prop_oneof![Just(RetailAnchor::Nearest), Just(RetailAnchor::LastBefore)];
        let retail = prop::option::of((pattern, anchor).prop_map(|(pattern, anchor)| RetailYear { pattern, anchor }));
        (1_u8..=12, 0_i8..7, retail).prop_map(|(month, weekday, retail)| {
            let week_start = Weekday::from_monday_zero_offset(weekday).expect("0 to 6");
            Calendar::new(month, week_start, retail).expect("a month of 1 to 12")
        })
    }

    #[test]
    fn a_fiscal_year_that_starts_in_february() -> Result<(), super::super::Error> {
        let calendar = Calendar::new(2, Weekday::Monday, None)?;
        assert_eq!(calendar.bucket_start(date(2026, 1, 31), Grain::Year), date(2025, 2, 1));
        assert_eq!(
            calendar.bucket_start(date(2026, 1, 31), Grain::Quarter),
            date(2025, 11, 1)
        );
        assert_eq!(calendar.bucket_start(date(2026, 2, 1), Grain::Year), date(2026, 2, 1));
        assert_eq!(calendar.bucket_start(date(2026, 1, 31), Grain::Month), date(2026, 1, 1));
        Ok(())
    }

    #[test]
    fn the_last_retail_month_takes_the_53rd_week() -> Result<(), super::super::Error> {
        let retail = RetailYear {
            pattern: RetailPattern::FourFiveFour,
            anchor: RetailAnchor::Nearest,
        };
        let calendar = Calendar::new(2, Weekday::Sunday, Some(retail))?;
        // The year from 2023-01-29 has 53 weeks; its last month runs from 2023-12-31 for five weeks.
        let last = date(2024, 2, 3);
        assert_eq!(calendar.bucket_start(last, Grain::Year), date(2023, 1, 29));
        assert_eq!(calendar.bucket_start(last, Grain::Month), date(2023, 12, 31));
        assert_eq!(
            calendar.unit_start(calendar.unit_of(last, Grain::Month) + 1, Grain::Month),
            date(2024, 2, 4)
        );
        Ok(())
    }

    proptest! {
        #[test]
        fn units_of_every_calendar_tile_time(calendar in calendars(), day in -700_000_i32..2_900_000) {
            let date = date_of_day_number(day);
            for grain in [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year] {
                let unit = calendar.unit_of(date, grain);
                let (start, end) = (calendar.unit_start(unit, grain), calendar.unit_start(unit + 1, grain));
                prop_assert!(start <= date && date < end, "{grain}: {start} ≤ {date} < {end}");
                prop_assert_eq!(calendar.unit_of(start, grain), unit);
                prop_assert_eq!(calendar.unit_of(end, grain), unit + 1);
            }
            let year = calendar.unit_of(date, Grain::Year);
            let days = day_number(calendar.unit_start(year + 1, Grain::Year)) - day_number(calendar.unit_start(year, Grain::Year));
            let lengths = if calendar.retail().is_some() { [364, 371] } else { [365, 366] };
            prop_assert!(lengths.contains(&days), "a year of {} days", days);
        }
    }
}

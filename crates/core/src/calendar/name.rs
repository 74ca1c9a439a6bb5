//! What periods are called, and back.
//!
//! | unit | January, no retail | fiscal start in another month | retail |
//! |---|---|---|---|
//! | year | `2026` | `FY2026` | `FY2026` |
//! | quarter | `2026-Q1` | `FY2026-Q1` | `FY2026-Q1` |
//! | month | `2026-03` | `2026-03` (calendar month) | `FY2026-P03` |
//! | week | `2026-W53` | `2026-W53` | `FY2026-W53` |
//! | day | `2026-03-31` | `2026-03-31` | `2026-03-31` |
//!
//! **The year of a fiscal year** is the calendar year that it ends in, unless it starts in January: with a start in
//! February, `FY2026` begins on 2025-02-01. A retail year is named by its nominal start (the first of the start month), even
//! where its first week reaches into the month before.
//!
//! **The year of a week** (not retail) is the one that holds most of its days, and week 1 is the week of January 4th. With
//! Monday weeks these are the ISO 8601 weeks; with Sunday weeks, the epidemiological weeks of the US CDC.

use jiff::civil::{Date, date};

use super::day::{add_days, month_number};
use super::error::shown;
use super::period::parse_date;
use super::{Calendar, Error, Grain, Period};

impl Calendar {
    /// The name of the unit that holds `date`; of its day for hours; `total` for the total.
    #[must_use]
    pub fn name_of(&self, date: Date, grain: Grain) -> String {
        self.unit_name(self.unit_of(date, grain), grain)
    }

    /// The name of the unit of this number (see [`Calendar::unit_of`]).
    #[must_use]
    pub fn unit_name(&self, unit: i32, grain: Grain) -> String {
        match grain {
            Grain::Hour | Grain::Day => self.unit_start(unit, Grain::Day).to_string(),
            Grain::Week => {
                let (year, week) = self.week_position(unit);
                format!(
                    "{}-W{week:02}",
                    if self.retail().is_some() {
                        self.fiscal(year)
                    } else {
                        format!("{year:04}")
                    }
                )
            }
            Grain::Month if self.retail().is_some() => {
                format!("{}-P{:02}", self.fiscal(unit.div_euclid(12)), unit.rem_euclid(12) + 1)
            }
            Grain::Month => {
                let number = month_number(self.unit_start(unit, Grain::Month));
                format!("{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1)
            }
            Grain::Quarter => format!("{}-Q{}", self.fiscal(unit.div_euclid(4)), unit.rem_euclid(4) + 1),
            Grain::Year => self.fiscal(unit),
            Grain::Total => Grain::Total.name().to_owned(),
        }
    }

    /// The period of a name, as [`Calendar::name_of`] gives it on this calendar.
    ///
    /// # Errors
    /// [`Error::UnknownPeriod`] for any other text, `2026-W53` included where 2026 has no such week.
    pub fn period_named(&self, name: &str) -> Result<Period, Error> {
        let unknown = || Error::UnknownPeriod {
            name: shown(name),
            expected: self.examples(),
        };
        let (unit, grain) = self.parse_unit(name).ok_or_else(unknown)?;
        if self.unit_name(unit, grain) != name {
            return Err(unknown());
        }
        Period::new(self.unit_start(unit, grain), self.unit_start(unit + 1, grain))
    }

    /// What the name would stand for, if the calendar has it and spells it so.
    fn parse_unit(&self, name: &str) -> Option<(i32, Grain)> {
        if let Ok(day) = parse_date(name) {
            return Some((self.unit_of(day, Grain::Day), Grain::Day));
        }
        let (year, part) = match name.split_once('-') {
            Some((year, part)) => (year, Some(part)),
            None => (name, None),
        };
        let year: i16 = year.strip_prefix("FY").unwrap_or(year).parse().ok()?;
        let first = i32::from(year) - self.years_ahead();
        let Some(part) = part else {
            return Some((first, Grain::Year));
        };
        let letter = part.chars().next().filter(|letter| !letter.is_ascii_digit());
        let number: i32 = i32::from(part.trim_start_matches(['Q', 'P', 'W']).parse::<u8>().ok()?);
        match letter {
            Some('Q') => Some((first * 4 + number - 1, Grain::Quarter)),
            Some('P') => Some((first * 12 + number - 1, Grain::Month)),
            Some('W') => {
                let year = if self.retail().is_some() {
                    first
                } else {
                    i32::from(year)
                };
                Some((self.first_week_of(year) + number - 1, Grain::Week))
            }
            Some(_) => None,
            None => Some((
                self.unit_of(Date::new(year, i8::try_from(number).ok()?, 1).ok()?, Grain::Month),
                Grain::Month,
            )),
        }
    }

    /// The year and number, from 1, of a week. Retail years are given by the year they begin in.
    pub(super) fn week_position(&self, week: i32) -> (i32, i32) {
        let start = self.unit_start(week, Grain::Week);
        let year = match self.retail() {
            Some(retail) => self.retail_year_of(retail, start),
            None => i32::from(add_days(start, 3).year()),
        };
        (year, week - self.first_week_of(year) + 1)
    }

    /// The unit number of a year's first week.
    pub(super) fn first_week_of(&self, year: i32) -> i32 {
        let inside = match self.retail() {
            Some(retail) => self.retail_year_start(retail, year),
            None => add_days(super::day::first_of_month(year.saturating_mul(12)), 3),
        };
        self.unit_of(inside, Grain::Week)
    }

    /// How many weeks a year has: 52 or 53.
    pub(super) fn weeks_in(&self, year: i32) -> i32 {
        self.first_week_of(year + 1) - self.first_week_of(year)
    }

    /// The name of the fiscal year that begins in `year`.
    fn fiscal(&self, year: i32) -> String {
        let prefix = if self.retail().is_some() || self.fiscal_year_start_month() > 1 {
            "FY"
        } else {
            ""
        };
        format!("{prefix}{:04}", year + self.years_ahead())
    }

    /// By how much a fiscal year's name is ahead of the year it begins in.
    fn years_ahead(&self) -> i32 {
        i32::from(self.fiscal_year_start_month() > 1)
    }

    fn examples(&self) -> String {
        let grains = [Grain::Year, Grain::Quarter, Grain::Month, Grain::Week, Grain::Day];
        grains
            .map(|grain| format!("`{}`", self.name_of(date(2026, 3, 31), grain)))
            .join(", ")
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;

    use super::super::{RetailAnchor, RetailPattern, RetailYear};
    use super::*;

    fn retail() -> Calendar {
        let retail = RetailYear {
            pattern: RetailPattern::FourFiveFour,
            anchor: RetailAnchor::Nearest,
        };
        Calendar::new(2, Weekday::Sunday, Some(retail)).expect("a calendar")
    }

    fn february() -> Calendar {
        Calendar::new(2, Weekday::Monday, None).expect("a calendar")
    }

    #[test]
    fn iso_weeks_at_the_end_of_the_year() {
        let calendar = Calendar::default();
        for (day, name) in [
            (date(2026, 12, 28), "2026-W53"),
            (date(2027, 1, 3), "2026-W53"),
            (date(2027, 1, 4), "2027-W01"),
            (date(2024, 12, 30), "2025-W01"),
            (date(2023, 1, 1), "2022-W52"),
        ] {
            assert_eq!(calendar.name_of(day, Grain::Week), name);
        }
    }

    #[test]
    fn monday_weeks_are_the_iso_weeks_on_every_day() {
        let calendar = Calendar::default();
        for day in (0..30_000).map(super::super::date_of_day_number) {
            let iso = day.iso_week_date();
            assert_eq!(
                calendar.name_of(day, Grain::Week),
                format!("{}-W{:02}", iso.year(), iso.week())
            );
        }
    }

    #[test]
    fn a_fiscal_year_is_named_by_the_year_it_ends_in() {
        let day = date(2026, 3, 31);
        let names = |calendar: Calendar| Grain::ALL.map(|grain| calendar.name_of(day, grain)).join(" ");
        assert_eq!(
            names(Calendar::default()),
            "2026-03-31 2026-03-31 2026-W14 2026-03 2026-Q1 2026 total"
        );
        assert_eq!(
            names(february()),
            "2026-03-31 2026-03-31 2026-W14 2026-03 FY2027-Q1 FY2027 total"
        );
        // The retail year began on 2026-02-01: March 31st is its ninth week, the last of its second, five-week month.
        assert_eq!(
            names(retail()),
            "2026-03-31 2026-03-31 FY2027-W09 FY2027-P02 FY2027-Q1 FY2027 total"
        );
        assert_eq!(february().name_of(date(2026, 1, 31), Grain::Quarter), "FY2026-Q4");
    }

    #[test]
    fn every_name_leads_back_to_its_period() {
        for calendar in [Calendar::default(), february(), retail()] {
            for day in (20_000..22_000).map(super::super::date_of_day_number) {
                for grain in [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year] {
                    let name = calendar.name_of(day, grain);
                    let period = calendar.period_named(&name).expect("its own name");
                    assert_eq!(period.start(), calendar.bucket_start(day, grain), "{name}");
                    assert!(period.contains(day), "{name}");
                }
            }
        }
    }

    #[test]
    fn a_name_of_another_calendar_is_refused() {
        let calendar = Calendar::default();
        for name in [
            "",
            "FY2026",
            "2025-W53",
            "2026-W54",
            "2026-W00",
            "2026-Q5",
            "2026-Q0",
            "2026-13",
            "2026-00",
            "2026-3",
            "26",
            "2026-QQ1",
            "2026-W255",
            "2026-P01",
            "2026-é1",
            "99999",
            "-2026",
            "total",
            "2026-Q1-",
            "2026-02-30",
            "+2026",
        ] {
            assert!(
                matches!(calendar.period_named(name), Err(Error::UnknownPeriod { .. })),
                "{name}"
            );
        }
        assert!(february().period_named("2026").is_err());
        let message = calendar.period_named("soon").expect_err("no period").to_string();
        assert!(
            message.ends_with("such as `2026`, `2026-Q1`, `2026-03`, `2026-W14`, `2026-03-31`"),
            "{message}"
        );
    }
}

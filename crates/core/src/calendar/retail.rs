//! Weeks-based fiscal years: 52 or 53 whole weeks, in months of four or five.

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::day::{date_of_day_number, day_number};

/// How a quarter's thirteen weeks are shared among its months.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum RetailPattern {
    /// Four, four and five weeks.
    #[serde(rename = "4-4-5")]
    FourFourFive,
    /// Four, five and four weeks, as the US National Retail Federation does.
    #[serde(rename = "4-5-4")]
    FourFiveFour,
    /// Five, four and four weeks.
    #[serde(rename = "5-4-4")]
    FiveFourFour,
}

/// Which week the year starts with. Both rules leave years of 52 or 53 weeks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RetailAnchor {
    /// The year starts on the week-start day nearest to the first of the fiscal start month (three days before to three
    /// after). The same rule said from the other end: it ends on the weekday nearest to the end of the month.
    #[default]
    Nearest,
    /// The year starts on the last week-start day on or before the first of the fiscal start month.
    /// The same rule said from the other end: it ends on the last such weekday of the month before.
    LastBefore,
}

/// A weeks-based fiscal year.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RetailYear {
    /// The weeks of a quarter's months.
    pub pattern: RetailPattern,
    /// Where the year starts.
    #[serde(default)]
    pub anchor: RetailAnchor,
}

impl RetailPattern {
    const fn weeks(self) -> [i32; 3] {
        match self {
            Self::FourFourFive => [4, 4, 5],
            Self::FourFiveFour => [4, 5, 4],
            Self::FiveFourFour => [5, 4, 4],
        }
    }

    /// Weeks before the month of this index (0 to 11). The twelfth month runs to the next year's start, and so takes a
    /// 53rd week.
    pub(super) fn weeks_before(self, month: i32) -> i32 {
        let in_quarter: i32 = self.weeks().iter().take(month as usize % 3).sum();
        month / 3 * 13 + in_quarter
    }
}

impl RetailAnchor {
    /// The year's first day, from the first of its start month.
    pub(super) fn year_start(self, first_of_month: Date, week_start: Weekday) -> Date {
        let latest = match self {
            Self::Nearest => day_number(first_of_month) + 3,
            Self::LastBefore => day_number(first_of_month),
        };
        date_of_day_number(first_day_of_week(week_number(latest, week_start), week_start))
    }
}

/// Weeks since the one that holds 1970-01-01, when weeks start on `week_start`.
pub(super) fn week_number(day: i32, week_start: Weekday) -> i32 {
    day.saturating_sub(first_day_of_week(0, week_start)).div_euclid(7)
}

/// The day number a week starts on.
pub(super) fn first_day_of_week(week: i32, week_start: Weekday) -> i32 {
    // 1970-01-01 was a Thursday.
    week.saturating_mul(7) - i32::from(Weekday::Thursday.since(week_start))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_national_retail_federations_years() {
        // NRF 4-5-4: fiscal 2023 (53 weeks) began on 2023-01-29, fiscal 2024 on 2024-02-04, 2025 on 2025-02-02, 2026 on 2026-02-01.
        for (year, start) in [
            (2023, date(2023, 1, 29)),
            (2024, date(2024, 2, 4)),
            (2025, date(2025, 2, 2)),
            (2026, date(2026, 2, 1)),
        ] {
            assert_eq!(
                RetailAnchor::Nearest.year_start(date(year, 2, 1), Weekday::Sunday),
                start
            );
        }
    }

    #[test]
    fn the_year_that_ends_on_the_last_saturday_of_september() {
        // 2023-09-30 and 2024-09-28 are the last Saturdays; the years start the day after.
        assert_eq!(
            RetailAnchor::LastBefore.year_start(date(2023, 10, 1), Weekday::Sunday),
            date(2023, 10, 1)
        );
        assert_eq!(
            RetailAnchor::LastBefore.year_start(date(2024, 10, 1), Weekday::Sunday),
            date(2024, 9, 29)
        );
    }

    #[test]
    fn weeks_start_on_their_weekday() {
        for week_start in Weekday::Monday.cycle_forward().take(7) {
            for day in -1_000..1_000 {
                let first = first_day_of_week(week_number(day, week_start), week_start);
                assert!((first..first + 7).contains(&day));
                assert_eq!(date_of_day_number(first).weekday(), week_start);
            }
        }
    }

    #[test]
    fn months_take_their_weeks() {
        let before = |pattern: RetailPattern| (0..12).map(|month| pattern.weeks_before(month)).collect::<Vec<_>>();
        assert_eq!(
            before(RetailPattern::FourFiveFour),
            [0, 4, 9, 13, 17, 22, 26, 30, 35, 39, 43, 48]
        );
        assert_eq!(before(RetailPattern::FourFourFive)[..4], [0, 4, 8, 13]);
        assert_eq!(before(RetailPattern::FiveFourFour)[..4], [0, 5, 9, 13]);
    }
}

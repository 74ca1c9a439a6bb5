//! Which days are meant.

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use scoreline_core::calendar::{Calendar, Grain, RetailAnchor, RetailPattern, RetailYear};
use scoreline_proto::{
    tenants::v1::{GetSettingsRequest, RetailAnchor as WireAnchor, RetailPattern as WirePattern, Settings},
    types::v1::{Date as WireDate, DateRange, DayOfWeek},
};

use crate::{
    connection::{Connection, request},
    output::note,
};

/// What is asked about when nothing is said.
const USUAL: &str = "last-90-days";

/// The days of a question.
#[derive(Debug, Clone, Args)]
pub(crate) struct When {
    /// The first day, such as 2026-01-01.
    #[arg(long, value_name = "DAY", conflicts_with = "period", requires = "to")]
    pub(crate) from: Option<Date>,
    /// The first day after the period.
    #[arg(long, value_name = "DAY", requires = "from")]
    pub(crate) to: Option<Date>,
    /// The period by its name on the tenant's calendar: 2026, 2026-Q1, 2026-03, 2026-W07, FY2026-Q1, 2026-03-09,
    /// 2026-01..2026-03; today, yesterday, this-month, last-quarter, last-90-days (today the last one), last-6-months (whole
    /// ones). [default: last-90-days]
    #[arg(long, value_name = "PERIOD")]
    pub(crate) period: Option<String>,
}

impl When {
    /// The days, half-open.
    pub(crate) fn range(&self, calendars: &Calendars) -> anyhow::Result<DateRange> {
        match (self.from, self.to) {
            (Some(from), Some(to)) => {
                ensure!(
                    from < to,
                    "--to {to} is not after --from {from}; it is the first day that does not belong"
                );
                Ok(DateRange {
                    start: Some(wire(from)),
                    end: Some(wire(to)),
                })
            }
            _ => calendars.range(self.period.as_deref().unwrap_or(USUAL)),
        }
    }
}

/// What names of periods depend on.
#[derive(Debug)]
pub(crate) struct Calendars {
    calendar: Calendar,
    today: Date,
}

impl Calendars {
    /// Those of the tenant. Whoever may not read its settings gets calendar years and days in UTC, and is told.
    pub(crate) async fn of(connection: &Connection, time_zone: &str, when: &When, compare: Option<&str>) -> Self {
        let named = when.from.is_none() || compare.is_some_and(|with| !matches!(with, "previous" | "last-year"));
        let mut settings = Settings::default();
        if named {
            match connection
                .tenants()
                .get_settings(request(GetSettingsRequest::default()))
                .await
            {
                Ok(answer) => settings = answer.into_inner().settings.unwrap_or_default(),
                Err(status) => note(format_args!("periods are of the plain calendar: {}", status.message())),
            }
        }
        let zone = if time_zone.is_empty() {
            settings.time_zone.as_str()
        } else {
            time_zone
        };
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Self {
            calendar: calendar(&settings).unwrap_or_default(),
            today: Timestamp::now().to_zoned(zone).date(),
        }
    }

    /// The days of a named period.
    pub(crate) fn range(&self, name: &str) -> anyhow::Result<DateRange> {
        let (start, end) = self.days(name)?;
        Ok(DateRange {
            start: Some(wire(start)),
            end: Some(wire(end)),
        })
    }

    fn days(&self, name: &str) -> anyhow::Result<(Date, Date)> {
        if let Some((first, last)) = name.split_once("..") {
            let days = (self.days(first)?.0, self.days(last)?.1);
            ensure!(days.0 < days.1, "{name:?} ends before it starts");
            return Ok(days);
        }
        match name {
            "today" => return Ok((self.today, self.today.tomorrow()?)),
            "yesterday" => return Ok((self.today.yesterday()?, self.today)),
            _ => {}
        }
        if let Some(unit) = name.strip_prefix("this-") {
            let grain = grain(unit).with_context(|| unknown(name))?;
            let unit = self.calendar.unit_of(self.today, grain);
            return Ok((
                self.calendar.unit_start(unit, grain),
                self.calendar.unit_start(unit + 1, grain),
            ));
        }
        if let Some(rest) = name.strip_prefix("last-") {
            return self.last(name, rest);
        }
        match self.calendar.period_named(name) {
            Ok(period) => Ok((period.start(), period.end())),
            Err(error) => bail!("{error}, or one such as this-month, last-quarter, last-90-days"),
        }
    }

    /// `last-90-days`, `last-quarter`, `last-6-months`.
    fn last(&self, name: &str, rest: &str) -> anyhow::Result<(Date, Date)> {
        let (count, unit) = match rest.split_once('-') {
            None => (1, rest),
            Some((count, unit)) => (
                count
                    .parse::<i32>()
                    .ok()
                    .filter(|count| (1..=10_000).contains(count))
                    .with_context(|| unknown(name))?,
                unit,
            ),
        };
        let grain = grain(unit.strip_suffix('s').unwrap_or(unit)).with_context(|| unknown(name))?;
        if grain == Grain::Day {
            let end = self.today.tomorrow()?;
            return Ok((end.checked_sub(count.days())?, end));
        }
        let now = self.calendar.unit_of(self.today, grain);
        Ok((
            self.calendar.unit_start(now - count, grain),
            self.calendar.unit_start(now, grain),
        ))
    }
}

fn unknown(name: &str) -> String {
    format!("{name:?} is no period: try this-month, last-quarter, last-90-days, last-6-months, 2026-Q1")
}

fn grain(unit: &str) -> Option<Grain> {
    Some(match unit {
        "day" => Grain::Day,
        "week" => Grain::Week,
        "month" => Grain::Month,
        "quarter" => Grain::Quarter,
        "year" => Grain::Year,
        _ => return None,
    })
}

/// The calendar that settings state; nothing where they state none.
fn calendar(settings: &Settings) -> Option<Calendar> {
    let fiscal = settings.fiscal_calendar.as_ref()?;
    let pattern = match fiscal.retail_pattern() {
        WirePattern::Unspecified => None,
        WirePattern::RetailPattern445 => Some(RetailPattern::FourFourFive),
        WirePattern::RetailPattern454 => Some(RetailPattern::FourFiveFour),
        WirePattern::RetailPattern544 => Some(RetailPattern::FiveFourFour),
    };
    let anchor = match fiscal.retail_anchor() {
        WireAnchor::Unspecified | WireAnchor::Nearest => RetailAnchor::Nearest,
        WireAnchor::LastBefore => RetailAnchor::LastBefore,
    };
    let week_start = match fiscal.week_start() {
        DayOfWeek::Unspecified | DayOfWeek::Monday => Weekday::Monday,
        DayOfWeek::Tuesday => Weekday::Tuesday,
        DayOfWeek::Wednesday => Weekday::Wednesday,
        DayOfWeek::Thursday => Weekday::Thursday,
        DayOfWeek::Friday => Weekday::Friday,
        DayOfWeek::Saturday => Weekday::Saturday,
        DayOfWeek::Sunday => Weekday::Sunday,
    };
    let start_month = u8::try_from(fiscal.year_start_month.max(1)).ok()?;
    Calendar::new(
        start_month,
        week_start,
        pattern.map(|pattern| RetailYear { pattern, anchor }),
    )
    .ok()
}

/// A day on the wire.
pub(crate) fn wire(date: Date) -> WireDate {
    WireDate {
        year: date.year().into(),
        month: date.month().into(),
        day: date.day().into(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use scoreline_proto::tenants::v1::FiscalCalendar;

    use super::*;

    fn days(name: &str, settings: &Settings) -> String {
        let calendars = Calendars {
            calendar: calendar(settings).unwrap_or_default(),
            today: date(2026, 3, 12),
        };
        match calendars.days(name) {
            Ok((start, end)) => format!("{start}/{end}"),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn names_of_periods() {
        let plain = |name: &str| days(name, &Settings::default());
        assert_eq!(plain("2026"), "2026-01-01/2027-01-01");
        assert_eq!(plain("2026-Q1"), "2026-01-01/2026-04-01");
        assert_eq!(plain("2024-02"), "2024-02-01/2024-03-01");
        assert_eq!(plain("2026-03-09"), "2026-03-09/2026-03-10");
        assert_eq!(plain("2025-11..2026-01"), "2025-11-01/2026-02-01");
        assert_eq!(plain("today"), "2026-03-12/2026-03-13");
        assert_eq!(plain("yesterday"), "2026-03-11/2026-03-12");
        assert_eq!(plain("this-quarter"), "2026-01-01/2026-04-01");
        assert_eq!(plain("last-week"), "2026-03-02/2026-03-09");
        assert_eq!(plain("last-quarter"), "2025-10-01/2026-01-01");
        assert_eq!(plain("last-3-months"), "2025-12-01/2026-03-01");
        assert_eq!(plain("last-90-days"), "2025-12-13/2026-03-13");
        for wrong in [
            "",
            "2026-13",
            "last-0-days",
            "last-fortnight",
            "this-",
            "2026..2025",
            "last--days",
        ] {
            assert!(!plain(wrong).contains('/'), "{wrong}: {}", plain(wrong));
        }
    }

    #[test]
    fn the_tenant_decides_when_its_year_begins() {
        let settings = Settings {
            fiscal_calendar: Some(FiscalCalendar {
                year_start_month: 2,
                ..FiscalCalendar::default()
            }),
            ..Settings::default()
        };
        assert_eq!(days("this-year", &settings), "2026-02-01/2027-02-01");
        assert_eq!(days("FY2026-Q1", &settings), "2025-02-01/2025-05-01");
        assert!(
            days("2026-Q1", &settings).contains("FY"),
            "{}",
            days("2026-Q1", &settings)
        );
    }

    #[test]
    fn days_that_end_before_they_start_are_refused() {
        let calendars = Calendars {
            calendar: Calendar::default(),
            today: date(2026, 3, 12),
        };
        let when = |from, to| When {
            from: Some(from),
            to: Some(to),
            period: None,
        };
        assert!(when(date(2026, 1, 1), date(2026, 1, 2)).range(&calendars).is_ok());
        assert!(when(date(2026, 1, 1), date(2026, 1, 1)).range(&calendars).is_err());
    }
}

//! What a tenant states about its calendar.

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

use super::error::shown;
use super::{Error, RetailYear};

/// Where an organisation's weeks, months, quarters and years begin.
///
/// Without a retail year, months are calendar months, quarters are three of them from the fiscal start month, and years
/// twelve. With one, the year is 52 or 53 whole weeks and months are its four- or five-week periods.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct Calendar {
    fiscal_year_start_month: u8,
    week_start: Weekday,
    retail: Option<RetailYear>,
}

impl Calendar {
    /// A calendar of these rules.
    ///
    /// # Errors
    /// [`Error::FiscalStartMonth`].
    pub fn new(fiscal_year_start_month: u8, week_start: Weekday, retail: Option<RetailYear>) -> Result<Self, Error> {
        if (1..=12).contains(&fiscal_year_start_month) {
            Ok(Self {
                fiscal_year_start_month,
                week_start,
                retail,
            })
        } else {
            Err(Error::FiscalStartMonth {
                month: fiscal_year_start_month,
            })
        }
    }

    /// The month that the fiscal year starts in, 1 to 12.
    #[must_use]
    pub const fn fiscal_year_start_month(&self) -> u8 {
        self.fiscal_year_start_month
    }

    /// The day that weeks start on.
    #[must_use]
    pub const fn week_start(&self) -> Weekday {
        self.week_start
    }

    /// The weeks-based year, if there is one.
    #[must_use]
    pub const fn retail(&self) -> Option<RetailYear> {
        self.retail
    }
}

impl Default for Calendar {
    /// January to December, ISO weeks.
    fn default() -> Self {
        Self {
            fiscal_year_start_month: 1,
            week_start: Weekday::Monday,
            retail: None,
        }
    }
}

/// The serialised form. What is not said is as in [`Calendar::default`].
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default = "january")]
    fiscal_year_start_month: u8,
    #[serde(default = "monday")]
    week_start: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retail: Option<RetailYear>,
}

const fn january() -> u8 {
    1
}

fn monday() -> String {
    weekday_name(Weekday::Monday).to_owned()
}

impl TryFrom<Text> for Calendar {
    type Error = Error;

    fn try_from(text: Text) -> Result<Self, Error> {
        Self::new(
            text.fiscal_year_start_month,
            parse_weekday(&text.week_start)?,
            text.retail,
        )
    }
}

impl From<Calendar> for Text {
    fn from(calendar: Calendar) -> Self {
        Self {
            fiscal_year_start_month: calendar.fiscal_year_start_month,
            week_start: weekday_name(calendar.week_start).to_owned(),
            retail: calendar.retail,
        }
    }
}

/// The English name in lower case.
#[must_use]
pub const fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

/// The weekday of a name that [`weekday_name`] gives.
///
/// # Errors
/// [`Error::UnknownWeekday`].
pub fn parse_weekday(name: &str) -> Result<Weekday, Error> {
    let mut week = Weekday::Monday.cycle_forward().take(7);
    week.find(|weekday| weekday_name(*weekday) == name)
        .ok_or_else(|| Error::UnknownWeekday { name: shown(name) })
}

#[cfg(test)]
mod tests {
    use super::super::{RetailAnchor, RetailPattern};
    use super::*;

    #[test]
    fn settings_are_read_checked_and_written_back() {
        let text =
            r#"{"fiscal_year_start_month":2,"week_start":"sunday","retail":{"pattern":"4-5-4","anchor":"nearest"}}"#;
        let calendar: Calendar = serde_json::from_str(text).expect("a calendar");
        let retail = RetailYear {
            pattern: RetailPattern::FourFiveFour,
            anchor: RetailAnchor::Nearest,
        };
        assert_eq!(Calendar::new(2, Weekday::Sunday, Some(retail)), Ok(calendar));
        assert_eq!(serde_json::to_string(&calendar).expect("json"), text);
        assert_eq!(
            serde_json::from_str::<Calendar>("{}").expect("defaults"),
            Calendar::default()
        );
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        assert_eq!(
            Calendar::new(0, Weekday::Monday, None),
            Err(Error::FiscalStartMonth { month: 0 })
        );
        for wrong in [
            r#"{"fiscal_year_start_month":13}"#,
            r#"{"week_start":"Funday"}"#,
            r#"{"retail":{"pattern":"4-4-4"}}"#,
            r#"{"weekstart":"monday"}"#,
        ] {
            assert!(serde_json::from_str::<Calendar>(wrong).is_err(), "{wrong}");
        }
    }
}

//! How long a bucket of a report is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Error;
use super::error::shown;

/// The length of a report's buckets, shortest first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Clock hours of a time zone.
    Hour,
    /// Business dates.
    Day,
    /// Weeks from the calendar's week start.
    Week,
    /// Calendar months, or a retail year's twelve periods of four or five weeks.
    Month,
    /// Three months of the fiscal year.
    Quarter,
    /// Fiscal years.
    Year,
    /// The whole range as one.
    Total,
}

impl Grain {
    /// All grains, shortest first.
    pub const ALL: [Self; 7] = [
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::Total,
    ];

    /// The name on the wire and in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Total => "total",
        }
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Grain {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|grain| grain.name() == name);
        found.ok_or_else(|| Error::UnknownGrain { name: shown(name) })
    }
}

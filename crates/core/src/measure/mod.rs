//! Measurements: what events count for. The ledger is a multiset of them.

mod builtin;

use std::fmt;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use self::builtin::Builtin;
use crate::{dimension::Dimension, id::Name, subject::Subject};

/// What is measured: one of ours, or one that the tenant declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Measure {
    /// One of ours.
    Builtin(Builtin),
    /// One that the tenant declared, written `own.<name>`.
    Own(Name),
}

impl Measure {
    /// Reads a measure's name, as [`fmt::Display`] writes it. `None` when no measure has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("own.") {
            Some(name) => Name::new(name).ok().map(Self::Own),
            None => Builtin::parse(text).map(Self::Builtin),
        }
    }
}

impl From<Builtin> for Measure {
    fn from(measure: Builtin) -> Self {
        Self::Builtin(measure)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(measure) => f.write_str(measure.name()),
            Self::Own(name) => write!(f, "own.{name}"),
        }
    }
}

impl TryFrom<String> for Measure {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a measure"))
    }
}

impl From<Measure> for String {
    fn from(measure: Measure) -> Self {
        measure.to_string()
    }
}

/// The unit of a measure's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Micro-units of the currency in the row's currency dimension.
    Money,
    /// Plain units.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Calendar days between two business dates.
    Days,
    /// Thousandths (scores, quantities).
    Milli,
}

/// Whether a measure is summed over a period or balanced at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accrual {
    /// Summed over a period.
    Flow,
    /// A measurement of change; the balance is the running sum of `value`.
    Stock,
}

/// What a subject's events count for: `(measure, date, origin date, instant, subject, dimensions, value)`.
///
/// The ledger keeps a multiset of them: an entry with count +1 adds one, an entry with count −1 takes one back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measurement {
    /// What is measured.
    pub measure: Measure,
    /// When it counts: a business date in the tenant's time zone. May lie in the future.
    pub date: Date,
    /// When the subject entered (the cohort basis); some measures give it another meaning, which [`Builtin`] states.
    pub origin_date: Date,
    /// The exact instant.
    pub instant: Timestamp,
    /// Whom or what it is about.
    pub subject: Subject,
    /// By what it can be grouped.
    pub dimensions: Dimensions,
    /// The value in the measure's unit.
    pub value: i64,
}

/// The values of a measurement's stored dimensions, at most one for each, in the order of [`Dimension`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Dimensions(Vec<(Dimension, Name)>);

impl Dimensions {
    /// No dimensions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a dimension, or removes it when there is no value.
    pub fn set(&mut self, dimension: Dimension, value: Option<&Name>) {
        debug_assert!(dimension.is_stored(), "{dimension} is looked up, not stored");
        let found = self.0.binary_search_by(|(other, _)| other.cmp(&dimension));
        match (found, value) {
            (Ok(at), Some(value)) => self.0[at].1 = value.clone(),
            (Ok(at), None) => drop(self.0.remove(at)),
            (Err(at), Some(value)) => self.0.insert(at, (dimension, value.clone())),
            (Err(_), None) => {}
        }
    }

    /// The same with a dimension set.
    #[must_use]
    pub fn with(mut self, dimension: Dimension, value: Option<&Name>) -> Self {
        self.set(dimension, value);
        self
    }

    /// The value of a dimension.
    #[must_use]
    pub fn get(&self, dimension: &Dimension) -> Option<&Name> {
        self.0
            .binary_search_by(|(other, _)| other.cmp(dimension))
            .ok()
            .map(|at| &self.0[at].1)
    }

    /// All that are set, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Dimension, &Name)> {
        self.0.iter().map(|(dimension, value)| (dimension, value))
    }

    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

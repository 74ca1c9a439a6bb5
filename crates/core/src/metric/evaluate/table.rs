//! The answer: a table in which every number explains itself.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use smallvec::SmallVec;

pub use crate::query::Key;
use crate::{
    calendar::Period,
    metric::definition::{Additivity, Direction, ShownUnit},
    money::Currency,
    policy::{Crediting, CurrencyMode, Lifecycle, RevenueSource},
    query::Basis,
    rational::Rational,
};

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// One for each metric of the question.
    pub columns: Vec<Column>,
    /// By stretch of time, then by rank or by key.
    pub rows: Vec<Row>,
    /// How many rows a ranking left out because their sample is too small.
    pub left_out: usize,
    /// The zone in which days were cut.
    pub time_zone: String,
}

/// What a column shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The metric.
    pub id: String,
    /// The version of its definition.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// The expression that was evaluated.
    pub expression: String,
    /// The unit of its values.
    pub unit: ShownUnit,
    /// The currency, where the unit has one.
    pub currency: Option<Currency>,
    /// The basis.
    pub basis: Basis,
    /// Which way is good.
    pub direction: Direction,
    /// What values over shorter periods make of a longer one.
    pub additivity: Additivity,
    /// The parameters, defaults included.
    pub parameters: BTreeMap<String, String>,
    /// The policies that the answer rests on.
    pub policies: Vec<AppliedPolicy>,
}

/// A policy that an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppliedPolicy {
    /// When an account is an active customer.
    Lifecycle(Lifecycle),
    /// What counts as revenue.
    RevenueSource(RevenueSource),
    /// At which date's rate amounts are converted.
    CurrencyMode(CurrencyMode),
    /// Who is credited with a deal's amount.
    Crediting(Crediting),
}

/// One stretch of time of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The stretch of time. All rows of one share it.
    pub bucket: Arc<Bucket>,
    /// The group.
    pub key: Key,
    /// One for each column.
    pub cells: SmallVec<[CellValue; 1]>,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name on the calendar.
    pub label: String,
    /// Its days, as asked.
    pub period: Period,
    /// Its exact instants, where it was cut by instants.
    pub instants: Option<(Timestamp, Timestamp)>,
    /// Whether it is cut short: by the range, or because it has not ended yet.
    pub partial: bool,
}

/// A value and what explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct CellValue {
    /// The value in the column's unit.
    pub value: Result<Rational, Undefined>,
    /// Above the line, where there is one.
    pub numerator: Option<Rational>,
    /// Below the line.
    pub denominator: Option<Rational>,
    /// The sample size.
    pub n: Option<i64>,
    /// How many subjects are still open.
    pub immature: Option<i64>,
    /// How far the value can be relied on.
    pub interval: Option<Interval>,
    /// The comparison that was asked for.
    pub comparison: Option<Box<Compared>>,
}

impl From<Result<Rational, Undefined>> for CellValue {
    /// A value about which nothing else is known.
    fn from(value: Result<Rational, Undefined>) -> Self {
        Self {
            value,
            numerator: None,
            denominator: None,
            n: None,
            immature: None,
            interval: None,
            comparison: None,
        }
    }
}

/// A value, or why there is none.
pub(super) type Value = Result<Rational, Undefined>;

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Undefined {
    /// The reason, for machines.
    pub reason: Reason,
    /// The particulars, for people.
    pub detail: Cow<'static, str>,
}

impl Undefined {
    pub(super) fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident => $name:literal;)*) => {
        /// Why there is no value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $reason,)* }

        impl Reason {
            /// Its name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$reason => $name,)* }
            }
        }

        impl std::fmt::Display for Reason {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

reasons! {
    /// Nothing stands below the line.
    ZeroDenominator => "ZERO_DENOMINATOR";
    /// A mean or a quantile of nothing.
    NoSamples => "NO_SAMPLES";
    /// Growth from zero.
    GrowthFromZero => "GROWTH_FROM_ZERO";
    /// A currency rate that is needed and not known.
    MissingRate => "MISSING_RATE";
    /// No target is set.
    NoTarget => "NO_TARGET";
    /// Nothing remains of the target.
    TargetMet => "TARGET_MET";
    /// The exact value does not fit.
    Overflow => "OVERFLOW";
    /// The sample is smaller than the question allows.
    BelowMinimumSample => "BELOW_MINIMUM_SAMPLE";
    /// The metric has no meaning here.
    NotApplicable => "NOT_APPLICABLE";
    /// A stage has no probability.
    NoProbability => "NO_PROBABILITY";
}

/// An interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end, in the column's unit.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// How sure it is.
    pub level: f64,
    /// How it was found.
    pub method: crate::metric::definition::IntervalKind,
}

/// A comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The other value.
    pub value: Result<Rational, Undefined>,
    /// This value less the other.
    pub difference: Result<Rational, Undefined>,
    /// The difference by the other's size.
    pub relative_change: Result<Rational, Undefined>,
    /// The other period; none for a benchmark.
    pub period: Option<Period>,
}

//! The question and the answer of the waist.

use std::ops::Range;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::Options;
use crate::{
    dimension::Dimension, id::Name, measure::Measure, money::Currency, policy::CurrencyMode, rational::Rational,
};

/// One narrow question to the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AggregateQuery {
    /// What is measured.
    pub measure: Measure,
    /// Over which stretches of time.
    pub buckets: Buckets,
    /// Whether the buckets cut `date` (event) or `origin_date` (cohort). Stocks are always cut by `date`.
    pub basis: Basis,
    /// Rows recorded by later commits are not seen. `None`: all rows.
    pub known_at: Option<u64>,
    /// Rows whose `instant` is after this one are not seen: queries stop at now.
    pub now: Timestamp,
    /// Only rows whose `origin_date` lies in this half-open range, beside the buckets (pipeline due in a period,
    /// visits entered before a day).
    pub origin: Option<Range<Date>>,
    /// Only rows with a value up to and including this one (conversion within a window).
    pub max_value: Option<i64>,
    /// Only rows that pass all of these.
    pub filters: Vec<Filter>,
    /// By which dimensions; at most 8.
    pub group: Vec<Dimension>,
    /// At which date derived dimensions are looked up.
    pub attribution: Attribution,
    /// Into which currency money is converted. `None` for measures that are not money, or when only rows are counted.
    pub conversion: Option<Conversion>,
    /// What is asked for.
    pub aggregate: Aggregate,
}

impl AggregateQuery {
    /// What two askings of one question have in common, whatever was recorded between them and whenever they are put:
    /// both get the same of rows that both may see.
    #[must_use]
    pub fn shape(&self, options: &Options) -> Self {
        let today = || options.zone.to_datetime(self.now).date().to_zoned(TimeZone::UTC);
        let now = match self.attribution {
            Attribution::AsOfEvent => Timestamp::UNIX_EPOCH,
            // Reps are looked up as they are on the day of the question.
            Attribution::Current => today().map_or(self.now, |today| today.timestamp()),
        };
        Self {
            known_at: None,
            now,
            ..self.clone()
        }
    }
}

/// Stretches of time, each half-open, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Buckets {
    /// Business dates in the tenant's time zone. May have gaps, never overlaps.
    Dates(Vec<Range<Date>>),
    /// Exact instants: hours, or another time zone than the tenant's. Flows on the event basis only cut `instant`;
    /// balances count rows with `instant` before the end.
    Instants(Vec<Range<Timestamp>>),
}

impl Aggregate {
    /// Whether it looks at the values of rows.
    pub(crate) fn has_values(&self) -> bool {
        !matches!(self, Self::Rows | Self::DistinctSubjects | Self::DistinctValues(_))
    }

    /// How much it tells of single rows: who tells more can stand in for who tells less.
    pub(crate) fn rank(&self) -> Option<u8> {
        match self {
            Self::Rows => Some(0),
            Self::Flow => Some(1),
            Self::Moments => Some(2),
            _ => None,
        }
    }

    /// The least of all that can be asked together with this, where queries differ in nothing else.
    pub(crate) fn family(&self) -> Self {
        match self {
            Self::Rows | Self::Flow | Self::Moments => Self::Rows,
            Self::Distribution { .. } => Self::Distribution { quantiles: Vec::new() },
            other => other.clone(),
        }
    }

    /// Whether it tells all that another one of its family asks.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Distribution { quantiles }, Self::Distribution { quantiles: asked }) => {
                asked.iter().all(|quantile| quantiles.contains(quantile))
            }
            _ => self.rank() >= other.rank(),
        }
    }

    /// Takes in what another one of its family asks.
    pub(crate) fn widen(&mut self, other: &Self) {
        match (self, other) {
            (Self::Distribution { quantiles }, Self::Distribution { quantiles: asked }) => {
                for quantile in asked {
                    if !quantiles.contains(quantile) {
                        quantiles.push(*quantile);
                    }
                }
            }
            (this, other) => {
                if this.rank() < other.rank() {
                    *this = other.clone();
                }
            }
        }
    }
}

impl Buckets {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Dates(ranges) => ranges.len(),
            Self::Instants(ranges) => ranges.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// By which date a row belongs to a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// What happened in the period.
    Event,
    /// What became of the subjects that entered in the period.
    Cohort,
}

/// At which date derived, dated dimensions (team, manager, region, territory, role) are looked up.
///
/// Flows: as of the row's `date`. Balances and retention: as of the bucket's last day (retention: its first), for all
/// rows alike, so that what was added under one team is never subtracted under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    /// As of the event.
    AsOfEvent,
    /// As they are now (at the query's `now`).
    Current,
}

/// A condition on a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    /// The dimension.
    pub dimension: Dimension,
    /// The values that pass; `None` stands for "has no value". On `team` a value takes in the teams below it.
    pub values: Vec<Option<Name>>,
    /// Turns the condition round: what has none of the values passes.
    pub exclude: bool,
}

/// Into which currency amounts are converted, and at which date's rate; row by row, half-even, in micro-units.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conversion {
    /// The currency of the answer.
    pub to: Currency,
    /// At which date's rate.
    pub mode: CurrencyMode,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// How many rows there are in each bucket. Their values are not looked at.
    Rows,
    /// Sum and count of the rows in each bucket.
    Flow,
    /// Sum, count and sum of squares of the rows in each bucket.
    Moments,
    /// The running sum at the start and at the end of each bucket.
    Balance,
    /// The values in each bucket: sum, count, and these quantiles (in millionths).
    Distribution {
        /// Which quantiles, in millionths.
        quantiles: Vec<u32>,
    },
    /// How many distinct subjects have a row in each bucket.
    DistinctSubjects,
    /// How many distinct values of a stored dimension have a row in each bucket; rows without one don't count.
    DistinctValues(Dimension),
    /// Per account: the balance at the start and at the end of each bucket.
    Retention,
}

/// The answer: one cell for each group and bucket. Groups without any row in any bucket are absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The groups, ordered by key.
    pub groups: Vec<Group>,
}

/// The values of some dimensions, in their order; `None`: the rows have none. Most groups have one or two.
pub type Key = SmallVec<[Option<SmolStr>; 2]>;

/// One group's cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// The values of the query's dimensions; `None`: the rows have none.
    pub key: Key,
    /// One cell a bucket. Most questions by more than a few groups have one bucket.
    pub cells: SmallVec<[Cell; 1]>,
}

/// What was asked for, in one bucket of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// For [`Aggregate::Rows`], [`Aggregate::Flow`] and [`Aggregate::Moments`].
    Flow(Flow),
    /// For [`Aggregate::Balance`].
    Balance(Balance),
    /// For [`Aggregate::Distribution`].
    Distribution(Distribution),
    /// For [`Aggregate::DistinctSubjects`] and [`Aggregate::DistinctValues`].
    Distinct(i64),
    /// For [`Aggregate::Retention`].
    Retention(AccountFlow),
}

/// Sum and count of rows. Money sums are in the conversion's currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flow {
    /// How many rows.
    pub count: i64,
    /// The sum of their values; 0 for [`Aggregate::Rows`].
    pub sum: i128,
    /// The sum of the squares of their values, for [`Aggregate::Moments`]; `None` when it does not fit.
    pub sum_squares: Option<i128>,
    /// A rate that is needed and missing: then sums mean nothing.
    pub missing: Option<MissingRate>,
}

/// The running sum at both ends of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balance {
    /// Just before the bucket starts.
    pub opening: i128,
    /// At its end.
    pub closing: i128,
    /// How many rows make up the closing balance.
    pub rows: i64,
    /// A rate that is needed and missing.
    pub missing: Option<MissingRate>,
}

/// The values of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distribution {
    /// Sum and count.
    pub flow: Flow,
    /// The quantiles that were asked for, in that order; empty when there is no row.
    pub quantiles: SmallVec<[Quantile; 1]>,
}

impl Distribution {
    /// The quantile at so many millionths, if it was asked for and there are rows.
    #[must_use]
    pub fn quantile(&self, millionths: u32) -> Option<&Quantile> {
        self.quantiles.iter().find(|quantile| quantile.millionths == millionths)
    }
}

/// One quantile: linear interpolation between order statistics (type 7), exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantile {
    /// Which one, in millionths.
    pub millionths: u32,
    /// Its value in the measure's unit.
    pub value: Rational,
    /// The 95 % order-statistic interval, where there are enough values.
    pub interval: Option<(i64, i64)>,
}

/// Sums over accounts of what they had at the start (`s`) and at the end (`e`) of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountFlow {
    /// Accounts with `s > 0`.
    pub at_start: i64,
    /// Of those, accounts with `e > 0`.
    pub retained: i64,
    /// Σ s over accounts with `s > 0`.
    pub start_sum: i128,
    /// Σ max(e, 0) over accounts with `s > 0`.
    pub kept_sum: i128,
    /// Σ min(s, max(e, 0)) over accounts with `s > 0`.
    pub capped_sum: i128,
    /// A rate that is needed and missing.
    pub missing: Option<MissingRate>,
}

/// A currency rate that is needed and not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingRate {
    /// The currency of the amount.
    pub from: Currency,
    /// The currency of the answer.
    pub to: Currency,
    /// The date for which the rate is needed.
    pub date: Date,
}

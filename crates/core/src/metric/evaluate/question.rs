//! What is asked: metrics, a range, by what, compared with what.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::table::Key;
use crate::{
    calendar::{Grain, Period, TimeZone},
    dimension::Dimension,
    money::Currency,
    policy::CurrencyMode,
    query::{Attribution, Basis, Filter},
    rational::Rational,
};

/// The most metrics of a question.
pub const MAX_METRICS: usize = 100;
/// The most dimensions of a question; the waist has room for two more that some metrics need.
pub const MAX_DIMENSIONS: usize = 6;

/// A question about metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which metrics, each a column of the answer.
    pub metrics: Vec<Selection>,
    /// Over which days.
    pub range: Period,
    /// By which stretches of time.
    pub grain: Grain,
    /// By which dimensions.
    pub dimensions: Vec<Dimension>,
    /// Under which conditions; all of them.
    pub filters: Vec<Filter>,
    /// On which basis, where not on each metric's own.
    pub basis: Option<Basis>,
    /// With what each value is compared.
    pub comparison: Option<Comparison>,
    /// By what rows are ranked, within each stretch of time: what comes first counts first.
    pub order_by: Vec<Order>,
    /// The most rows of each stretch of time.
    pub limit: Option<usize>,
    /// The only groups that are shown, where not all are.
    pub groups: Option<Arc<HashSet<Key>>>,
    /// At which date rep, team, region and the like are looked up.
    pub attribution: Attribution,
    /// As known at which commit.
    pub known_at: Option<u64>,
    /// The present.
    pub now: Timestamp,
    /// In which zone days are cut, where not in the tenant's.
    pub time_zone: Option<TimeZone>,
    /// In which currency it is answered, where not in the tenant's.
    pub currency: Option<Currency>,
    /// At which date's rate amounts are converted, where not as the tenant states.
    pub currency_mode: Option<CurrencyMode>,
    /// The least sample size: a ranking by a column leaves out rows below it, otherwise their values are undefined.
    pub min_sample: Option<u64>,
}

/// A metric of a question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Its id.
    pub id: String,
    /// Its parameters, as texts; `basis` is one of every metric.
    pub parameters: BTreeMap<String, String>,
}

impl Selection {
    /// A metric with its default parameters.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            parameters: BTreeMap::new(),
        }
    }

    /// The same with a parameter.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }
}

/// With what a value is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The period before.
    PreviousPeriod,
    /// The same period a year before.
    SamePeriodLastYear,
    /// Another range, cut by the same grain; stretches are paired in order.
    Period(Period),
    /// A value in the metric's shown unit.
    Benchmark(Rational),
}

/// How rows are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: By,
    /// Whether the greatest stands first. Undefined values always stand last.
    pub descending: bool,
}

/// What rows are ranked by, by its place in the question, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A column.
    Column(usize),
    /// A dimension: by the names that are shown for its values.
    Dimension(usize),
}

impl Question {
    /// The whole range at once, ungrouped, unfiltered.
    #[must_use]
    pub fn new(metrics: Vec<Selection>, range: Period, now: Timestamp) -> Self {
        Self {
            metrics,
            range,
            grain: Grain::Total,
            dimensions: Vec::new(),
            filters: Vec::new(),
            basis: None,
            comparison: None,
            order_by: Vec::new(),
            limit: None,
            groups: None,
            attribution: Attribution::AsOfEvent,
            known_at: None,
            now,
            time_zone: None,
            currency: None,
            currency_mode: None,
            min_sample: None,
        }
    }
}

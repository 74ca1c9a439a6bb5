//! A question, in the reference's own words and on the wire.

use std::{collections::BTreeMap, fmt};

use jiff::{ToSpan as _, civil::Date};
use scoreline_proto::{
    analytics::v1::{self as wire, CurrencyConversion, MetricSelection, QueryMetricsRequest},
    encode,
};

use super::tenant::Tenant;

/// A metric and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// The metric.
    pub id: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
}

impl Metric {
    /// A metric as it is written: `id`, or `id(name=value; name=value)`.
    ///
    /// # Panics
    /// When it is not written so.
    pub fn new(text: &str) -> Self {
        let (id, rest) = text.split_once('(').unwrap_or((text, ""));
        let pairs = rest
            .trim_end_matches(')')
            .split(';')
            .filter(|pair| !pair.trim().is_empty());
        let parameters = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').expect("a parameter is name=value");
            (name.trim().to_owned(), value.trim().to_owned())
        });
        Self {
            id: id.to_owned(),
            parameters: parameters.collect(),
        }
    }

    /// The value of a parameter; empty when it is not given.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        match &parameters[..] {
            [] => f.write_str(&self.id),
            some => write!(f, "{}({})", self.id, some.join("; ")),
        }
    }
}

/// The length of the periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// The whole range.
    Total,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Quarters.
    Quarter,
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The dimension.
    pub dimension: String,
    /// Its values; the empty text stands for none.
    pub values: Vec<String>,
    /// Whether to keep what has none of the values.
    pub exclude: bool,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// The first day.
    pub from: Date,
    /// The first day after.
    pub to: Date,
    /// The length of the periods.
    pub grain: Grain,
    /// What to split by.
    pub dimensions: Vec<String>,
    /// What to keep.
    pub filters: Vec<Filter>,
    /// Whether subjects are followed from their entry; each metric's own when `None`.
    pub cohort: Option<bool>,
    /// Whether reps count where they are now.
    pub current: bool,
    /// The currency; the tenant's when `None`.
    pub currency: Option<String>,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metrics: Vec<_> = self.metrics.iter().map(Metric::to_string).collect();
        write!(
            f,
            "{} of {}/{} by {:?} {:?}",
            metrics.join(", "),
            self.from,
            self.to,
            self.grain,
            self.dimensions
        )?;
        for filter in &self.filters {
            let sign = if filter.exclude { "!=" } else { "=" };
            write!(f, ", {}{sign}{:?}", filter.dimension, filter.values)?;
        }
        match self.cohort {
            None => {}
            Some(true) => f.write_str(", cohort")?,
            Some(false) => f.write_str(", event")?,
        }
        if self.current {
            f.write_str(", as of now")?;
        }
        self.currency
            .as_ref()
            .map_or(Ok(()), |currency| write!(f, ", in {currency}"))
    }
}

impl Question {
    /// The same on the wire.
    pub fn request(&self, at_least_commit: i64) -> QueryMetricsRequest {
        let metrics = self.metrics.iter().map(|metric| MetricSelection {
            metric_id: metric.id.clone(),
            parameters: metric.parameters.clone().into_iter().collect(),
        });
        let filters = self.filters.iter().map(|filter| wire::Filter {
            dimension: filter.dimension.clone(),
            values: filter.values.clone(),
            exclude: filter.exclude,
        });
        let basis = match self.cohort {
            None => wire::Basis::Unspecified,
            Some(false) => wire::Basis::Event,
            Some(true) => wire::Basis::Cohort,
        };
        let grain = match self.grain {
            Grain::Total => wire::Grain::Total,
            Grain::Day => wire::Grain::Day,
            Grain::Week => wire::Grain::Week,
            Grain::Month => wire::Grain::Month,
            Grain::Quarter => wire::Grain::Quarter,
        };
        let attribution = if self.current {
            wire::Attribution::Current
        } else {
            wire::Attribution::Unspecified
        };
        QueryMetricsRequest {
            metrics: metrics.collect(),
            range: Some(encode::range(self.from, self.to)),
            grain: grain.into(),
            dimensions: self.dimensions.clone(),
            filters: filters.collect(),
            basis: basis.into(),
            page_size: 10_000,
            at_least_commit,
            attribution: attribution.into(),
            currency_conversion: self.currency.clone().map(|currency_code| CurrencyConversion {
                currency_code,
                ..CurrencyConversion::default()
            }),
            ..QueryMetricsRequest::default()
        }
    }

    /// The periods, half-open, the first and the last cut by the range.
    pub fn buckets(&self, tenant: &Tenant) -> Vec<(Date, Date)> {
        let mut buckets = Vec::new();
        let mut start = self.from;
        while start < self.to {
            let end = self.end_of(start, tenant).min(self.to);
            buckets.push((start, end));
            start = end;
        }
        buckets
    }

    /// The first day after the period in which a day lies.
    fn end_of(&self, day: Date, tenant: &Tenant) -> Date {
        let months_on = |months: i32| day.first_of_month() + months.months();
        match self.grain {
            Grain::Total => self.to,
            Grain::Day => day + 1.day(),
            Grain::Week => {
                let weekday = day.weekday();
                let gone = if tenant.weeks_start_on_sunday {
                    weekday.to_sunday_zero_offset()
                } else {
                    weekday.to_monday_zero_offset()
                };
                day + (7 - gone).days()
            }
            Grain::Month => months_on(1),
            Grain::Quarter => {
                let gone = (i32::from(day.month()) - i32::from(tenant.year_starts)).rem_euclid(3);
                months_on(3 - gone)
            }
        }
    }
}

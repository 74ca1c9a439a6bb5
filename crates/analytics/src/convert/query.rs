//! From a query to a question, or everything that is wrong with it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use scoreline_core::{
    calendar::{Grain, Period, TimeZone},
    dimension::Dimension,
    id::Name,
    metric::evaluate::{By, Comparison, MAX_DIMENSIONS, Order, Question, Selection},
    policy::CurrencyMode,
    query::{Attribution, Filter},
    rational::Rational,
};
use scoreline_proto::{Reason, Violation, analytics::v1 as wire, reader::Reader};

use super::{
    known::{self, Known},
    words,
};
use crate::catalogue::Catalogue;

const MAX_QUERIES: usize = 50;
const MAX_METRICS: usize = 50;
const MAX_PARAMETERS: usize = 32;
const MAX_FILTERS: usize = 32;
const MAX_VALUES: usize = 1_000;
const MAX_ORDERS: usize = 8;
/// The places of a benchmark.
const BENCHMARK_PLACES: u32 = 6;

/// A query that makes sense, as far as that can be told before it is answered.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The question, but for its state of knowledge and its present.
    pub(crate) question: Question,
    pub(crate) known: Known,
    pub(crate) at_least: u64,
    /// Whether the rows are told column by column.
    pub(crate) by_columns: bool,
}

/// Reads a query. `prefix` is where it stands in the request.
pub(crate) fn query(
    query: &wire::QueryMetricsRequest,
    prefix: &'static str,
    catalogue: &Catalogue,
) -> Result<Asked, Vec<Violation>> {
    let mut reader = Reader::new();
    let asked = if prefix.is_empty() {
        read(&mut reader, query, catalogue)
    } else {
        reader.within(prefix, |reader| read(reader, query, catalogue))
    };
    reader.finish(asked)
}

/// Refuses more queries than may be asked together.
pub(crate) fn so_many_queries(count: usize) -> Result<(), Vec<Violation>> {
    let mut reader = Reader::new();
    reader.at_most("queries", count, MAX_QUERIES);
    reader.finish(Some(()))
}

/// Reads queries that are asked together.
pub(crate) fn queries(
    queries: &[wire::QueryMetricsRequest],
    catalogue: &Catalogue,
) -> Result<Vec<Asked>, Vec<Violation>> {
    let mut reader = Reader::new();
    let mut asked = Vec::new();
    if queries.is_empty() {
        let description = format!("must have 1 to {MAX_QUERIES} elements");
        reader.fault("queries", Reason::TooFew, description);
    } else if reader.at_most("queries", queries.len(), MAX_QUERIES) {
        asked = reader.each("queries", queries, |reader, query| {
            if !query.page_token.is_empty() {
                let description = "must be empty: QueryMetrics gives the pages after the first";
                reader.fault("page_token", Reason::NotAllowed, description);
            }
            positive(reader, "page_size", query.page_size);
            read(reader, query, catalogue)
        });
    }
    reader.finish(Some(asked))
}

fn read(reader: &mut Reader, query: &wire::QueryMetricsRequest, catalogue: &Catalogue) -> Option<Asked> {
    let metrics = metrics(reader, &query.metrics, catalogue);
    let range = range(reader, "range", query.range.as_ref());
    let grain = reader
        .choice("grain", query.grain, words::grain)
        .unwrap_or(Grain::Total);
    let dimensions = dimensions(reader, &query.dimensions, catalogue);
    let filters = filters(reader, &query.filters, catalogue);
    let comparison = comparison(reader, query.comparison.as_ref());
    let order = order(reader, query);
    let limit = positive(reader, "limit", query.limit);
    let min_sample = positive(reader, "min_sample", query.min_sample);
    let known = known::known_at(reader, "known_at", query.known_at.as_ref());
    let at_least = known::at_least(reader, "at_least_commit", query.at_least_commit);
    let by_columns = reader.choice("layout", query.layout, words::by_columns);
    let scope = Scope::read(
        reader,
        query.basis,
        &query.time_zone,
        query.attribution,
        query.currency_conversion.as_ref(),
    );
    let mut question = Question::new(metrics, range?, Timestamp::UNIX_EPOCH);
    question.grain = grain;
    question.dimensions = dimensions;
    question.filters = filters;
    question.comparison = comparison;
    question.order_by = order;
    // Without dimensions there is one group.
    question.limit = limit.filter(|_| !question.dimensions.is_empty());
    question.min_sample = min_sample.map(|least| least as u64);
    scope.apply(&mut question);
    Some(Asked {
        question,
        known,
        at_least,
        by_columns: by_columns.unwrap_or(false),
    })
}

/// What a question has that a list of contributions has too.
pub(crate) struct Scope {
    basis: Option<scoreline_core::query::Basis>,
    time_zone: Option<TimeZone>,
    attribution: Attribution,
    currency: Option<scoreline_core::money::Currency>,
    currency_mode: Option<CurrencyMode>,
}

impl Scope {
    pub(crate) fn read(
        reader: &mut Reader,
        basis: i32,
        zone: &str,
        attribution: i32,
        conversion: Option<&wire::CurrencyConversion>,
    ) -> Self {
        let basis = reader.choice("basis", basis, words::basis);
        let time_zone = if zone.is_empty() { None } else { time_zone(reader, zone) };
        let attribution = reader.choice("attribution", attribution, |attribution| match attribution {
            wire::Attribution::Current => Some(Attribution::Current),
            wire::Attribution::Unspecified | wire::Attribution::AsOfEvent => None,
        });
        let (currency, currency_mode) =
            reader.within("currency_conversion", |reader| conversion_of(reader, conversion));
        Self {
            basis,
            time_zone,
            attribution: attribution.unwrap_or(Attribution::AsOfEvent),
            currency,
            currency_mode,
        }
    }

    pub(crate) fn apply(self, question: &mut Question) {
        question.basis = self.basis;
        question.time_zone = self.time_zone;
        question.attribution = self.attribution;
        question.currency = self.currency;
        question.currency_mode = self.currency_mode;
    }
}

fn metrics(reader: &mut Reader, metrics: &[wire::MetricSelection], catalogue: &Catalogue) -> Vec<Selection> {
    if metrics.is_empty() {
        reader.fault(
            "metrics",
            Reason::TooFew,
            format!("must have 1 to {MAX_METRICS} elements"),
        );
    }
    if !reader.at_most("metrics", metrics.len(), MAX_METRICS) {
        return Vec::new();
    }
    reader.each("metrics", metrics, |reader, metric| {
        selection(reader, metric, catalogue)
    })
}

pub(crate) fn selection(
    reader: &mut Reader,
    metric: &wire::MetricSelection,
    catalogue: &Catalogue,
) -> Option<Selection> {
    if metric.metric_id.is_empty() {
        reader.fault("metric_id", Reason::Required, "must be given");
        return None;
    }
    if catalogue.registry.get(&metric.metric_id).is_none() {
        let shown: String = metric.metric_id.chars().take(64).collect();
        reader.fault(
            "metric_id",
            Reason::UnknownValue,
            format!("there is no metric `{shown}`"),
        );
        return None;
    }
    if !reader.at_most("parameters", metric.parameters.len(), MAX_PARAMETERS) {
        return None;
    }
    let parameters = metric
        .parameters
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Some(Selection {
        id: metric.metric_id.clone(),
        parameters,
    })
}

pub(crate) fn range(
    reader: &mut Reader,
    field: &'static str,
    range: Option<&scoreline_proto::types::v1::DateRange>,
) -> Option<Period> {
    let (start, end) = reader.required_range(field, range)?;
    Period::new(start, end).ok()
}

fn dimensions(reader: &mut Reader, names: &[String], catalogue: &Catalogue) -> Vec<Dimension> {
    if !reader.at_most("dimensions", names.len(), MAX_DIMENSIONS) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    reader.each("dimensions", names, |reader, name| {
        let dimension = dimension(reader, "", name, catalogue)?;
        if !seen.insert(dimension.clone()) {
            reader.fault("", Reason::Repeated, format!("`{dimension}` stands twice"));
        }
        Some(dimension)
    })
}

fn dimension(reader: &mut Reader, field: &'static str, name: &str, catalogue: &Catalogue) -> Option<Dimension> {
    let shown = || name.chars().take(64).collect::<String>();
    match name.parse::<Dimension>() {
        Ok(Dimension::Attribute(attribute)) if !catalogue.policies.attributes.contains(&attribute) => {
            let problem = format!("`{}` is not among the attributes that the settings declare", shown());
            reader.fault(field, Reason::NotDeclared, problem);
            None
        }
        Ok(dimension) => Some(dimension),
        Err(_) => {
            reader.fault(field, Reason::UnknownValue, format!("`{}` is not a dimension", shown()));
            None
        }
    }
}

pub(crate) fn filters(reader: &mut Reader, filters: &[wire::Filter], catalogue: &Catalogue) -> Vec<Filter> {
    if !reader.at_most("filters", filters.len(), MAX_FILTERS) {
        return Vec::new();
    }
    reader.each("filters", filters, |reader, filter| {
        let dimension = dimension(reader, "dimension", &filter.dimension, catalogue);
        if filter.values.is_empty() {
            reader.fault(
                "values",
                Reason::TooFew,
                format!("must have 1 to {MAX_VALUES} elements"),
            );
        }
        if !reader.at_most("values", filter.values.len(), MAX_VALUES) {
            return None;
        }
        let values = reader.each("values", &filter.values, |reader, value| match value.as_str() {
            "" => Some(None),
            value => reader.required::<Name>("", value).map(Some),
        });
        Some(Filter {
            dimension: dimension?,
            values,
            exclude: filter.exclude,
        })
    })
}

fn comparison(reader: &mut Reader, comparison: Option<&wire::Comparison>) -> Option<Comparison> {
    use wire::comparison::With;
    let comparison = comparison?;
    reader.within("comparison", |reader| match &comparison.with {
        None => {
            reader.fault("", Reason::Required, "must say with what");
            None
        }
        Some(With::PreviousPeriod(_)) => Some(Comparison::PreviousPeriod),
        Some(With::SamePeriodLastYear(_)) => Some(Comparison::SamePeriodLastYear),
        Some(With::Period(period)) => range(reader, "period", Some(period)).map(Comparison::Period),
        Some(With::Benchmark(text)) => {
            let value = reader.decimal("benchmark", text, BENCHMARK_PLACES, &(i64::MIN..=i64::MAX))?;
            Rational::new(i128::from(value), 10_i128.pow(BENCHMARK_PLACES))
                .ok()
                .map(Comparison::Benchmark)
        }
    })
}

fn order(reader: &mut Reader, query: &wire::QueryMetricsRequest) -> Vec<Order> {
    use wire::order_by::By as Wire;
    if !reader.at_most("order_by", query.order_by.len(), MAX_ORDERS) {
        return Vec::new();
    }
    reader.each("order_by", &query.order_by, |reader, order| {
        let by = match &order.by {
            None => {
                reader.fault("", Reason::Required, "must say by what");
                return None;
            }
            Some(Wire::MetricId(id)) => query
                .metrics
                .iter()
                .position(|metric| metric.metric_id == *id)
                .map(By::Column),
            Some(Wire::Dimension(name)) => query
                .dimensions
                .iter()
                .position(|other| other == name)
                .map(By::Dimension),
        };
        if by.is_none() {
            reader.fault(
                "",
                Reason::UnknownValue,
                "is neither a metric nor a dimension of the query",
            );
        }
        Some(Order {
            by: by?,
            descending: order.descending,
        })
    })
}

fn positive(reader: &mut Reader, field: &'static str, number: i32) -> Option<usize> {
    if number < 0 {
        reader.fault(field, Reason::OutOfRange, format!("{number} is negative"));
    }
    usize::try_from(number).ok().filter(|number| *number > 0)
}

fn time_zone(reader: &mut Reader, name: &str) -> Option<TimeZone> {
    TimeZone::new(name)
        .map_err(|error| reader.fault("time_zone", Reason::UnknownValue, error.to_string()))
        .ok()
}

fn conversion_of(
    reader: &mut Reader,
    conversion: Option<&wire::CurrencyConversion>,
) -> (Option<scoreline_core::money::Currency>, Option<CurrencyMode>) {
    let Some(conversion) = conversion else {
        return (None, None);
    };
    let code = &conversion.currency_code;
    let currency = if code.is_empty() {
        None
    } else {
        reader.currency("currency_code", code)
    };
    let mode = reader.choice("mode", conversion.mode, |mode: wire::ConversionMode| Some(mode));
    let mode = match mode {
        Some(wire::ConversionMode::BusinessDate) => Some(CurrencyMode::BusinessDate),
        Some(wire::ConversionMode::PeriodEnd) => Some(CurrencyMode::PeriodEnd),
        Some(wire::ConversionMode::FixedDate) => reader
            .required_date("fixed_date", conversion.fixed_date.as_ref())
            .map(CurrencyMode::Fixed),
        Some(wire::ConversionMode::Unspecified) | None => None,
    };
    (currency, mode)
}

//! A case's question on the wire.

use std::collections::{BTreeMap, HashMap};

use scoreline_proto::{
    analytics::v1::{
        Attribution, Basis, Comparison, CurrencyConversion, Filter, Grain, KnownAt, MetricSelection, OrderBy,
        PreviousPeriod, QueryMetricsRequest, SamePeriodLastYear, comparison, known_at, order_by,
    },
    types::v1::{Date, DateRange},
};

use super::file::{Compare, Query};

/// The request for a question; `commits` says in which commit each event came.
pub(super) fn request(query: &Query, commits: &BTreeMap<String, i64>, at_least: i64) -> QueryMetricsRequest {
    QueryMetricsRequest {
        metrics: query.metrics.iter().map(|metric| selection(metric)).collect(),
        range: Some(range(&query.from, &query.to)),
        grain: query.grain.as_deref().map_or(Grain::Total, grain).into(),
        dimensions: query.by.clone(),
        filters: query.filters.iter().map(|filter| parse_filter(filter)).collect(),
        basis: query.basis.as_deref().map_or(Basis::Unspecified, basis).into(),
        comparison: query.compare.as_ref().map(compare),
        order_by: query.order_by.iter().map(|order| order_of(order, &query.by)).collect(),
        limit: query.limit.unwrap_or_default(),
        known_at: query.known_after_event.as_ref().map(|event| {
            let commit = *commits
                .get(event)
                .unwrap_or_else(|| panic!("known_after_event {event:?} is no event of the case"));
            KnownAt {
                point: Some(known_at::Point::Commit(commit)),
            }
        }),
        at_least_commit: at_least,
        time_zone: query.time_zone.clone().unwrap_or_default(),
        attribution: query
            .attribution
            .as_deref()
            .map_or(Attribution::Unspecified, attribution)
            .into(),
        currency_conversion: query.currency.clone().map(|currency_code| CurrencyConversion {
            currency_code,
            ..CurrencyConversion::default()
        }),
        min_sample: query.min_sample.unwrap_or_default(),
        ..QueryMetricsRequest::default()
    }
}

pub(crate) fn selection(text: &str) -> MetricSelection {
    let (metric_id, parameters) = match text.split_once('(') {
        Some((id, rest)) => (
            id,
            rest.strip_suffix(')')
                .unwrap_or_else(|| panic!("{text:?} lacks its last parenthesis")),
        ),
        None => (text, ""),
    };
    let parameters: HashMap<String, String> = parameters
        .split(';')
        .filter(|parameter| !parameter.trim().is_empty())
        .map(|parameter| {
            let (name, value) = parameter
                .split_once('=')
                .unwrap_or_else(|| panic!("{text:?}: a parameter is name=value"));
            (name.trim().to_owned(), value.trim().to_owned())
        })
        .collect();
    MetricSelection {
        metric_id: metric_id.to_owned(),
        parameters: parameters.into_iter().collect(),
    }
}

/// A half-open range of days.
pub(crate) fn range(from: &str, to: &str) -> DateRange {
    DateRange {
        start: Some(date(from)),
        end: Some(date(to)),
    }
}

fn date(text: &str) -> Date {
    let date: jiff::civil::Date = text
        .parse()
        .unwrap_or_else(|error| panic!("{text:?} is no date: {error}"));
    Date {
        year: date.year().into(),
        month: date.month().into(),
        day: date.day().into(),
    }
}

fn grain(name: &str) -> Grain {
    Grain::from_str_name(&format!("GRAIN_{}", name.to_uppercase())).unwrap_or_else(|| panic!("{name:?} is no grain"))
}

fn basis(name: &str) -> Basis {
    Basis::from_str_name(&format!("BASIS_{}", name.to_uppercase())).unwrap_or_else(|| panic!("{name:?} is no basis"))
}

fn attribution(name: &str) -> Attribution {
    Attribution::from_str_name(&format!("ATTRIBUTION_{}", name.to_uppercase()))
        .unwrap_or_else(|| panic!("{name:?} is no attribution"))
}

pub(crate) fn parse_filter(text: &str) -> Filter {
    let (left, values) = text.split_once('=').unwrap_or_else(|| panic!("{text:?} is no filter"));
    let (dimension, exclude) = left
        .strip_suffix('!')
        .map_or((left, false), |dimension| (dimension, true));
    let values = values.split(',').map(|value| value.trim().to_owned()).collect();
    Filter {
        dimension: dimension.trim().to_owned(),
        values,
        exclude,
    }
}

fn compare(compare: &Compare) -> Comparison {
    let with = match compare {
        Compare::Word(word) if word == "previous_period" => comparison::With::PreviousPeriod(PreviousPeriod {}),
        Compare::Word(word) if word == "same_period_last_year" => {
            comparison::With::SamePeriodLastYear(SamePeriodLastYear {})
        }
        Compare::Word(word) => panic!("{word:?} is no comparison"),
        Compare::Period { from, to } => comparison::With::Period(range(from, to)),
        Compare::Benchmark { benchmark } => comparison::With::Benchmark(benchmark.clone()),
    };
    Comparison { with: Some(with) }
}

fn order_of(text: &str, dimensions: &[String]) -> OrderBy {
    let (name, descending) = text.strip_suffix(" desc").map_or((text, false), |name| (name, true));
    let by = if dimensions.iter().any(|dimension| dimension == name) {
        order_by::By::Dimension(name.to_owned())
    } else {
        order_by::By::MetricId(name.to_owned())
    };
    OrderBy {
        by: Some(by),
        descending,
    }
}

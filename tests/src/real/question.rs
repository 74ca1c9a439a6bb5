//! Asking the server.

use std::collections::BTreeMap;

use scoreline_proto::analytics::v1::{Basis, Cell, CreateMetricRequest, Grain, Metric, QueryMetricsRequest, Row, cell};

use crate::{case::query, client::Clients};

/// The most rows of a page.
const PAGE: i32 = 10_000;

/// What is asked of which rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// The days.
    pub(super) range: (&'a str, &'a str),
    /// The length of the periods.
    pub(super) grain: Grain,
    /// What to split by.
    pub(super) by: &'a [&'a str],
    /// What to keep.
    pub(super) filters: &'a [&'a str],
    /// What a period counts.
    pub(super) basis: Basis,
}

/// An answer's cells by group: the period's label, unless it is the whole range, and the values of the dimensions.
pub(super) type Answer = BTreeMap<String, Vec<String>>;

/// The name of a group.
pub(super) fn name<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(" / ")
}

/// Asks metrics, written as in a conformance case: `win_rate(weight=amount)`.
///
/// # Panics
/// When the server does not answer, or not on one page.
pub(super) async fn ask(clients: &mut Clients, question: &Question<'_>, metrics: &[&str]) -> Answer {
    let request = QueryMetricsRequest {
        metrics: metrics.iter().map(|metric| query::selection(metric)).collect(),
        range: Some(query::range(question.range.0, question.range.1)),
        grain: question.grain.into(),
        dimensions: question.by.iter().map(|dimension| (*dimension).to_owned()).collect(),
        filters: question
            .filters
            .iter()
            .map(|filter| query::parse_filter(filter))
            .collect(),
        basis: question.basis.into(),
        page_size: PAGE,
        ..QueryMetricsRequest::default()
    };
    let answer = clients.metrics.query_metrics(request).await;
    let answer = answer
        .unwrap_or_else(|status| panic!("{metrics:?} {question:?}: {status:?}"))
        .into_inner();
    assert!(
        answer.next_page_token.is_empty(),
        "{question:?} has {} rows",
        answer.total_rows
    );
    let rows = answer
        .rows
        .iter()
        .map(|row| (group(row, question.grain), row.cells.iter().map(text).collect()));
    rows.collect()
}

fn group(row: &Row, grain: Grain) -> String {
    let bucket = row
        .bucket
        .as_ref()
        .filter(|_| grain != Grain::Total)
        .map(|bucket| bucket.label.as_str());
    name(
        bucket
            .into_iter()
            .chain(row.dimensions.iter().map(|dimension| dimension.value.as_str())),
    )
}

/// A cell's value; empty where it is undefined.
fn text(cell: &Cell) -> String {
    match &cell.result {
        Some(cell::Result::Value(value)) => value.decimal.clone(),
        _ => String::new(),
    }
}

/// Adds metrics of the tenant's own: id, expression and unit.
///
/// # Panics
/// When the server refuses one.
pub(super) async fn define(clients: &mut Clients, metrics: &[(&str, &str, &str)]) {
    for (id, expression, unit) in metrics {
        let metric = Metric {
            metric_id: (*id).to_owned(),
            title: (*id).to_owned(),
            expression: (*expression).to_owned(),
            unit: (*unit).to_owned(),
            ..Metric::default()
        };
        let request = CreateMetricRequest {
            metric: Some(metric),
            ..CreateMetricRequest::default()
        };
        let added = clients.metrics.create_metric(request).await;
        added.unwrap_or_else(|status| panic!("{id} = {expression}: {status:?}"));
    }
}

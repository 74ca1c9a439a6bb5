//! Comparing an answer with what was worked by hand.

use scoreline_proto::analytics::v1::{
    Bucket, Cell, QueryMetricsResponse, Result as Outcome, Row, Undefined, UndefinedReason, cell, result,
};
use serde_json::Value;

use super::{
    expected,
    file::{Expect, Query},
};

/// What is wrong with an answer, in words; empty when all is right.
pub(super) fn faults(query: &Query, answer: &QueryMetricsResponse) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(rows) = query.rows
        && rows != answer.rows.len()
    {
        faults.push(format!(
            "{} rows instead of {rows}: {:?}",
            answer.rows.len(),
            answer.rows.iter().map(key).collect::<Vec<_>>()
        ));
    }
    let mut places = Vec::new();
    for expect in &query.expect {
        match find(query, answer, expect) {
            Some((place, row, cell)) => {
                places.push(place);
                let problems = compare(expect, row, cell);
                faults.extend(
                    problems
                        .into_iter()
                        .map(|problem| format!("{}: {problem}", name(expect))),
                );
            }
            None => faults.push(format!(
                "{}: no such cell among {:?}",
                name(expect),
                answer.rows.iter().map(key).collect::<Vec<_>>()
            )),
        }
    }
    if query.ordered && !places.is_sorted() {
        faults.push(format!("rows come in the order {places:?}"));
    }
    faults
}

fn name(expect: &Expect) -> String {
    let parts = [
        expect.metric.clone(),
        expect.bucket.clone(),
        (!expect.group.is_empty()).then(|| format!("{:?}", expect.group)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn key(row: &Row) -> String {
    let bucket = row
        .bucket
        .as_ref()
        .map(|bucket| bucket.label.clone())
        .unwrap_or_default();
    let values = row
        .dimensions
        .iter()
        .map(|dimension| format!("{}={}", dimension.dimension, dimension.value));
    std::iter::once(bucket).chain(values).collect::<Vec<_>>().join(" ")
}

fn find<'a>(query: &Query, answer: &'a QueryMetricsResponse, expect: &Expect) -> Option<(usize, &'a Row, &'a Cell)> {
    let column = match &expect.metric {
        Some(metric) => query.metrics.iter().position(|name| name == metric)?,
        None => 0,
    };
    let is_it = |row: &&Row| {
        let in_bucket = expect
            .bucket
            .as_deref()
            .is_none_or(|start| row.bucket.as_ref().is_some_and(|bucket| starts(bucket, start)));
        let in_group = row.dimensions.iter().all(|dimension| {
            expect
                .group
                .get(&dimension.dimension)
                .is_some_and(|value| *value == dimension.value)
        });
        in_bucket && in_group && row.dimensions.len() == expect.group.len()
    };
    let place = answer.rows.iter().position(|row| is_it(&row))?;
    let row = &answer.rows[place];
    Some((place, row, row.cells.get(column)?))
}

fn starts(bucket: &Bucket, text: &str) -> bool {
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        let start = bucket.start.as_ref().map(|start| (start.year, start.month, start.day));
        return start == Some((date.year().into(), date.month().into(), date.day().into()));
    }
    let instant: jiff::Timestamp = text
        .parse()
        .unwrap_or_else(|error| panic!("{text:?} is neither a day nor an instant: {error}"));
    bucket
        .start_time
        .as_ref()
        .is_some_and(|start| start.seconds == instant.as_second())
}

fn compare(expect: &Expect, row: &Row, cell: &Cell) -> Vec<String> {
    let mut faults = Vec::new();
    let mut differs = |what: &str, expected: &str, actual: &str| {
        if expected != actual {
            faults.push(format!("{what} is {actual}, not {expected}"));
        }
    };
    let actual = told(cell.result.as_ref().map(|result| match result {
        cell::Result::Value(value) => Ok(value.decimal.as_str()),
        cell::Result::Undefined(undefined) => Err(undefined),
    }));
    if let Some(value) = &expect.value {
        differs("the value", &expected::text(value), &actual);
    }
    match expect.undefined.as_deref() {
        Some("ANY") if actual.starts_with("undefined:") => {}
        Some(reason) => differs("the value", &format!("undefined:{reason}"), &actual),
        None => {}
    }
    for (what, expected, actual) in [
        ("the numerator", &expect.numerator, &cell.numerator),
        ("the denominator", &expect.denominator, &cell.denominator),
    ] {
        if let Some(expected) = expected {
            differs(what, &expected::text(&plain(expected)), actual);
        }
    }
    for (what, expected, actual) in [("n", expect.n, cell.n), ("immature", expect.immature, cell.immature)] {
        if let Some(expected) = expected {
            differs(what, &expected.to_string(), &actual.to_string());
        }
    }
    if let Some(label) = &expect.label {
        differs(
            "the label",
            label,
            row.bucket
                .as_ref()
                .map(|bucket| bucket.label.as_str())
                .unwrap_or_default(),
        );
    }
    let comparison = cell.comparison.as_ref();
    for (what, expected, actual) in [
        (
            "previous",
            &expect.previous,
            comparison.and_then(|comparison| comparison.previous.as_ref()),
        ),
        (
            "difference",
            &expect.difference,
            comparison.and_then(|comparison| comparison.difference.as_ref()),
        ),
        (
            "relative_change",
            &expect.relative_change,
            comparison.and_then(|comparison| comparison.relative_change.as_ref()),
        ),
    ] {
        match expected.as_deref() {
            Some("undefined:ANY") if outcome(actual).starts_with("undefined:") => {}
            Some(expected) => differs(what, &wanted(expected), &outcome(actual)),
            None => {}
        }
    }
    faults
}

fn wanted(text: &str) -> String {
    if text.starts_with("undefined:") {
        text.to_owned()
    } else {
        expected::text(text)
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn outcome(outcome: Option<&Outcome>) -> String {
    told(
        outcome
            .and_then(|outcome| outcome.result.as_ref())
            .map(|result| match result {
                result::Result::Value(value) => Ok(value.decimal.as_str()),
                result::Result::Undefined(undefined) => Err(undefined),
            }),
    )
}

fn told(outcome: Option<Result<&str, &Undefined>>) -> String {
    match outcome {
        Some(Ok(decimal)) => decimal.to_owned(),
        Some(Err(undefined)) => {
            let reason = UndefinedReason::try_from(undefined.reason)
                .unwrap_or(UndefinedReason::Unspecified)
                .as_str_name();
            format!("undefined:{}", reason.trim_start_matches("UNDEFINED_REASON_"))
        }
        None => "absent".to_owned(),
    }
}

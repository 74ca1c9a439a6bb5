//! Comparing answers.

use std::collections::BTreeMap;

use jiff::civil::Date;
use scoreline_proto::{
    analytics::v1::{self as wire, QueryMetricsResponse, UndefinedReason},
    types::v1 as types,
};

use super::{
    answer::{Place, Told},
    question::Question,
    world::day,
};

/// A server's answer in the reference's words.
///
/// # Panics
/// When it is not whole.
pub fn read(answer: &QueryMetricsResponse) -> BTreeMap<Place, Vec<Told>> {
    assert!(
        answer.next_page_token.is_empty(),
        "an answer of {} rows does not fit on a page",
        answer.total_rows
    );
    let rows = answer.rows.iter().map(|row| {
        let bucket = row.bucket.as_ref().expect("a row has a period");
        let date = |date: &Option<types::Date>| -> Date { day(date.as_ref().expect("a period has days")) };
        let key = row.dimensions.iter().map(|value| value.value.clone()).collect();
        (
            ((date(&bucket.start), date(&bucket.end)), key),
            row.cells.iter().map(told).collect(),
        )
    });
    rows.collect()
}

fn told(cell: &wire::Cell) -> Told {
    let value = match &cell.result {
        Some(wire::cell::Result::Value(value)) => value.decimal.clone(),
        Some(wire::cell::Result::Undefined(undefined)) => {
            let reason = UndefinedReason::try_from(undefined.reason)
                .unwrap_or(UndefinedReason::Unspecified)
                .as_str_name();
            format!("undefined:{}", reason.trim_start_matches("UNDEFINED_REASON_"))
        }
        None => "absent".to_owned(),
    };
    Told {
        value,
        numerator: cell.numerator.clone(),
        denominator: cell.denominator.clone(),
        n: cell.n.to_string(),
        immature: cell.immature.to_string(),
    }
}

/// How the first differs from the second, in words; the first few differences.
pub fn differences(
    question: &Question,
    one: &BTreeMap<Place, Vec<Told>>,
    other: &BTreeMap<Place, Vec<Told>>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (place, cells) in one {
        match other.get(place) {
            None => found.push(format!(
                "{}: only the first has this row: {}",
                words(place),
                values(cells)
            )),
            Some(others) => {
                for (number, metric) in question.metrics.iter().enumerate() {
                    if cells.get(number) != others.get(number) {
                        let (one, other) = (cells.get(number).map(brief), others.get(number).map(brief));
                        let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
                        found.push(format!("{} {metric}: {one} / {other}", words(place)));
                    }
                }
            }
        }
    }
    for (place, cells) in other.iter().filter(|(place, _)| !one.contains_key(place)) {
        found.push(format!(
            "{}: only the second has this row: {}",
            words(place),
            values(cells)
        ));
    }
    found
}

fn words(((start, end), key): &Place) -> String {
    format!("{start}/{end} {key:?}")
}

fn values(cells: &[Told]) -> String {
    cells
        .iter()
        .map(|cell| cell.value.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn brief(cell: &Told) -> String {
    let Told {
        value,
        numerator,
        denominator,
        n,
        immature,
    } = cell;
    format!("{value} = {numerator}:{denominator} n {n} open {immature}")
}

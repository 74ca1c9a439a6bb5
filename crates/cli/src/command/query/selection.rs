//! What a query says in words: metrics with parameters, filters, orders, comparisons, states of knowledge.

use std::collections::HashMap;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use scoreline_proto::analytics::v1::{
    Comparison, Filter, KnownAt, MetricSelection, OrderBy, PreviousPeriod, SamePeriodLastYear, comparison::With,
    known_at, order_by,
};

use super::period::Calendars;

/// Reads `revenue,win_rate(weight=amount,basis=cohort)`.
pub(crate) fn metrics(text: &str) -> anyhow::Result<Vec<MetricSelection>> {
    split(text, ',').into_iter().map(|part| metric(part.trim())).collect()
}

/// Reads `win_rate(weight=amount)`.
pub(crate) fn metric(text: &str) -> anyhow::Result<MetricSelection> {
    let (id, inside) = match text.split_once('(') {
        None => (text, ""),
        Some((id, rest)) => (
            id,
            rest.strip_suffix(')')
                .with_context(|| format!("{text:?} lacks a ) at its end"))?,
        ),
    };
    let id = id.trim();
    ensure!(!id.is_empty(), "{text:?} names no metric");
    let mut parameters = HashMap::new();
    for parameter in split(inside, ',')
        .into_iter()
        .filter(|parameter| !parameter.trim().is_empty())
    {
        let pair = parameter.split_once('=');
        let (name, value) = pair.with_context(|| format!("{parameter:?} of {id} should be NAME=VALUE"))?;
        let value = value.trim().trim_matches('"');
        ensure!(
            parameters.insert(name.trim().to_owned(), value.to_owned()).is_none(),
            "{id} has the parameter {} twice",
            name.trim()
        );
    }
    Ok(MetricSelection {
        metric_id: id.to_owned(),
        parameters,
    })
}

/// Splits where the separator stands outside parentheses and quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut quoted, mut start) = (0_i32, false, 0);
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ if character == separator && depth == 0 && !quoted => {
                parts.push(&text[start..at]);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Reads `rep=Ann,Bob`, `rep!=Ann` or `rep=`.
pub(crate) fn filter(text: &str) -> anyhow::Result<Filter> {
    let (dimension, values) = text
        .split_once('=')
        .with_context(|| format!("--filter {text:?} should be DIMENSION=VALUE"))?;
    let (dimension, exclude) = match dimension.strip_suffix('!') {
        Some(dimension) => (dimension, true),
        None => (dimension, false),
    };
    ensure!(!dimension.trim().is_empty(), "--filter {text:?} names no dimension");
    Ok(Filter {
        dimension: dimension.trim().to_owned(),
        values: escaped_list(values),
        exclude,
    })
}

/// Splits at commas that no backslash stands before.
fn escaped_list(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let last = values.last_mut().expect("there is always a last one");
        match character {
            '\\' => last.extend(characters.next()),
            ',' => values.push(String::new()),
            other => last.push(other),
        }
    }
    values.iter().map(|value| value.trim().to_owned()).collect()
}

/// Reads `revenue`, `revenue:asc` or, where it is one of `dimensions`, `rep:desc`.
pub(crate) fn order(text: &str, dimensions: &[String]) -> anyhow::Result<OrderBy> {
    let (name, turned) = match text.rsplit_once(':') {
        Some((name, "asc")) => (name, Some(false)),
        Some((name, "desc")) => (name, Some(true)),
        Some(_) => bail!("--order {text:?} should end in :asc or :desc, if in anything"),
        None => (text, None),
    };
    let is_dimension = dimensions.iter().any(|dimension| dimension == name);
    let by = if is_dimension {
        order_by::By::Dimension(name.to_owned())
    } else {
        order_by::By::MetricId(name.to_owned())
    };
    Ok(OrderBy {
        by: Some(by),
        descending: turned.unwrap_or(!is_dimension),
    })
}

/// Reads `previous`, `last-year`, `benchmark=0.3` or a period.
pub(crate) fn comparison(text: &str, calendars: &Calendars) -> anyhow::Result<Comparison> {
    let with = match text {
        "previous" => With::PreviousPeriod(PreviousPeriod {}),
        "last-year" => With::SamePeriodLastYear(SamePeriodLastYear {}),
        _ => match text.strip_prefix("benchmark=") {
            Some(value) => With::Benchmark(value.to_owned()),
            None => With::Period(calendars.range(text).with_context(|| {
                format!("--compare {text:?} is neither previous, last-year, benchmark=NUMBER nor a period")
            })?),
        },
    };
    Ok(Comparison { with: Some(with) })
}

/// Reads a commit or an instant.
pub(crate) fn known_at(text: &str) -> anyhow::Result<KnownAt> {
    let point = if let Ok(commit) = text.parse() {
        known_at::Point::Commit(commit)
    } else {
        let instant: Timestamp = text.parse().ok().with_context(|| {
            format!("--known-at {text:?} is neither a commit nor an instant such as 2026-01-31T12:00:00Z")
        })?;
        known_at::Point::Instant(prost_types::Timestamp {
            seconds: instant.as_second(),
            nanos: instant.subsec_nanosecond(),
        })
    };
    Ok(KnownAt { point: Some(point) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids_and_parameters(text: &str) -> Vec<(String, Vec<(String, String)>)> {
        let read = metrics(text).expect(text).into_iter().map(|metric| {
            let mut parameters: Vec<_> = metric.parameters.into_iter().collect();
            parameters.sort();
            (metric.metric_id, parameters)
        });
        read.collect()
    }

    #[test]
    fn metrics_have_parameters() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            ids_and_parameters("revenue, win_rate(weight=amount, x=\"a,b\"),aov()"),
            [
                ("revenue".to_owned(), vec![]),
                ("win_rate".to_owned(), vec![pair("weight", "amount"), pair("x", "a,b")]),
                ("aov".to_owned(), vec![]),
            ]
        );
        for wrong in ["", "a,", "a(b", "a(b)", "(x=1)", "a(b=1,b=2)"] {
            assert!(metrics(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn filters_keep_leave_out_and_ask_for_none() {
        let read = |text: &str| {
            filter(text)
                .map(|filter| (filter.dimension, filter.values, filter.exclude))
                .expect(text)
        };
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(read("rep=Ann,Bob"), ("rep".to_owned(), texts(&["Ann", "Bob"]), false));
        assert_eq!(read("rep!=Ann"), ("rep".to_owned(), texts(&["Ann"]), true));
        assert_eq!(read("rep="), ("rep".to_owned(), texts(&[""]), false));
        assert_eq!(
            read(r"account=Smith\, Jones,a=b"),
            ("account".to_owned(), texts(&["Smith, Jones", "a=b"]), false)
        );
        assert!(filter("rep").is_err() && filter("=x").is_err());
    }

    #[test]
    fn metrics_are_ordered_from_the_greatest_and_dimensions_from_the_first() {
        let by = ["rep".to_owned()];
        let read = |text: &str| order(text, &by).map(|order| (order.by, order.descending)).expect(text);
        assert_eq!(read("revenue"), (Some(order_by::By::MetricId("revenue".into())), true));
        assert!(!read("revenue:asc").1);
        assert_eq!(read("rep"), (Some(order_by::By::Dimension("rep".into())), false));
        assert!(read("rep:desc").1);
        assert!(order("rep:up", &by).is_err());
    }

    #[test]
    fn a_state_of_knowledge_is_a_commit_or_an_instant() {
        assert_eq!(
            known_at("12").expect("a commit").point,
            Some(known_at::Point::Commit(12))
        );
        let instant = known_at("1970-01-01T00:00:05Z").expect("an instant").point;
        assert_eq!(
            instant,
            Some(known_at::Point::Instant(prost_types::Timestamp {
                seconds: 5,
                nanos: 0
            }))
        );
        assert!(known_at("yesterday").is_err());
    }
}

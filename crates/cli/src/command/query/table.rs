//! An answer as a table.

use scoreline_proto::analytics::v1::{
    Cell, MetricHeader, QueryMetricsResponse, Result as WireResult, Row, Undefined, cell, result,
};

use super::units::{Unit, show_change};
use crate::output::{Columns, bold};

/// What stands in the place of a number that there is not.
const NONE: &str = "–";

/// The answer for a terminal: one metric a line where there is one row, one row a line otherwise.
pub(super) fn render(answer: &QueryMetricsResponse) -> String {
    let mut notes = Notes::default();
    let table = match answer.rows.as_slice() {
        [] => "no rows".to_owned(),
        [row] if row.dimensions.is_empty() => one(answer, row, &mut notes),
        rows => many(answer, rows, &mut notes),
    };
    let mut lines = Vec::new();
    if let [row] = answer.rows.as_slice()
        && let Some(bucket) = &row.bucket
    {
        let partial = if bucket.partial { " (so far)" } else { "" };
        lines.push(bold(&format!("{}{partial}", bucket.label)));
    }
    lines.push(table);
    lines.extend(notes.lines());
    lines.push(watermark(answer));
    lines.join("\n")
}

/// What a cell may show beside its number.
#[derive(Debug, Clone, Copy, Default)]
struct Extras {
    interval: bool,
    comparison: bool,
}

impl Extras {
    fn of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Self {
        cells.fold(Self::default(), |extras, cell| Self {
            interval: extras.interval || cell.interval.is_some(),
            comparison: extras.comparison || cell.comparison.is_some(),
        })
    }

    fn headers(self) -> impl Iterator<Item = &'static str> {
        let interval = self.interval.then_some([">interval"]).into_iter().flatten();
        let comparison = self
            .comparison
            .then_some([">before", ">change", ">relative"])
            .into_iter()
            .flatten();
        [">n"].into_iter().chain(interval).chain(comparison)
    }
}

fn one(answer: &QueryMetricsResponse, row: &Row, notes: &mut Notes) -> String {
    let extras = Extras::of(row.cells.iter());
    let headers: Vec<&str> = ["metric", ">value"].into_iter().chain(extras.headers()).collect();
    let mut columns = Columns::new(&headers);
    for (header, cell) in answer.columns.iter().zip(&row.cells) {
        let mut line = vec![title(header)];
        line.extend(show(header, cell, extras, notes));
        columns.row(&line);
    }
    columns.render()
}

fn many(answer: &QueryMetricsResponse, rows: &[Row], notes: &mut Notes) -> String {
    let first = &rows[0];
    let has_buckets = rows.iter().any(|row| {
        row.bucket.as_ref().map(|bucket| &bucket.label) != first.bucket.as_ref().map(|bucket| &bucket.label)
    });
    let mut headers: Vec<String> = Vec::new();
    if has_buckets {
        headers.push("period".to_owned());
    }
    headers.extend(first.dimensions.iter().map(|dimension| dimension.dimension.clone()));
    let extras: Vec<Extras> = (0..answer.columns.len())
        .map(|at| Extras::of(rows.iter().filter_map(|row| row.cells.get(at))))
        .collect();
    for (header, extras) in answer.columns.iter().zip(&extras) {
        headers.push(format!(">{}", title(header)));
        headers.extend(extras.headers().map(str::to_owned));
    }
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut columns = Columns::new(&headers);
    for row in rows {
        let bucket = row.bucket.as_ref().filter(|_| has_buckets);
        let mut line: Vec<String> = bucket
            .map(|bucket| format!("{}{}", bucket.label, if bucket.partial { "*" } else { "" }))
            .into_iter()
            .collect();
        notes.partial |= bucket.is_some_and(|bucket| bucket.partial);
        line.extend(
            row.dimensions
                .iter()
                .map(|dimension| name(&dimension.value, &dimension.label)),
        );
        for ((header, cell), extras) in answer.columns.iter().zip(&row.cells).zip(&extras) {
            line.extend(show(header, cell, *extras, notes));
        }
        columns.row(&line);
    }
    columns.render()
}

fn name(value: &str, label: &str) -> String {
    match (value, label) {
        ("", _) => "(none)".to_owned(),
        (value, "") => value.to_owned(),
        (_, label) => label.to_owned(),
    }
}

/// The metric's id, with the parameters that hold.
fn title(header: &MetricHeader) -> String {
    let mut parameters: Vec<String> = header
        .parameters
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parameters.sort();
    if parameters.is_empty() {
        header.metric_id.clone()
    } else {
        format!("{}({})", header.metric_id, parameters.join(","))
    }
}

fn show(header: &MetricHeader, cell: &Cell, extras: Extras, notes: &mut Notes) -> Vec<String> {
    let unit = Unit {
        unit: &header.unit,
        currency: &header.currency_code,
    };
    let value = match &cell.result {
        Some(cell::Result::Value(value)) => unit.show(&value.decimal),
        Some(cell::Result::Undefined(undefined)) => notes.undefined(undefined),
        None => NONE.to_owned(),
    };
    let open = if cell.immature > 0 {
        format!(" (+{} open)", cell.immature)
    } else {
        String::new()
    };
    let mut shown = vec![value, format!("{}{open}", cell.n)];
    if extras.interval {
        let interval = cell.interval.as_ref();
        shown.push(interval.map_or(String::new(), |interval| {
            format!(
                "{} to {}",
                unit.show_number(interval.low),
                unit.show_number(interval.high)
            )
        }));
        notes.level = notes.level.or(interval.map(|interval| interval.level));
    }
    if extras.comparison {
        let comparison = cell.comparison.as_ref();
        let mut part = |result: Option<&WireResult>, show: &dyn Fn(&str) -> String| match result
            .and_then(|result| result.result.as_ref())
        {
            Some(result::Result::Value(value)) => show(&value.decimal),
            Some(result::Result::Undefined(undefined)) => notes.undefined(undefined),
            None => NONE.to_owned(),
        };
        shown.push(part(
            comparison.and_then(|comparison| comparison.previous.as_ref()),
            &|decimal| unit.show(decimal),
        ));
        shown.push(part(
            comparison.and_then(|comparison| comparison.difference.as_ref()),
            &|decimal| unit.show_difference(decimal),
        ));
        shown.push(part(
            comparison.and_then(|comparison| comparison.relative_change.as_ref()),
            &show_change,
        ));
    }
    shown
}

/// What is said below the table.
#[derive(Debug, Default)]
struct Notes {
    reasons: Vec<String>,
    level: Option<f64>,
    partial: bool,
}

impl Notes {
    /// The sign of a number that there is not, with the number of its reason.
    fn undefined(&mut self, undefined: &Undefined) -> String {
        let reason = undefined.reason().as_str_name();
        let reason = reason
            .strip_prefix("UNDEFINED_REASON_")
            .unwrap_or(reason)
            .to_lowercase()
            .replace('_', " ");
        let reason = if undefined.detail.is_empty() {
            reason
        } else {
            format!("{reason}: {}", undefined.detail)
        };
        let at = self
            .reasons
            .iter()
            .position(|known| *known == reason)
            .unwrap_or_else(|| {
                self.reasons.push(reason);
                self.reasons.len() - 1
            });
        format!("{NONE} [{}]", at + 1)
    }

    fn lines(&self) -> Vec<String> {
        let reasons = self
            .reasons
            .iter()
            .zip(1..)
            .map(|(reason, number)| format!("[{number}] {reason}"));
        let mut lines: Vec<String> = reasons.collect();
        if self.partial {
            lines.push("* so far".to_owned());
        }
        if let Some(level) = self.level {
            lines.push(format!(
                "intervals hold with {} confidence",
                Unit {
                    unit: "rate",
                    currency: ""
                }
                .show_number(level)
            ));
        }
        lines
    }
}

/// How far the answer knows.
fn watermark(answer: &QueryMetricsResponse) -> String {
    let Some(watermark) = &answer.watermark else {
        return format!("days in {}", answer.time_zone);
    };
    let at = watermark
        .commit_time
        .as_ref()
        .and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
    let at = at.map_or(String::new(), |at| {
        format!(" of {}", at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    });
    format!("as of commit {}{at}; days in {}", watermark.commit, answer.time_zone)
}

#[cfg(test)]
mod tests {
    use scoreline_proto::analytics::v1::{
        Bucket, CellComparison, DimensionValue, Interval, UndefinedReason, Value, Watermark,
    };

    use super::*;

    fn value(decimal: &str) -> Value {
        Value {
            decimal: decimal.into(),
            number: 0.0,
        }
    }

    fn answer(rows: Vec<Row>) -> QueryMetricsResponse {
        QueryMetricsResponse {
            columns: vec![MetricHeader {
                metric_id: "win_rate".into(),
                unit: "rate".into(),
                parameters: [("weight".to_owned(), "count".to_owned())].into(),
                ..MetricHeader::default()
            }],
            rows,
            watermark: Some(Watermark {
                commit: 7,
                commit_time: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            }),
            time_zone: "UTC".into(),
            ..QueryMetricsResponse::default()
        }
    }

    fn row(rep: &str, cell: Cell) -> Row {
        Row {
            bucket: Some(Bucket {
                label: "2026-Q1".into(),
                ..Bucket::default()
            }),
            dimensions: vec![DimensionValue {
                dimension: "rep".into(),
                value: rep.into(),
                label: String::new(),
            }],
            cells: vec![cell],
        }
    }

    fn won() -> Cell {
        let result = |decimal: &str| {
            Some(WireResult {
                result: Some(result::Result::Value(value(decimal))),
            })
        };
        Cell {
            result: Some(cell::Result::Value(value("0.5"))),
            n: 4,
            immature: 2,
            interval: Some(Interval {
                low: 0.15,
                high: 0.85,
                level: 0.95,
                method: "wilson".into(),
            }),
            comparison: Some(CellComparison {
                previous: result("0.25"),
                difference: result("0.25"),
                relative_change: result("1"),
                ..CellComparison::default()
            }),
            ..Cell::default()
        }
    }

    #[test]
    fn a_row_says_everything_about_its_number() {
        let undefined = Cell {
            result: Some(cell::Result::Undefined(Undefined {
                reason: UndefinedReason::ZeroDenominator.into(),
                detail: String::new(),
            })),
            ..Cell::default()
        };
        let text = render(&answer(vec![row("Ann", won()), row("", undefined)]));
        let line = |start: &str| {
            text.lines()
                .find(|line| line.trim_start().starts_with(start))
                .expect(start)
                .to_owned()
        };
        let words = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            words(line("rep")),
            "rep win_rate(weight=count) n interval before change relative"
        );
        assert_eq!(
            words(line("Ann")),
            "Ann 50.0 % 4 (+2 open) 15.0 % to 85.0 % 25.0 % +25.0 pp +100.0 %"
        );
        assert_eq!(words(line("(none)")), "(none) – [1] 0 – – –");
        assert_eq!(line("[1]"), "[1] zero denominator");
        assert!(
            text.ends_with("as of commit 7 of 1970-01-01 00:00:00 UTC; days in UTC"),
            "{text}"
        );
    }

    #[test]
    fn one_row_is_read_downwards() {
        let mut row = row("Ann", won());
        row.dimensions.clear();
        let text = render(&answer(vec![row]));
        assert!(
            text.lines().next().is_some_and(|line| line.contains("2026-Q1")),
            "{text}"
        );
        assert!(
            text.lines()
                .any(|line| line.trim_start().starts_with("win_rate(weight=count)")),
            "{text}"
        );
    }

    #[test]
    fn no_rows_are_said() {
        assert!(render(&answer(Vec::new())).starts_with("no rows"));
    }
}

//! An answer as CSV, with every digit.

use scoreline_proto::analytics::v1::{
    Cell, MetricHeader, QueryMetricsResponse, Result as WireResult, Undefined, cell, result,
};
use scoreline_proto::types::v1::Date;

/// The columns of a metric, after its own.
const PARTS: [&str; 10] = [
    "undefined",
    "n",
    "open",
    "numerator",
    "denominator",
    "low",
    "high",
    "previous",
    "difference",
    "relative_change",
];

/// The answer as lines of values, first the names of the columns.
pub(super) fn render(answer: &QueryMetricsResponse) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(headers(answer))?;
    for row in &answer.rows {
        let bucket = row.bucket.clone().unwrap_or_default();
        let mut record = vec![bucket.label, date(bucket.start.as_ref()), date(bucket.end.as_ref())];
        record.extend(row.dimensions.iter().map(|dimension| dimension.value.clone()));
        row.cells.iter().for_each(|cell| record.extend(cell_values(cell)));
        writer.write_record(&record)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn headers(answer: &QueryMetricsResponse) -> Vec<String> {
    let mut headers: Vec<String> = ["period", "start", "end"].map(str::to_owned).to_vec();
    let dimensions = answer.rows.first().into_iter().flat_map(|row| &row.dimensions);
    headers.extend(dimensions.map(|dimension| dimension.dimension.clone()));
    for (at, column) in answer.columns.iter().enumerate() {
        let name = name(&answer.columns, at);
        let unit = if column.currency_code.is_empty() {
            name.clone()
        } else {
            format!("{name}_{}", column.currency_code)
        };
        headers.push(unit);
        headers.extend(PARTS.map(|part| format!("{name}_{part}")));
    }
    headers
}

/// A metric's id, numbered where it stands more than once.
fn name(columns: &[MetricHeader], at: usize) -> String {
    let id = &columns[at].metric_id;
    let before = columns[..at].iter().filter(|column| column.metric_id == *id).count();
    if before == 0 {
        id.clone()
    } else {
        format!("{id}_{}", before + 1)
    }
}

fn cell_values(cell: &Cell) -> Vec<String> {
    let (value, undefined) = match &cell.result {
        Some(cell::Result::Value(value)) => (value.decimal.clone(), String::new()),
        Some(cell::Result::Undefined(undefined)) => (String::new(), reason(undefined)),
        None => (String::new(), String::new()),
    };
    let end = |end: Option<f64>| end.map_or(String::new(), |end| end.to_string());
    let interval = cell.interval.as_ref();
    let comparison = cell.comparison.as_ref();
    vec![
        value,
        undefined,
        cell.n.to_string(),
        cell.immature.to_string(),
        cell.numerator.clone(),
        cell.denominator.clone(),
        end(interval.map(|interval| interval.low)),
        end(interval.map(|interval| interval.high)),
        decimal(comparison.and_then(|comparison| comparison.previous.as_ref())),
        decimal(comparison.and_then(|comparison| comparison.difference.as_ref())),
        decimal(comparison.and_then(|comparison| comparison.relative_change.as_ref())),
    ]
}

fn decimal(result: Option<&WireResult>) -> String {
    match result.and_then(|result| result.result.as_ref()) {
        Some(result::Result::Value(value)) => value.decimal.clone(),
        _ => String::new(),
    }
}

fn reason(undefined: &Undefined) -> String {
    let name = undefined.reason().as_str_name();
    name.strip_prefix("UNDEFINED_REASON_").unwrap_or(name).to_owned()
}

fn date(date: Option<&Date>) -> String {
    date.map_or(String::new(), |date| {
        format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
    })
}

#[cfg(test)]
mod tests {
    use scoreline_proto::analytics::v1::{Bucket, DimensionValue, Row, UndefinedReason, Value};

    use super::*;

    #[test]
    fn every_digit_and_every_reason_is_there() {
        let column = MetricHeader {
            metric_id: "aov".into(),
            currency_code: "EUR".into(),
            ..MetricHeader::default()
        };
        let value = Cell {
            result: Some(cell::Result::Value(Value {
                decimal: "12.345678".into(),
                number: 12.345_678,
            })),
            n: 3,
            ..Cell::default()
        };
        let undefined = Cell {
            result: Some(cell::Result::Undefined(Undefined {
                reason: UndefinedReason::NoSamples.into(),
                detail: String::new(),
            })),
            ..Cell::default()
        };
        let answer = QueryMetricsResponse {
            columns: vec![column.clone(), column],
            rows: vec![Row {
                bucket: Some(Bucket {
                    label: "2026".into(),
                    start: Some(Date {
                        year: 2026,
                        month: 1,
                        day: 1,
                    }),
                    end: Some(Date {
                        year: 2027,
                        month: 1,
                        day: 1,
                    }),
                    ..Bucket::default()
                }),
                dimensions: vec![DimensionValue {
                    dimension: "account".into(),
                    value: "Smith, Jones".into(),
                    label: String::new(),
                }],
                cells: vec![value, undefined],
            }],
            ..QueryMetricsResponse::default()
        };
        let text = render(&answer).expect("it renders");
        let mut lines = text.lines();
        let headers = lines.next().expect("headers");
        assert!(
            headers.starts_with("period,start,end,account,aov_EUR,aov_undefined,aov_n,"),
            "{headers}"
        );
        assert!(headers.contains(",aov_2_EUR,aov_2_undefined,"), "{headers}");
        let row = lines.next().expect("a row");
        assert!(
            row.starts_with("2026,2026-01-01,2027-01-01,\"Smith, Jones\",12.345678,,3,0,"),
            "{row}"
        );
        assert!(row.contains(",NO_SAMPLES,0,0,"), "{row}");
    }
}

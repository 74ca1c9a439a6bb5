//! From tables to rows of an answer.

use std::sync::Arc;

use scoreline_core::{
    calendar::{Grain, Period, TimeZone},
    dimension::{Dimension, Tables},
    metric::evaluate::{Bucket, CellValue, Compared, Interval, Key, Reason, Row, Undefined},
    rational::Rational,
};
use scoreline_proto::{analytics::v1 as wire, encode, types::v1::DateRange};

use super::{bytes::Bytes, words};

/// How many places of a number are told.
pub(super) const PLACES: u32 = 12;

/// What rows are named by.
pub(crate) struct Names<'a> {
    zone: &'a TimeZone,
    tables: &'a Tables,
    pub(super) dimensions: Vec<(&'a Dimension, String)>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(zone: &'a TimeZone, tables: &'a Tables, dimensions: &'a [Dimension]) -> Self {
        let named = dimensions.iter().map(|dimension| (dimension, dimension.to_string()));
        Self {
            zone,
            tables,
            dimensions: named.collect(),
        }
    }

    /// Rows; those of one bucket stand side by side.
    pub(crate) fn rows<'r>(&'r self, rows: &'r [Row]) -> impl Iterator<Item = wire::Row> + 'r {
        let mut last: Option<(&Arc<Bucket>, wire::Bucket)> = None;
        rows.iter().map(move |row| {
            let known = last.take().filter(|(bucket, _)| Arc::ptr_eq(bucket, &row.bucket));
            let (_, bucket) = last.insert(known.unwrap_or_else(|| (&row.bucket, self.bucket(&row.bucket))));
            wire::Row {
                bucket: Some(bucket.clone()),
                dimensions: self.values(&row.key),
                cells: row.cells.iter().map(cell).collect(),
            }
        })
    }

    pub(crate) fn bucket(&self, bucket: &Bucket) -> wire::Bucket {
        let (start, end) = (bucket.period.start(), bucket.period.end());
        let instants = || (self.zone.start_of_day(start), self.zone.start_of_day(end));
        let (start_time, end_time) = bucket.instants.unwrap_or_else(instants);
        let is_whole = bucket.label == Grain::Total.name();
        wire::Bucket {
            label: if is_whole {
                format!("{start}/{end}")
            } else {
                bucket.label.clone()
            },
            start: Some(encode::date(start)),
            end: Some(encode::date(end)),
            start_time: Some(encode::instant(start_time)),
            end_time: Some(encode::instant(end_time)),
            partial: bucket.partial,
        }
    }

    pub(crate) fn values(&self, key: &Key) -> Vec<wire::DimensionValue> {
        let named = self.dimensions.iter().zip(key);
        named
            .map(|((dimension, name), value)| wire::DimensionValue {
                dimension: name.clone(),
                value: value.as_deref().unwrap_or_default().to_owned(),
                label: self.label(dimension, value.as_deref()),
            })
            .collect()
    }

    pub(crate) fn label(&self, dimension: &Dimension, value: Option<&str>) -> String {
        value.map_or_else(String::new, |value| self.shown(dimension, value).to_owned())
    }

    /// What a value is called.
    fn shown<'v>(&'v self, dimension: &Dimension, value: &'v str) -> &'v str {
        self.tables
            .label(dimension, value)
            .map_or(value, |label| label.as_str())
    }

    /// Rows as they go over the wire, field by field what [`Names::rows`] makes of them, and how many there are: as many as
    /// fit into so many bytes, and at least one.
    pub(crate) fn written(&self, rows: &[Row], field: u8, room: usize) -> (Bytes, usize) {
        let mut written = Bytes::default();
        let mut bucket: Option<(&Arc<Bucket>, Bytes)> = None;
        for (at, row) in rows.iter().enumerate() {
            let known = bucket.take().filter(|(known, _)| Arc::ptr_eq(known, &row.bucket));
            let (_, bucket) = bucket.insert(known.unwrap_or_else(|| (&row.bucket, self.written_bucket(&row.bucket))));
            let before = written.len();
            written.nested(field, |written| {
                written.add(bucket);
                self.write_values(written, &row.key);
                row.cells.iter().for_each(|cell| write_cell(written, cell));
            });
            if written.len() > room && at > 0 {
                written.cut(before);
                return (written, at);
            }
        }
        (written, rows.len())
    }

    fn written_bucket(&self, bucket: &Bucket) -> Bytes {
        let mut written = Bytes::default();
        written.message(1, &self.bucket(bucket));
        written
    }

    fn write_values(&self, written: &mut Bytes, key: &Key) {
        for ((dimension, name), value) in self.dimensions.iter().zip(key) {
            written.nested(2, |written| {
                written.text(1, name);
                if let Some(value) = value {
                    written.text(2, value);
                    written.text(3, self.shown(dimension, value));
                }
            });
        }
    }
}

/// The same as [`cell`], written.
fn write_cell(written: &mut Bytes, cell: &CellValue) {
    let decimal = |value: Rational| value.to_decimal(PLACES);
    written.nested(3, |written| {
        match &cell.value {
            Ok(value) => written.nested(1, |written| {
                written.text(1, decimal(*value).as_str());
                written.float(2, value.to_f64());
            }),
            Err(reason) => written.message(2, &undefined(reason)),
        }
        if let Some(numerator) = cell.numerator {
            written.text(3, decimal(numerator).as_str());
        }
        if let Some(denominator) = cell.denominator {
            written.text(4, decimal(denominator).as_str());
        }
        written.number(5, cell.n.unwrap_or(0));
        written.number(6, cell.immature.unwrap_or(0));
        if let Some(interval) = &cell.interval {
            written.nested(7, |written| {
                written.float(1, interval.low);
                written.float(2, interval.high);
                written.float(3, interval.level);
                written.text(4, words::method(interval.method));
            });
        }
        if let Some(compared) = &cell.comparison {
            written.message(8, &comparison(compared));
        }
    });
}

pub(crate) fn cell(cell: &CellValue) -> wire::Cell {
    use wire::cell::Result;
    wire::Cell {
        result: Some(match &cell.value {
            Ok(value) => Result::Value(number(*value)),
            Err(reason) => Result::Undefined(undefined(reason)),
        }),
        numerator: cell.numerator.map(decimal).unwrap_or_default(),
        denominator: cell.denominator.map(decimal).unwrap_or_default(),
        n: cell.n.unwrap_or(0),
        immature: cell.immature.unwrap_or(0),
        interval: cell.interval.as_ref().map(interval),
        comparison: cell.comparison.as_deref().map(comparison),
    }
}

pub(crate) fn result(value: &Result<Rational, Undefined>) -> wire::Result {
    use wire::result::Result;
    let result = match value {
        Ok(value) => Result::Value(number(*value)),
        Err(reason) => Result::Undefined(undefined(reason)),
    };
    wire::Result { result: Some(result) }
}

pub(crate) fn decimal(value: Rational) -> String {
    value.to_decimal_string(PLACES)
}

fn number(value: Rational) -> wire::Value {
    wire::Value {
        decimal: decimal(value),
        number: value.to_f64(),
    }
}

pub(super) fn undefined(undefined: &Undefined) -> wire::Undefined {
    use wire::UndefinedReason as Wire;
    let reason = match undefined.reason {
        Reason::ZeroDenominator => Wire::ZeroDenominator,
        Reason::NoSamples => Wire::NoSamples,
        Reason::GrowthFromZero => Wire::GrowthFromZero,
        Reason::MissingRate => Wire::MissingRate,
        Reason::NoTarget => Wire::NoTarget,
        Reason::TargetMet => Wire::TargetMet,
        Reason::Overflow => Wire::Overflow,
        Reason::BelowMinimumSample => Wire::BelowMinimumSample,
        Reason::NotApplicable | Reason::NoProbability => Wire::NotApplicable,
    };
    wire::Undefined {
        reason: reason.into(),
        detail: undefined.detail.to_string(),
    }
}

fn interval(interval: &Interval) -> wire::Interval {
    wire::Interval {
        low: interval.low,
        high: interval.high,
        level: interval.level,
        method: words::method(interval.method).to_owned(),
    }
}

pub(super) fn range(period: Period) -> DateRange {
    encode::range(period.start(), period.end())
}

fn comparison(compared: &Compared) -> wire::CellComparison {
    wire::CellComparison {
        range: compared.period.map(range),
        previous: Some(result(&compared.value)),
        difference: Some(result(&compared.difference)),
        relative_change: Some(result(&compared.relative_change)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use prost::Message as _;
    use scoreline_core::metric::IntervalKind;

    use super::*;

    fn ratio(above: i128, below: i128) -> Rational {
        Rational::new(above, below).expect("a fraction")
    }

    fn missing() -> Undefined {
        Undefined {
            reason: Reason::MissingRate,
            detail: "EUR to USD on 2026-01-31, which nobody has told ".repeat(4).into(),
        }
    }

    /// Cells of every kind: what is not there, zeros, negative and long numbers, texts longer than 127 bytes.
    fn cells() -> Vec<CellValue> {
        let period = Period::new(date(2025, 1, 1), date(2025, 2, 1)).expect("a period");
        vec![
            CellValue::from(Ok(Rational::ZERO)),
            CellValue::from(Ok(ratio(-1, 3))),
            CellValue::from(Err(missing())),
            CellValue {
                numerator: Some(Rational::from(i128::MAX)),
                denominator: Some(Rational::ZERO),
                n: Some(-5),
                immature: Some(1 << 40),
                interval: Some(Interval {
                    low: 0.0,
                    high: 0.75,
                    level: 0.95,
                    method: IntervalKind::Wilson,
                }),
                comparison: Some(Box::new(Compared {
                    value: Ok(ratio(2, 7)),
                    difference: Ok(Rational::ZERO),
                    relative_change: Err(missing()),
                    period: Some(period),
                })),
                ..CellValue::from(Ok(ratio(i128::MAX, 7)))
            },
        ]
    }

    #[test]
    fn what_is_written_reads_back_as_the_rows() {
        let period = |month| Period::new(date(2026, month, 1), date(2026, month + 1, 1)).expect("a period");
        let bucket = |month, partial| {
            Arc::new(Bucket {
                label: format!("2026-{month:02}"),
                period: period(month),
                instants: None,
                partial,
            })
        };
        let (first, second) = (bucket(1, false), bucket(2, true));
        let key = |texts: [Option<&str>; 2]| Key::from_iter(texts.map(|text| text.map(Into::into)));
        let long = "x".repeat(300);
        let row = |bucket: &Arc<Bucket>, texts, cells: &[CellValue]| Row {
            bucket: Arc::clone(bucket),
            key: key(texts),
            cells: cells.into(),
        };
        let rows = [
            row(&first, [Some("rep-1"), Some("north")], &cells()),
            row(&first, [None, Some(&long)], &cells()[..1]),
            row(&second, [Some(&long), None], &[]),
        ];
        let (zone, tables) = (TimeZone::utc(), Tables::default());
        let dimensions = [Dimension::Rep, Dimension::Region];
        let names = Names::new(&zone, &tables, &dimensions);
        let expected: Vec<_> = names.rows(&rows).collect();
        let read = |bytes: &Bytes| {
            wire::QueryMetricsResponse::decode(bytes.as_slice())
                .expect("a message")
                .rows
        };
        let (written, count) = names.written(&rows, 2, usize::MAX);
        assert_eq!((read(&written), count), (expected.clone(), 3));
        let (written, count) = names.written(&rows, 2, 0);
        assert_eq!((read(&written), count), (expected[..1].to_vec(), 1));
        let (_, count) = names.written(&rows, 2, written.len() + expected[1].encoded_len() + 8);
        assert_eq!(count, 2);
    }
}

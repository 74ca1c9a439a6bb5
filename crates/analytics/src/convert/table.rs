//! From tables to rows of an answer.

use std::sync::Arc;

use scoreline_core::{
    calendar::{Grain, TimeZone},
    dimension::{Dimension, Tables},
    metric::evaluate::{Bucket, CellValue, Compared, Interval, Key, Reason, Row, Undefined},
    rational::Rational,
};
use scoreline_proto::{analytics::v1 as wire, encode};

use super::words;

/// How many places of a number are told.
const PLACES: u32 = 12;

/// What rows are named by.
pub(crate) struct Names<'a> {
    zone: &'a TimeZone,
    tables: &'a Tables,
    dimensions: Vec<(&'a Dimension, String)>,
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
        let value = |((dimension, name), value): (&(&Dimension, String), &Option<Arc<str>>)| wire::DimensionValue {
            dimension: name.clone(),
            value: value.as_deref().unwrap_or_default().to_owned(),
            label: self.label(dimension, value.as_deref()),
        };
        self.dimensions.iter().zip(key).map(value).collect()
    }

    pub(crate) fn label(&self, dimension: &Dimension, value: Option<&str>) -> String {
        let Some(value) = value else { return String::new() };
        self.tables
            .label(dimension, value)
            .map_or_else(|| value.to_owned(), ToString::to_string)
    }
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
        comparison: cell.comparison.as_ref().map(comparison),
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

fn undefined(undefined: &Undefined) -> wire::Undefined {
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

fn comparison(compared: &Compared) -> wire::CellComparison {
    wire::CellComparison {
        range: compared
            .period
            .map(|period| encode::range(period.start(), period.end())),
        previous: Some(result(&compared.value)),
        difference: Some(result(&compared.difference)),
        relative_change: Some(result(&compared.relative_change)),
    }
}

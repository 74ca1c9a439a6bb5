//! From tables to the columns of an answer: what [`Names::rows`] says row by row.
//!
//! A column is one list: a thousand rows are a handful of messages instead of ten thousand, and numbers instead of texts.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use prost::Message as _;
use scoreline_core::{
    calendar::Period,
    metric::evaluate::{CellValue, Compared, Interval, Row, Undefined},
    rational::Rational,
};
use scoreline_proto::analytics::v1 as wire;

use super::{
    table::{self, Names, PLACES},
    words,
};

impl Names<'_> {
    /// Rows of so many metrics as columns, and how many there are: as many as fit into so many bytes, and at least one.
    pub(crate) fn columns(&self, rows: &[Row], metrics: usize, room: usize) -> (wire::ColumnarRows, usize) {
        let mut count = rows.len();
        loop {
            let columns = self.columnar(&rows[..count], metrics);
            let bytes = columns.encoded_len();
            if bytes <= room || count <= 1 {
                return (columns, count);
            }
            // Rows are not equally long: somewhat fewer than their share.
            count = (count * room / bytes * 7 / 8).max(1);
        }
    }

    fn columnar(&self, rows: &[Row], metrics: usize) -> wire::ColumnarRows {
        let (mut buckets, mut bucket_indexes) = (Vec::new(), Vec::with_capacity(rows.len()));
        for rows in rows.chunk_by(|left, right| Arc::ptr_eq(&left.bucket, &right.bucket)) {
            bucket_indexes.extend(std::iter::repeat_n(index(buckets.len()), rows.len()));
            buckets.push(self.bucket(&rows[0].bucket));
        }
        wire::ColumnarRows {
            row_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            buckets,
            bucket_indexes,
            dimensions: (0..self.dimensions.len()).map(|at| self.dimension(rows, at)).collect(),
            cells: (0..metrics)
                .map(|at| cells(|| rows.iter().filter_map(move |row| row.cells.get(at))))
                .collect(),
        }
    }

    fn dimension(&self, rows: &[Row], at: usize) -> wire::DimensionColumn {
        let (dimension, name) = &self.dimensions[at];
        let mut values = Dictionary::default();
        let told = rows.iter().map(|row| row.key.get(at).and_then(Option::as_deref));
        let value_indexes = told.map(|value| values.index(value)).collect();
        wire::DimensionColumn {
            dimension: name.clone(),
            values: (values.listed.iter())
                .map(|value| value.unwrap_or_default().to_owned())
                .collect(),
            labels: (values.listed.iter())
                .map(|value| self.label(dimension, *value))
                .collect(),
            value_indexes,
        }
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a page has fewer rows than fit 32 bits")
}

/// Values that occur, each once.
struct Dictionary<T> {
    listed: Vec<T>,
    /// The place of the one that was looked up last.
    last: usize,
    /// The places of all, once they are needed: not while each new one is greater than those before, as the keys of rows
    /// are in their order.
    places: HashMap<T, usize>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self {
            listed: Vec::new(),
            last: 0,
            places: HashMap::new(),
        }
    }
}

impl<T: Copy + Ord + Hash> Dictionary<T> {
    /// The place of a value.
    fn index(&mut self, value: T) -> u32 {
        if self.listed.get(self.last) != Some(&value) {
            self.last = self.place(value);
        }
        index(self.last)
    }

    fn place(&mut self, value: T) -> usize {
        let next = self.listed.len();
        if self.places.is_empty() {
            if self.listed.last().is_none_or(|greatest| *greatest < value) {
                self.listed.push(value);
                return next;
            }
            self.places = self.listed.iter().copied().zip(0..).collect();
        }
        *self.places.entry(value).or_insert_with(|| {
            self.listed.push(value);
            next
        })
    }
}

/// The cells of one metric, as often as they are looked through.
fn cells<'r, I: Iterator<Item = &'r CellValue>>(cells: impl Fn() -> I) -> wire::CellColumn {
    let part = |of: fn(&CellValue) -> Option<Rational>| {
        let any = cells().any(|cell| of(cell).is_some());
        any.then(|| numbers(|| cells().map(of)))
    };
    wire::CellColumn {
        results: Some(results(|| cells().map(|cell| &cell.value))),
        numerators: part(|cell| cell.numerator),
        denominators: part(|cell| cell.denominator),
        n: unless_zero(cells().map(|cell| cell.n.unwrap_or(0))),
        immature: unless_zero(cells().map(|cell| cell.immature.unwrap_or(0))),
        intervals: intervals(|| cells().map(|cell| cell.interval.as_ref())),
        comparisons: cells()
            .map(|cell| cell.comparison.as_deref())
            .collect::<Option<Vec<_>>>()
            .filter(|compared| !compared.is_empty())
            .map(|compared| comparisons(&compared)),
    }
}

/// Nothing, when all are 0.
fn unless_zero(numbers: impl Iterator<Item = i64>) -> Vec<i64> {
    let numbers: Vec<i64> = numbers.collect();
    if numbers.iter().all(|number| *number == 0) {
        return Vec::new();
    }
    numbers
}

/// The rows of which there is nothing.
fn absent(has: impl Iterator<Item = bool>) -> Vec<u32> {
    let rows = has.enumerate().filter(|(_, has)| !has);
    rows.map(|(row, _)| index(row)).collect()
}

/// As whole numbers, if all fit.
fn numbers<I: Iterator<Item = Option<Rational>>>(numbers: impl Fn() -> I) -> wire::NumberColumn {
    let places = numbers().flatten().map(|number| number.decimal_places(PLACES)).max();
    let places = places.unwrap_or(0);
    let scaled = |number: Option<Rational>| match number {
        Some(number) => number.scaled(places).and_then(|scaled| i64::try_from(scaled).ok()),
        None => Some(0),
    };
    let text = |number: Option<Rational>| number.map(table::decimal).unwrap_or_default();
    let column = wire::NumberColumn {
        absent_rows: absent(numbers().map(|number| number.is_some())),
        ..wire::NumberColumn::default()
    };
    match numbers().map(scaled).collect() {
        Some(scaled) => wire::NumberColumn {
            scaled,
            places: places.cast_signed(),
            ..column
        },
        None => wire::NumberColumn {
            decimals: numbers().map(text).collect(),
            ..column
        },
    }
}

fn results<'r, I: Iterator<Item = &'r Result<Rational, Undefined>>>(results: impl Fn() -> I) -> wire::ResultColumn {
    let mut reasons = Dictionary::default();
    let undefined = results().filter_map(|result| result.as_ref().err());
    let reason_indexes = undefined.map(|undefined| reasons.index(undefined)).collect();
    wire::ResultColumn {
        values: Some(numbers(|| results().map(|result| result.as_ref().ok().copied()))),
        numbers: results()
            .map(|result| result.as_ref().map_or(0.0, |value| value.to_f64()))
            .collect(),
        reasons: reasons.listed.into_iter().map(table::undefined).collect(),
        reason_indexes,
    }
}

/// All intervals of a metric are found in the same way.
fn intervals<'r, I: Iterator<Item = Option<&'r Interval>>>(intervals: impl Fn() -> I) -> Option<wire::IntervalColumn> {
    let known = intervals().flatten().next()?;
    let end = |of: fn(&Interval) -> f64| intervals().map(|interval| interval.map_or(0.0, of)).collect();
    Some(wire::IntervalColumn {
        lows: end(|interval| interval.low),
        highs: end(|interval| interval.high),
        level: known.level,
        method: words::method(known.method).to_owned(),
        absent_rows: absent(intervals().map(|interval| interval.is_some())),
    })
}

fn comparisons(compared: &[&Compared]) -> wire::ComparisonColumn {
    let mut ranges = Dictionary::default();
    let range_indexes = compared.iter().map(|compared| ranges.index(compared.period)).collect();
    let range = |period: &Option<Period>| period.map(table::range).unwrap_or_default();
    wire::ComparisonColumn {
        ranges: ranges.listed.iter().map(range).collect(),
        range_indexes,
        previous: Some(results(|| compared.iter().map(|compared| &compared.value))),
        differences: Some(results(|| compared.iter().map(|compared| &compared.difference))),
        relative_changes: Some(results(|| compared.iter().map(|compared| &compared.relative_change))),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use scoreline_core::{
        calendar::TimeZone,
        dimension::{Dimension, Tables},
        metric::{
            IntervalKind,
            evaluate::{Bucket, Key, Reason},
        },
    };
    use scoreline_proto::columns;

    use super::*;

    fn period(month: i8) -> Period {
        Period::new(date(2026, month, 1), date(2026, month + 1, 1)).expect("a period")
    }

    fn number() -> impl Strategy<Value = Rational> {
        let whole = prop_oneof![-9_i128..9, Just(i128::from(i64::MAX)), Just(i128::MAX)];
        let below = prop_oneof![Just(1_i128), Just(8), Just(100), Just(3), Just(1_000_000)];
        (whole, below).prop_map(|(above, below)| Rational::new(above, below).expect("a fraction"))
    }

    fn result() -> impl Strategy<Value = Result<Rational, Undefined>> {
        let reason = prop_oneof![Just(Reason::NoSamples), Just(Reason::MissingRate)];
        let undefined = (reason, "[ab]{0,1}").prop_map(|(reason, detail)| Undefined {
            reason,
            detail: detail.into(),
        });
        prop_oneof![3 => number().prop_map(Ok), 1 => undefined.prop_map(Err)]
    }

    fn interval() -> impl Strategy<Value = Interval> {
        (0_u8..3, 1.0..9.0).prop_map(|(low, high)| Interval {
            low: low.into(),
            high,
            level: 0.95,
            method: IntervalKind::Wilson,
        })
    }

    fn compared() -> impl Strategy<Value = Box<Compared>> {
        let period = prop::option::of((1_i8..4).prop_map(period));
        (result(), result(), result(), period).prop_map(|(value, difference, relative_change, period)| {
            Box::new(Compared {
                value,
                difference,
                relative_change,
                period,
            })
        })
    }

    fn cell() -> impl Strategy<Value = CellValue> {
        let some = |number: prop::strategy::BoxedStrategy<i64>| prop::option::of(number);
        let (n, immature) = (some((-1_i64..3).boxed()), some((0_i64..2).boxed()));
        let parts = (prop::option::of(number()), prop::option::of(number()));
        (result(), parts, n, immature, prop::option::of(interval()), compared()).prop_map(
            |(value, (numerator, denominator), n, immature, interval, compared)| CellValue {
                value,
                numerator,
                denominator,
                n,
                immature,
                interval,
                comparison: Some(compared),
            },
        )
    }

    /// Rows of two metrics, of which the first is compared with something and the second is plain.
    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let key = prop::collection::vec(prop::option::of("[abc]"), 2);
        let row = (key, cell(), cell());
        prop::collection::vec((1_i8..4, prop::collection::vec(row, 0..6)), 0..4).prop_map(|buckets| {
            let rows = buckets.into_iter().flat_map(|(month, rows)| {
                let bucket = Arc::new(Bucket {
                    label: format!("2026-{month:02}"),
                    period: period(month),
                    instants: None,
                    partial: month == 2,
                });
                rows.into_iter().map(move |(key, compared, plain)| Row {
                    bucket: Arc::clone(&bucket),
                    key: key.into_iter().map(|text| text.map(Into::into)).collect::<Key>(),
                    cells: vec![
                        compared,
                        CellValue {
                            comparison: None,
                            ..plain
                        },
                    ]
                    .into(),
                })
            });
            rows.collect()
        })
    }

    proptest! {
        #[test]
        fn columns_say_what_rows_say(rows in rows(), room in 0_usize..2_000) {
            let (zone, tables) = (TimeZone::utc(), Tables::default());
            let dimensions = [Dimension::Rep, Dimension::Region];
            let names = Names::new(&zone, &tables, &dimensions);
            let expected: Vec<wire::Row> = names.rows(&rows).collect();
            let (whole, count) = names.columns(&rows, 2, usize::MAX);
            prop_assert_eq!(count, rows.len());
            prop_assert_eq!(columns::rows(&whole), Ok(expected.clone()));
            let (part, count) = names.columns(&rows, 2, room);
            prop_assert!(part.encoded_len() <= room || count <= 1);
            prop_assert!(count > 0 || rows.is_empty());
            prop_assert_eq!(columns::rows(&part), Ok(expected[..count].to_vec()));
        }
    }

    #[test]
    fn whole_numbers_of_one_scale_are_no_texts() {
        let of = |list: &[(i128, i128)]| {
            let list: Vec<_> = list
                .iter()
                .map(|(above, below)| Rational::new(*above, *below).ok())
                .collect();
            numbers(|| list.iter().copied())
        };
        let money = of(&[(12_345, 100), (-1, 2), (7, 1)]);
        assert_eq!(
            (money.places, money.scaled, money.absent_rows),
            (2, vec![12_345, -50, 700], vec![])
        );
        let rates = of(&[(1, 3), (1, 0), (1, 1)]);
        assert_eq!(
            (rates.places, rates.scaled, rates.absent_rows),
            (12, vec![333_333_333_333, 0, 1_000_000_000_000], vec![1])
        );
        let long = of(&[(i64::MAX.into(), 1), (1, 3)]);
        assert_eq!((long.places, long.scaled), (0, vec![]));
        assert_eq!(long.decimals, ["9223372036854775807", "0.333333333333"]);
    }
}

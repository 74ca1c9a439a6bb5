//! Reading what an answer says column by column, for whoever wants a row of it.

use crate::analytics::v1 as wire;

/// Columns that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{list}` says nothing of row {row}")]
pub struct Contradiction {
    /// The list.
    pub list: &'static str,
    /// The row, counted from 0.
    pub row: usize,
}

/// The same rows one by one, as an answer has them that was asked for by rows.
///
/// # Errors
/// When a list is too short, or names something that is not there.
pub fn rows(columns: &wire::ColumnarRows) -> Result<Vec<wire::Row>, Contradiction> {
    let count = usize::try_from(columns.row_count).unwrap_or(0);
    let mut cells = columns.cells.iter().map(Cells::new).collect::<Vec<_>>();
    let row = |row: usize| {
        Ok(wire::Row {
            bucket: Some(named(&columns.buckets, &columns.bucket_indexes, row, "bucket_indexes")?.clone()),
            dimensions: columns
                .dimensions
                .iter()
                .map(|dimension| value(dimension, row))
                .collect::<Result<_, _>>()?,
            cells: cells
                .iter_mut()
                .map(|cells| cells.cell(row))
                .collect::<Result<_, _>>()?,
        })
    };
    (0..count).map(row).collect()
}

fn value(column: &wire::DimensionColumn, row: usize) -> Result<wire::DimensionValue, Contradiction> {
    let text = |of: &[String]| named(of, &column.value_indexes, row, "value_indexes").cloned();
    Ok(wire::DimensionValue {
        dimension: column.dimension.clone(),
        value: text(&column.values)?,
        label: text(&column.labels)?,
    })
}

/// What an index of a row stands for.
fn named<'a, T>(of: &'a [T], indexes: &[u32], row: usize, list: &'static str) -> Result<&'a T, Contradiction> {
    let index = indexes.get(row).and_then(|index| usize::try_from(*index).ok());
    let found = index.and_then(|index| of.get(index));
    found.ok_or(Contradiction { list, row })
}

/// What a list says of a row.
fn of<T: Clone>(list: &[T], row: usize, name: &'static str) -> Result<T, Contradiction> {
    list.get(row).cloned().ok_or(Contradiction { list: name, row })
}

/// What a list says of a row that says nothing when all is 0.
fn or_zero(list: &[i64], row: usize, name: &'static str) -> Result<i64, Contradiction> {
    if list.is_empty() { Ok(0) } else { of(list, row, name) }
}

/// Rows that are left out of a column, while it is read from its first row to its last.
struct Absent<'a> {
    rows: &'a [u32],
    passed: usize,
}

impl<'a> Absent<'a> {
    fn new(rows: &'a [u32]) -> Self {
        Self { rows, passed: 0 }
    }

    /// If a row is left out: how many were left out before it.
    fn passes(&mut self, row: usize) -> Option<usize> {
        let next = self.rows.get(self.passed).and_then(|row| usize::try_from(*row).ok());
        let is_next = next == Some(row);
        self.passed += usize::from(is_next);
        is_next.then(|| self.passed - 1)
    }
}

/// A column of numbers, read row by row.
struct Numbers<'a> {
    column: &'a wire::NumberColumn,
    absent: Absent<'a>,
}

impl<'a> Numbers<'a> {
    fn new(column: &'a wire::NumberColumn) -> Self {
        let absent = Absent::new(&column.absent_rows);
        Self { column, absent }
    }

    /// The decimal text of a row; or how many rows before it have none either.
    fn text(&mut self, row: usize) -> Result<Result<String, usize>, Contradiction> {
        if let Some(before) = self.absent.passes(row) {
            return Ok(Err(before));
        }
        let text = if self.column.decimals.is_empty() {
            let list = "places";
            let places = u8::try_from(self.column.places).map_err(|_| Contradiction { list, row })?;
            decimal(of(&self.column.scaled, row, "scaled")?, places.into())
        } else {
            of(&self.column.decimals, row, "decimals")?
        };
        Ok(Ok(text))
    }
}

/// A column of values or reasons, read row by row.
struct Results<'a> {
    column: &'a wire::ResultColumn,
    values: Option<Numbers<'a>>,
}

impl<'a> Results<'a> {
    fn new(column: &'a wire::ResultColumn) -> Self {
        let values = column.values.as_ref().map(Numbers::new);
        Self { column, values }
    }

    fn value(&mut self, row: usize) -> Result<Result<wire::Value, wire::Undefined>, Contradiction> {
        let list = "values";
        let values = self.values.as_mut().ok_or(Contradiction { list, row })?;
        Ok(match values.text(row)? {
            Ok(decimal) => Ok(wire::Value {
                decimal,
                number: of(&self.column.numbers, row, "numbers")?,
            }),
            Err(before) => {
                let (reasons, indexes) = (&self.column.reasons, &self.column.reason_indexes);
                Err(named(reasons, indexes, before, "reason_indexes")?.clone())
            }
        })
    }

    fn result(&mut self, row: usize) -> Result<wire::Result, Contradiction> {
        use wire::result::Result::{Undefined, Value};
        let result = self.value(row)?.map_or_else(Undefined, Value);
        Ok(wire::Result { result: Some(result) })
    }
}

/// A metric's column, read row by row.
struct Cells<'a> {
    column: &'a wire::CellColumn,
    results: Option<Results<'a>>,
    numerators: Option<Numbers<'a>>,
    denominators: Option<Numbers<'a>>,
    intervals: Option<(&'a wire::IntervalColumn, Absent<'a>)>,
    comparisons: Option<Comparisons<'a>>,
}

impl<'a> Cells<'a> {
    fn new(column: &'a wire::CellColumn) -> Self {
        let intervals = column.intervals.as_ref();
        Self {
            column,
            results: column.results.as_ref().map(Results::new),
            numerators: column.numerators.as_ref().map(Numbers::new),
            denominators: column.denominators.as_ref().map(Numbers::new),
            intervals: intervals.map(|intervals| (intervals, Absent::new(&intervals.absent_rows))),
            comparisons: column.comparisons.as_ref().map(Comparisons::new),
        }
    }

    fn cell(&mut self, row: usize) -> Result<wire::Cell, Contradiction> {
        use wire::cell::Result::{Undefined, Value};
        let list = "results";
        let results = self.results.as_mut().ok_or(Contradiction { list, row })?;
        let part = |numbers: &mut Option<Numbers<'_>>| match numbers {
            Some(numbers) => Ok(numbers.text(row)?.unwrap_or_default()),
            None => Ok(String::new()),
        };
        Ok(wire::Cell {
            result: Some(results.value(row)?.map_or_else(Undefined, Value)),
            numerator: part(&mut self.numerators)?,
            denominator: part(&mut self.denominators)?,
            n: or_zero(&self.column.n, row, "n")?,
            immature: or_zero(&self.column.immature, row, "immature")?,
            interval: match &mut self.intervals {
                Some((column, absent)) => match absent.passes(row) {
                    Some(_) => None,
                    None => Some(interval(column, row)?),
                },
                None => None,
            },
            comparison: (self.comparisons.as_mut())
                .map(|comparisons| comparisons.comparison(row))
                .transpose()?,
        })
    }
}

fn interval(column: &wire::IntervalColumn, row: usize) -> Result<wire::Interval, Contradiction> {
    Ok(wire::Interval {
        low: of(&column.lows, row, "lows")?,
        high: of(&column.highs, row, "highs")?,
        level: column.level,
        method: column.method.clone(),
    })
}

/// A column of comparisons, read row by row.
struct Comparisons<'a> {
    column: &'a wire::ComparisonColumn,
    results: [Option<Results<'a>>; 3],
}

impl<'a> Comparisons<'a> {
    fn new(column: &'a wire::ComparisonColumn) -> Self {
        let results = [&column.previous, &column.differences, &column.relative_changes];
        Self {
            column,
            results: results.map(|results| results.as_ref().map(Results::new)),
        }
    }

    fn comparison(&mut self, row: usize) -> Result<wire::CellComparison, Contradiction> {
        let range = *named(&self.column.ranges, &self.column.range_indexes, row, "range_indexes")?;
        let [previous, difference, relative_change] = &mut self.results;
        let result = |results: &mut Option<Results<'_>>| match results {
            Some(results) => results.result(row).map(Some),
            None => Ok(None),
        };
        Ok(wire::CellComparison {
            range: range.start.is_some().then_some(range),
            previous: result(previous)?,
            difference: result(difference)?,
            relative_change: result(relative_change)?,
        })
    }
}

/// The text of a number that is scaled by so many places, without digits that say nothing.
fn decimal(scaled: i64, places: usize) -> String {
    let (sign, digits) = (if scaled < 0 { "-" } else { "" }, scaled.unsigned_abs().to_string());
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_number_reads_as_its_decimal() {
        for (scaled, places, text) in [
            (0, 0, "0"),
            (0, 12, "0"),
            (-7, 0, "-7"),
            (1_500, 3, "1.5"),
            (-5, 3, "-0.005"),
            (i64::MIN, 12, "-9223372.036854775808"),
            (120, 1, "12"),
        ] {
            assert_eq!(decimal(scaled, places), text);
        }
    }

    #[test]
    fn a_scale_that_no_number_has_is_refused() {
        for places in [-1, 256, i32::MAX] {
            let column = wire::NumberColumn {
                scaled: vec![1],
                places,
                ..wire::NumberColumn::default()
            };
            let refused = Numbers::new(&column).text(0).expect_err("no number has so many places");
            assert_eq!(refused.list, "places");
        }
    }

    #[test]
    fn columns_that_contradict_each_other_are_refused() {
        let columns = wire::ColumnarRows {
            row_count: 2,
            buckets: vec![wire::Bucket::default()],
            bucket_indexes: vec![0, 0],
            ..wire::ColumnarRows::default()
        };
        assert_eq!(rows(&columns).expect("whole").len(), 2);
        let refused = |change: fn(&mut wire::ColumnarRows)| {
            let mut columns = columns.clone();
            change(&mut columns);
            rows(&columns).expect_err("contradicts itself").to_string()
        };
        assert_eq!(
            refused(|columns| columns.bucket_indexes[1] = 1),
            "`bucket_indexes` says nothing of row 1"
        );
        assert_eq!(
            refused(|columns| columns.row_count = 3),
            "`bucket_indexes` says nothing of row 2"
        );
        assert_eq!(
            refused(|columns| columns.cells.push(wire::CellColumn::default())),
            "`results` says nothing of row 0"
        );
        assert_eq!(
            refused(|columns| columns.dimensions.push(wire::DimensionColumn::default())),
            "`value_indexes` says nothing of row 0"
        );
    }
}

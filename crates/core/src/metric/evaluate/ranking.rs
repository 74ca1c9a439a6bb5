//! From cells to a table: rows by time and group, ranked, cut, and without too small samples.

use std::{cmp::Ordering, ops::Range, sync::Arc};

use super::{
    cell::ColumnPlan,
    compute::At,
    frame::Stretch,
    groups::GroupAt,
    lower::Context,
    plan::Plan,
    question::{Order, Question},
    table::{Bucket, CellValue, Key, Reason, Row, Table, Undefined},
};
use crate::{
    crew::{self, Crew},
    rational::Rational,
};

/// The table of a plan whose rows are settled, by their keys.
pub(super) fn table(
    columns: &[ColumnPlan],
    plan: &Plan,
    keys: &[Key],
    context: &Context,
    question: &Question,
    crew: &dyn Crew,
) -> Table {
    let (mut rows, mut left_out) = (Vec::new(), 0);
    for (stretch, found) in context.frame.stretches.iter().enumerate() {
        let Some(found) = found else { continue };
        let at = |row: usize| {
            let group = GroupAt {
                key: &keys[row],
                row: Some(row),
            };
            At { plan, stretch, group }
        };
        let shown = shown(columns, keys.len(), at, question, crew);
        left_out += shown.left_out;
        let bucket = Arc::new(bucket(found));
        let row = |row: &usize| Row {
            bucket: Arc::clone(&bucket),
            key: keys[*row].clone(),
            cells: columns
                .iter()
                .map(|column| honest(column.cell(at(*row)), question))
                .collect(),
        };
        let rows_of = |range: Range<usize>| -> Vec<Row> { shown.rows[range].iter().map(row).collect() };
        let ranges = crew::cut(crew, shown.rows.len(), |_| columns.len());
        rows.extend(crew::map(crew, ranges, rows_of).into_iter().flatten());
    }
    Table {
        columns: columns.iter().map(|column| column.column.clone()).collect(),
        rows,
        left_out,
        time_zone: context.zone.clone(),
    }
}

/// The rows of a stretch that are shown, in their order, and how many a ranking leaves out because of too small samples.
struct Shown {
    rows: Vec<usize>,
    left_out: usize,
}

/// Ranks rows by what they are ordered by: all else is worked out only of those that are shown.
fn shown<'a>(
    columns: &[ColumnPlan],
    count: usize,
    at: impl Fn(usize) -> At<'a> + Sync,
    question: &Question,
    crew: &dyn Crew,
) -> Shown {
    let limit = question.limit.unwrap_or(usize::MAX);
    let ranking = question
        .order_by
        .and_then(|order| Some((order, columns.get(order.column)?)));
    let Some((order, column)) = ranking else {
        return Shown {
            rows: (0..count.min(limit)).collect(),
            left_out: 0,
        };
    };
    let rank = |row: usize| {
        let at = at(row);
        let is_small = question.min_sample.is_some_and(|least| is_small(column.n(at), least));
        (!is_small).then(|| (column.value(at).ok(), row))
    };
    let of_range = |range: Range<usize>| -> Vec<Rank> { range.filter_map(rank).collect() };
    let mut ranks: Vec<Rank> = crew::map(crew, crew::cut(crew, count, |_| 1), of_range).concat();
    let left_out = count - ranks.len();
    if limit < ranks.len() {
        ranks.select_nth_unstable_by(limit, |left, right| compare(left, right, order));
        ranks.truncate(limit);
    }
    ranks.sort_unstable_by(|left, right| compare(left, right, order));
    Shown {
        rows: ranks.into_iter().map(|(_, row)| row).collect(),
        left_out,
    }
}

/// What a row is ordered by, where it is defined, and the row. Rows stand in the order of their keys.
type Rank = (Option<Rational>, usize);

fn bucket(stretch: &Stretch) -> Bucket {
    Bucket {
        label: stretch.label.clone(),
        period: stretch.whole,
        instants: stretch.instants.as_ref().map(|instants| (instants.start, instants.end)),
        partial: stretch.partial,
    }
}

/// A cell without its value, where its sample is smaller than the question allows.
fn honest(mut cell: CellValue, question: &Question) -> CellValue {
    let Some(least) = question.min_sample else { return cell };
    if cell.n.is_some() && cell.value.is_ok() && is_small(cell.n, least) {
        let detail = format!("the sample is smaller than {least}");
        cell.value = Err(Undefined::new(Reason::BelowMinimumSample, detail));
        cell.interval = None;
    }
    cell
}

fn is_small(n: Option<i64>, least: u64) -> bool {
    n.is_none_or(|n| u64::try_from(n).unwrap_or(0) < least)
}

/// Undefined values stand last whichever way; equals stand by key.
fn compare((left, left_row): &Rank, (right, right_row): &Rank, order: Order) -> Ordering {
    let by_value = match (left, right) {
        (Some(left), Some(right)) if order.descending => right.cmp(left),
        (Some(left), Some(right)) => left.cmp(right),
        (left, right) => right.is_some().cmp(&left.is_some()),
    };
    by_value.then_with(|| left_row.cmp(right_row))
}

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
use crate::crew::{self, Crew};

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
        let bucket = Arc::new(bucket(found));
        let row = |(row, key): (usize, &Key)| {
            let group = GroupAt { key, row: Some(row) };
            let at = At { plan, stretch, group };
            Row {
                bucket: Arc::clone(&bucket),
                key: key.clone(),
                cells: columns.iter().map(|column| column.cell(at)).collect(),
            }
        };
        let rows_of = |range: Range<usize>| -> Vec<Row> { range.map(|at| row((at, &keys[at]))).collect() };
        let parts = crew::map(crew, crew::cut(crew, keys.len(), |_| columns.len()), rows_of);
        let mut ranked: Vec<Row> = parts.into_iter().flatten().collect();
        left_out += honest(&mut ranked, question);
        if let Some(order) = question.order_by {
            ranked.sort_by(|left, right| compare(left, right, order));
        }
        ranked.truncate(question.limit.unwrap_or(usize::MAX));
        rows.append(&mut ranked);
    }
    Table {
        columns: columns.iter().map(|column| column.column.clone()).collect(),
        rows,
        left_out,
        time_zone: context.zone.clone(),
    }
}

fn bucket(stretch: &Stretch) -> Bucket {
    Bucket {
        label: stretch.label.clone(),
        period: stretch.whole,
        instants: stretch.instants.as_ref().map(|instants| (instants.start, instants.end)),
        partial: stretch.partial,
    }
}

/// Leaves too small samples out of a ranking, and takes their values away elsewhere. Tells how many rows it left out.
fn honest(rows: &mut Vec<Row>, question: &Question) -> usize {
    let Some(least) = question.min_sample else { return 0 };
    let small = |cell: &CellValue| cell.n.is_none_or(|n| u64::try_from(n).unwrap_or(0) < least);
    let before = rows.len();
    if let Some(order) = question.order_by {
        rows.retain(|row| !row.cells.get(order.column).is_some_and(small));
    }
    for cell in rows.iter_mut().flat_map(|row| &mut row.cells) {
        if cell.n.is_some() && cell.value.is_ok() && small(cell) {
            let detail = format!("the sample is smaller than {least}");
            cell.value = Err(Undefined::new(Reason::BelowMinimumSample, detail));
            cell.interval = None;
        }
    }
    before - rows.len()
}

/// Undefined values stand last whichever way; equals stand by key.
fn compare(left: &Row, right: &Row, order: Order) -> Ordering {
    let value = |row: &Row| {
        row.cells
            .get(order.column)
            .and_then(|cell| cell.value.as_ref().ok().copied())
    };
    let by_value = match (value(left), value(right)) {
        (Some(left), Some(right)) if order.descending => right.cmp(&left),
        (Some(left), Some(right)) => left.cmp(&right),
        (left, right) => right.is_some().cmp(&left.is_some()),
    };
    by_value.then_with(|| left.key.cmp(&right.key))
}

//! The order of rows, and which groups are answered.

use std::{cmp::Ordering, collections::HashSet};

use scoreline_core::{
    calendar::Grain,
    dimension::Tables,
    metric::evaluate::{Key, Question, Row, Table},
};
use scoreline_server::status::Problem;

use crate::{
    analytics::Standing,
    answers::LedgerAnswers,
    catalogue::Catalogue,
    convert::query::{Asked, By, Order},
};

/// The whole answer to a query, its groups limited and its rows in order. `prefix` is where the query stands in its request.
///
/// # Errors
/// When the question has no answer, or one that is too large.
pub(super) fn answer(
    over: &LedgerAnswers,
    catalogue: &Catalogue,
    standing: &Standing,
    asked: &Asked,
    prefix: &str,
) -> Result<Table, Problem> {
    let question = standing.put(asked.question.clone());
    let cuts = asked.limit.filter(|_| !question.dimensions.is_empty());
    let mut keys: Option<HashSet<Key>> = None;
    if let Some(limit) = cuts.filter(|_| question.grain != Grain::Total) {
        // Which groups are first is told by the whole range, and is the same in each period.
        let whole = Question {
            grain: Grain::Total,
            comparison: None,
            ..question.clone()
        };
        let mut table = over.table(catalogue, &whole, prefix)?;
        arrange(&mut table, asked, &standing.tables);
        keys = Some(table.rows.into_iter().take(limit).map(|row| row.key).collect());
    }
    let mut table = over.table(catalogue, &question, prefix)?;
    if let Some(keys) = &keys {
        table.rows.retain(|row| keys.contains(&row.key));
    }
    arrange(&mut table, asked, &standing.tables);
    if let Some(limit) = cuts.filter(|_| keys.is_none()) {
        table.rows.truncate(limit);
    }
    Ok(table)
}

/// Orders the rows of each period. A ranking leaves out whose sample is too small.
fn arrange(table: &mut Table, asked: &Asked, tables: &Tables) {
    if let (
        Some(least),
        Some(Order {
            by: By::Column(column), ..
        }),
    ) = (asked.question.min_sample, asked.order.first())
    {
        let enough = |n: i64| u64::try_from(n).is_ok_and(|n| n >= least);
        table
            .rows
            .retain(|row| row.cells.get(*column).is_some_and(|cell| cell.n.is_some_and(enough)));
    }
    if asked.order.is_empty() {
        return;
    }
    for period in table.rows.chunk_by_mut(|left, right| left.bucket == right.bucket) {
        period.sort_by(|left, right| {
            let compared = asked
                .order
                .iter()
                .map(|order| compare(left, right, *order, asked, tables));
            compared
                .fold(Ordering::Equal, Ordering::then)
                .then_with(|| left.key.cmp(&right.key))
        });
    }
}

fn compare(left: &Row, right: &Row, order: Order, asked: &Asked, tables: &Tables) -> Ordering {
    let found = match order.by {
        By::Column(column) => {
            let value = |row: &Row| row.cells.get(column).and_then(|cell| cell.value.as_ref().ok().copied());
            match (value(left), value(right)) {
                (Some(left), Some(right)) => left.cmp(&right),
                // Undefined values come last, whichever way.
                (left, right) => return right.is_some().cmp(&left.is_some()),
            }
        }
        By::Dimension(at) => {
            let dimension = asked.question.dimensions.get(at);
            let label = |row: &Row| {
                let value = row.key.get(at)?.clone()?;
                let label = dimension
                    .and_then(|dimension| tables.label(dimension, &value))
                    .map(|label| label.text().clone());
                Some(label.unwrap_or(value))
            };
            label(left).cmp(&label(right))
        }
    };
    if order.descending { found.reverse() } else { found }
}

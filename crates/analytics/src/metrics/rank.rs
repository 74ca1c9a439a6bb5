//! The order of rows, and which groups are answered.

use std::{cmp::Ordering, collections::HashSet, convert::identity, sync::Arc};

use scoreline_core::{
    calendar::Grain,
    dimension::Tables,
    metric::evaluate::{Key, Row, Table},
};
use scoreline_server::status::Problem;

use crate::{
    analytics::{Analytics, Standing},
    caller::Caller,
    catalogue::Catalogue,
    convert::query::{Asked, By, Order},
};

/// What is told of the whole answer to a query, its groups limited and its rows in order.
pub(super) async fn answer<T: Send + 'static>(
    analytics: &Analytics,
    caller: &Caller,
    catalogue: &Arc<Catalogue>,
    standing: &Standing,
    asked: &Arc<Asked>,
    prefix: &'static str,
    tell: impl FnOnce(Table) -> T + Send + 'static,
) -> Result<T, Problem> {
    let question = standing.put(asked.question.clone());
    let mut keys: Option<HashSet<Key>> = None;
    let cuts = asked.limit.is_some() && !question.dimensions.is_empty();
    if cuts && question.grain != Grain::Total {
        // Which groups are first is told by the whole range, and is the same in each period.
        let mut whole = question.clone();
        (whole.grain, whole.comparison) = (Grain::Total, None);
        let told = analytics.told(caller, catalogue, standing, whole, prefix, identity);
        let mut table = told.await?;
        arrange(&mut table, asked, &standing.tables);
        keys = asked
            .limit
            .map(|limit| table.rows.into_iter().take(limit).map(|row| row.key).collect());
    }
    let (asked, tables) = (Arc::clone(asked), Arc::clone(&standing.tables));
    let arranged = move |mut table: Table| {
        if let Some(keys) = &keys {
            table.rows.retain(|row| keys.contains(&row.key));
        }
        arrange(&mut table, &asked, &tables);
        if let Some(limit) = asked.limit.filter(|_| cuts && keys.is_none()) {
            table.rows.truncate(limit);
        }
        tell(table)
    };
    analytics
        .told(caller, catalogue, standing, question, prefix, arranged)
        .await
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

//! What a deal adds to the open pipeline.
//!
//! Whatever changes of an open deal, the balances that it stood in are taken back whole and those that it stands in now
//! are put in, both dated by the change. So a balance by any dimension is right, and a closed deal leaves nothing.

use jiff::{Timestamp, civil::Date};

use super::{Opportunity, deal::valued};
use crate::{
    fold::{Context, Output, parts::parts},
    measure::{Builtin, Dimensions},
};

/// A row of a stock, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Balance {
    measure: Builtin,
    origin: Date,
    dimensions: Dimensions,
    value: i64,
}

impl Balance {
    fn put(&self, value: i64, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        out.measure(context.measurement(self.measure, at, self.origin, self.dimensions.clone(), value));
    }
}

/// The balances that a deal stands in; none when it isn't open.
pub(super) fn balances(opportunity: &Opportunity, context: &Context<'_>) -> Vec<Balance> {
    let Some((opening, since)) = opportunity.opening.as_ref().zip(opportunity.stages.since()) else {
        return Vec::new();
    };
    if opportunity.closing.is_some() {
        return Vec::new();
    }
    let deal = &opportunity.deal;
    let dimensions = opportunity
        .stages
        .position()
        .mark(deal.dimensions(&deal.facets, context));
    let mut balances = Vec::with_capacity(2);
    if deal.amount.is_some() {
        let origin = deal.close_date.unwrap_or_else(|| context.date(opening.at));
        let (dimensions, value) = valued(dimensions.clone(), deal.amount);
        balances.push(Balance {
            measure: Builtin::PipelineAmount,
            origin,
            dimensions,
            value,
        });
    }
    balances.push(Balance {
        measure: Builtin::OpenOpportunities,
        origin: context.date(since),
        dimensions,
        value: 1,
    });
    balances
}

/// Puts out what changed of the balances at an instant.
pub(super) fn settle(before: &[Balance], after: &[Balance], at: Timestamp, context: &Context<'_>, out: &mut Output) {
    for balance in before.iter().filter(|balance| !after.contains(balance)) {
        for value in parts(-i128::from(balance.value)) {
            balance.put(value, at, context, out);
        }
    }
    for balance in after.iter().filter(|balance| !before.contains(balance)) {
        balance.put(balance.value, at, context, out);
    }
}

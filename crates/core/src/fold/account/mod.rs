//! The fold of an account: what it bought, whether it is an active customer, and what recurs.
//!
//! An account has no events of its own; it is told by its orders, won deals and subscriptions. Its rows originate on the
//! day on which it was first told to buy or to pay.

mod lifecycle;
mod recurring;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use self::{lifecycle::Window, recurring::Recurring};
use super::{Context, Facts, Machine, Occurrence, Output, Purchase, PurchaseKind, Signal, What};
use crate::{
    dimension::Dimension,
    event::OpportunityType,
    measure::{Builtin, Dimensions},
    policy::{Lifecycle, RevenueSource},
};

/// The fold of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    #[serde(with = "crate::stored::optional_instant")]
    entered_at: Option<Timestamp>,
    #[serde(with = "crate::stored::optional_instant")]
    first_purchase: Option<Timestamp>,
    has_bought: bool,
    window: Window,
    recurring: Recurring,
}

/// What all rows of an account have in common.
#[derive(Clone, Copy)]
struct Entry<'a> {
    context: &'a Context<'a>,
    origin: Date,
}

impl Machine for Account {
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let at = occurrence.key.at;
        let What::Signal(signal) = &occurrence.what else { return };
        if !matches!(signal, Signal::Purchased(_) | Signal::MrrChanged { .. }) {
            return;
        }
        self.entered_at.get_or_insert(at);
        let Some(entry) = self.entry(context) else { return };
        match signal {
            Signal::Purchased(purchase) => self.buy(purchase, at, entry, out),
            Signal::MrrChanged {
                subscription,
                currency,
                delta_micros,
                monthly_micros,
                kind,
                dimensions,
            } => {
                let change = recurring::Change {
                    subscription: subscription.clone(),
                    currency: *currency,
                    delta_micros: *delta_micros,
                    kind: *kind,
                    dimensions: dimensions.clone(),
                };
                self.recurring.take(change, *monthly_micros, at, entry, out);
            }
            _ => {}
        }
    }

    fn tail(&self, context: &Context<'_>, out: &mut Output) {
        let Some(entry) = self.entry(context) else { return };
        self.window.close(entry, out);
        self.recurring.tell(entry, out);
    }

    fn facts(&self) -> Facts {
        self.first_purchase.map_or(Facts::None, |at| Facts::Account {
            first_purchase: Some(at),
        })
    }
}

impl Account {
    fn buy(&mut self, purchase: &Purchase, at: Timestamp, entry: Entry<'_>, out: &mut Output) {
        let dimensions = &purchase.dimensions;
        if self.first_purchase.is_none() {
            entry.count(Builtin::CustomerAcquired, at, dimensions, out);
        }
        if is_sale(purchase.by, entry.context.policies.revenue_source) {
            entry.count(Builtin::Purchase, at, dimensions, out);
            if self.has_bought {
                entry.count(Builtin::RepeatPurchase, at, dimensions, out);
            }
            self.has_bought = true;
        }
        if is_upsell(purchase.kind) {
            entry.count(Builtin::UpsellPurchase, at, dimensions, out);
        }
        self.first_purchase.get_or_insert(at);
        if let Lifecycle::Transactional { window_days } = entry.context.policies.lifecycle {
            self.window.extend(window_days, at, dimensions, entry, out);
        }
    }

    fn entry<'a>(&self, context: &'a Context<'a>) -> Option<Entry<'a>> {
        self.entered_at.map(|at| Entry {
            context,
            origin: context.date(at),
        })
    }
}

/// Whether a purchase is a sale of its own. A won deal and the order that it led to are two signals of one sale, and
/// the revenue source says which of them counts.
fn is_sale(by: PurchaseKind, source: RevenueSource) -> bool {
    match by {
        PurchaseKind::Order => source == RevenueSource::Orders,
        PurchaseKind::Deal => source == RevenueSource::WonOpportunities,
        PurchaseKind::Subscription => true,
    }
}

impl Entry<'_> {
    /// A row that counts one.
    fn count(self, measure: Builtin, at: Timestamp, dimensions: &Dimensions, out: &mut Output) {
        self.put(measure, at, dimensions.clone().with(Dimension::Currency, None), 1, out);
    }

    /// A row, with the account.
    fn put(self, measure: Builtin, at: Timestamp, dimensions: Dimensions, value: i64, out: &mut Output) {
        let dimensions = dimensions.with(Dimension::Account, Some(&self.context.subject.id));
        out.measure(self.context.measurement(measure, at, self.origin, dimensions, value));
    }
}

fn is_upsell(kind: Option<OpportunityType>) -> bool {
    matches!(kind, Some(OpportunityType::Upsell | OpportunityType::CrossSell))
}

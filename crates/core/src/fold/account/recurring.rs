//! Monthly recurring revenue, its movements, and the lifecycle by subscriptions.
//!
//! A movement is the account's, not the subscription's. What changes at one instant (a subscription that takes another's
//! place, a change of product or of rep that takes the old amount out and puts the new one in) is one change of the
//! account: whether it is new, grows, shrinks or churns follows from whether the account had recurring revenue before and
//! after the instant, and from the sum in the currency. Each change is then one row of the balance and one of exactly one
//! movement with the same value, date and dimensions, so that opening + movements = closing, by whatever dimension.
//! As more may change at the same instant, the movements of the latest instant are told by the tail.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entry, is_upsell};
use crate::{
    dimension::Dimension,
    event::OpportunityType,
    fold::{Output, words},
    id::SubscriptionId,
    measure::{Builtin, Dimensions},
    money::Currency,
    policy::Lifecycle,
};

/// What recurs: as large as the account has running subscriptions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recurring {
    /// The subscriptions that are paid for, by currency.
    running: BTreeSet<(SubscriptionId, Currency)>,
    /// Whether any was before the latest instant.
    had_once: bool,
    /// The dimensions with which it is an active customer since before the latest instant, by its subscriptions.
    active: Option<Dimensions>,
    latest: Option<Moment>,
}

/// All changes of one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Moment {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    had_before: bool,
    changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) subscription: SubscriptionId,
    pub(super) currency: Currency,
    pub(super) delta_micros: i64,
    pub(super) kind: Option<OpportunityType>,
    pub(super) dimensions: Dimensions,
}

impl Recurring {
    /// Takes in a change, after which `monthly_micros` are paid.
    pub(super) fn take(
        &mut self,
        change: Change,
        monthly_micros: i64,
        at: Timestamp,
        entry: Entry<'_>,
        out: &mut Output,
    ) {
        if self.latest.as_ref().is_some_and(|moment| moment.at != at) {
            self.tell(entry, out);
            self.settle();
        }
        let had_before = !self.running.is_empty();
        let slot = (change.subscription.clone(), change.currency);
        if monthly_micros == 0 {
            self.running.remove(&slot);
        } else {
            self.running.insert(slot);
        }
        let moment = self.latest.get_or_insert_with(|| Moment {
            at,
            had_before,
            changes: Vec::new(),
        });
        if change.is_upsell()
            && !moment
                .changes
                .iter()
                .any(|other| other.is_upsell_of(&change.subscription))
        {
            let kind = change.kind.map(OpportunityType::name);
            let dimensions = change
                .dimensions
                .clone()
                .with(Dimension::OpportunityType, kind.as_ref());
            entry.count(Builtin::UpsellPurchase, at, &dimensions, out);
        }
        entry.put(Builtin::Mrr, at, change.money_dimensions(), change.delta_micros, out);
        moment.changes.push(change);
    }

    /// Puts out what the latest instant came to.
    pub(super) fn tell(&self, entry: Entry<'_>, out: &mut Output) {
        let Some(moment) = &self.latest else { return };
        for change in &moment.changes {
            let measure = self.movement(moment, change.currency);
            entry.put(measure, moment.at, change.money_dimensions(), change.delta_micros, out);
        }
        if entry.context.policies.lifecycle != Lifecycle::Subscription {
            return;
        }
        let plain = |dimensions: &Dimensions| dimensions.clone().with(Dimension::Currency, None);
        match (&self.active, self.active_after(moment)) {
            (None, Some(entering)) => entry.put(Builtin::ActiveCustomers, moment.at, plain(&entering), 1, out),
            (Some(leaving), None) => entry.put(Builtin::ActiveCustomers, moment.at, plain(leaving), -1, out),
            _ => {}
        }
    }

    /// Closes the latest instant, once it is told.
    fn settle(&mut self) {
        if let Some(moment) = self.latest.take() {
            self.active = self.active_after(&moment);
            self.had_once |= !self.running.is_empty();
        }
    }

    fn movement(&self, moment: &Moment, currency: Currency) -> Builtin {
        let has_after = !self.running.is_empty();
        match (moment.had_before, has_after) {
            (false, _) if self.had_once => Builtin::MrrReactivation,
            (false, _) => Builtin::MrrNew,
            (true, false) => Builtin::MrrChurned,
            (true, true) if moment.sum(currency) >= 0 => Builtin::MrrExpansion,
            (true, true) => Builtin::MrrContraction,
        }
    }

    /// The dimensions with which it is an active customer after the instant, if it is: those of what made it one.
    fn active_after(&self, moment: &Moment) -> Option<Dimensions> {
        if self.running.is_empty() {
            return None;
        }
        let entering = || {
            moment
                .changes
                .iter()
                .find(|change| change.delta_micros > 0)
                .or(moment.changes.first())
        };
        self.active
            .clone()
            .or_else(|| entering().map(|change| change.dimensions.clone()))
    }
}

impl Moment {
    fn sum(&self, currency: Currency) -> i128 {
        let changes = self.changes.iter().filter(|change| change.currency == currency);
        changes.map(|change| i128::from(change.delta_micros)).sum()
    }
}

impl Change {
    fn money_dimensions(&self) -> Dimensions {
        self.dimensions
            .clone()
            .with(Dimension::Currency, Some(&words::name(self.currency.code())))
    }

    fn is_upsell(&self) -> bool {
        self.delta_micros > 0 && is_upsell(self.kind)
    }

    fn is_upsell_of(&self, subscription: &SubscriptionId) -> bool {
        self.is_upsell() && self.subscription == *subscription
    }
}

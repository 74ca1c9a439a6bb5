//! The fold of a subscription: what it tells its account. It has no rows of its own; recurring revenue, and whether it
//! is new, grows or churns, is the account's, which sees all its subscriptions.
//!
//! - What comes before the start counts for nobody, since only the start names the account; and the start states all anew.
//! - A start while it runs adds nothing. A start after its end is a start again, in full. An end of what does not run adds
//!   nothing.
//! - A change while it does not run says what it pays once it is reactivated. A reactivation while it runs is a change.
//! - When the product or the currency changes, the amount moves: first all of the new amount comes, then all of the old
//!   one goes, so that the account is never seen without either. In the old currency it pays nothing from then on.
//! - What is told of one instant is told in the order of the events, whatever their ids: the last word is the last.
//! - Only more is an upsell: the kind of a change is told with what comes, never with what goes.

mod telling;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::telling::{Circumstances, Telling};
use super::{Context, Machine, Occurrence, Output, What, words::with_attributes};
use crate::{
    dimension::Dimension,
    event::{Money, Payload, SubscriptionStarted},
    id::{AccountId, ProductId, RepId, SubscriptionId, TerritoryId},
    measure::Dimensions,
};

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Subscription {
    contract: Option<Contract>,
    turn: Option<Turn>,
}

/// What was agreed, once it has started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Contract {
    subscription: SubscriptionId,
    account: AccountId,
    monthly: Money,
    running: bool,
    dimensions: Dimensions,
}

/// An event's instant, and how many of the same instant came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Turn {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    number: u32,
}

impl Machine for Subscription {
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let What::Event(payload) = &occurrence.what else { return };
        let turn = Turn::after(self.turn, occurrence.key.at);
        self.turn = Some(turn);
        let mut telling = Telling {
            from: context.subject,
            turn,
            out,
        };
        match payload {
            Payload::SubscriptionStarted(started) => self.start(started, &mut telling),
            _ => self.change(payload, &mut telling),
        }
    }

    fn tail(&self, _: &Context<'_>, _: &mut Output) {}
}

impl Subscription {
    fn start(&mut self, started: &SubscriptionStarted, telling: &mut Telling<'_>) {
        if self.contract.as_ref().is_some_and(|contract| contract.running) {
            return;
        }
        let contract = Contract::new(started);
        telling.purchase(&contract);
        telling.change(None, &contract, &Circumstances::default());
        self.contract = Some(contract);
    }

    fn change(&mut self, payload: &Payload, telling: &mut Telling<'_>) {
        let Some(before) = &self.contract else { return };
        let mut after = before.clone();
        let mut circumstances = Circumstances::default();
        match payload {
            Payload::SubscriptionChanged(changed) => {
                after.monthly = changed.monthly;
                if let Some(product) = &changed.product {
                    after.dimensions.set(Dimension::Product, Some(product.name()));
                }
                circumstances.kind = changed.kind;
            }
            Payload::SubscriptionCancelled(cancelled) => {
                after.running = false;
                circumstances.reason = cancelled.reason.as_ref();
            }
            Payload::SubscriptionReactivated(reactivated) => {
                after.running = true;
                after.monthly = reactivated.monthly.unwrap_or(after.monthly);
            }
            _ => return,
        }
        telling.change(Some(before), &after, &circumstances);
        self.contract = Some(after);
    }
}

impl Contract {
    fn new(started: &SubscriptionStarted) -> Self {
        Self {
            subscription: started.subscription.clone(),
            account: started.account.clone(),
            monthly: started.monthly,
            running: true,
            dimensions: dimensions(started),
        }
    }

    /// What is paid a month.
    fn pays(&self) -> i64 {
        if self.running { self.monthly.micros } else { 0 }
    }

    /// Whether amounts of both are told with the same dimensions.
    fn alike(&self, other: &Self) -> bool {
        self.dimensions == other.dimensions && self.monthly.currency == other.monthly.currency
    }
}

impl Turn {
    fn after(last: Option<Self>, at: Timestamp) -> Self {
        let number = last
            .filter(|last| last.at == at)
            .map_or(0, |last| last.number.saturating_add(1));
        Self { at, number }
    }
}

fn dimensions(started: &SubscriptionStarted) -> Dimensions {
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, started.rep.as_ref().map(RepId::name))
        .with(Dimension::Product, started.product.as_ref().map(ProductId::name))
        .with(Dimension::Territory, started.territory.as_ref().map(TerritoryId::name))
        .with(Dimension::LeadSource, started.lead_source.as_ref())
        .with(Dimension::Campaign, started.campaign.as_ref())
        .with(Dimension::Channel, started.channel.as_ref());
    with_attributes(dimensions, &started.attributes)
}

#[cfg(test)]
mod tests;

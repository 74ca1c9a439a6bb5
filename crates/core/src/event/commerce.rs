//! Orders and subscriptions.

use serde::{Deserialize, Serialize};

use super::{Attribute, Money};
use crate::{
    id::{AccountId, Name, OpportunityId, OrderId, ProductId, RepId, SubscriptionId, TerritoryId},
    money::Currency,
};

/// An order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlaced {
    /// The order.
    pub order: OrderId,
    /// Who bought.
    pub account: Option<AccountId>,
    /// Who sold.
    pub rep: Option<RepId>,
    /// The opportunity that it came from.
    pub opportunity: Option<OpportunityId>,
    /// The currency of all its lines.
    pub currency: Currency,
    /// What was bought; at least one line.
    #[serde(default)]
    pub lines: Vec<OrderLine>,
    /// The kind of business, for upsell and cross-sell.
    pub kind: Option<super::OpportunityType>,
    /// Where the customer came from.
    pub lead_source: Option<Name>,
    /// The campaign that brought it.
    pub campaign: Option<Name>,
    /// The channel (shop, partner, field, …).
    pub channel: Option<Name>,
    /// The territory, where the rep's own does not decide.
    pub territory: Option<TerritoryId>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The product.
    pub product: Option<ProductId>,
    /// How many, in thousandths.
    pub quantity_milli: i64,
    /// What the whole line costs the customer, after discount and before tax, in micro-units.
    pub amount_micros: i64,
    /// What the whole line cost the seller (cost of goods sold), in micro-units.
    pub cost_micros: Option<i64>,
}

/// An order, or part of it, was refunded or returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRefunded {
    /// The order.
    pub order: OrderId,
    /// The currency of the lines; the order's own.
    pub currency: Currency,
    /// What goes back: amounts are positive; a cost that comes back (returned goods) is positive too.
    #[serde(default)]
    pub lines: Vec<OrderLine>,
    /// Why.
    pub reason: Option<Name>,
}

/// A subscription began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionStarted {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Who subscribed.
    pub account: AccountId,
    /// What it pays a month.
    pub monthly: Money,
    /// Who sold it.
    pub rep: Option<RepId>,
    /// The product or plan.
    pub product: Option<ProductId>,
    /// Where the customer came from.
    pub lead_source: Option<Name>,
    /// The campaign that brought it.
    pub campaign: Option<Name>,
    /// The channel.
    pub channel: Option<Name>,
    /// The territory, where the rep's own does not decide.
    pub territory: Option<TerritoryId>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A subscription's recurring amount changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionChanged {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// What it pays a month from now on.
    pub monthly: Money,
    /// Whether more is an upsell or a cross-sell.
    pub kind: Option<super::OpportunityType>,
    /// The new product or plan.
    pub product: Option<ProductId>,
}

/// A subscription ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionCancelled {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Why.
    pub reason: Option<Name>,
}

/// An ended subscription began again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionReactivated {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// What it pays a month; what it paid last where none is named.
    pub monthly: Option<Money>,
}

//! Orders and subscriptions.

use scoreline_core::{
    event::{
        OrderLine, OrderPlaced, OrderRefunded, SubscriptionCancelled, SubscriptionChanged, SubscriptionReactivated,
        SubscriptionStarted,
    },
    money::Currency,
};

use super::{amount_of, attributes, money, opportunity_type, text};
use crate::{decimal, events::v1 as wire, reader::number::MILLI_PLACES};

pub(super) fn subscription_started(payload: &SubscriptionStarted) -> wire::SubscriptionStarted {
    wire::SubscriptionStarted {
        subscription_id: payload.subscription.to_string(),
        account_id: payload.account.to_string(),
        monthly: Some(money(payload.monthly)),
        rep_id: text(&payload.rep),
        product_id: text(&payload.product),
        lead_source: text(&payload.lead_source),
        campaign: text(&payload.campaign),
        channel: text(&payload.channel),
        territory_id: text(&payload.territory),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn subscription_changed(payload: &SubscriptionChanged) -> wire::SubscriptionChanged {
    wire::SubscriptionChanged {
        subscription_id: payload.subscription.to_string(),
        monthly: Some(money(payload.monthly)),
        r#type: opportunity_type(payload.kind),
        product_id: text(&payload.product),
    }
}

pub(super) fn subscription_cancelled(payload: &SubscriptionCancelled) -> wire::SubscriptionCancelled {
    wire::SubscriptionCancelled {
        subscription_id: payload.subscription.to_string(),
        reason: text(&payload.reason),
    }
}

pub(super) fn subscription_reactivated(payload: &SubscriptionReactivated) -> wire::SubscriptionReactivated {
    wire::SubscriptionReactivated {
        subscription_id: payload.subscription.to_string(),
        monthly: payload.monthly.map(money),
    }
}

pub(super) fn order_placed(payload: &OrderPlaced) -> wire::OrderPlaced {
    wire::OrderPlaced {
        order_id: payload.order.to_string(),
        account_id: text(&payload.account),
        rep_id: text(&payload.rep),
        opportunity_id: text(&payload.opportunity),
        lines: lines(payload.currency, &payload.lines),
        r#type: opportunity_type(payload.kind),
        lead_source: text(&payload.lead_source),
        campaign: text(&payload.campaign),
        channel: text(&payload.channel),
        territory_id: text(&payload.territory),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn order_refunded(payload: &OrderRefunded) -> wire::OrderRefunded {
    wire::OrderRefunded {
        order_id: payload.order.to_string(),
        lines: lines(payload.currency, &payload.lines),
        reason: text(&payload.reason),
    }
}

fn lines(currency: Currency, lines: &[OrderLine]) -> Vec<wire::OrderLine> {
    let line = |line: &OrderLine| wire::OrderLine {
        product_id: text(&line.product),
        quantity: decimal::print(line.quantity_milli, MILLI_PLACES),
        amount: Some(amount_of(currency, line.amount_micros)),
        cost: line.cost_micros.map(|micros| amount_of(currency, micros)),
    };
    lines.iter().map(line).collect()
}

//! Orders and subscriptions.

use scoreline_core::{
    event::{
        OrderLine, OrderPlaced, OrderRefunded, SubscriptionCancelled, SubscriptionChanged, SubscriptionReactivated,
        SubscriptionStarted,
    },
    money::{Currency, Micros},
};

use super::{MAX_LINES, attributes, opportunity_type};
use crate::{
    events::v1 as wire,
    reader::{
        Reader,
        number::{MAX_COUNT, MILLI_PLACES},
    },
    types::v1::Money,
    violation::Reason,
};

/// The quantity of a line that states none: one.
const ONE_MILLI: i64 = 1_000;

pub(super) fn order_placed(reader: &mut Reader, wire: &wire::OrderPlaced) -> Option<OrderPlaced> {
    let order = reader.required("order_id", &wire.order_id);
    let lines = Lines::read(reader, &wire.lines, false);
    Some(OrderPlaced {
        account: reader.optional("account_id", &wire.account_id),
        rep: reader.optional("rep_id", &wire.rep_id),
        opportunity: reader.optional("opportunity_id", &wire.opportunity_id),
        kind: opportunity_type(reader, wire.r#type),
        lead_source: reader.optional("lead_source", &wire.lead_source),
        campaign: reader.optional("campaign", &wire.campaign),
        channel: reader.optional("channel", &wire.channel),
        territory: reader.optional("territory_id", &wire.territory_id),
        attributes: attributes(reader, &wire.attributes),
        order: order?,
        currency: lines.currency?,
        lines: lines.lines,
    })
}

pub(super) fn order_refunded(reader: &mut Reader, wire: &wire::OrderRefunded) -> Option<OrderRefunded> {
    let order = reader.required("order_id", &wire.order_id);
    let lines = Lines::read(reader, &wire.lines, true);
    Some(OrderRefunded {
        reason: reader.optional("reason", &wire.reason),
        order: order?,
        currency: lines.currency?,
        lines: lines.lines,
    })
}

/// The lines of one order, all in one currency.
struct Lines {
    /// Whether they go back: then no amount is negative.
    refund: bool,
    currency: Option<Currency>,
    lines: Vec<OrderLine>,
}

impl Lines {
    fn read(reader: &mut Reader, wire: &[wire::OrderLine], refund: bool) -> Self {
        let mut lines = Self {
            refund,
            currency: None,
            lines: Vec::new(),
        };
        if wire.is_empty() {
            reader.fault("lines", Reason::TooFew, "has no elements, at least 1 is needed");
        }
        if reader.at_most("lines", wire.len(), MAX_LINES) {
            lines.lines = reader.each("lines", wire, |reader, line| lines.line(reader, line));
        }
        lines.check_total(reader, "amount", |line| Some(line.amount_micros));
        lines.check_total(reader, "cost", |line| line.cost_micros);
        lines
    }

    fn line(&mut self, reader: &mut Reader, wire: &wire::OrderLine) -> Option<OrderLine> {
        let quantity_milli = match wire.quantity.as_str() {
            "" => Some(ONE_MILLI),
            text => reader.decimal("quantity", text, MILLI_PLACES, &(0..=MAX_COUNT)),
        };
        let amount = reader.present("amount", wire.amount.as_ref());
        let amount_micros = self.amount(reader, "amount", amount);
        if self.refund {
            reader.not_negative("amount", amount_micros.unwrap_or_default());
        }
        let cost_micros = self.amount(reader, "cost", wire.cost.as_ref());
        reader.not_negative("cost", cost_micros.unwrap_or_default());
        Some(OrderLine {
            product: reader.optional("product_id", &wire.product_id),
            quantity_milli: quantity_milli?,
            amount_micros: amount_micros?,
            cost_micros,
        })
    }

    /// An amount in the currency of the amounts before it.
    fn amount(&mut self, reader: &mut Reader, field: &'static str, wire: Option<&Money>) -> Option<i64> {
        let money = reader.money(field, wire)?;
        let currency = *self.currency.get_or_insert(money.currency);
        if currency != money.currency {
            let description = format!("is in {}, the amounts before it are in {currency}", money.currency);
            reader.fault(field, Reason::CurrencyMismatch, description);
        }
        Some(money.micros)
    }

    /// Notes a fault when the lines together are too large for an amount.
    fn check_total(&self, reader: &mut Reader, what: &str, part: impl Fn(&OrderLine) -> Option<i64>) {
        // Magnitudes, so that no sum of any of the lines is too large either.
        let total: i128 = self
            .lines
            .iter()
            .filter_map(part)
            .map(|micros| i128::from(micros).abs())
            .sum();
        if total > i128::from(i64::MAX) {
            let limit = Micros(i64::MAX);
            reader.fault(
                "lines",
                Reason::OutOfRange,
                format!("the sum of `{what}` is beyond {limit}"),
            );
        }
    }
}

pub(super) fn subscription_started(
    reader: &mut Reader,
    wire: &wire::SubscriptionStarted,
) -> Option<SubscriptionStarted> {
    let subscription = reader.required("subscription_id", &wire.subscription_id);
    let account = reader.required("account_id", &wire.account_id);
    let monthly = reader.required_money("monthly", wire.monthly.as_ref());
    reader.not_negative("monthly", monthly.map_or(0, |money| money.micros));
    Some(SubscriptionStarted {
        rep: reader.optional("rep_id", &wire.rep_id),
        product: reader.optional("product_id", &wire.product_id),
        lead_source: reader.optional("lead_source", &wire.lead_source),
        campaign: reader.optional("campaign", &wire.campaign),
        channel: reader.optional("channel", &wire.channel),
        territory: reader.optional("territory_id", &wire.territory_id),
        attributes: attributes(reader, &wire.attributes),
        subscription: subscription?,
        account: account?,
        monthly: monthly?,
    })
}

pub(super) fn subscription_changed(
    reader: &mut Reader,
    wire: &wire::SubscriptionChanged,
) -> Option<SubscriptionChanged> {
    let subscription = reader.required("subscription_id", &wire.subscription_id);
    let monthly = reader.required_money("monthly", wire.monthly.as_ref());
    reader.not_negative("monthly", monthly.map_or(0, |money| money.micros));
    Some(SubscriptionChanged {
        kind: opportunity_type(reader, wire.r#type),
        product: reader.optional("product_id", &wire.product_id),
        subscription: subscription?,
        monthly: monthly?,
    })
}

pub(super) fn subscription_cancelled(
    reader: &mut Reader,
    wire: &wire::SubscriptionCancelled,
) -> Option<SubscriptionCancelled> {
    Some(SubscriptionCancelled {
        reason: reader.optional("reason", &wire.reason),
        subscription: reader.required("subscription_id", &wire.subscription_id)?,
    })
}

pub(super) fn subscription_reactivated(
    reader: &mut Reader,
    wire: &wire::SubscriptionReactivated,
) -> Option<SubscriptionReactivated> {
    let monthly = reader.money("monthly", wire.monthly.as_ref());
    reader.not_negative("monthly", monthly.map_or(0, |money| money.micros));
    Some(SubscriptionReactivated {
        monthly,
        subscription: reader.required("subscription_id", &wire.subscription_id)?,
    })
}

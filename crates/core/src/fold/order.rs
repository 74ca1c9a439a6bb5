//! The fold of an order: what was sold, and what went back.
//!
//! - The first placing by key holds; another one for the same order adds nothing.
//! - Refunds count on the day of the refund, with the order's day as origin, and with the order's rep, account and so on.
//!   One that comes before its order waits for it: without the order nobody knows what it takes back. Its currency is its
//!   own, should it differ from the order's.
//! - The sale and the order keep the amount that they had at placing, whatever goes back later.
//! - The purchase that the account is told of has no product: an order has one by line only.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Context, Machine, Occurrence, Output, Purchase, PurchaseKind, Signal, What,
    parts::parts,
    words::{name, with_attributes},
};
use crate::{
    dimension::Dimension,
    event::{OpportunityType, OrderLine, OrderPlaced, OrderRefunded, Payload},
    id::{AccountId, ProductId, RepId, TerritoryId},
    measure::{Builtin, Dimensions},
    money::Currency,
    policy::RevenueSource,
    subject::{Subject, SubjectKind},
};

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Order {
    placed: Option<Placed>,
    /// Refunds whose order has not been seen yet.
    waiting: Vec<Refund>,
}

/// What an order's refunds need to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Placed {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    dimensions: Dimensions,
}

/// A refund and when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Refund {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    what: Arc<OrderRefunded>,
}

impl Machine for Order {
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let What::Event(payload) = &occurrence.what else { return };
        let at = occurrence.key.at;
        match payload {
            Payload::OrderPlaced(order) if self.placed.is_none() => self.place(order, at, context, out),
            Payload::OrderRefunded(refund) => match &self.placed {
                Some(placed) => placed.refund(refund, at, context, out),
                None => self.waiting.push(Refund {
                    at,
                    what: refund.clone(),
                }),
            },
            _ => {}
        }
    }

    fn tail(&self, _: &Context<'_>, _: &mut Output) {}
}

impl Order {
    fn place(&mut self, order: &OrderPlaced, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        let purchased = dimensions(order);
        if let Some(account) = &order.account {
            let purchase = Purchase {
                by: PurchaseKind::Order,
                kind: order.kind,
                dimensions: purchased.clone(),
            };
            let account = Subject::new(SubjectKind::Account, account.name());
            out.signal(context.subject, account, at, "placed", Signal::Purchased(purchase));
        }
        let account = order.account.as_ref().map(AccountId::name);
        let placed = Placed {
            at,
            dimensions: purchased.with(Dimension::Account, account),
        };
        for line in &order.lines {
            placed.sold(line, order.currency, context, out);
        }
        for refund in std::mem::take(&mut self.waiting) {
            placed.refund(&refund.what, refund.at, context, out);
        }
        self.placed = Some(placed);
    }
}

impl Placed {
    fn sold(&self, line: &OrderLine, currency: Currency, context: &Context<'_>, out: &mut Output) {
        let dimensions = of_line(&self.dimensions, line, currency);
        let date = context.date(self.at);
        let mut row =
            |measure, value| out.measure(context.measurement(measure, self.at, date, dimensions.clone(), value));
        row(Builtin::OrderAmount, line.amount_micros);
        row(Builtin::UnitsSold, line.quantity_milli);
        if sells_by_order(context) {
            row(Builtin::SaleAmount, line.amount_micros);
            row(Builtin::Revenue, line.amount_micros);
        }
        if let Some(cost) = line.cost_micros {
            row(Builtin::CostOfGoods, cost);
        }
    }

    fn refund(&self, refund: &OrderRefunded, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        let dimensions = self
            .dimensions
            .clone()
            .with(Dimension::CloseReason, refund.reason.as_ref());
        let placed = context.date(self.at);
        for line in &refund.lines {
            let dimensions = of_line(&dimensions, line, refund.currency);
            let mut back = |measure, value: i64| {
                for part in parts(-i128::from(value)) {
                    out.measure(context.measurement(measure, at, placed, dimensions.clone(), part));
                }
            };
            back(Builtin::UnitsSold, line.quantity_milli);
            if sells_by_order(context) {
                back(Builtin::Revenue, line.amount_micros);
            }
            if let Some(cost) = line.cost_micros {
                back(Builtin::CostOfGoods, cost);
            }
        }
    }
}

fn sells_by_order(context: &Context<'_>) -> bool {
    context.policies.revenue_source == RevenueSource::Orders
}

/// The dimensions of the whole order, without its account.
fn dimensions(order: &OrderPlaced) -> Dimensions {
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, order.rep.as_ref().map(RepId::name))
        .with(Dimension::Territory, order.territory.as_ref().map(TerritoryId::name))
        .with(Dimension::LeadSource, order.lead_source.as_ref())
        .with(Dimension::Campaign, order.campaign.as_ref())
        .with(Dimension::Channel, order.channel.as_ref())
        .with(
            Dimension::OpportunityType,
            order.kind.map(OpportunityType::name).as_ref(),
        );
    with_attributes(dimensions, &order.attributes)
}

fn of_line(order: &Dimensions, line: &OrderLine, currency: Currency) -> Dimensions {
    order
        .clone()
        .with(Dimension::Product, line.product.as_ref().map(ProductId::name))
        .with(Dimension::Currency, Some(&name(currency.code())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fold::story::{Story, payload, survives};

    fn story() -> Story<Order> {
        Story::of(SubjectKind::Order)
    }

    fn refund() -> Value {
        let line = json!({"product": "saw", "quantity_milli": 1_000, "amount_micros": 50, "cost_micros": 20});
        json!({"order": "s1", "currency": "EUR", "lines": [line], "reason": "broken"})
    }

    fn placed() -> Value {
        json!({
            "order": "s1", "account": "acme", "rep": "ann", "currency": "EUR", "kind": "upsell", "channel": "shop",
            "lines": [
                {"product": "saw", "quantity_milli": 2_000, "amount_micros": 100, "cost_micros": 40},
                {"product": "oil", "quantity_milli": 500, "amount_micros": 7},
            ],
            "attributes": [{"name": "language", "value": "de"}],
        })
    }

    const DIMENSIONS: &str = "channel=shop opportunity_type=upsell currency=EUR attribute.language=de";

    fn sold() -> Vec<String> {
        let saw = format!("rep=ann account=acme product=saw {DIMENSIONS}");
        let oil = format!("rep=ann account=acme product=oil {DIMENSIONS}");
        vec![
            format!("order_amount 2026-02-01 < 2026-02-01: 100 {saw}"),
            format!("units_sold 2026-02-01 < 2026-02-01: 2000 {saw}"),
            format!("sale_amount 2026-02-01 < 2026-02-01: 100 {saw}"),
            format!("revenue 2026-02-01 < 2026-02-01: 100 {saw}"),
            format!("cost_of_goods 2026-02-01 < 2026-02-01: 40 {saw}"),
            format!("order_amount 2026-02-01 < 2026-02-01: 7 {oil}"),
            format!("units_sold 2026-02-01 < 2026-02-01: 500 {oil}"),
            format!("sale_amount 2026-02-01 < 2026-02-01: 7 {oil}"),
            format!("revenue 2026-02-01 < 2026-02-01: 7 {oil}"),
        ]
    }

    const PURCHASE: &str = "account:acme 2026-01-31T23:30:00Z purchased by Order upsell \
        rep=ann channel=shop opportunity_type=upsell attribute.language=de";

    fn returned(date: &str, currency: &str) -> Vec<String> {
        let dimensions = "channel=shop opportunity_type=upsell close_reason=broken";
        let saw = format!("rep=ann account=acme product=saw {dimensions} currency={currency} attribute.language=de");
        vec![
            format!("units_sold {date} < 2026-02-01: -1000 {saw}"),
            format!("revenue {date} < 2026-02-01: -50 {saw}"),
            format!("cost_of_goods {date} < 2026-02-01: -20 {saw}"),
        ]
    }

    #[test]
    fn an_order_counts_by_line_on_its_business_day_and_is_a_purchase() {
        let placed = story().then("2026-01-31T23:30Z", "e1", "order_placed", placed());
        assert_eq!(placed.told(), [sold(), vec![PURCHASE.to_owned()]].concat());
    }

    #[test]
    fn a_second_placing_of_the_same_order_adds_nothing() {
        let once = story().then("2026-01-31T23:30Z", "e1", "order_placed", placed());
        let twice = story().then("2026-01-31T23:30Z", "e1", "order_placed", placed()).then(
            "2026-01-31T23:30Z",
            "e2",
            "order_placed",
            json!({"order": "s1", "currency": "USD", "lines": [{"quantity_milli": 1, "amount_micros": 1}]}),
        );
        assert_eq!(twice.output(), once.output());
    }

    #[test]
    fn a_refund_counts_on_its_own_day_and_leaves_the_sale_as_it_was() {
        let told = story()
            .then("2026-01-31T23:30Z", "e1", "order_placed", placed())
            .then("2026-03-10T08:00Z", "e2", "order_refunded", refund())
            .told();
        assert_eq!(
            told,
            [sold(), returned("2026-03-10", "EUR"), vec![PURCHASE.to_owned()]].concat()
        );
    }

    #[test]
    fn a_refund_waits_for_its_order_and_keeps_its_own_currency() {
        let mut dollars = refund();
        dollars["currency"] = json!("USD");
        let alone = story().then("2026-01-05T08:00Z", "e2", "order_refunded", dollars.clone());
        assert!(alone.told().is_empty());
        let told = alone.then("2026-01-31T23:30Z", "e1", "order_placed", placed()).told();
        assert_eq!(
            told,
            [sold(), returned("2026-01-05", "USD"), vec![PURCHASE.to_owned()]].concat()
        );
    }

    #[test]
    fn where_deals_are_revenue_an_order_is_none() {
        let measures: Vec<_> = story()
            .under(|policies| policies.revenue_source = RevenueSource::WonOpportunities)
            .then("2026-01-31T23:30Z", "e1", "order_placed", placed())
            .then("2026-03-10T08:00Z", "e2", "order_refunded", refund())
            .output()
            .measurements
            .into_iter()
            .map(|row| format!("{} {}", row.measure, row.value))
            .collect();
        let expected = [
            "order_amount 100",
            "units_sold 2000",
            "cost_of_goods 40",
            "order_amount 7",
            "units_sold 500",
            "units_sold -1000",
            "cost_of_goods -20",
        ];
        assert_eq!(measures, expected);
    }

    #[test]
    fn what_has_no_opposite_goes_back_in_two_rows() {
        let line = json!({"quantity_milli": 0, "amount_micros": i64::MIN});
        let rows = story()
            .then("2026-01-31T23:30Z", "e1", "order_placed", placed())
            .then(
                "2026-03-10T08:00Z",
                "e2",
                "order_refunded",
                json!({"order": "s1", "currency": "EUR", "lines": [line]}),
            )
            .output()
            .measurements;
        let back: Vec<_> = rows[sold().len()..].iter().map(|row| row.value).collect();
        assert_eq!(back, [0, i64::MAX, 1]);
    }

    #[test]
    fn any_history_is_survived() {
        let extreme = json!({"quantity_milli": i64::MIN, "amount_micros": i64::MAX, "cost_micros": i64::MIN});
        survives::<Order>(
            SubjectKind::Order,
            &[
                payload("order_placed", placed()),
                payload(
                    "order_placed",
                    json!({"order": "s1", "currency": "JPY", "lines": [extreme]}),
                ),
                payload("order_refunded", refund()),
                payload(
                    "order_refunded",
                    json!({"order": "s1", "currency": "JPY", "lines": [extreme]}),
                ),
                payload("lead_qualified", json!({"lead": "l"})),
            ],
        );
    }
}

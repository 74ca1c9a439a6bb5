//! Orders: what was sold, and what went back.

use scoreline_proto::{
    events::v1::{OrderLine, OrderPlaced, OrderRefunded, event::Payload},
    types::v1::Money,
};

use super::{Fact, Facts, Purchase, Scene, Whom, business, whom, with};
use crate::reference::{
    effective::Said,
    world::{micros, milli},
};

/// Tells of all orders; returns the purchases that they are.
pub(super) fn tell(scene: &Scene<'_>, facts: &mut Facts) -> Vec<Purchase> {
    let orders = scene.subjects(|payload| match payload {
        Payload::OrderPlaced(order) => Some(&order.order_id),
        Payload::OrderRefunded(refund) => Some(&refund.order_id),
        _ => None,
    });
    let mut purchases = Vec::new();
    for (id, said) in orders {
        let placed = said.iter().find_map(|said| match &said.payload {
            Payload::OrderPlaced(order) => Some((*said, order)),
            _ => None,
        });
        let Some((placed, order)) = placed else { continue };
        sold(id, placed, order, scene, facts);
        for said in &said {
            if let Payload::OrderRefunded(refund) = &said.payload {
                refunded(id, (said, refund), (placed, order), scene, facts);
            }
        }
        if !order.account_id.is_empty() {
            let (account, is_sale) = (order.account_id.clone(), !scene.tenant.deals_are_revenue);
            purchases.push(Purchase {
                at: placed.at,
                account,
                is_sale,
                whom: with(told(order), "account", ""),
            });
        }
    }
    purchases
}

fn told(order: &OrderPlaced) -> Whom {
    whom(&[
        ("rep", &order.rep_id),
        ("account", &order.account_id),
        ("lead_source", &order.lead_source),
        ("campaign", &order.campaign),
        ("channel", &order.channel),
        ("opportunity_type", business(order.r#type)),
    ])
}

fn quantity(line: &OrderLine) -> i128 {
    if line.quantity.is_empty() {
        1_000
    } else {
        milli(&line.quantity)
    }
}

fn of_line(whom: &Whom, line: &OrderLine) -> Whom {
    let currency = line.amount.as_ref().map_or("", |amount| &amount.currency_code);
    with(with(whom.clone(), "product", &line.product_id), "currency", currency)
}

fn sold(id: &str, placed: &Said, order: &OrderPlaced, scene: &Scene<'_>, facts: &mut Facts) {
    let date = scene.date(placed.at);
    for line in &order.lines {
        let whom = of_line(&told(order), line);
        let amount = line.amount.as_ref().map_or(0, micros);
        let mut add = |what, value| {
            facts.add(
                what,
                Fact {
                    date,
                    entered: date,
                    subject: id.to_owned(),
                    whom: whom.clone(),
                    value,
                },
            );
        };
        add("order_amount", amount);
        add("units_sold", quantity(line));
        if !scene.tenant.deals_are_revenue {
            add("sale_amount", amount);
            add("revenue", amount);
        }
        if let Some(cost) = &line.cost {
            add("cost_of_goods", micros(cost));
        }
    }
}

fn refunded(
    id: &str,
    (said, refund): (&Said, &OrderRefunded),
    (placed, order): (&Said, &OrderPlaced),
    scene: &Scene<'_>,
    facts: &mut Facts,
) {
    for line in &refund.lines {
        let whom = with(of_line(&told(order), line), "close_reason", &refund.reason);
        let (date, entered) = (scene.date(said.at), scene.date(placed.at));
        let mut back = |what, value: i128| {
            facts.add(
                what,
                Fact {
                    date,
                    entered,
                    subject: id.to_owned(),
                    whom: whom.clone(),
                    value: -value,
                },
            );
        };
        back("units_sold", quantity(line));
        let amount = |money: &Option<Money>| money.as_ref().map(micros);
        if let Some(amount) = amount(&line.amount).filter(|_| !scene.tenant.deals_are_revenue) {
            back("revenue", amount);
        }
        if let Some(cost) = amount(&line.cost) {
            back("cost_of_goods", cost);
        }
    }
}

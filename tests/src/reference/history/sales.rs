//! Orders, refunds and subscriptions.

use scoreline_proto::{
    events::v1::{
        OrderLine, OrderPlaced, OrderRefunded, SubscriptionCancelled, SubscriptionChanged, SubscriptionReactivated,
        SubscriptionStarted, event::Payload,
    },
    types::v1::Money,
};

use super::{ACCOUNTS, deals::kind, journal::Journal};
use crate::reference::tenant::CURRENCIES;

/// Tells of sales.
pub(super) fn tell(journal: &mut Journal) {
    for number in 0..60 {
        order(journal, number);
    }
    for number in 0..14 {
        subscription(journal, number);
    }
}

fn order(journal: &mut Journal, number: i64) {
    let at = journal.sometime();
    let currency = (*journal.dice.pick(&CURRENCIES)).to_owned();
    let count = journal.dice.between(1, 4);
    let lines: Vec<OrderLine> = (0..count).map(|_| line(journal, &currency)).collect();
    let order_id = format!("O{number}");
    let placed = OrderPlaced {
        order_id: order_id.clone(),
        account_id: journal.dice.maybe(&ACCOUNTS, 8),
        rep_id: journal.rep(),
        lines: lines.clone(),
        r#type: kind(journal),
        lead_source: journal.source(),
        campaign: journal.dice.maybe(&["spring", "autumn"], 50),
        channel: journal.channel(),
        ..OrderPlaced::default()
    };
    journal.say(at, Payload::OrderPlaced(placed));
    if journal.dice.percent(20) {
        let at = journal.within(at, 24 * 90);
        let lines = vec![back(journal, &lines)];
        let reason = journal.dice.maybe(&["broken", "late"], 40);
        journal.say(
            at,
            Payload::OrderRefunded(OrderRefunded {
                order_id,
                lines,
                reason,
            }),
        );
    }
}

fn line(journal: &mut Journal, currency: &str) -> OrderLine {
    OrderLine {
        product_id: journal.product(),
        quantity: journal.dice.maybe(&["2", "3.5", "0.125", "10"], 40),
        amount: Some(journal.money_in(currency.to_owned(), 3_000)),
        cost: journal
            .dice
            .percent(75)
            .then(|| journal.money_in(currency.to_owned(), 2_000)),
    }
}

/// Part of one of the lines.
fn back(journal: &mut Journal, lines: &[OrderLine]) -> OrderLine {
    let mut line = journal.dice.pick(lines).clone();
    let with_cost = journal.dice.percent(50);
    line.amount = line.amount.map(|amount| Money {
        units: (amount.units + 1) / 2,
        ..amount
    });
    line.cost = line.cost.filter(|_| with_cost);
    line
}

fn subscription(journal: &mut Journal, number: i64) {
    let mut at = journal.sometime();
    let currency = (*journal.dice.pick(&CURRENCIES)).to_owned();
    let id = format!("S{number}");
    let started = SubscriptionStarted {
        subscription_id: id.clone(),
        account_id: (*journal.dice.pick(&ACCOUNTS[..7])).to_owned(),
        monthly: Some(journal.money_in(currency.clone(), 400)),
        rep_id: journal.rep(),
        product_id: journal.product(),
        lead_source: journal.source(),
        channel: journal.channel(),
        ..SubscriptionStarted::default()
    };
    journal.say(at, Payload::SubscriptionStarted(started));
    for _ in 0..journal.dice.between(0, 5) {
        at = journal.within(at, 24 * 120);
        if Journal::is_over(at) {
            return;
        }
        let payload = next(journal, &id, &currency);
        journal.say(at, payload);
    }
}

fn next(journal: &mut Journal, id: &str, currency: &str) -> Payload {
    let subscription_id = id.to_owned();
    match journal.dice.between(0, 10) {
        0..6 => {
            let moves = journal.dice.percent(10);
            let currency = if moves {
                CURRENCIES[usize::from(currency == CURRENCIES[0])]
            } else {
                currency
            };
            let product_id = if journal.dice.percent(30) {
                journal.product()
            } else {
                String::new()
            };
            let monthly = Some(journal.money_in(currency.to_owned(), 400));
            Payload::SubscriptionChanged(SubscriptionChanged {
                subscription_id,
                monthly,
                r#type: kind(journal),
                product_id,
            })
        }
        6..8 => {
            let reason = journal.dice.maybe(&["price", "unused"], 40);
            Payload::SubscriptionCancelled(SubscriptionCancelled {
                subscription_id,
                reason,
            })
        }
        _ => {
            let monthly = journal
                .dice
                .percent(50)
                .then(|| journal.money_in(currency.to_owned(), 400));
            Payload::SubscriptionReactivated(SubscriptionReactivated {
                subscription_id,
                monthly,
            })
        }
    }
}

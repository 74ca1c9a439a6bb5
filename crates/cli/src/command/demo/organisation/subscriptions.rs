//! Subscriptions: begun with a deal, grown, shrunk, ended, and begun again.

use scoreline_core::{
    event::{
        OpportunityType, SubscriptionCancelled, SubscriptionChanged, SubscriptionReactivated, SubscriptionStarted,
    },
    id::SubscriptionId,
};

use super::{
    World,
    currencies::{Coin, rounded},
    days::Moment,
    deals::Deal,
    dice::Dice,
    journal::{System, name},
    products, sources,
};

const CANCELLED: [&str; 5] = [
    "too expensive",
    "not used",
    "competitor",
    "business closed",
    "missing feature",
];

/// A subscription on its way.
struct Running {
    id: SubscriptionId,
    coin: Coin,
    micros: i64,
}

/// Tells the subscription that came with a deal.
pub(super) fn tell(world: &mut World, dice: &mut Dice, deal: &Deal, sold: Moment) {
    let account = &world.accounts[deal.account];
    let (coin, opens) = (account.coin(), account.opens());
    let id = SubscriptionId::new(deal.id.as_str().replace("deal", "subscription")).expect("as short as the deal's id");
    let mut running = Running {
        id,
        coin,
        micros: rounded(deal.micros as f64 / 1e6 / dice.range(18.0, 40.0), 5.0),
    };
    let wait = dice.range(0.5, 9.0);
    let mut at = world.days.after(dice, sold, wait, opens);
    let payload = SubscriptionStarted {
        subscription: running.id.clone(),
        account: account.id.clone(),
        monthly: coin.money(running.micros),
        rep: Some(world.people.reps[deal.rep].id.clone()),
        product: Some(products::product_id(products::PLAN)),
        lead_source: Some(sources::source_name(account.source)),
        campaign: None,
        channel: None,
        territory: None,
        attributes: Vec::new(),
    };
    let mut goes_on = world.journal.tell(System::Billing, at, payload);
    while goes_on {
        let wait = dice.log_normal(80.0, 0.5);
        at = world.days.after(dice, at, wait, opens);
        goes_on = review(world, dice, &mut running, at);
    }
}

/// What becomes of it at one of its reviews; whether it goes on.
fn review(world: &mut World, dice: &mut Dice, running: &mut Running, at: Moment) -> bool {
    match dice.unit() {
        draw if draw < 0.14 => change(world, running, dice.range(1.08, 1.6), at),
        draw if draw < 0.20 => change(world, running, dice.range(0.5, 0.92), at),
        draw if draw < 0.27 => cancel(world, dice, running, at),
        _ => at < world.days.end(),
    }
}

fn change(world: &mut World, running: &mut Running, factor: f64, at: Moment) -> bool {
    running.micros = rounded(running.micros as f64 / 1e6 * factor, 5.0);
    let payload = SubscriptionChanged {
        subscription: running.id.clone(),
        monthly: running.coin.money(running.micros),
        kind: (factor > 1.0).then_some(OpportunityType::Upsell),
        product: None,
    };
    world.journal.tell(System::Billing, at, payload)
}

/// One in five comes back.
fn cancel(world: &mut World, dice: &mut Dice, running: &Running, at: Moment) -> bool {
    let reason = Some(name(dice.pick(&CANCELLED)));
    let payload = SubscriptionCancelled {
        subscription: running.id.clone(),
        reason,
    };
    if !world.journal.tell(System::Billing, at, payload) || !dice.chance(0.2) {
        return false;
    }
    let wait = dice.range(25.0, 120.0);
    let back = world.days.after(dice, at, wait, 8);
    let payload = SubscriptionReactivated {
        subscription: running.id.clone(),
        monthly: None,
    };
    world.journal.tell(System::Billing, back, payload)
}

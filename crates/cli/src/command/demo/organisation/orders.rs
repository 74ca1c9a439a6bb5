//! Orders: of deals that were won, and what customers buy again by themselves; refunds.

use scoreline_core::{
    event::{OpportunityType, OrderLine, OrderPlaced, OrderRefunded},
    id::{OpportunityId, OrderId},
};

use super::{
    World,
    currencies::{Coin, rounded},
    days::{HOUR, Moment},
    deals::Deal,
    dice::Dice,
    journal::{System, name},
    products, sources, subscriptions,
};

const REFUNDED: [&str; 4] = ["damaged", "wrong item", "not as described", "cancelled project"];

/// How an order comes about.
struct Sale {
    account: usize,
    rep: usize,
    at: Moment,
    kind: Option<OpportunityType>,
    opportunity: Option<OpportunityId>,
    channel: &'static str,
}

/// Tells the order of a deal that was won, and maybe a subscription.
pub(super) fn tell_of_deal(world: &mut World, dice: &mut Dice, deal: &Deal, won: Moment) {
    let at = won + dice.whole(HOUR / 4, 3 * 24 * HOUR);
    let lines = products::lines(dice, deal.product, deal.micros);
    let kind = Some(deal.kind);
    let sale = Sale {
        account: deal.account,
        rep: deal.rep,
        at,
        kind,
        opportunity: Some(deal.id.clone()),
        channel: "field",
    };
    place(world, dice, sale, &lines);
    if deal.kind == OpportunityType::NewBusiness && dice.chance(0.45) {
        subscriptions::tell(world, dice, deal, at);
    }
}

/// Tells what customers order without a deal: some never, some all the time.
pub(super) fn tell_repeats(world: &mut World, dice: &mut Dice) {
    for account in 0..world.accounts.len() {
        let Some(since) = world.accounts[account].customer_since else {
            continue;
        };
        let appetite = world.accounts[account].appetite;
        if !dice.chance((0.28 * appetite).min(0.9)) {
            continue;
        }
        let mut at = since;
        while dice.chance(0.86) {
            let wait = dice.log_normal(110.0 / appetite.sqrt(), 0.6);
            at = world.days.after(dice, at, wait, world.accounts[account].opens());
            if at >= world.days.end() {
                break;
            }
            repeat(world, dice, account, at);
        }
    }
}

fn repeat(world: &mut World, dice: &mut Dice, account: usize, at: Moment) {
    let buyer = &world.accounts[account];
    let total = rounded(dice.log_normal(buyer.deal_size() * 0.16, 0.6), 5.0);
    let day = world.days.day_of(at);
    let stays = world.people.reps[buyer.rep].works_on(day);
    let rep = if stays {
        buyer.rep
    } else {
        world.people.draw(dice, buyer.region, day)
    };
    let kind = match dice.unit() {
        draw if draw < 0.10 => Some(OpportunityType::Upsell),
        draw if draw < 0.18 => Some(OpportunityType::CrossSell),
        _ => None,
    };
    let channel = dice.pick(&["web shop", "web shop", "web shop", "phone", "partner"]);
    let product = products::draw(dice);
    let lines = products::lines(dice, product, total);
    place(
        world,
        dice,
        Sale {
            account,
            rep,
            at,
            kind,
            opportunity: None,
            channel,
        },
        &lines,
    );
}

fn place(world: &mut World, dice: &mut Dice, sale: Sale, lines: &[OrderLine]) {
    let buyer = &world.accounts[sale.account];
    let (source, coin, opens) = (buyer.source, buyer.coin(), buyer.opens());
    let order = OrderId::new(format!("order-{:05}", world.orders + 1)).expect("a short name");
    let payload = OrderPlaced {
        order: order.clone(),
        account: Some(buyer.id.clone()),
        rep: Some(world.people.reps[sale.rep].id.clone()),
        opportunity: sale.opportunity,
        currency: coin.currency(),
        lines: lines.to_vec(),
        kind: sale.kind,
        lead_source: Some(sources::source_name(source)),
        campaign: None,
        channel: Some(name(sale.channel)),
        territory: None,
        attributes: Vec::new(),
    };
    if !world.journal.tell(System::Shop, sale.at, payload) {
        return;
    }
    world.orders += 1;
    world.accounts[sale.account].customer_since.get_or_insert(sale.at);
    let day = world.days.day_of(sale.at);
    let total: i64 = lines.iter().map(|line| line.amount_micros).sum();
    let dollars = world.currencies.dollars(coin, total, world.days.days[day].month);
    world.tally.earn(
        world.days.days[day].quarter,
        world.people.reps[sale.rep].team_on(day),
        dollars,
    );
    if dice.chance(0.045) {
        let wait = dice.range(4.0, 30.0);
        let at = world.days.after(dice, sale.at, wait, opens);
        refund(world, dice, (order, coin), lines, at);
    }
}

/// One line goes back, whole or in part.
fn refund(world: &mut World, dice: &mut Dice, (order, coin): (OrderId, Coin), lines: &[OrderLine], at: Moment) {
    let Some(line) = lines.last() else { return };
    let part = dice.pick(&[1, 1, 2, 4]);
    let payload = OrderRefunded {
        order,
        currency: coin.currency(),
        lines: vec![OrderLine {
            product: line.product.clone(),
            quantity_milli: if part == 1 { line.quantity_milli } else { 0 },
            amount_micros: line.amount_micros / 10_000 / part * 10_000,
            cost_micros: line.cost_micros.filter(|_| part == 1),
        }],
        reason: Some(name(dice.pick(&REFUNDED))),
    };
    world.journal.tell(System::Shop, at, payload);
}

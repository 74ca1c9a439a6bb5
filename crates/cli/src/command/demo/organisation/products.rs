//! What is sold.

use scoreline_core::{
    event::{OrderLine, ProductDescribed},
    id::ProductId,
    money,
};

use super::{
    days::Days,
    dice::Dice,
    journal::{Journal, System, name},
    places::slug,
};

/// Name, category, and the part of its price that it costs.
const PRODUCTS: [(&str, &str, f64); 10] = [
    ("Core Licence", "Software", 0.18),
    ("Analytics Add-on", "Software", 0.15),
    ("Mobile Add-on", "Software", 0.16),
    ("Cloud Plan", "Subscription", 0.24),
    ("Premium Support", "Subscription", 0.35),
    ("Edge Gateway", "Hardware", 0.58),
    ("Sensor Kit", "Hardware", 0.62),
    ("Rollout Project", "Services", 0.55),
    ("Training Days", "Services", 0.48),
    ("Data Migration", "Services", 0.52),
];
/// The product that subscriptions are sold of.
pub(super) const PLAN: usize = 3;

pub(super) fn product_id(product: usize) -> ProductId {
    ProductId::new(slug(PRODUCTS[product].0)).expect("a fixed name")
}

/// A product that a deal is about; software most of the time.
pub(super) fn draw(dice: &mut Dice) -> usize {
    if dice.chance(0.5) {
        dice.index(4)
    } else {
        dice.index(PRODUCTS.len())
    }
}

/// Tells the products.
pub(super) fn tell(days: &Days, journal: &mut Journal) {
    for (at, (title, category, _)) in PRODUCTS.iter().enumerate() {
        let payload = ProductDescribed {
            product: product_id(at),
            name: Some(name(title)),
            category: Some(name(category)),
        };
        journal.tell(System::Shop, days.midnight(0), payload);
    }
}

/// Order lines about a product that sum to a total: one to three.
pub(super) fn lines(dice: &mut Dice, product: usize, total: i64) -> Vec<OrderLine> {
    let count = dice.pick(&[1, 1, 1, 2, 2, 3]);
    let weights: Vec<u64> = (0..count)
        .map(|at| if at == 0 { 60 } else { dice.whole(10, 30) as u64 })
        .collect();
    let cents = money::split(total / 10_000, &weights).expect("the first weight is 60");
    let line = |(at, cents): (usize, &i64)| line(dice, (product + 3 * at) % PRODUCTS.len(), cents * 10_000);
    cents.iter().enumerate().map(line).collect()
}

fn line(dice: &mut Dice, product: usize, amount_micros: i64) -> OrderLine {
    let cost = PRODUCTS[product].2 * dice.range(0.85, 1.15);
    OrderLine {
        product: Some(product_id(product)),
        quantity_milli: 1_000 * dice.pick(&[1, 1, 1, 2, 3, 5, 10]),
        amount_micros,
        cost_micros: Some((amount_micros as f64 / 10_000.0 * cost) as i64 * 10_000),
    }
}

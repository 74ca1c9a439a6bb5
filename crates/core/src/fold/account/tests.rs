use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Account;
use crate::{
    dimension::Dimension,
    event::OpportunityType,
    fold::{Output, Purchase, PurchaseKind, Signal, story::Story},
    id::{Name, SubscriptionId},
    measure::{Builtin, Dimensions, Measure, Measurement},
    money::Currency,
    policy::Lifecycle,
    subject::SubjectKind,
};

fn by(rep: &str) -> Dimensions {
    Dimensions::new().with(Dimension::Rep, Some(&Name::new(rep).expect("a name")))
}

fn purchase(rep: &str, kind: Option<OpportunityType>) -> Signal {
    Signal::Purchased(Purchase {
        by: PurchaseKind::Order,
        kind,
        dimensions: by(rep),
    })
}

/// A change of a subscription's amount in euros.
fn mrr(subscription: &str, delta_micros: i64, monthly_micros: i64) -> Signal {
    mrr_in("EUR", subscription, delta_micros, monthly_micros)
}

fn mrr_in(currency: &str, subscription: &str, delta_micros: i64, monthly_micros: i64) -> Signal {
    Signal::MrrChanged {
        subscription: SubscriptionId::new(subscription).expect("an id"),
        currency: Currency::new(currency).expect("a currency"),
        delta_micros,
        monthly_micros,
        kind: None,
        dimensions: Dimensions::new(),
    }
}

fn account() -> Story<Account> {
    Story::of(SubjectKind::Account)
}

fn active_for(window_days: u32) -> Story<Account> {
    account().under(|policies| policies.lifecycle = Lifecycle::Transactional { window_days })
}

fn by_subscription() -> Story<Account> {
    account().under(|policies| policies.lifecycle = Lifecycle::Subscription)
}

fn rows(story: &Story<Account>, measures: &[&str]) -> Vec<String> {
    let asked = |line: &String| measures.iter().any(|measure| line.split(' ').next() == Some(measure));
    story.told().into_iter().filter(asked).collect()
}

fn movements(story: &Story<Account>) -> Vec<String> {
    let told = story.told().into_iter().filter(|line| line.starts_with("mrr_"));
    told.map(|line| line.replace(" account=s1 currency=EUR", "")).collect()
}

#[test]
fn the_first_purchase_acquires_and_later_ones_repeat() {
    let story = active_for(30)
        .hears("2026-01-01T09:00Z", "order:a/placed", purchase("ann", None))
        .hears(
            "2026-01-05T09:00Z",
            "order:b/placed",
            purchase("bob", Some(OpportunityType::CrossSell)),
        );
    assert_eq!(
        story.told(),
        [
            "customer_acquired 2026-01-01 < 2026-01-01: 1 rep=ann account=s1",
            "purchase 2026-01-01 < 2026-01-01: 1 rep=ann account=s1",
            "active_customers 2026-01-01 < 2026-01-01: 1 rep=ann account=s1",
            "purchase 2026-01-05 < 2026-01-01: 1 rep=bob account=s1",
            "repeat_purchase 2026-01-05 < 2026-01-01: 1 rep=bob account=s1",
            "upsell_purchase 2026-01-05 < 2026-01-01: 1 rep=bob account=s1",
            // 30 days after the latest purchase, told as what made it active.
            "active_customers 2026-02-04 < 2026-01-01: -1 rep=ann account=s1",
        ]
    );
}

#[test]
fn a_deal_and_the_order_it_led_to_are_one_sale() {
    let deal = Signal::Purchased(Purchase {
        by: PurchaseKind::Deal,
        kind: None,
        dimensions: by("ann"),
    });
    let story = active_for(30)
        .hears("2026-01-01T09:00Z", "opportunity:o/won", deal)
        .hears("2026-01-02T09:00Z", "order:a/placed", purchase("ann", None));
    assert_eq!(
        rows(&story, &["customer_acquired", "purchase", "repeat_purchase"]),
        [
            "customer_acquired 2026-01-01 < 2026-01-01: 1 rep=ann account=s1",
            "purchase 2026-01-02 < 2026-01-01: 1 rep=ann account=s1",
        ]
    );
}

#[test]
fn a_customer_who_comes_back_on_the_day_of_leaving_enters_again() {
    let story = active_for(10)
        .hears("2026-01-01T09:00Z", "order:a/placed", purchase("ann", None))
        .hears("2026-01-10T09:00Z", "order:b/placed", purchase("bob", None))
        .hears("2026-01-20T09:00Z", "order:c/placed", purchase("cem", None));
    assert_eq!(
        rows(&story, &["active_customers"]),
        [
            "active_customers 2026-01-01 < 2026-01-01: 1 rep=ann account=s1",
            "active_customers 2026-01-20 < 2026-01-01: -1 rep=ann account=s1",
            "active_customers 2026-01-20 < 2026-01-01: 1 rep=cem account=s1",
            "active_customers 2026-01-30 < 2026-01-01: -1 rep=cem account=s1",
        ]
    );
}

#[test]
fn the_leaving_is_at_the_start_of_the_business_day_also_over_a_leap_day() {
    let story = active_for(365).hears("2027-05-01T22:30Z", "order:a/placed", purchase("ann", None));
    let output = story.output();
    let leaving = output.measurements.last().expect("a row");
    // 2027-05-02 in Berlin, where the clock shows 2028-05-01 from 22:00 UTC of the day before on: 2028 has a leap day.
    assert_eq!(
        (leaving.date.to_string(), leaving.instant.to_string()),
        ("2028-05-01".into(), "2028-04-30T22:00:00Z".into())
    );
}

#[test]
fn mrr_is_new_grows_shrinks_churns_and_comes_back() {
    let story = by_subscription()
        .hears("2026-01-01T09:00Z", "subscription:a/1/in0", mrr("a", 100, 100))
        .hears("2026-02-01T09:00Z", "subscription:b/2/in0", mrr("b", 50, 50))
        .hears("2026-03-01T09:00Z", "subscription:a/3/in0", mrr("a", -30, 70))
        .hears("2026-04-01T09:00Z", "subscription:b/4/in0", mrr("b", -50, 0))
        .hears("2026-05-01T09:00Z", "subscription:a/5/in0", mrr("a", -70, 0))
        .hears("2026-06-01T09:00Z", "subscription:a/6/in0", mrr("a", 80, 80));
    assert_eq!(
        movements(&story),
        [
            "mrr_new 2026-01-01 < 2026-01-01: 100",
            "mrr_expansion 2026-02-01 < 2026-01-01: 50",
            "mrr_contraction 2026-03-01 < 2026-01-01: -30",
            "mrr_contraction 2026-04-01 < 2026-01-01: -50",
            "mrr_churned 2026-05-01 < 2026-01-01: -70",
            "mrr_reactivation 2026-06-01 < 2026-01-01: 80",
        ]
    );
    assert_eq!(
        rows(&story, &["active_customers"]),
        [
            "active_customers 2026-01-01 < 2026-01-01: 1 account=s1",
            "active_customers 2026-05-01 < 2026-01-01: -1 account=s1",
            "active_customers 2026-06-01 < 2026-01-01: 1 account=s1",
        ]
    );
}

#[test]
fn a_subscription_that_takes_the_place_of_another_neither_churns_nor_reactivates() {
    let story = by_subscription()
        .hears("2026-01-01T09:00Z", "subscription:a/1/in0", mrr("a", 100, 100))
        .hears("2026-02-01T09:00Z", "subscription:a/2/in0", mrr("a", -100, 0))
        .hears("2026-02-01T09:00Z", "subscription:b/3/in0", mrr("b", 120, 120));
    assert_eq!(
        movements(&story),
        [
            "mrr_new 2026-01-01 < 2026-01-01: 100",
            "mrr_expansion 2026-02-01 < 2026-01-01: -100",
            "mrr_expansion 2026-02-01 < 2026-01-01: 120",
        ]
    );
    assert_eq!(
        rows(&story, &["active_customers"]),
        ["active_customers 2026-01-01 < 2026-01-01: 1 account=s1"]
    );
}

#[test]
fn amounts_in_two_currencies_are_never_set_off() {
    let story = by_subscription()
        .hears("2026-01-01T09:00Z", "subscription:a/1/in0", mrr("a", 100, 100))
        .hears(
            "2026-02-01T09:00Z",
            "subscription:a/2/in0",
            mrr_in("USD", "a", 110, 110),
        )
        .hears("2026-02-01T09:00Z", "subscription:a/2/out0", mrr("a", -100, 0));
    assert_eq!(
        rows(&story, &["mrr_expansion", "mrr_contraction"]),
        [
            "mrr_expansion 2026-02-01 < 2026-01-01: 110 account=s1 currency=USD",
            "mrr_contraction 2026-02-01 < 2026-01-01: -100 account=s1 currency=EUR",
        ]
    );
}

#[test]
fn an_expansion_that_is_an_upsell_counts_as_one() {
    let more = Signal::MrrChanged {
        subscription: SubscriptionId::new("a").expect("an id"),
        currency: Currency::new("EUR").expect("a currency"),
        delta_micros: 20,
        monthly_micros: 120,
        kind: Some(OpportunityType::Upsell),
        dimensions: by("ann"),
    };
    let story = by_subscription()
        .hears("2026-01-01T09:00Z", "subscription:a/1/in0", mrr("a", 100, 100))
        .hears("2026-02-01T09:00Z", "subscription:a/2/in0", more);
    assert_eq!(
        rows(&story, &["upsell_purchase"]),
        ["upsell_purchase 2026-02-01 < 2026-01-01: 1 rep=ann account=s1 opportunity_type=upsell"]
    );
}

const MOVEMENTS: [Builtin; 5] = [
    Builtin::MrrNew,
    Builtin::MrrExpansion,
    Builtin::MrrContraction,
    Builtin::MrrChurned,
    Builtin::MrrReactivation,
];

/// The rows of some measures as a multiset, whatever measure they are of.
fn multiset(output: &Output, measures: &[Builtin]) -> Vec<Measurement> {
    let asked = |row: &&Measurement| measures.iter().any(|measure| row.measure == Measure::Builtin(*measure));
    let mut found: Vec<Measurement> = output.measurements.iter().filter(asked).cloned().collect();
    found
        .iter_mut()
        .for_each(|row| row.measure = Measure::Builtin(Builtin::Mrr));
    found.sort();
    found
}

#[derive(Debug, Clone)]
enum Told {
    Buys,
    Pays(usize, i64),
}

fn told() -> impl Strategy<Value = Told> {
    let amount = prop_oneof![3 => 0_i64..4, 1 => Just(i64::MAX)];
    prop_oneof![
        Just(Told::Buys),
        (0_usize..3, amount).prop_map(|(at, amount)| Told::Pays(at, amount))
    ]
}

proptest! {
    #[test]
    fn opening_and_movements_are_the_closing(
        mut history in prop::collection::vec((1_u8..12, told()), 0..20),
        subscription_lifecycle: bool,
    ) {
        history.sort_by_key(|(day, _)| *day);
        let mut story = if subscription_lifecycle { by_subscription() } else { active_for(2) };
        let mut paid = [0_i64; 3];
        for (number, (day, told)) in history.into_iter().enumerate() {
            let at = format!("2026-01-{day:02}T12:00Z");
            let signal = match told {
                Told::Buys => purchase("ann", None),
                Told::Pays(at, amount) if amount == paid[at] => continue,
                Told::Pays(at, amount) => {
                    let before = std::mem::replace(&mut paid[at], amount);
                    mrr(["a", "b", "c"][at], amount - before, amount)
                }
            };
            story = story.hears(&at, &format!("order:{number:02}/told"), signal);
        }
        let output = story.output();
        prop_assert_eq!(multiset(&output, &[Builtin::Mrr]), multiset(&output, &MOVEMENTS));
        let balance: i128 = multiset(&output, &[Builtin::Mrr]).iter().map(|row| i128::from(row.value)).sum();
        prop_assert_eq!(balance, paid.iter().map(|paid| i128::from(*paid)).sum::<i128>());
        // At the end of every day the account is one active customer or none, whatever the dimensions.
        let mut active: BTreeMap<_, i64> = BTreeMap::new();
        for row in multiset(&output, &[Builtin::ActiveCustomers]) {
            *active.entry((row.date, row.dimensions)).or_default() += row.value;
        }
        let mut balances: BTreeMap<Dimensions, i64> = BTreeMap::new();
        for ((_, dimensions), change) in active {
            let balance = balances.entry(dimensions).or_default();
            *balance += change;
            prop_assert!((0..=1).contains(balance));
        }
        let at_last: i64 = balances.values().sum();
        let expected = i64::from(subscription_lifecycle && paid.iter().any(|paid| *paid != 0));
        prop_assert_eq!(at_last, expected);
    }
}

//! Hand-worked stories of subscriptions.

use serde_json::{Value, json};

use super::*;
use crate::{
    fold::{
        Signal,
        story::{Story, payload, survives},
    },
    subject::SubjectKind,
};

fn started() -> Value {
    json!({
        "subscription": "s1", "account": "acme", "monthly": euros(100), "rep": "ann", "product": "basic",
        "campaign": "spring", "attributes": [{"name": "language", "value": "de"}],
    })
}

fn euros(micros: i64) -> Value {
    json!({"currency": "EUR", "micros": micros})
}

fn changed(monthly: &Value) -> Value {
    json!({"subscription": "s1", "monthly": monthly})
}

fn running() -> Story<Subscription> {
    Story::of(SubjectKind::Subscription).then("2026-01-10T10:00Z", "e1", "subscription_started", started())
}

fn mrr(at: &str, words: &str, product: &str, rest: &str) -> String {
    format!("account:acme {at} mrr {words} rep=ann product={product} campaign=spring {rest} attribute.language=de")
}

fn start() -> Vec<String> {
    vec![
        mrr("2026-01-10T10:00:00Z", "+100 to 100 ", "basic", "currency=EUR"),
        "account:acme 2026-01-10T10:00:00Z purchased by Subscription  rep=ann product=basic campaign=spring \
         attribute.language=de"
            .to_owned(),
    ]
}

fn after_start(story: &Story<Subscription>) -> Vec<String> {
    let told = story.told();
    assert_eq!(told[..2], start());
    told[2..].to_vec()
}

#[test]
fn from_start_to_end_the_account_is_told_each_change() {
    let mut upsell = changed(&euros(150));
    upsell["kind"] = json!("upsell");
    let story = running()
        .then("2026-02-01T10:00Z", "e2", "subscription_changed", upsell)
        .then("2026-03-01T10:00Z", "e3", "subscription_changed", changed(&euros(120)))
        .then(
            "2026-04-01T10:00Z",
            "e4",
            "subscription_cancelled",
            json!({"subscription": "s1", "reason": "price"}),
        )
        .then(
            "2026-05-01T10:00Z",
            "e5",
            "subscription_reactivated",
            json!({"subscription": "s1"}),
        );
    let expected = [
        mrr("2026-02-01T10:00:00Z", "+50 to 150 upsell", "basic", "currency=EUR"),
        mrr("2026-03-01T10:00:00Z", "-30 to 120 ", "basic", "currency=EUR"),
        mrr(
            "2026-04-01T10:00:00Z",
            "-120 to 0 ",
            "basic",
            "close_reason=price currency=EUR",
        ),
        mrr("2026-05-01T10:00:00Z", "+120 to 120 ", "basic", "currency=EUR"),
    ];
    assert_eq!(after_start(&story), expected);
}

#[test]
fn what_is_said_twice_is_told_once() {
    let cancelled = || json!({"subscription": "s1"});
    let story = running()
        .then("2026-01-11T10:00Z", "e2", "subscription_started", started())
        .then("2026-01-12T10:00Z", "e3", "subscription_changed", changed(&euros(100)))
        .then(
            "2026-01-13T10:00Z",
            "e4",
            "subscription_reactivated",
            json!({"subscription": "s1"}),
        )
        .then("2026-02-01T10:00Z", "e5", "subscription_cancelled", cancelled())
        .then("2026-02-02T10:00Z", "e6", "subscription_cancelled", cancelled());
    assert_eq!(
        after_start(&story),
        [mrr("2026-02-01T10:00:00Z", "-100 to 0 ", "basic", "currency=EUR")]
    );
}

#[test]
fn another_currency_comes_before_the_old_one_goes() {
    let dollars = json!({"currency": "USD", "micros": 110});
    let story = running().then("2026-02-01T10:00Z", "e2", "subscription_changed", changed(&dollars));
    let expected = [
        mrr("2026-02-01T10:00:00Z", "+110 to 110 ", "basic", "currency=USD"),
        mrr("2026-02-01T10:00:00Z", "-100 to 0 ", "basic", "currency=EUR"),
    ];
    assert_eq!(after_start(&story), expected);
}

#[test]
fn another_product_takes_the_amount_along_and_only_more_is_an_upsell() {
    let mut same = changed(&euros(100));
    same["product"] = json!("plus");
    same["kind"] = json!("upsell");
    let mut more = changed(&euros(130));
    more["product"] = json!("pro");
    more["kind"] = json!("upsell");
    let story = running()
        .then("2026-02-01T10:00Z", "e2", "subscription_changed", same)
        .then("2026-03-01T10:00Z", "e3", "subscription_changed", more);
    let expected = [
        mrr("2026-02-01T10:00:00Z", "+100 to 100 ", "plus", "currency=EUR"),
        mrr("2026-02-01T10:00:00Z", "-100 to 100 ", "basic", "currency=EUR"),
        mrr("2026-03-01T10:00:00Z", "+130 to 130 upsell", "pro", "currency=EUR"),
        mrr("2026-03-01T10:00:00Z", "-100 to 130 ", "plus", "currency=EUR"),
    ];
    assert_eq!(after_start(&story), expected);
}

#[test]
fn what_changes_while_it_rests_is_paid_once_it_is_reactivated() {
    let story = running()
        .then(
            "2026-02-01T10:00Z",
            "e2",
            "subscription_cancelled",
            json!({"subscription": "s1"}),
        )
        .then("2026-02-02T10:00Z", "e3", "subscription_changed", changed(&euros(80)))
        .then(
            "2026-02-03T10:00Z",
            "e4",
            "subscription_reactivated",
            json!({"subscription": "s1"}),
        )
        .then(
            "2026-02-04T10:00Z",
            "e5",
            "subscription_reactivated",
            json!({"subscription": "s1", "monthly": euros(90)}),
        );
    let expected = [
        mrr("2026-02-01T10:00:00Z", "-100 to 0 ", "basic", "currency=EUR"),
        mrr("2026-02-03T10:00:00Z", "+80 to 80 ", "basic", "currency=EUR"),
        mrr("2026-02-04T10:00:00Z", "+10 to 90 ", "basic", "currency=EUR"),
    ];
    assert_eq!(after_start(&story), expected);
}

#[test]
fn a_start_after_the_end_is_a_start_and_nothing_counts_before_the_first() {
    let early = Story::<Subscription>::of(SubjectKind::Subscription)
        .then("2026-01-01T10:00Z", "e0", "subscription_changed", changed(&euros(900)))
        .then(
            "2026-01-02T10:00Z",
            "e9",
            "subscription_cancelled",
            json!({"subscription": "s1"}),
        );
    assert!(early.told().is_empty());
    let again = early
        .then("2026-01-10T10:00Z", "e1", "subscription_started", started())
        .then(
            "2026-02-01T10:00Z",
            "e2",
            "subscription_cancelled",
            json!({"subscription": "s1"}),
        )
        .then("2026-03-01T10:00Z", "e3", "subscription_started", started());
    let told = after_start(&again);
    assert_eq!(told.len(), 3);
    let restart: Vec<_> = start()
        .iter()
        .map(|line| line.replace("2026-01-10", "2026-03-01"))
        .collect();
    assert_eq!(told[1..], restart);
}

#[test]
fn what_is_told_of_one_instant_keeps_the_order_of_the_events() {
    let story = running().then(
        "2026-01-10T10:00Z",
        "e1-end",
        "subscription_cancelled",
        json!({"subscription": "s1"}),
    );
    assert_eq!(
        after_start(&story),
        [mrr("2026-01-10T10:00:00Z", "-100 to 0 ", "basic", "currency=EUR")]
    );
}

#[test]
fn any_history_is_survived() {
    let other = json!({"subscription": "s1", "account": "other", "monthly": euros(i64::MIN)});
    let mut product = changed(&euros(i64::MAX));
    product["product"] = json!("plus");
    survives::<Subscription>(
        SubjectKind::Subscription,
        &[
            payload("subscription_started", started()),
            payload("subscription_started", other),
            payload("subscription_changed", changed(&euros(i64::MIN))),
            payload(
                "subscription_changed",
                changed(&json!({"currency": "USD", "micros": i64::MAX})),
            ),
            payload("subscription_changed", product),
            payload("subscription_cancelled", json!({"subscription": "s1"})),
            payload("subscription_reactivated", json!({"subscription": "s1"})),
            payload(
                "subscription_reactivated",
                json!({"subscription": "s1", "monthly": euros(7)}),
            ),
        ],
    );
}

proptest::proptest! {
    /// Per currency, what the account is told adds up to what is paid in the end.
    #[test]
    fn changes_add_up(amounts in proptest::collection::vec((0_i64..1_000, 0..2_usize, 0..3_usize), 1..10)) {
        let mut story = running();
        for (at, (micros, currency, product)) in amounts.iter().enumerate() {
            let monthly = json!({"currency": (["EUR", "USD"][*currency]), "micros": micros});
            let product = [None, Some("basic"), Some("plus")][*product];
            let fields = json!({"subscription": "s1", "monthly": monthly, "product": product});
            story = story.then("2026-02-01T10:00Z", &format!("e2-{at}"), "subscription_changed", fields);
        }
        let (last, currency, _) = amounts[amounts.len() - 1];
        for (index, code) in ["EUR", "USD"].into_iter().enumerate() {
            let total: i64 = story.output().signals.iter().filter_map(|(_, occurrence)| match &occurrence.what {
                What::Signal(Signal::MrrChanged { currency, delta_micros, .. }) if currency.code() == code => Some(*delta_micros),
                _ => None,
            }).sum();
            proptest::prop_assert_eq!(total, if index == currency { last } else { 0 });
        }
    }
}

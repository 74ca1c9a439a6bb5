//! Subscriptions: what each pays, and when that changes.

use jiff::Timestamp;
use scoreline_proto::{
    events::v1::{SubscriptionStarted, event::Payload},
    types::v1::Money,
};

use super::{Purchase, Scene, Whom, business, whom, with};
use crate::reference::{effective::Said, world::micros};

/// A change of what is paid a month in one currency.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) at: Timestamp,
    pub(super) account: String,
    pub(super) subscription: String,
    pub(super) currency: String,
    pub(super) delta: i128,
    /// What is paid in the currency from then on.
    pub(super) pays: i128,
    pub(super) kind: &'static str,
    pub(super) whom: Whom,
}

#[derive(Debug, Clone)]
struct Contract {
    account: String,
    monthly: Money,
    runs: bool,
    whom: Whom,
}

/// All purchases and changes, by time.
pub(super) fn hear(scene: &Scene<'_>) -> (Vec<Purchase>, Vec<Change>) {
    let subscriptions = scene.subjects(|payload| match payload {
        Payload::SubscriptionStarted(told) => Some(&told.subscription_id),
        Payload::SubscriptionChanged(told) => Some(&told.subscription_id),
        Payload::SubscriptionCancelled(told) => Some(&told.subscription_id),
        Payload::SubscriptionReactivated(told) => Some(&told.subscription_id),
        _ => None,
    });
    let (mut purchases, mut changes) = (Vec::new(), Vec::new());
    for (id, said) in subscriptions {
        let mut contract: Option<Contract> = None;
        for said in said {
            if let Payload::SubscriptionStarted(started) = &said.payload {
                if contract.as_ref().is_some_and(|contract| contract.runs) {
                    continue;
                }
                let new = begin(started);
                let (account, whom) = (new.account.clone(), new.whom.clone());
                purchases.push(Purchase {
                    at: said.at,
                    account,
                    is_sale: true,
                    whom,
                });
                changes.extend(differences(id, said.at, None, &new, ("", "")));
                contract = Some(new);
            } else if let Some(before) = contract.take() {
                let (after, words) = turn(&before, said);
                changes.extend(differences(id, said.at, Some(&before), &after, words));
                contract = Some(after);
            }
        }
    }
    changes.sort_by_key(|change| change.at);
    (purchases, changes)
}

fn begin(started: &SubscriptionStarted) -> Contract {
    let whom = whom(&[
        ("rep", &started.rep_id),
        ("product", &started.product_id),
        ("lead_source", &started.lead_source),
        ("campaign", &started.campaign),
        ("channel", &started.channel),
    ]);
    let monthly = started.monthly.clone().expect("a generated amount");
    Contract {
        account: started.account_id.clone(),
        monthly,
        runs: true,
        whom,
    }
}

/// The contract after an event, the kind of the change and its reason.
fn turn<'a>(before: &Contract, said: &'a Said) -> (Contract, (&'static str, &'a str)) {
    let mut after = before.clone();
    match &said.payload {
        Payload::SubscriptionChanged(changed) => {
            after.monthly = changed.monthly.clone().expect("a generated amount");
            if !changed.product_id.is_empty() {
                after.whom = with(after.whom, "product", &changed.product_id);
            }
            (after, (business(changed.r#type), ""))
        }
        Payload::SubscriptionCancelled(cancelled) => {
            after.runs = false;
            (after, ("", &cancelled.reason))
        }
        Payload::SubscriptionReactivated(reactivated) => {
            after.runs = true;
            after.monthly = reactivated.monthly.clone().unwrap_or(after.monthly);
            (after, ("", ""))
        }
        _ => (after, ("", "")),
    }
}

/// What the account pays more or less. What is paid with other words moves: all of it comes, and all of it goes.
fn differences(
    id: &str,
    at: Timestamp,
    before: Option<&Contract>,
    after: &Contract,
    (kind, reason): (&'static str, &str),
) -> Vec<Change> {
    let before = before.filter(|before| before.runs);
    let paid = before.map_or(0, |before| micros(&before.monthly));
    let pays = if after.runs { micros(&after.monthly) } else { 0 };
    let change = |contract: &Contract, delta: i128, pays: i128, kind, reason: &str| Change {
        at,
        account: contract.account.clone(),
        subscription: id.to_owned(),
        currency: contract.monthly.currency_code.clone(),
        delta,
        pays,
        kind,
        whom: with(contract.whom.clone(), "close_reason", reason),
    };
    let mut changes = match before {
        Some(before) if after.runs => {
            let converted = before.monthly.currency_code != after.monthly.currency_code;
            let kind = if converted || pays > paid { kind } else { "" };
            if converted || before.whom != after.whom {
                let left = if converted { 0 } else { pays };
                vec![change(after, pays, pays, kind, ""), change(before, -paid, left, "", "")]
            } else {
                vec![change(after, pays - paid, pays, kind, "")]
            }
        }
        _ => vec![change(
            after,
            pays - paid,
            pays,
            if pays > paid { kind } else { "" },
            reason,
        )],
    };
    changes.retain(|change| change.delta != 0);
    changes
}

//! What recurs, account by account, and how it moves.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};

use super::{Fact, Facts, Scene, Whom, subscriptions::Change, with};

/// Tells of an account's recurring revenue; its changes are in the order of time.
pub(super) fn tell(account: &str, entered: Date, changes: &[&Change], scene: &Scene<'_>, facts: &mut Facts) {
    let mut running: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut had_once = false;
    let mut active: Option<Whom> = None;
    for moment in changes.chunk_by(|one, other| one.at == other.at) {
        let had = !running.is_empty();
        for change in moment {
            let slot = (change.subscription.as_str(), change.currency.as_str());
            if change.pays == 0 {
                running.remove(&slot)
            } else {
                running.insert(slot)
            };
        }
        let has = !running.is_empty();
        let teller = Teller {
            account,
            entered,
            at: moment[0].at,
            scene,
        };
        for change in moment {
            let movement = match (had, has) {
                (false, _) if had_once => "mrr_reactivation",
                (false, _) => "mrr_new",
                (true, false) => "mrr_churned",
                (true, true) if sum(moment, &change.currency) >= 0 => "mrr_expansion",
                (true, true) => "mrr_contraction",
            };
            let whom = with(change.whom.clone(), "currency", &change.currency);
            facts.add("mrr", teller.fact(&whom, change.delta));
            facts.add(movement, teller.fact(&whom, change.delta));
        }
        if let Some(upsell) = moment
            .iter()
            .find(|change| change.delta > 0 && ["upsell", "cross_sell"].contains(&change.kind))
        {
            facts.add(
                "upsell_purchase",
                teller.fact(&with(upsell.whom.clone(), "opportunity_type", upsell.kind), 1),
            );
        }
        if scene.tenant.window_days.is_none() {
            let coming = moment.iter().find(|change| change.delta > 0).unwrap_or(&moment[0]);
            match &active {
                None if has => {
                    facts.add("active_customers", teller.fact(&coming.whom, 1));
                    active = Some(coming.whom.clone());
                }
                Some(whom) if !has => {
                    facts.add("active_customers", teller.fact(whom, -1));
                    active = None;
                }
                _ => {}
            }
        }
        had_once |= has;
    }
}

fn sum(moment: &[&Change], currency: &str) -> i128 {
    moment
        .iter()
        .filter(|change| change.currency == currency)
        .map(|change| change.delta)
        .sum()
}

struct Teller<'a> {
    account: &'a str,
    entered: Date,
    at: Timestamp,
    scene: &'a Scene<'a>,
}

impl Teller<'_> {
    fn fact(&self, whom: &Whom, value: i128) -> Fact {
        let whom = with(whom.clone(), "account", self.account);
        let subject = self.account.to_owned();
        Fact {
            date: self.scene.date(self.at),
            entered: self.entered,
            subject,
            whom,
            value,
        }
    }
}

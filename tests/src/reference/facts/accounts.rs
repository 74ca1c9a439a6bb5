//! Accounts: what each bought, and while which it is a customer.

use std::collections::BTreeSet;

use jiff::{ToSpan as _, civil::Date};

use super::{Fact, Facts, Purchase, Scene, Whom, recurring, subscriptions::Change, with};

/// Tells of all accounts; purchases and changes are in the order of time.
pub(super) fn tell(purchases: &[Purchase], changes: &[Change], scene: &Scene<'_>, facts: &mut Facts) {
    let bought = purchases.iter().map(|purchase| purchase.account.as_str());
    let accounts: BTreeSet<&str> = bought
        .chain(changes.iter().map(|change| change.account.as_str()))
        .collect();
    for account in accounts {
        let purchases: Vec<_> = purchases
            .iter()
            .filter(|purchase| purchase.account == account)
            .collect();
        let changes: Vec<_> = changes.iter().filter(|change| change.account == account).collect();
        let first = purchases
            .first()
            .map(|purchase| purchase.at)
            .into_iter()
            .chain(changes.first().map(|change| change.at))
            .min();
        let entered = scene.date(first.expect("an account that bought or paid"));
        let teller = Teller { account, entered };
        buys(&purchases, &teller, scene, facts);
        if let Some(days) = scene.tenant.window_days {
            comes_and_goes(&purchases, days, &teller, scene, facts);
        }
        recurring::tell(account, entered, &changes, scene, facts);
    }
}

struct Teller<'a> {
    account: &'a str,
    entered: Date,
}

impl Teller<'_> {
    fn fact(&self, date: Date, whom: &Whom, value: i128) -> Fact {
        let whom = with(whom.clone(), "account", self.account);
        Fact {
            date,
            entered: self.entered,
            subject: self.account.to_owned(),
            whom,
            value,
        }
    }
}

fn buys(purchases: &[&Purchase], teller: &Teller<'_>, scene: &Scene<'_>, facts: &mut Facts) {
    let mut sales = 0;
    for (number, purchase) in purchases.iter().enumerate() {
        let fact = teller.fact(scene.date(purchase.at), &purchase.whom, 1);
        if number == 0 {
            facts.add("customer_acquired", fact.clone());
        }
        if purchase.is_sale {
            facts.add("purchase", fact.clone());
            if sales > 0 {
                facts.add("repeat_purchase", fact.clone());
            }
            sales += 1;
        }
        let kind = purchase.whom.get("opportunity_type").map_or("", String::as_str);
        if kind == "upsell" || kind == "cross_sell" {
            facts.add("upsell_purchase", fact);
        }
    }
}

/// A customer from a purchase until so many days after the latest one; who buys on the day of leaving has left, and comes again.
fn comes_and_goes(purchases: &[&Purchase], days: i32, teller: &Teller<'_>, scene: &Scene<'_>, facts: &mut Facts) {
    let mut stay: Option<(Date, &Whom)> = None;
    for purchase in purchases {
        let date = scene.date(purchase.at);
        let leaves = date + days.days();
        match &mut stay {
            Some((until, _)) if date < *until => *until = leaves.max(*until),
            _ => {
                if let Some((left, whom)) = stay {
                    facts.add("active_customers", teller.fact(left, whom, -1));
                }
                facts.add("active_customers", teller.fact(date, &purchase.whom, 1));
                stay = Some((leaves, &purchase.whom));
            }
        }
    }
    if let Some((left, whom)) = stay {
        facts.add("active_customers", teller.fact(left, whom, -1));
    }
}

//! Who there is, what there is, and what a currency is worth.

use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use scoreline_proto::{
    encode,
    events::v1::{
        AccountDescribed, CurrencyRateSet, ProductDescribed, RepAssigned, RepJoined, TeamDescribed, event::Payload,
    },
};

use super::{ACCOUNTS, FIRST_DAY, PRODUCTS, REGIONS, REPS, TEAM_ABOVE, TEAMS, journal::Journal};

/// Tells of everybody.
pub(super) fn tell(journal: &mut Journal) {
    let long_ago = FIRST_DAY.to_zoned(TimeZone::UTC).expect("a day").timestamp() - SignedDuration::from_hours(24 * 60);
    rates(journal, long_ago);
    things(journal, long_ago);
    for rep in REPS {
        let joined = RepJoined {
            rep_id: rep.to_owned(),
            name: format!("Rep {rep}"),
            effective_date: None,
        };
        journal.say(long_ago, Payload::RepJoined(joined));
        // Some belong nowhere for a while.
        let at = if journal.dice.percent(75) {
            long_ago
        } else {
            journal.sometime()
        };
        assign(journal, rep, at);
        if journal.dice.percent(50) {
            let at = journal.sometime();
            assign(journal, rep, at);
        }
    }
}

fn assign(journal: &mut Journal, rep: &str, at: Timestamp) {
    let day = at.to_zoned(TimeZone::UTC).date();
    let shift = journal.dice.between(-30, 30);
    let effective_date = journal.dice.percent(40).then(|| encode::date(day + shift.days()));
    let assigned = RepAssigned {
        rep_id: rep.to_owned(),
        team_id: journal.dice.maybe(&TEAMS, 5),
        manager_id: journal.dice.maybe(&["mia", "noa"], 10),
        region: journal.dice.maybe(&REGIONS, 10),
        effective_date,
        ..RepAssigned::default()
    };
    journal.say(at, Payload::RepAssigned(assigned));
}

fn rates(journal: &mut Journal, long_ago: Timestamp) {
    let (from, to) = *journal.dice.pick(&[("EUR", "USD"), ("USD", "EUR")]);
    let first = Some(encode::date(FIRST_DAY - 1.year()));
    let set = |journal: &mut Journal, at, effective_date| {
        let rate = format!(
            "{}.{:04}",
            journal.dice.between(0, 2),
            journal.dice.between(5_000, 10_000)
        );
        let (from_currency_code, to_currency_code) = (from.to_owned(), to.to_owned());
        journal.say(
            at,
            Payload::CurrencyRateSet(CurrencyRateSet {
                from_currency_code,
                to_currency_code,
                rate,
                effective_date,
            }),
        );
    };
    set(journal, long_ago, first);
    for _ in 0..8 {
        let at = journal.sometime();
        let day = at.to_zoned(TimeZone::UTC).date();
        let effective_date = journal.dice.percent(50).then(|| encode::date(day - 3.days()));
        set(journal, at, effective_date);
    }
}

fn things(journal: &mut Journal, at: Timestamp) {
    for team in &TEAMS[..2] {
        let team = TeamDescribed {
            team_id: (*team).to_owned(),
            parent_id: TEAM_ABOVE.to_owned(),
            ..TeamDescribed::default()
        };
        journal.say(at, Payload::TeamDescribed(team));
    }
    for product_id in PRODUCTS {
        let category = journal.dice.maybe(&["tools", "services"], 10);
        let product = ProductDescribed {
            product_id: product_id.to_owned(),
            category,
            ..ProductDescribed::default()
        };
        journal.say(at, Payload::ProductDescribed(product));
    }
    for account_id in &ACCOUNTS[..10] {
        let account = AccountDescribed {
            account_id: (*account_id).to_owned(),
            segment: journal.dice.maybe(&["small", "large"], 10),
            industry: journal.dice.maybe(&["crafts", "retail", "public"], 10),
            ..AccountDescribed::default()
        };
        journal.say(at, Payload::AccountDescribed(account));
    }
}

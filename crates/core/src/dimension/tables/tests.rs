use jiff::civil::date;

use super::*;
use crate::{
    event::{CurrencyRateSet, RepAssigned, RepJoined, RepLeft, TeamDescribed, TerritoryDescribed},
    id::{RepId, TeamId, TerritoryId},
};

fn name(text: &str) -> Name {
    Name::new(text).expect("a test name")
}

fn fact(event: &str, second: i64, effective: Date, payload: impl Into<Payload>) -> Fact {
    Fact {
        at: Timestamp::from_second(second).expect("in range"),
        event: EventId::new(event).expect("an id"),
        effective,
        payload: payload.into(),
    }
}

fn assigned(team: Option<&str>, territory: Option<&str>, region: Option<&str>) -> RepAssigned {
    RepAssigned {
        rep: RepId::new("ann").expect("an id"),
        team: team.map(|team| TeamId::new(team).expect("an id")),
        manager: None,
        region: region.map(name),
        territory: territory.map(|territory| TerritoryId::new(territory).expect("an id")),
        role: None,
        effective_date: None,
    }
}

fn tables(facts: &[Fact]) -> Tables {
    let forward = Tables::from_facts(facts.iter().map(|fact| (fact, 1)));
    let backward = Tables::from_facts(facts.iter().rev().map(|fact| (fact, 1)));
    assert_eq!(
        format!("{forward:?}"),
        format!("{backward:?}"),
        "the order of facts changes nothing"
    );
    forward
}

#[test]
fn an_assignment_holds_from_its_day_until_the_next_and_the_later_word_wins_a_day() {
    let facts = [
        fact("a", 10, date(2026, 1, 1), assigned(Some("east"), None, None)),
        fact("b", 30, date(2026, 5, 15), assigned(Some("west"), None, None)),
        fact("c", 20, date(2026, 5, 15), assigned(Some("north"), None, None)),
    ];
    let tables = tables(&facts);
    let team = |day| tables.rep("ann")?.assignment(day)?.team.as_ref().map(Name::as_str);
    assert_eq!(team(date(2025, 12, 31)), None);
    assert_eq!(team(date(2026, 5, 14)), Some("east"));
    assert_eq!(team(date(2026, 5, 15)), Some("west"));

    let without = Tables::from_facts(facts.iter().map(|fact| (fact, 1)).chain([(&facts[1], -1)]));
    let team = without
        .rep("ann")
        .and_then(|rep| rep.assignment(date(2026, 6, 1)))
        .and_then(|at| at.team.clone());
    assert_eq!(team, Some(name("north")));
}

#[test]
fn a_rep_is_active_from_joining_or_first_assignment_until_it_left() {
    let joined = |day| RepJoined {
        rep: RepId::new("bob").expect("an id"),
        name: Some(name("Bob")),
        effective_date: Some(day),
    };
    let left = |day| RepLeft {
        rep: RepId::new("bob").expect("an id"),
        effective_date: Some(day),
    };
    let tables = tables(&[
        fact("a", 1, date(2026, 2, 1), joined(date(2026, 2, 1))),
        fact("b", 2, date(2026, 3, 1), left(date(2026, 3, 1))),
        fact("c", 3, date(2026, 6, 1), joined(date(2026, 6, 1))),
        fact("d", 4, date(2026, 1, 10), assigned(Some("east"), None, None)),
    ]);
    let active = |from, to| tables.active_reps(from..to).map(Name::as_str).collect::<Vec<_>>();
    assert_eq!(active(date(2026, 1, 1), date(2026, 1, 10)), Vec::<&str>::new());
    assert_eq!(active(date(2026, 1, 1), date(2026, 2, 1)), ["ann"]);
    assert_eq!(active(date(2026, 2, 28), date(2026, 3, 1)), ["ann", "bob"]);
    assert_eq!(active(date(2026, 3, 1), date(2026, 6, 1)), ["ann"]);
    assert_eq!(active(date(2026, 6, 1), date(2026, 7, 1)), ["ann", "bob"]);
    assert_eq!(tables.label(&Dimension::Rep, "bob"), Some(&name("Bob")));
}

#[test]
fn a_hierarchy_that_bites_its_tail_still_ends() {
    let team = |id: &str, parent: Option<&str>| TeamDescribed {
        team: TeamId::new(id).expect("an id"),
        name: None,
        parent: parent.map(|parent| TeamId::new(parent).expect("an id")),
    };
    let day = date(2026, 1, 1);
    let tables = tables(&[
        fact("a", 1, day, team("world", None)),
        fact("b", 2, day, team("europe", Some("world"))),
        fact("c", 3, day, team("france", Some("europe"))),
        fact("d", 4, day, team("x", Some("y"))),
        fact("e", 5, day, team("y", Some("x"))),
    ]);
    let france = name("france");
    let level = |n| tables.team_at_level(&france, n).map(Name::as_str);
    assert_eq!(
        [1, 2, 3, 4].map(level),
        [Some("world"), Some("europe"), Some("france"), None]
    );
    assert_eq!(tables.lineage(&name("x")), [&name("x"), &name("y")]);
}

#[test]
fn a_region_comes_from_the_territory_before_the_assignment() {
    let territory = TerritoryDescribed {
        territory: TerritoryId::new("t1").expect("an id"),
        name: None,
        region: Some(name("EMEA")),
    };
    let day = date(2026, 1, 1);
    let tables = tables(&[
        fact("a", 1, day, territory),
        fact("b", 2, day, assigned(None, Some("t1"), Some("own"))),
        fact("c", 3, date(2026, 2, 1), assigned(None, Some("unknown"), Some("own"))),
    ]);
    assert_eq!(tables.region_of("ann", day), Some(&name("EMEA")));
    assert_eq!(tables.region_of("ann", date(2026, 2, 1)), Some(&name("own")));
}

#[test]
fn a_rate_is_direct_or_turned_round_or_through_one_other_currency() {
    let currency = |code| Currency::new(code).expect("a code");
    let (eur, usd, gbp, jpy) = (currency("EUR"), currency("USD"), currency("GBP"), currency("JPY"));
    let rate = |text: &str| text.parse::<Rate>().expect("a rate");
    let set = |from, to, text: &str| CurrencyRateSet {
        from,
        to,
        rate: rate(text),
        effective_date: None,
    };
    let tables = tables(&[
        fact("a", 1, date(2026, 1, 1), set(eur, usd, "1.1")),
        fact("b", 2, date(2026, 2, 1), set(eur, usd, "1.2")),
        fact("c", 3, date(2026, 1, 1), set(eur, gbp, "0.8")),
    ]);
    assert_eq!(tables.rate(eur, usd, date(2025, 12, 31)), None);
    assert_eq!(tables.rate(eur, usd, date(2026, 1, 31)), Some(rate("1.1")));
    assert_eq!(tables.rate(usd, eur, date(2026, 2, 1)), Some(rate("1.2").inverse()));
    assert_eq!(
        tables.rate(gbp, usd, date(2026, 2, 1)),
        rate("0.8").inverse().then(rate("1.2")).ok()
    );
    assert_eq!(tables.rate(jpy, usd, date(2026, 2, 1)), None);
    assert_eq!(tables.rate(jpy, jpy, date(2026, 2, 1)), Some(Rate::ONE));
}

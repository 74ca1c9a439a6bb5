use std::sync::Arc;

use jiff::tz::TimeZone;
use smol_str::SmolStr;

use super::world::*;
use crate::{
    dimension::{Dimension, Tables},
    ledger::Image,
    measure::Builtin::{ActiveCustomers, Revenue},
    query::{Aggregate, Buckets, Cell, Error, Options, Page, contributions, run},
};

const YEAR: [(&str, &str); 1] = [("2026-01-01", "2027-01-01")];

#[test]
fn what_lies_after_now_or_was_recorded_after_the_asked_commit_is_not_seen() {
    let first = row(Revenue, "2026-02-01", "o1", 10);
    let mut late = row(Revenue, "2026-03-01", "o2", 20);
    late.commit = 5;
    let entries = [first.clone(), late, first.taken_back(7)];
    let mut query = ask(Revenue, Aggregate::Flow, &YEAR);
    let mut sums = |known_at, now: &str| {
        query.known_at = known_at;
        query.now = instant(now);
        let found = answer(&entries, &Tables::default(), &query).expect("an answer");
        found.groups.first().map(|group| flow(&group.cells[0]))
    };
    assert_eq!(sums(None, "2026-12-01T00:00:00Z"), Some((1, 20)));
    assert_eq!(sums(Some(6), "2026-12-01T00:00:00Z"), Some((2, 30)));
    assert_eq!(sums(Some(4), "2026-12-01T00:00:00Z"), Some((1, 10)));
    assert_eq!(sums(Some(6), "2026-02-01T12:00:00Z"), Some((1, 10)));
    assert_eq!(sums(Some(6), "2026-02-01T11:59:59Z"), None);
}

#[test]
fn days_of_another_zone_are_cut_at_its_midnights_also_when_a_clock_changes() {
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let midnight = |text: &str| day(text).to_zoned(berlin.clone()).expect("in range").timestamp();
    let days = ["2026-03-28", "2026-03-29", "2026-03-30"].map(midnight);
    assert_eq!(days[2].duration_since(days[1]).as_hours(), 23);
    let entries = [
        row(Revenue, "2026-03-28", "o1", 1).at("2026-03-28T22:59:59Z"),
        row(Revenue, "2026-03-28", "o2", 2).at("2026-03-28T23:00:00Z"),
        row(Revenue, "2026-03-29", "o3", 4).at("2026-03-29T21:59:59Z"),
        row(Revenue, "2026-03-29", "o4", 8).at("2026-03-29T22:00:00Z"),
    ];
    let mut query = ask(Revenue, Aggregate::Flow, &[]);
    query.buckets = Buckets::Instants(vec![days[0]..days[1], days[1]..days[2]]);
    let found = answer(&entries, &Tables::default(), &query).expect("an answer");
    assert_eq!(table(&found, flow), [("-", vec![(1, 1), (2, 6)])]);
    query.aggregate = Aggregate::Balance;
    let found = answer(&entries, &Tables::default(), &query).expect("an answer");
    assert_eq!(table(&found, balance), [("-", vec![(0, 1, 1), (1, 7, 3)])]);
}

#[test]
fn a_question_that_is_too_large_or_makes_no_sense_is_refused_by_name() {
    let entries = ["ann", "bob", "cid"].map(|rep| row(Revenue, "2026-02-01", "o", 1).by(rep));
    let mut query = ask(Revenue, Aggregate::Flow, &YEAR);
    query.group = vec![Dimension::Rep];
    let limited = |max_cells| {
        run(
            &image(&entries),
            &Tables::default(),
            &query,
            &Options {
                max_cells,
                ..Options::default()
            },
        )
    };
    assert_eq!(limited(3).expect("three groups").groups.len(), 3);
    assert!(matches!(limited(2), Err(Error::TooManyCells { limit: 2 })));
    let backwards = ask(
        Revenue,
        Aggregate::Flow,
        &[("2026-02-01", "2026-03-01"), ("2026-01-01", "2026-02-01")],
    );
    assert!(matches!(
        answer(&entries, &Tables::default(), &backwards),
        Err(Error::Buckets { at: 1 })
    ));
    let derived = ask(Revenue, Aggregate::DistinctValues(Dimension::Team), &YEAR);
    assert!(matches!(
        answer(&entries, &Tables::default(), &derived),
        Err(Error::Unsupported(_))
    ));
}

#[test]
fn the_records_behind_a_number_are_those_that_stand() {
    let mut again = row(Revenue, "2026-02-01", "o1", 10).by("ann");
    let first = again.clone();
    again.commit = 3;
    let entries = [
        row(Revenue, "2026-03-01", "o0", 5).by("ann"),
        first.clone(),
        first.taken_back(2),
        again.clone(),
        row(Revenue, "2026-02-01", "o1", 11).by("bob"),
        row(Revenue, "2027-02-01", "o1", 12).by("ann"),
    ];
    let mut query = ask(Revenue, Aggregate::Flow, &YEAR);
    query.group = vec![Dimension::Rep];
    let ann: [Option<SmolStr>; 1] = [Some("ann".into())];
    let page = |offset, limit| {
        let cell = (0, ann.as_slice());
        contributions(
            &image(&entries),
            &Tables::default(),
            &query,
            &Options::default(),
            cell,
            Page { offset, limit },
        )
    };
    let all = page(0, 10).expect("an answer");
    assert_eq!(
        (all.entries.as_slice(), all.total),
        ([again, entries[0].clone()].as_slice(), 2)
    );
    let second = page(1, 1).expect("an answer");
    assert_eq!(
        (second.entries.as_slice(), second.total),
        ([entries[0].clone()].as_slice(), 2)
    );
}

#[test]
fn a_snapshot_never_sees_what_comes_later() {
    let mut image = image(&[row(ActiveCustomers, "2026-01-01", "a", 1)]);
    let before = image.clone();
    for commit in 2..50 {
        let mut entry = row(ActiveCustomers, "2026-01-01", &format!("a{commit}"), 1).by(&format!("rep{commit}"));
        entry.commit = commit;
        image.append(&[entry]);
    }
    let closing = |image: &Image| {
        let query = ask(ActiveCustomers, Aggregate::Balance, &YEAR);
        let found = run(image, &Tables::default(), &query, &Options::default()).expect("an answer");
        let Cell::Balance(balance) = &found.groups[0].cells[0] else {
            panic!("a balance")
        };
        balance.closing
    };
    assert_eq!((closing(&before), before.commit(), before.rows()), (1, 1, 1));
    assert_eq!((closing(&image), image.commit(), image.rows()), (49, 49, 49));
    let blocks = image
        .measures()
        .map(|measure| image.blocks(measure).len())
        .sum::<usize>();
    assert!(blocks <= 7, "{blocks} blocks for 49 rows");
}

#[test]
fn the_tables_are_known_at_a_commit_too() {
    let mut image = Image::new();
    let east = fact("2026-01-01", assigned("ann", Some("east"), None, None));
    image.append_facts(1, [(east.clone(), 1)]);
    let before = image.tables(None);
    let mut west = east.clone();
    west.payload = assigned("ann", Some("west"), None, None).into();
    image.append_facts(2, [(east, -1), (west, 1)]);
    let team = |tables: &Tables| {
        let rep = tables.rep("ann").expect("known");
        rep.assignment(day("2026-06-01"))
            .and_then(|assignment| assignment.team.clone())
    };
    assert_eq!(team(&before), Some(name("east")));
    assert_eq!(team(&image.tables(None)), Some(name("west")));
    assert_eq!(team(&image.tables(Some(1))), Some(name("east")));
    assert!(Arc::ptr_eq(&image.tables(None), &image.tables(Some(2))));
}

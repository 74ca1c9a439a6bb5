use super::world::*;
use crate::{
    dimension::{Dimension, Tables},
    measure::Builtin::{Mrr, PipelineAmount},
    query::{AccountFlow, Aggregate, Attribution, Cell},
};

const MONTHS: [(&str, &str); 3] = [
    ("2026-01-01", "2026-02-01"),
    ("2026-02-01", "2026-03-01"),
    ("2026-03-01", "2026-04-01"),
];

#[test]
fn a_balance_is_the_running_sum_at_both_ends() {
    let wrong = row(PipelineAmount, "2026-01-10", "d9", 500);
    let entries = [
        row(PipelineAmount, "2025-06-01", "d1", 100),
        row(PipelineAmount, "2026-01-31", "d2", 50),
        row(PipelineAmount, "2026-02-01", "d1", -100),
        row(PipelineAmount, "2026-04-01", "d3", 7),
        wrong.clone(),
        wrong.taken_back(2),
    ];
    let found = answer(
        &entries,
        &Tables::default(),
        &ask(PipelineAmount, Aggregate::Balance, &MONTHS),
    )
    .expect("an answer");
    assert_eq!(
        table(&found, balance),
        [("-", vec![(100, 150, 2), (150, 50, 3), (50, 50, 3)])]
    );
    // The same without February.
    let gap = ask(PipelineAmount, Aggregate::Balance, &[MONTHS[0], MONTHS[2]]);
    let found = answer(&entries, &Tables::default(), &gap).expect("an answer");
    assert_eq!(table(&found, balance), [("-", vec![(100, 150, 2), (50, 50, 3)])]);
}

#[test]
fn a_balance_belongs_to_the_team_of_the_buckets_last_day_at_both_ends() {
    let tables = tables([
        fact("2026-01-01", assigned("ann", Some("east"), None, None)),
        fact("2026-02-15", assigned("ann", Some("west"), None, None)),
    ]);
    let entries = [
        row(PipelineAmount, "2026-01-10", "d1", 100).by("ann"),
        row(PipelineAmount, "2026-03-10", "d1", -100).by("ann"),
    ];
    let mut query = ask(PipelineAmount, Aggregate::Balance, &MONTHS);
    query.group = vec![Dimension::Team];
    let found = answer(&entries, &tables, &query).expect("an answer");
    let nothing = (0, 0, 0);
    assert_eq!(
        table(&found, balance),
        [
            ("east", vec![(0, 100, 1), nothing, nothing]),
            ("west", vec![nothing, (100, 100, 1), (100, 0, 2)])
        ]
    );
    query.group.clear();
    query.filters = vec![only(Dimension::Team, &[Some("east")])];
    let found = answer(&entries, &tables, &query).expect("an answer");
    assert_eq!(table(&found, balance), [("-", vec![(0, 100, 1), nothing, nothing])]);
    query.attribution = Attribution::Current;
    assert_eq!(answer(&entries, &tables, &query).expect("an answer").groups, []);
}

#[test]
fn retention_follows_each_account_and_caps_what_it_kept() {
    let mrr = |date: &str, account: &str, value: i64| row(Mrr, date, account, value).of(Dimension::Account, account);
    let entries = [
        mrr("2025-12-01", "grows", 100),
        mrr("2026-01-15", "grows", 50),
        mrr("2025-12-01", "shrinks", 100),
        mrr("2026-01-15", "shrinks", -60),
        mrr("2025-12-01", "leaves", 100),
        mrr("2026-01-15", "leaves", -100),
        mrr("2026-01-15", "comes", 70),
        row(Mrr, "2025-12-01", "nobody", 9),
    ];
    let found = answer(
        &entries,
        &Tables::default(),
        &ask(Mrr, Aggregate::Retention, &MONTHS[..2]),
    )
    .expect("an answer");
    let january = AccountFlow {
        at_start: 3,
        retained: 2,
        start_sum: 300,
        kept_sum: 190,
        capped_sum: 140,
        missing: None,
    };
    let february = AccountFlow {
        at_start: 3,
        retained: 3,
        start_sum: 260,
        kept_sum: 260,
        capped_sum: 260,
        missing: None,
    };
    assert_eq!(
        found.groups[0].cells,
        [Cell::Retention(january), Cell::Retention(february)].into()
    );
}

#[test]
fn retention_nets_an_account_over_the_reps_of_one_team_and_not_over_two() {
    let tables = tables([
        fact("2026-01-01", assigned("ann", Some("east"), None, None)),
        fact("2026-01-01", assigned("bob", Some("east"), None, None)),
        fact("2026-02-01", assigned("bob", Some("west"), None, None)),
    ]);
    let mrr = |date: &str, rep: &str, value: i64| row(Mrr, date, "s", value).of(Dimension::Account, "acme").by(rep);
    let entries = [mrr("2025-12-01", "ann", 100), mrr("2025-12-02", "bob", -30)];
    let mut query = ask(Mrr, Aggregate::Retention, &MONTHS[..2]);
    query.group = vec![Dimension::Team];
    let found = answer(&entries, &tables, &query).expect("an answer");
    let starts = |cell: &Cell| match cell {
        Cell::Retention(flow) => (flow.at_start, flow.start_sum),
        other => panic!("{other:?} is not retention"),
    };
    assert_eq!(
        table(&found, starts),
        [("east", vec![(1, 70), (1, 100)]), ("west", vec![(0, 0), (0, 0)])]
    );
}

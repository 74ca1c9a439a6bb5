use super::world::*;
use crate::{
    dimension::{Dimension, Tables},
    measure::Builtin::{Activity, LeadToCustomer, Revenue, SaleAmount},
    query::{Aggregate, Attribution, Basis, Cell},
    rational::Rational,
};

const QUARTERS: [(&str, &str); 2] = [("2026-01-01", "2026-04-01"), ("2026-04-01", "2026-07-01")];

#[test]
fn a_flow_sums_counts_and_squares_what_lies_in_each_bucket() {
    let sold = row(Revenue, "2026-02-01", "o3", 40);
    let entries = [
        row(Revenue, "2025-12-31", "o0", 1_000),
        row(Revenue, "2026-01-01", "o1", 3).by("ann"),
        row(Revenue, "2026-03-31", "o2", -4).by("ann"),
        sold.clone(),
        sold.taken_back(2),
        row(Revenue, "2026-07-01", "o4", 1_000),
        row(SaleAmount, "2026-02-01", "o3", 77),
    ];
    let answer = answer(
        &entries,
        &Tables::default(),
        &ask(Revenue, Aggregate::Moments, &QUARTERS),
    )
    .expect("an answer");
    let [group] = answer.groups.as_slice() else {
        panic!("one group")
    };
    let Cell::Flow(first) = &group.cells[0] else {
        panic!("a flow")
    };
    assert_eq!(
        (first.count, first.sum, first.sum_squares, first.missing),
        (2, -1, Some(25), None)
    );
    assert_eq!(flow(&group.cells[1]), (0, 0));
}

#[test]
fn a_rep_who_changes_team_mid_quarter_takes_only_later_deals_along() {
    let facts = [
        fact("2026-01-01", team("sales", None)),
        fact("2026-01-01", team("east", Some("sales"))),
        fact("2026-01-01", team("west", Some("sales"))),
        fact("2026-01-01", assigned("ann", Some("east"), None, None)),
        fact("2026-02-15", assigned("ann", Some("west"), None, None)),
    ];
    let tables = tables(facts);
    let entries = [
        row(Revenue, "2026-02-14", "o1", 10).by("ann"),
        row(Revenue, "2026-02-15", "o2", 20).by("ann"),
        row(Revenue, "2025-11-11", "o3", 40).by("ann"),
        row(Revenue, "2026-03-01", "o4", 80),
    ];
    let mut query = ask(Revenue, Aggregate::Flow, &[("2025-01-01", "2026-04-01")]);
    query.group = vec![Dimension::Team];
    let by_team = answer(&entries, &tables, &query).expect("an answer");
    assert_eq!(
        table(&by_team, flow),
        [("-", vec![(2, 120)]), ("east", vec![(1, 10)]), ("west", vec![(1, 20)])]
    );

    query.attribution = Attribution::Current;
    let now = answer(&entries, &tables, &query).expect("an answer");
    assert_eq!(table(&now, flow), [("-", vec![(1, 80)]), ("west", vec![(3, 70)])]);

    query.attribution = Attribution::AsOfEvent;
    query.group = vec![Dimension::TeamLevel(1)];
    query.filters = vec![only(Dimension::Team, &[Some("sales")])];
    let top = answer(&entries, &tables, &query).expect("an answer");
    assert_eq!(table(&top, flow), [("sales", vec![(2, 30)])]);
    query.filters[0].exclude = true;
    let others = answer(&entries, &tables, &query).expect("an answer");
    assert_eq!(table(&others, flow), [("-", vec![(2, 120)])]);
}

#[test]
fn a_region_is_that_of_the_rows_territory_then_the_reps_territory_then_the_rep() {
    let tables = tables([
        fact("2026-01-01", territory("t1", Some("north"))),
        fact("2026-01-01", territory("t2", Some("south"))),
        fact("2026-01-01", territory("t3", None)),
        fact("2026-01-01", assigned("ann", None, Some("east"), Some("t2"))),
        fact("2026-01-01", assigned("bob", None, Some("west"), Some("t3"))),
    ]);
    let entries = [
        row(Revenue, "2026-02-01", "o1", 1)
            .by("ann")
            .of(Dimension::Territory, "t1"),
        row(Revenue, "2026-02-01", "o2", 2)
            .by("ann")
            .of(Dimension::Territory, "t3"),
        row(Revenue, "2026-02-01", "o3", 4).by("ann"),
        row(Revenue, "2026-02-01", "o4", 8).by("bob"),
        row(Revenue, "2026-02-01", "o5", 16),
    ];
    let mut query = ask(Revenue, Aggregate::Flow, &QUARTERS[..1]);
    query.group = vec![Dimension::Region];
    let regions = answer(&entries, &tables, &query).expect("an answer");
    let sums = |cell: &Cell| flow(cell).1;
    assert_eq!(
        table(&regions, sums),
        [
            ("-", vec![16]),
            ("north", vec![1]),
            ("south", vec![6]),
            ("west", vec![8])
        ]
    );
    query.group = vec![Dimension::Territory];
    let territories = answer(&entries, &tables, &query).expect("an answer");
    assert_eq!(
        table(&territories, sums),
        [("-", vec![16]), ("t1", vec![1]), ("t2", vec![4]), ("t3", vec![10])]
    );
}

#[test]
fn a_cohort_follows_who_entered_wherever_they_ended_up() {
    let entries = [
        row(LeadToCustomer, "2026-05-20", "l1", 120).entered("2026-01-20"),
        row(LeadToCustomer, "2026-02-20", "l2", 31).entered("2026-01-20"),
        row(LeadToCustomer, "2026-04-20", "l3", 10).entered("2026-04-10"),
    ];
    let mut query = ask(LeadToCustomer, Aggregate::Flow, &QUARTERS);
    query.basis = Basis::Cohort;
    let counts = |cell: &Cell| flow(cell).0;
    let cohort = answer(&entries, &Tables::default(), &query).expect("an answer");
    assert_eq!(table(&cohort, counts), [("-", vec![2, 1])]);
    query.max_value = Some(90);
    let within = answer(&entries, &Tables::default(), &query).expect("an answer");
    assert_eq!(table(&within, counts), [("-", vec![1, 1])]);
}

#[test]
fn a_median_interpolates_and_leaves_out_what_was_taken_back() {
    let wrong = row(Activity, "2026-01-09", "e", 1_000);
    let mut entries: Vec<_> = [40, 10, 30, 20]
        .iter()
        .map(|value| row(Activity, "2026-01-09", "e", *value))
        .collect();
    entries.extend([wrong.clone(), wrong.taken_back(2), row(Activity, "2026-05-09", "e", 7)]);
    let quantiles = Aggregate::Distribution {
        quantiles: vec![500_000, 900_000],
    };
    let answer = answer(&entries, &Tables::default(), &ask(Activity, quantiles, &QUARTERS)).expect("an answer");
    let shown = |cell: &Cell| match cell {
        Cell::Distribution(found) => (
            found.flow.count,
            found.quantiles.iter().map(|found| found.value).collect::<Vec<_>>(),
        ),
        other => panic!("{other:?} is not a distribution"),
    };
    // Positions 1.5 and 2.7 of 10, 20, 30, 40.
    let seven = Rational::from(7_i64);
    assert_eq!(
        table(&answer, shown),
        [(
            "-",
            vec![(4, vec![25_i64.into(), 37_i64.into()]), (1, vec![seven, seven])]
        )]
    );
}

#[test]
fn distinct_subjects_and_values_are_those_that_still_have_a_row() {
    let gone = row(SaleAmount, "2026-01-05", "o2", 5).of(Dimension::Account, "acme");
    let entries = [
        row(SaleAmount, "2026-01-05", "o1", 1).of(Dimension::Account, "acme"),
        row(SaleAmount, "2026-01-05", "o1", 2).of(Dimension::Account, "acme"),
        gone.clone(),
        gone.taken_back(3),
        row(SaleAmount, "2026-01-06", "o3", 2).of(Dimension::Account, "bolt"),
        row(SaleAmount, "2026-05-06", "o4", 2),
    ];
    let distinct = |aggregate| {
        let found = answer(&entries, &Tables::default(), &ask(SaleAmount, aggregate, &QUARTERS)).expect("an answer");
        found.groups[0].cells.clone()
    };
    assert_eq!(
        distinct(Aggregate::DistinctSubjects),
        [Cell::Distinct(2), Cell::Distinct(1)].into()
    );
    assert_eq!(
        distinct(Aggregate::DistinctValues(Dimension::Account)),
        [Cell::Distinct(2), Cell::Distinct(0)].into()
    );
}

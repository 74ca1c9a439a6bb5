use super::world::{World, by_key, metric, question, ratio, rep, row, value};
use crate::{
    calendar::Grain, dimension::Dimension, event::TargetScope, id::TeamId, measure::Builtin, metric::evaluate::Reason,
    rational::Rational,
};

const QUARTER: &str = "2026-01-01 2026-04-01";
const Q1: (&str, &str) = ("2026-01-01", "2026-04-01");
const LATER: &str = "2026-06-01";

/// Anna has 80 of 100, Bob 330 of 300, Carl 1000 without a quota.
fn quotas() -> World {
    World::default()
        .assigned("anna", "north", "2025-01-01")
        .assigned("bob", "north", "2025-01-01")
        .target(rep("anna"), "bookings", Q1, 100, &[])
        .target(rep("bob"), "bookings", Q1, 300, &[])
        .with([
            row(Builtin::Bookings, "2026-01-20", "d1", 80).by("anna"),
            row(Builtin::Bookings, "2026-02-20", "d2", 330).by("bob"),
            row(Builtin::Bookings, "2026-02-21", "d3", 1_000).by("carl"),
        ])
}

#[test]
fn attainment_is_sum_by_sum_of_reps_with_a_quota() {
    let cell = quotas().one(metric("quota_attainment"), QUARTER, LATER);
    assert_eq!((value(&cell), cell.n), (Ok(ratio(41, 40)), Some(2)));
    assert_eq!(
        (cell.numerator, cell.denominator),
        (Some(ratio(410, 1)), Some(ratio(400, 1)))
    );
    assert_eq!(
        value(&quotas().one(metric("reps_at_quota"), QUARTER, LATER)),
        Ok(ratio(1, 2))
    );
    let mut asked = question(metric("quota_attainment"), QUARTER, LATER);
    asked.dimensions = vec![Dimension::Rep];
    let expected = [
        ("anna".into(), Ok(ratio(4, 5))),
        ("bob".into(), Ok(ratio(11, 10))),
        ("carl".into(), Err(Reason::NoTarget)),
    ];
    assert_eq!(by_key(&quotas().ask(&asked)), expected);
    asked.dimensions = vec![Dimension::Product];
    assert_eq!(
        by_key(&quotas().ask(&asked)),
        [("–".into(), Err(Reason::NotApplicable))]
    );
}

#[test]
fn a_part_of_a_period_has_its_part_of_the_quota() {
    let mut asked = question(metric("quota_attainment"), QUARTER, LATER);
    asked.grain = Grain::Month;
    let table = quotas().ask(&asked);
    // January has 31 of 90 days: 400 × 31 ÷ 90.
    assert_eq!(table.rows[0].cells[0].denominator, Some(ratio(400 * 31, 90)));
    assert_eq!(value(&table.rows[0].cells[0]), Ok(ratio(80 * 90, 400 * 31)));
}

#[test]
fn a_ramping_rep_has_less_to_reach() {
    // 90 over 90 days, 0 in January, half in February: 28 ÷ 2 + 31.
    let world = World::default()
        .target(rep("dora"), "bookings", Q1, 90, &[0, 500_000])
        .with([row(Builtin::Bookings, "2026-03-20", "d1", 90).by("dora")]);
    assert_eq!(
        value(&world.one(metric("quota_attainment"), QUARTER, LATER)),
        Ok(Rational::from(2_i64))
    );
}

#[test]
fn a_rep_who_changes_team_takes_only_later_deals_and_days_along() {
    let world = quotas()
        .assigned("anna", "south", "2026-02-01")
        .with([row(Builtin::Bookings, "2026-03-01", "d4", 59).by("anna")]);
    let mut asked = question(metric("quota_attainment"), QUARTER, LATER);
    asked.dimensions = vec![Dimension::Team];
    let table = world.ask(&asked);
    let parts: Vec<_> = table
        .rows
        .iter()
        .map(|row| (row.key[0].as_deref(), row.cells[0].numerator, row.cells[0].denominator))
        .collect();
    assert!(
        parts.contains(&(Some("north"), Some(ratio(410, 1)), Some(ratio(100 * 31 + 300 * 90, 90)))),
        "{parts:?}"
    );
    assert!(
        parts.contains(&(Some("south"), Some(ratio(59, 1)), Some(ratio(100 * 59, 90)))),
        "{parts:?}"
    );
}

#[test]
fn a_team_without_a_target_has_the_quotas_of_its_reps() {
    let south = TargetScope::Team(TeamId::new("south").expect("an id"));
    let world = quotas()
        .assigned("carl", "south", "2025-01-01")
        .target(south, "bookings", Q1, 500, &[])
        .target(
            TargetScope::Organisation,
            "bookings",
            ("2026-01-01", "2027-01-01"),
            3_650,
            &[],
        );
    let target = metric("sales_target_attainment").with("metric", "bookings");
    let mut asked = question(target.clone(), QUARTER, LATER);
    asked.dimensions = vec![Dimension::Team];
    assert_eq!(
        by_key(&world.ask(&asked)),
        [("north".into(), Ok(ratio(41, 40))), ("south".into(), Ok(ratio(2, 1)))]
    );
    // 90 of 365 days of 3650.
    assert_eq!(value(&world.one(target, QUARTER, LATER)), Ok(ratio(1_410, 900)));
    assert_eq!(
        value(&world.one(metric("sales_target_attainment"), QUARTER, LATER)),
        Err(Reason::NoTarget)
    );
}

#[test]
fn the_shorter_of_two_targets_counts() {
    let world = World::default()
        .target(rep("anna"), "bookings", ("2026-01-01", "2027-01-01"), 3_650, &[])
        .target(rep("anna"), "bookings", Q1, 100, &[])
        .with([row(Builtin::Bookings, "2026-01-20", "d1", 50).by("anna")]);
    assert_eq!(
        value(&world.one(metric("quota_attainment"), QUARTER, LATER)),
        Ok(ratio(1, 2))
    );
}

#[test]
fn coverage_is_of_what_remains_until_it_is_met() {
    let world = || {
        World::default()
            .target(TargetScope::Organisation, "bookings", Q1, 300, &[])
            .with([
                row(Builtin::Bookings, "2026-01-20", "d1", 100).by("anna"),
                row(Builtin::PipelineAmount, "2026-01-05", "d2", 500).from("2026-03-15"),
                row(Builtin::PipelineAmount, "2026-01-05", "d3", 900).from("2026-05-15"),
            ])
    };
    // On February 10th: 500 due by the end of March for the remaining 200.
    assert_eq!(
        value(&world().one(metric("pipeline_coverage"), QUARTER, "2026-02-10")),
        Ok(ratio(5, 2))
    );
    let met = world().with([row(Builtin::Bookings, "2026-02-01", "d4", 200).by("anna")]);
    assert_eq!(
        value(&met.one(metric("pipeline_coverage"), QUARTER, "2026-02-10")),
        Err(Reason::TargetMet)
    );
}

#[test]
fn reps_are_counted_where_they_belong() {
    let world = quotas().with([row(Builtin::Revenue, "2026-01-20", "o1", 90).by("anna")]);
    assert_eq!(
        value(&world.one(metric("revenue_per_rep"), QUARTER, LATER)),
        Ok(ratio(45, 1))
    );
    let mut asked = question(metric("revenue_per_rep"), QUARTER, LATER);
    asked.dimensions = vec![Dimension::Rep];
    assert_eq!(
        by_key(&world.ask(&asked)),
        [("anna".into(), Ok(ratio(90, 1))), ("bob".into(), Ok(Rational::ZERO))]
    );
    asked.dimensions = vec![Dimension::Product];
    assert_eq!(by_key(&world.ask(&asked)), [("–".into(), Err(Reason::NotApplicable))]);
}

use std::sync::Arc;

use super::world::{World, by_key, metric, name, question, ratio, row, value};
use crate::{
    dimension::Dimension,
    measure::Builtin,
    metric::{
        definition::IntervalKind,
        evaluate::{By, Key, Order, Part, Question, Reason, Selection, leaves},
    },
    query::Basis,
    rational::Rational,
};

const MARCH: &str = "2026-03-01 2026-04-01";
const LATER: &str = "2026-06-01";
const DAY: i64 = 86_400_000;

fn deals() -> World {
    World::default().with([
        row(Builtin::Won, "2026-03-02", "d1", 100).by("anna").from("2026-01-10"),
        row(Builtin::Won, "2026-03-03", "d2", 300).by("anna").from("2026-03-01"),
        row(Builtin::Won, "2026-03-04", "d3", 50).by("bob").from("2026-03-01"),
        row(Builtin::Lost, "2026-03-05", "d4", 150).by("bob").from("2026-02-01"),
        row(Builtin::Lost, "2026-04-05", "d5", 10).by("bob").from("2026-03-09"),
        row(Builtin::OpportunityOpened, "2026-03-01", "d2", 300).by("anna"),
        row(Builtin::OpportunityOpened, "2026-03-01", "d3", 50).by("bob"),
        row(Builtin::OpportunityOpened, "2026-03-09", "d5", 10).by("bob"),
        row(Builtin::OpportunityOpened, "2026-03-12", "d6", 10).by("bob"),
    ])
}

#[test]
fn an_owner_with_only_wins_wins_all() {
    let mut asked = question(metric("win_rate"), MARCH, LATER);
    asked.dimensions = vec![Dimension::Rep];
    let table = deals().ask(&asked);
    assert_eq!(
        by_key(&table),
        [("anna".into(), Ok(Rational::ONE)), ("bob".into(), Ok(ratio(1, 2)))]
    );
    let cell = deals().one(metric("win_rate"), MARCH, LATER);
    assert_eq!((value(&cell), cell.n, cell.immature), (Ok(ratio(3, 4)), Some(4), None));
    assert_eq!(cell.interval.expect("an interval").method, IntervalKind::Wilson);
    assert_eq!(
        value(&deals().one(metric("win_rate"), "2026-05-01 2026-06-01", LATER)),
        Err(Reason::ZeroDenominator)
    );
}

#[test]
fn a_win_rate_by_amount_and_by_cohort() {
    // 450 won, 150 lost.
    let by_amount = deals().one(metric("win_rate").with("weight", "amount"), MARCH, LATER);
    assert_eq!((value(&by_amount), by_amount.interval), (Ok(ratio(3, 4)), None));
    // Of those opened in March two were won, one lost in April, one is open.
    let cohort = deals().one(metric("win_rate").with("basis", "cohort"), MARCH, LATER);
    assert_eq!((value(&cohort), cohort.immature), (Ok(ratio(2, 3)), Some(1)));
    let mut asked = question(metric("win_rate"), MARCH, LATER);
    asked.basis = Some(Basis::Cohort);
    let table = deals().ask(&asked);
    assert_eq!(
        (table.rows[0].cells[0].immature, table.columns[0].basis),
        (Some(1), Basis::Cohort)
    );
}

#[test]
fn what_several_metrics_need_is_asked_once() {
    let world = deals();
    let mut asked = question(metric("win_rate"), MARCH, LATER);
    asked
        .metrics
        .extend(["loss_rate", "deals_won", "deals_lost"].map(Selection::new));
    assert_eq!(world.ask(&asked).rows[0].cells.len(), 4);
    assert_eq!(world.queries_asked(), 2);
}

#[test]
fn a_ranking_leaves_out_small_samples_and_says_so() {
    let mut asked = question(metric("win_rate"), MARCH, LATER);
    asked.dimensions = vec![Dimension::Rep];
    asked.order_by = vec![Order {
        by: By::Column(0),
        descending: true,
    }];
    asked.limit = Some(1);
    assert_eq!(by_key(&deals().ask(&asked)), [("anna".into(), Ok(Rational::ONE))]);
    asked.min_sample = Some(3);
    let table = deals().ask(&asked);
    assert_eq!((table.rows.len(), table.left_out), (0, 2));
    asked.order_by.clear();
    assert_eq!(
        value(&deals().ask(&asked).rows[0].cells[0]),
        Err(Reason::BelowMinimumSample)
    );
}

#[test]
fn a_ranking_is_the_beginning_of_all_rows_in_their_order() {
    // Bob and carl win alike; dora's deal is open, so that her rate is undefined.
    let world = World::default().with([
        row(Builtin::Won, "2026-03-02", "d1", 100).by("anna"),
        row(Builtin::Won, "2026-03-04", "d2", 50).by("bob"),
        row(Builtin::Lost, "2026-03-05", "d3", 150).by("bob"),
        row(Builtin::Won, "2026-03-04", "d4", 50).by("carl"),
        row(Builtin::Lost, "2026-03-05", "d5", 150).by("carl"),
        row(Builtin::OpportunityOpened, "2026-03-09", "d6", 10).by("dora"),
    ]);
    let up = |by| Order { by, descending: false };
    let down = |by| Order { by, descending: true };
    let (rate, opened, rep) = (By::Column(0), By::Column(1), By::Dimension(0));
    let orders = [
        (vec![], ["anna", "bob", "carl", "dora"]),
        (vec![down(rate)], ["anna", "bob", "carl", "dora"]),
        (vec![up(rate)], ["bob", "carl", "anna", "dora"]),
        (vec![down(rate), down(rep)], ["anna", "carl", "bob", "dora"]),
        (vec![down(rep), up(rate)], ["dora", "carl", "bob", "anna"]),
        (vec![down(opened), up(rate)], ["dora", "bob", "carl", "anna"]),
    ];
    let mut asked = question(metric("win_rate"), MARCH, LATER);
    asked.metrics.push(Selection::new("opportunities_created"));
    asked.dimensions = vec![Dimension::Rep];
    let reps =
        |asked: &Question| -> Vec<String> { by_key(&world.ask(asked)).into_iter().map(|(rep, _)| rep).collect() };
    for (order, expected) in orders {
        asked.order_by.clone_from(&order);
        for limit in 0..=5 {
            asked.limit = Some(limit);
            assert_eq!(reps(&asked), expected[..limit.min(4)], "the first {limit} by {order:?}");
        }
        let groups = ["dora", "carl"].map(|rep| Key::from_iter([Some(rep.into())]));
        let some = Question {
            groups: Some(Arc::new(groups.into_iter().collect())),
            limit: None,
            ..asked.clone()
        };
        let wanted = expected.into_iter().filter(|rep| ["dora", "carl"].contains(rep));
        assert_eq!(reps(&some), Vec::from_iter(wanted), "some by {order:?}");
    }
}

#[test]
fn a_number_tells_the_queries_that_it_rests_on() {
    let world = deals();
    let asked = question(metric("win_rate"), MARCH, LATER);
    let registry = crate::metric::Registry::builtin(&world.policies);
    let of = |part| {
        let found = leaves(
            &registry,
            &world.policies,
            &world.tables(),
            &asked,
            &asked.metrics[0],
            part,
        )
        .expect("leaves");
        found
            .into_iter()
            .map(|query| query.measure.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(Part::Numerator), ["won"]);
    assert_eq!(of(Part::Denominator), ["won", "lost"]);
}

fn open(world: World, stage: &str, deal: &str, amount: i64, since: &str) -> World {
    let of = |row: super::world::Row| row.of(Dimension::Pipeline, "default").of(Dimension::Stage, stage);
    world.with([
        of(row(Builtin::PipelineAmount, since, deal, amount)).from("2026-03-31"),
        of(row(Builtin::OpenOpportunities, since, deal, 1)),
    ])
}

#[test]
fn a_pipeline_is_weighted_by_stage_and_0_is_a_probability() {
    let mut world = open(
        open(World::default(), "proposal", "d1", 100, "2026-03-01"),
        "negotiation",
        "d2",
        200,
        "2026-03-01",
    );
    // ½ × 100 + ¾ × 200
    let weighted = metric("weighted_pipeline_value");
    assert_eq!(value(&world.one(weighted.clone(), MARCH, LATER)), Ok(ratio(200, 1)));
    world.policies.pipelines[0].stages[2].probability_ppm = Some(0);
    assert_eq!(value(&world.one(weighted.clone(), MARCH, LATER)), Ok(ratio(150, 1)));
    world.policies.pipelines[0].stages[2].probability_ppm = None;
    assert_eq!(value(&world.one(weighted, MARCH, LATER)), Err(Reason::NoProbability));
}

#[test]
fn a_learnt_probability_is_that_of_getting_through_all_stages() {
    // Of 4 decided in negotiation 1 went on; commit was never decided and stands at its declared 90 %.
    let world = open(World::default(), "negotiation", "d1", 400, "2026-03-01");
    let of = |measure, deal: &str| {
        row(measure, "2026-02-01", deal, 1)
            .of(Dimension::Pipeline, "default")
            .of(Dimension::Stage, "negotiation")
    };
    let world = world.with([
        of(Builtin::StageDecided, "x1"),
        of(Builtin::StageDecided, "x2"),
        of(Builtin::StageDecided, "x3"),
        of(Builtin::StageDecided, "x4"),
        of(Builtin::StageAdvanced, "x1"),
    ]);
    let learnt = metric("weighted_pipeline_value").with("probability", "learnt");
    assert_eq!(value(&world.one(learnt, MARCH, LATER)), Ok(ratio(90, 1)));
}

#[test]
fn what_is_open_longer_than_nine_in_ten_is_stalled() {
    // All visits took 5 days. On March 31st d1 is there for 10 days, d2 for 5.
    let world = open(
        open(World::default(), "proposal", "d1", 1, "2026-03-21"),
        "proposal",
        "d2",
        1,
        "2026-03-26",
    );
    let visits = (0..10).map(|visit| {
        let row = row(Builtin::StageVisit, "2026-02-01", &format!("v{visit}"), 5 * DAY);
        row.of(Dimension::Pipeline, "default").of(Dimension::Stage, "proposal")
    });
    let cell = world.with(visits).one(metric("stalled_opportunities"), MARCH, LATER);
    assert_eq!((value(&cell), cell.n), (Ok(Rational::ONE), Some(2)));
}

#[test]
fn times_are_shown_in_their_unit() {
    let world = World::default().with([
        row(Builtin::LeadResponse, "2026-03-02", "l1", 3_600_000),
        row(Builtin::LeadResponse, "2026-03-02", "l2", 2 * 3_600_000),
        row(Builtin::LeadResponse, "2026-03-02", "l3", 9 * 3_600_000),
        row(Builtin::StageVisit, "2026-03-02", "d1", 36 * 3_600_000),
        row(Builtin::WonCycle, "2026-03-02", "d1", 30),
    ]);
    let response = world.one(metric("lead_response_time"), MARCH, LATER);
    assert_eq!(
        (value(&response), response.numerator, response.n),
        (Ok(ratio(4, 1)), Some(ratio(12, 1)), Some(3))
    );
    assert!(
        response
            .interval
            .is_some_and(|interval| interval.low < 4.0 && interval.high > 4.0)
    );
    let median = metric("lead_response_time").with("statistic", "median");
    assert_eq!(value(&world.one(median, MARCH, LATER)), Ok(ratio(2, 1)));
    assert_eq!(
        value(&world.one(metric("time_in_stage"), MARCH, LATER)),
        Ok(ratio(3, 2))
    );
    assert_eq!(
        value(&world.one(metric("sales_cycle_length"), MARCH, LATER)),
        Ok(ratio(30, 1))
    );
    let nothing = metric("sales_cycle_length")
        .with("clock", "lead")
        .with("statistic", "p90");
    assert_eq!(value(&world.one(nothing, MARCH, LATER)), Err(Reason::NoSamples));
}

#[test]
fn a_filter_holds_for_all_parts() {
    let mut asked = question(metric("average_deal_size"), MARCH, LATER);
    asked.filters = vec![crate::query::Filter {
        dimension: Dimension::Rep,
        values: vec![Some(name("anna"))],
        exclude: false,
    }];
    let world = deals().with([
        row(Builtin::Bookings, "2026-03-02", "d1", 100).by("anna"),
        row(Builtin::Bookings, "2026-03-04", "d3", 50).by("bob"),
    ]);
    assert_eq!(value(&world.ask(&asked).rows[0].cells[0]), Ok(ratio(50, 1)));
}

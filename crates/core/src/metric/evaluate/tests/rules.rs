use super::world::{World, metric, question, ratio, row, value};
use crate::{
    calendar::{Grain, TimeZone},
    dimension::Dimension,
    measure::Builtin,
    metric::{
        Definition, Registry,
        evaluate::{Comparison, Error, Selection, evaluate},
    },
    rational::Rational,
};

const YEAR: &str = "2026-01-01 2027-01-01";
const NOW: &str = "2026-05-15";

#[test]
fn every_metric_answers_over_nothing_at_every_grain_and_grouped() {
    let world = World::default();
    for definition in Registry::builtin(&world.policies).iter() {
        for (grain, dimensions) in [
            (Grain::Total, vec![]),
            (Grain::Month, vec![Dimension::Rep]),
            (Grain::Quarter, vec![Dimension::Team, Dimension::Product]),
        ] {
            let mut asked = question(metric(&definition.id), YEAR, NOW);
            (asked.grain, asked.dimensions) = (grain, dimensions);
            asked.comparison = Some(Comparison::SamePeriodLastYear);
            let table = world.ask(&asked);
            let sums = table
                .rows
                .iter()
                .map(|row| &row.cells[0])
                .filter(|cell| cell.value.is_ok());
            assert!(
                sums.into_iter().all(|cell| cell.value == Ok(Rational::ZERO)),
                "{}",
                definition.id
            );
        }
    }
}

#[test]
fn hours_and_another_zone_are_cut_from_instants() {
    // Noon UTC is 14:00 in Berlin, and the next day in Auckland.
    let world = World::default().with([row(Builtin::Revenue, "2026-03-31", "o1", 7)]);
    let mut asked = question(metric("revenue"), "2026-04-01 2026-04-02", NOW);
    asked.time_zone = TimeZone::new("Pacific/Auckland").ok();
    assert_eq!(value(&world.ask(&asked).rows[0].cells[0]), Ok(ratio(7, 1)));
    let mut asked = question(metric("revenue"), "2026-03-31 2026-04-01", NOW);
    (asked.time_zone, asked.grain) = (TimeZone::new("Europe/Berlin").ok(), Grain::Hour);
    asked.comparison = Some(Comparison::PreviousPeriod);
    let table = world.ask(&asked);
    assert_eq!(
        (table.rows.len(), value(&table.rows[14].cells[0])),
        (24, Ok(ratio(7, 1)))
    );
    assert_eq!(table.time_zone, "Europe/Berlin");
}

#[test]
fn a_stock_answers_as_of_the_end_or_now() {
    let world = World::default().with([
        row(Builtin::Mrr, "2026-01-10", "s1", 100).of(Dimension::Account, "a"),
        row(Builtin::Mrr, "2026-03-10", "s2", 20).of(Dimension::Account, "b"),
        row(Builtin::Mrr, "2026-04-10", "s1", -40).of(Dimension::Account, "a"),
    ]);
    let mut asked = question(metric("mrr"), "2026-01-01 2026-05-01", NOW);
    asked.grain = Grain::Month;
    let values: Vec<_> = world.ask(&asked).rows.iter().map(|row| value(&row.cells[0])).collect();
    assert_eq!(values, [100, 100, 120, 80].map(|units| Ok(Rational::from(units))));
    // Of the 120 on April 1st: 40 less, nothing more.
    let april = "2026-04-01 2026-05-01";
    assert_eq!(
        value(&world.one(metric("net_revenue_retention"), april, NOW)),
        Ok(ratio(2, 3))
    );
    assert_eq!(value(&world.one(metric("arr"), april, NOW)), Ok(ratio(960, 1)));
}

#[test]
fn a_tenants_own_metric_is_asked_like_ours() {
    let text = "id = \"take\"\ntitle = \"Take\"\nexpression = \"ratio(revenue, 2 * sum(cost))\"\nunit = \"ratio\"";
    let own: Definition = toml::from_str(text).expect("a definition");
    let world = World::default().with([
        row(Builtin::Revenue, "2026-03-01", "o", 90),
        row(Builtin::Cost, "2026-03-01", "c", 30),
    ]);
    let registry = Registry::new(vec![own], &world.policies).expect("valid");
    let table = evaluate(
        &world,
        &registry,
        &world.policies,
        &world.tables(),
        &question(metric("take"), YEAR, NOW),
    )
    .expect("an answer");
    assert_eq!(value(&table.rows[0].cells[0]), Ok(ratio(3, 2)));
    assert_eq!(table.columns[0].policies.len(), 2);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let world = World::default();
    let registry = Registry::builtin(&world.policies);
    let refused = |selection: Selection| {
        let asked = question(selection, YEAR, NOW);
        evaluate(&world, &registry, &world.policies, &world.tables(), &asked).expect_err("refused")
    };
    assert!(matches!(refused(metric("unknown")), Error::UnknownMetric(id) if id == "unknown"));
    assert!(matches!(
        refused(metric("win_rate").with("weight", "x")),
        Error::Parameter { .. }
    ));
    assert!(matches!(
        refused(metric("quota_attainment").with("metric", "quota_attainment")),
        Error::Definition(_)
    ));
    let mut asked = question(metric("lead_conversion_rate"), "2026-01-01 2026-01-02", NOW);
    asked.grain = Grain::Hour;
    assert!(matches!(
        evaluate(&world, &registry, &world.policies, &world.tables(), &asked),
        Err(Error::Invalid { field: "basis", .. })
    ));
}

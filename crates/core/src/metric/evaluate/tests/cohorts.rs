use super::world::{World, metric, ratio, row, value};
use crate::{dimension::Dimension, measure::Builtin, metric::evaluate::Reason};

const JANUARY: &str = "2026-01-01 2026-02-01";

/// Three leads of January: one qualified after 10 days, one after 28 (in February), one (of the 20th) not yet.
fn leads() -> World {
    World::default().with([
        row(Builtin::LeadCreated, "2026-01-01", "l1", 1),
        row(Builtin::LeadCreated, "2026-01-05", "l2", 1),
        row(Builtin::LeadCreated, "2026-01-20", "l3", 1),
        row(Builtin::LeadQualified, "2026-01-11", "l1", 10).from("2026-01-01"),
        row(Builtin::LeadQualified, "2026-02-02", "l2", 28).from("2026-01-05"),
    ])
}

#[test]
fn an_entrant_may_finish_after_the_range_ends() {
    let cell = leads().one(metric("lead_qualification_rate"), JANUARY, "2026-02-05");
    assert_eq!((value(&cell), cell.immature), (Ok(ratio(2, 3)), Some(1)));
    // What happened in January: one qualification, three creations.
    let event = metric("lead_qualification_rate").with("basis", "event");
    assert_eq!(value(&leads().one(event, JANUARY, "2026-02-05")), Ok(ratio(1, 3)));
}

#[test]
fn an_entrant_whose_window_has_not_passed_is_no_drop_off() {
    // On February 5th 30 days have passed for who entered before January 6th.
    let window = |days: &str, now: &str| {
        let cell = leads().one(metric("lead_qualification_rate").with("window", days), JANUARY, now);
        (value(&cell), cell.immature)
    };
    assert_eq!(window("30", "2026-02-05"), (Ok(ratio(1, 1)), Some(1)));
    assert_eq!(window("20", "2026-02-05"), (Ok(ratio(1, 2)), Some(1)));
    assert_eq!(window("20", "2026-02-10"), (Ok(ratio(1, 3)), Some(0)));
    assert_eq!(window("60", "2026-02-05"), (Err(Reason::ZeroDenominator), Some(3)));
}

#[test]
fn a_stage_has_a_window_too() {
    let of = |measure, date: &str, deal: &str| {
        row(measure, date, deal, 7)
            .of(Dimension::Stage, "proposal")
            .from("2026-01-01")
    };
    let world = World::default().with([
        of(Builtin::StageEntered, "2026-01-01", "d1"),
        of(Builtin::StageEntered, "2026-01-01", "d2"),
        of(Builtin::StageAdvanced, "2026-01-11", "d1"),
        of(Builtin::StageDecided, "2026-01-11", "d1"),
        of(Builtin::StageAdvanced, "2026-02-20", "d2"),
        of(Builtin::StageDecided, "2026-02-20", "d2"),
    ]);
    let rate = metric("stage_conversion_rate");
    assert_eq!(
        value(&world.one(rate.clone().with("window", "10"), JANUARY, "2026-03-01")),
        Ok(ratio(1, 2))
    );
    assert_eq!(
        value(&world.one(rate.clone().with("window", "9"), JANUARY, "2026-03-01")),
        Ok(ratio(0, 1))
    );
    assert_eq!(value(&world.one(rate, JANUARY, "2026-03-01")), Ok(ratio(1, 1)));
}

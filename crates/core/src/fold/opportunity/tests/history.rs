//! Changes of an open deal, and what the histories of real systems leave open.

use serde_json::json;

use super::{CLOSINGS, Told, deal, euros, with_id};
use crate::measure::Builtin;

#[test]
fn what_changes_of_an_open_deal_moves_in_the_pipeline() {
    let story = deal()
        .opened(
            "2026-01-01T09:00Z",
            json!({"owner": "ann", "amount": euros(100), "close_date": "2026-02-01"}),
        )
        .updated("2026-01-02T09:00Z", json!({"owner": "bob"}))
        .updated(
            "2026-01-03T09:00Z",
            json!({"close_date": "2026-02-11", "amount": euros(80)}),
        )
        .updated("2026-01-04T09:00Z", json!({"close_date": "2026-02-05"}));
    let dimensions = "pipeline=default stage=prospecting";
    assert_eq!(
        story.rows(&[
            Builtin::OpenOpportunities,
            Builtin::PipelineAmount,
            Builtin::CloseDatePushed
        ]),
        [
            format!("pipeline_amount 2026-01-01 < 2026-02-01: 100 rep=ann {dimensions} currency=EUR"),
            format!("open_opportunities 2026-01-01 < 2026-01-01: 1 rep=ann {dimensions}"),
            format!("pipeline_amount 2026-01-02 < 2026-02-01: -100 rep=ann {dimensions} currency=EUR"),
            format!("open_opportunities 2026-01-02 < 2026-01-01: -1 rep=ann {dimensions}"),
            format!("pipeline_amount 2026-01-02 < 2026-02-01: 100 rep=bob {dimensions} currency=EUR"),
            format!("open_opportunities 2026-01-02 < 2026-01-01: 1 rep=bob {dimensions}"),
            format!("close_date_pushed 2026-01-03 < 2026-01-01: 10 rep=bob {dimensions}"),
            format!("pipeline_amount 2026-01-03 < 2026-02-01: -100 rep=bob {dimensions} currency=EUR"),
            format!("pipeline_amount 2026-01-03 < 2026-02-11: 80 rep=bob {dimensions} currency=EUR"),
            format!("pipeline_amount 2026-01-04 < 2026-02-11: -80 rep=bob {dimensions} currency=EUR"),
            format!("pipeline_amount 2026-01-04 < 2026-02-05: 80 rep=bob {dimensions} currency=EUR"),
        ]
    );
}

#[test]
fn a_deal_first_heard_of_when_it_is_won_has_no_cycle_and_no_stage() {
    let story = deal().then(
        "2026-01-10T09:00Z",
        "e1",
        "opportunity_won",
        with_id(json!({"amount": euros(5)})),
    );
    assert_eq!(
        story.told(),
        [
            "opportunity_opened 2026-01-10 < 2026-01-10: 5 pipeline=default currency=EUR",
            "won 2026-01-10 < 2026-01-10: 5 pipeline=default currency=EUR",
            "bookings 2026-01-10 < 2026-01-10: 5 pipeline=default currency=EUR",
            "won_activities 2026-01-10 < 2026-01-10: 0 pipeline=default",
        ]
    );
}

#[test]
fn of_one_instant_the_order_of_ids_decides_nothing() {
    let at = "2026-01-10T00:00Z";
    let opened = with_id(json!({"owner": "ann", "amount": euros(5), "splits": []}));
    let moved = with_id(json!({"stage": "proposal"}));
    let told = |ids: [&str; 3]| {
        let story = deal()
            .then(at, ids[0], "opportunity_opened", opened.clone())
            .then(at, ids[1], "opportunity_stage_changed", moved.clone())
            .then(at, ids[2], "opportunity_lost", with_id(json!({})));
        story.rows(&[
            Builtin::OpportunityOpened,
            Builtin::Lost,
            Builtin::LostCycle,
            Builtin::StageLeaked,
        ])
    };
    assert_eq!(
        told(["a", "b", "c"]),
        [
            "opportunity_opened 2026-01-10 < 2026-01-10: 5 rep=ann pipeline=default stage=prospecting currency=EUR",
            "lost 2026-01-10 < 2026-01-10: 5 rep=ann pipeline=default stage=proposal currency=EUR",
            "lost_cycle 2026-01-10 < 2026-01-10: 0 rep=ann pipeline=default stage=proposal",
            "stage_leaked 2026-01-10 < 2026-01-10: 5 rep=ann pipeline=default stage=proposal currency=EUR",
        ]
    );
    assert_eq!(told(["a", "c", "b"]), told(["a", "b", "c"]));
    assert_eq!(told(["b", "c", "a"]), told(["a", "b", "c"]));
}

#[test]
fn a_stage_change_after_the_closing_reopens() {
    let story = deal()
        .opened("2026-01-01T09:00Z", json!({}))
        .lost("2026-01-02T09:00Z")
        .moved("2026-01-03T09:00Z", "proposal");
    assert_eq!(story.rows(CLOSINGS), [""; 0]);
    assert_eq!(
        story.rows(&[Builtin::OpenOpportunities]).last().map(String::as_str),
        Some("open_opportunities 2026-01-03 < 2026-01-03: 1 pipeline=default stage=proposal")
    );
}

#[test]
fn the_date_is_that_of_the_business() {
    let story = deal().opened("2026-01-31T23:30Z", json!({}));
    let opened = story.rows(&[Builtin::OpportunityOpened]);
    assert_eq!(
        opened,
        ["opportunity_opened 2026-02-01 < 2026-02-01: 0 pipeline=default stage=prospecting"]
    );
}

//! The way through the stages.

use serde_json::json;

use super::{STAGES, Told, deal, euros};
use crate::{
    id::Name,
    measure::Builtin,
    policy::{Pipeline, Stage},
};

#[test]
fn a_deal_goes_its_way_and_is_won() {
    let story = deal()
        .opened(
            "2026-01-10T09:00Z",
            json!({"owner": "ann", "amount": euros(100), "close_date": "2026-03-31"}),
        )
        .moved("2026-01-20T09:00Z", "proposal")
        .won("2026-02-10T09:00Z");
    assert_eq!(
        story.told(),
        [
            "stage_entered 2026-01-10 < 2026-01-10: 100 rep=ann pipeline=default stage=prospecting currency=EUR",
            "opportunity_opened 2026-01-10 < 2026-01-10: 100 rep=ann pipeline=default stage=prospecting currency=EUR",
            "pipeline_amount 2026-01-10 < 2026-03-31: 100 rep=ann pipeline=default stage=prospecting currency=EUR",
            "open_opportunities 2026-01-10 < 2026-01-10: 1 rep=ann pipeline=default stage=prospecting",
            // Ten days are 864 000 000 ms.
            "stage_visit 2026-01-20 < 2026-01-10: 864000000 rep=ann pipeline=default stage=prospecting",
            "stage_advanced 2026-01-20 < 2026-01-10: 100 rep=ann pipeline=default stage=prospecting currency=EUR",
            "stage_decided 2026-01-20 < 2026-01-10: 100 rep=ann pipeline=default stage=prospecting currency=EUR",
            "stage_entered 2026-01-20 < 2026-01-20: 100 rep=ann pipeline=default stage=proposal currency=EUR",
            "pipeline_amount 2026-01-20 < 2026-03-31: -100 rep=ann pipeline=default stage=prospecting currency=EUR",
            "open_opportunities 2026-01-20 < 2026-01-10: -1 rep=ann pipeline=default stage=prospecting",
            "pipeline_amount 2026-01-20 < 2026-03-31: 100 rep=ann pipeline=default stage=proposal currency=EUR",
            "open_opportunities 2026-01-20 < 2026-01-20: 1 rep=ann pipeline=default stage=proposal",
            "stage_visit 2026-02-10 < 2026-01-20: 1814400000 rep=ann pipeline=default stage=proposal",
            "pipeline_amount 2026-02-10 < 2026-03-31: -100 rep=ann pipeline=default stage=proposal currency=EUR",
            "open_opportunities 2026-02-10 < 2026-01-20: -1 rep=ann pipeline=default stage=proposal",
            "won 2026-02-10 < 2026-01-10: 100 rep=ann pipeline=default stage=proposal currency=EUR",
            "bookings 2026-02-10 < 2026-01-10: 100 rep=ann pipeline=default stage=proposal currency=EUR",
            "won_cycle 2026-02-10 < 2026-01-10: 31 rep=ann pipeline=default stage=proposal",
            "won_activities 2026-02-10 < 2026-01-10: 0 rep=ann pipeline=default stage=proposal",
            "stage_advanced 2026-02-10 < 2026-01-20: 100 rep=ann pipeline=default stage=proposal currency=EUR",
            "stage_decided 2026-02-10 < 2026-01-20: 100 rep=ann pipeline=default stage=proposal currency=EUR",
        ]
    );
}

#[test]
fn a_deal_lost_after_many_stages_leaks_from_the_last_with_the_reason_on_the_day_of_the_loss() {
    let story = deal()
        .opened(
            "2025-12-10T09:00Z",
            json!({"stage": "prospecting", "amount": euros(100)}),
        )
        .moved("2025-12-20T09:00Z", "proposal")
        .updated("2026-01-05T09:00Z", json!({"amount": euros(70)}))
        .lost("2026-02-10T09:00Z");
    assert_eq!(
        story.rows(&[
            Builtin::Lost,
            Builtin::LostCycle,
            Builtin::StageLeaked,
            Builtin::StageDecided
        ]),
        [
            "stage_decided 2025-12-20 < 2025-12-10: 100 pipeline=default stage=prospecting currency=EUR",
            "lost 2026-02-10 < 2025-12-10: 70 pipeline=default stage=proposal close_reason=price competitor=rival \
             currency=EUR",
            "lost_cycle 2026-02-10 < 2025-12-10: 62 pipeline=default stage=proposal close_reason=price \
             competitor=rival",
            "stage_decided 2026-02-10 < 2025-12-20: 100 pipeline=default stage=proposal currency=EUR",
            "stage_leaked 2026-02-10 < 2025-12-20: 100 pipeline=default stage=proposal close_reason=price \
             competitor=rival currency=EUR",
        ]
    );
}

#[test]
fn falling_back_is_a_new_visit_and_no_new_entrant() {
    let story = deal()
        .opened("2026-01-01T09:00Z", json!({}))
        .moved("2026-01-02T09:00Z", "proposal")
        .moved("2026-01-03T09:00Z", "prospecting")
        .lost("2026-01-05T09:00Z");
    assert_eq!(
        story.rows(STAGES),
        [
            "stage_entered 2026-01-01 < 2026-01-01: 0 pipeline=default stage=prospecting",
            "stage_visit 2026-01-02 < 2026-01-01: 86400000 pipeline=default stage=prospecting",
            "stage_advanced 2026-01-02 < 2026-01-01: 0 pipeline=default stage=prospecting",
            "stage_decided 2026-01-02 < 2026-01-01: 0 pipeline=default stage=prospecting",
            "stage_entered 2026-01-02 < 2026-01-02: 0 pipeline=default stage=proposal",
            "stage_visit 2026-01-03 < 2026-01-02: 86400000 pipeline=default stage=proposal",
            "stage_visit 2026-01-05 < 2026-01-03: 172800000 pipeline=default stage=prospecting",
            "stage_decided 2026-01-05 < 2026-01-02: 0 pipeline=default stage=proposal",
            "stage_leaked 2026-01-05 < 2026-01-01: 0 pipeline=default stage=prospecting close_reason=price \
             competitor=rival",
        ]
    );
}

#[test]
fn an_entrant_advances_as_who_it_was_when_it_entered() {
    let story = deal()
        .opened("2026-01-01T09:00Z", json!({"owner": "ann"}))
        .updated("2026-01-02T09:00Z", json!({"owner": "bob"}))
        .moved("2026-01-03T09:00Z", "proposal");
    assert_eq!(
        story.rows(&[Builtin::StageAdvanced]),
        ["stage_advanced 2026-01-03 < 2026-01-01: 0 rep=ann pipeline=default stage=prospecting"]
    );
}

#[test]
fn a_stage_without_pipeline_is_that_of_the_pipeline_that_has_it() {
    let name = |text: &str| Name::new(text).expect("a name");
    let stage = |text: &str| Stage {
        name: name(text),
        probability_ppm: None,
        phase: None,
        forecast: None,
    };
    let renewals = Pipeline {
        name: name("renewals"),
        stages: vec![stage("notice"), stage("proposal"), stage("signed")],
    };
    let story = deal()
        .under(|policies| policies.pipelines.push(renewals))
        .opened("2026-01-01T09:00Z", json!({"pipeline": "renewals"}))
        .moved("2026-01-02T09:00Z", "proposal")
        .moved("2026-01-03T09:00Z", "negotiation")
        .won("2026-01-04T09:00Z");
    assert_eq!(
        story.rows(&[Builtin::StageEntered, Builtin::StageAdvanced]),
        [
            "stage_entered 2026-01-01 < 2026-01-01: 0 pipeline=renewals stage=notice",
            "stage_advanced 2026-01-02 < 2026-01-01: 0 pipeline=renewals stage=notice",
            "stage_entered 2026-01-02 < 2026-01-02: 0 pipeline=renewals stage=proposal",
            // Another pipeline is no further stage of this one; the win is.
            "stage_entered 2026-01-03 < 2026-01-03: 0 pipeline=default stage=negotiation",
            "stage_advanced 2026-01-04 < 2026-01-02: 0 pipeline=renewals stage=proposal",
            "stage_advanced 2026-01-04 < 2026-01-03: 0 pipeline=default stage=negotiation",
        ]
    );
}

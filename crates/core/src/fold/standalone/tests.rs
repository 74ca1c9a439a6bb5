//! Hand-worked rows of events that stand alone.

use serde_json::{Value, json};

use super::*;
use crate::{
    fold::story::{Story, payload, survives},
    subject::SubjectKind,
};

/// What one event at 2026-01-31, 23:30 UTC puts out; in Berlin that is February. Every line begins with its measure.
fn told(name: &str, fields: Value) -> Vec<String> {
    let lines = Story::<Standalone>::of(SubjectKind::Event)
        .then("2026-01-31T23:30Z", "s1", name, fields)
        .told();
    lines
        .iter()
        .map(|line| line.replace(" 2026-02-01 < 2026-02-01:", ""))
        .collect()
}

#[test]
fn an_activity_counts_by_kind_and_outcome() {
    let outcome = json!({"name": "connected", "successful": true});
    let mut call = json!({
        "kind": "call", "rep": "ann", "direction": "outbound", "duration_ms": 90_000, "outcome": outcome, "lead": "l1",
        "account": "acme", "campaign": "spring", "channel": "phone", "territory": "north",
        "attributes": [{"name": "language", "value": "de"}],
    });
    let rest = "90000 rep=ann account=acme territory=north campaign=spring channel=phone activity_kind=call \
        outcome=connected attribute.language=de";
    assert_eq!(
        told("activity_logged", call.clone()),
        [format!("activity {rest}"), format!("activity_successful {rest}")]
    );
    call["outcome"]["successful"] = json!(false);
    assert_eq!(told("activity_logged", call), [format!("activity {rest}")]);
    let bare = json!({"kind": "follow_up", "direction": "inbound"});
    assert_eq!(told("activity_logged", bare), ["activity 0 activity_kind=follow_up"]);
}

#[test]
fn four_of_five_is_satisfied() {
    let csat = |milli: i64| json!({"kind": "csat", "rep": "ann", "scores": [{"milli": milli}]});
    let satisfied = [
        "csat_response 4000 rep=ann survey_kind=csat",
        "csat_satisfied 4000 rep=ann survey_kind=csat",
    ];
    assert_eq!(told("survey_answered", csat(4_000)), satisfied);
    assert_eq!(
        told("survey_answered", csat(3_999)),
        ["csat_response 3999 rep=ann survey_kind=csat"]
    );
    assert!(told("survey_answered", json!({"kind": "csat", "scores": []})).is_empty());
}

#[test]
fn service_is_rated_by_criterion_and_overall() {
    let scores = json!([{"criterion": "speed", "milli": 5_000}, {"milli": 3_500}]);
    let rated = told(
        "survey_answered",
        json!({"kind": "service_quality", "account": "acme", "scores": scores}),
    );
    let expected = [
        "service_rating 5000 account=acme survey_kind=service_quality criterion=speed",
        "service_rating 3500 account=acme survey_kind=service_quality",
    ];
    assert_eq!(rated, expected);
    assert!(told("survey_answered", json!({"kind": "nps", "scores": [{"milli": 9_000}]})).is_empty());
}

#[test]
fn marketing_costs_money_and_reaches_people() {
    let amount = json!({"currency": "EUR", "micros": 5_000_000});
    let cost = json!({"category": "advertising", "amount": amount, "lead_source": "web", "campaign": "spring", "channel": "search", "rep": "ann"});
    let expected =
        "cost 5000000 rep=ann lead_source=web campaign=spring channel=search cost_category=advertising currency=EUR";
    assert_eq!(told("cost_incurred", cost), [expected]);
    let traffic = json!({"visits": 1_200, "lead_source": "web", "campaign": "spring", "channel": "landing"});
    assert_eq!(
        told("web_traffic_recorded", traffic),
        ["website_visits 1200 lead_source=web campaign=spring channel=landing"]
    );
    let social = json!({"channel": "net", "rep": "ann", "likes": 10, "comments": 0, "shares": 2, "direct_messages": 1});
    let expected = [
        "social_engagement 10 rep=ann channel=net activity_kind=likes",
        "social_engagement 2 rep=ann channel=net activity_kind=shares",
        "social_engagement 1 rep=ann channel=net activity_kind=direct_messages",
    ];
    assert_eq!(told("social_engagement_recorded", social), expected);
}

#[test]
fn a_referral_with_a_lead_is_the_leads() {
    let mut referral = json!({"referral": "f1", "rep": "ann", "referrer": "acme", "channel": "fair"});
    assert_eq!(
        told("referral_received", referral.clone()),
        ["referral_received 1 rep=ann account=acme channel=fair"]
    );
    referral["lead"] = json!("l1");
    assert!(told("referral_received", referral).is_empty());
}

#[test]
fn reps_work_are_assessed_and_learn() {
    let time = |facing: bool| json!({"rep": "ann", "kind": "travel", "customer_facing": facing, "duration_ms": 60_000});
    assert_eq!(
        told("time_spent", time(false)),
        ["time_spent 60000 rep=ann activity_kind=travel"]
    );
    let facing = [
        "time_spent 60000 rep=ann activity_kind=travel",
        "time_customer_facing 60000 rep=ann activity_kind=travel",
    ];
    assert_eq!(told("time_spent", time(true)), facing);
    let mut assessment = json!({"rep": "ann", "criterion": "product_knowledge", "score_milli": 4_500});
    assert_eq!(
        told("assessment_made", assessment.clone()),
        ["assessment 4500 rep=ann criterion=product_knowledge"]
    );
    assessment["interaction"] = json!("call-7");
    let expected = [
        "assessment 4500 rep=ann criterion=product_knowledge",
        "interaction_assessment 4500 rep=ann criterion=product_knowledge",
    ];
    assert_eq!(told("assessment_made", assessment), expected);
    let training = json!({"rep": "ann", "training": "negotiation", "score_milli": 900});
    assert_eq!(
        told("training_completed", training),
        ["training_completed 0 rep=ann criterion=negotiation"]
    );
}

#[test]
fn a_measure_of_the_tenants_own_goes_by_its_name() {
    let recorded = json!({
        "measure": "fuel", "value": 12_500_000, "currency": "EUR", "rep": "ann", "account": "acme", "lead_source": "web",
        "campaign": "spring", "channel": "road",
    });
    let expected = "own.fuel 12500000 rep=ann account=acme lead_source=web campaign=spring channel=road currency=EUR";
    assert_eq!(told("measurement_recorded", recorded), [expected]);
}

#[test]
fn any_event_is_survived() {
    survives::<Standalone>(
        SubjectKind::Event,
        &[
            payload(
                "activity_logged",
                json!({"kind": "other", "direction": "inbound", "duration_ms": i64::MIN}),
            ),
            payload(
                "survey_answered",
                json!({"kind": "csat", "scores": [{"milli": i64::MAX}]}),
            ),
            payload("web_traffic_recorded", json!({"visits": i64::MIN})),
            payload("measurement_recorded", json!({"measure": "fuel", "value": i64::MIN})),
            payload("order_refunded", json!({"order": "o", "currency": "EUR", "lines": []})),
        ],
    );
}

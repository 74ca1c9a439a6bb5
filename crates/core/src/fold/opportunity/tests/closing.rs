//! What a closing counts for.

use serde_json::json;

use super::{CLOSINGS, STOCKS, Told, deal, euros};
use crate::{
    fold::Facts,
    id::Name,
    measure::Builtin,
    policy::{Crediting, RevenueSource},
    subject::SubjectKind,
};

#[test]
fn a_deal_reopened_and_won_again_counts_once() {
    let story = deal()
        .opened("2026-01-10T09:00Z", json!({"owner": "ann", "amount": euros(100)}))
        .won("2026-02-10T09:00Z")
        .reopened("2026-02-20T09:00Z")
        .updated("2026-02-21T09:00Z", json!({"owner": "bob", "amount": euros(90)}))
        .won("2026-03-02T09:00Z");
    assert_eq!(
        story.rows(CLOSINGS),
        [
            "won 2026-03-02 < 2026-01-10: 90 rep=bob pipeline=default stage=prospecting currency=EUR",
            "bookings 2026-03-02 < 2026-01-10: 90 rep=bob pipeline=default stage=prospecting currency=EUR",
            "won_cycle 2026-03-02 < 2026-01-10: 51 rep=bob pipeline=default stage=prospecting",
        ]
    );
    // It was no part of the pipeline while it was closed; the second visit begins with the reopening.
    assert_eq!(
        story.rows(&[Builtin::OpenOpportunities, Builtin::StageVisit]),
        [
            "open_opportunities 2026-01-10 < 2026-01-10: 1 rep=ann pipeline=default stage=prospecting",
            "stage_visit 2026-02-10 < 2026-01-10: 2678400000 rep=ann pipeline=default stage=prospecting",
            "open_opportunities 2026-02-10 < 2026-01-10: -1 rep=ann pipeline=default stage=prospecting",
            "open_opportunities 2026-02-20 < 2026-02-20: 1 rep=ann pipeline=default stage=prospecting",
            "open_opportunities 2026-02-21 < 2026-02-20: -1 rep=ann pipeline=default stage=prospecting",
            "open_opportunities 2026-02-21 < 2026-02-20: 1 rep=bob pipeline=default stage=prospecting",
            "stage_visit 2026-03-02 < 2026-02-20: 864000000 rep=bob pipeline=default stage=prospecting",
            "open_opportunities 2026-03-02 < 2026-02-20: -1 rep=bob pipeline=default stage=prospecting",
        ]
    );
}

#[test]
fn the_splits_of_a_deal_add_up_to_it() {
    let third = |rep: &str, share: u32| json!({"rep": rep, "share_ppm": share});
    let splits = json!([third("ann", 333_334), third("bob", 333_333), third("cem", 333_333)]);
    let story = deal()
        .opened(
            "2026-01-01T09:00Z",
            json!({"owner": "ann", "amount": euros(100), "splits": splits}),
        )
        .won("2026-01-02T09:00Z");
    assert_eq!(
        story.rows(&[Builtin::Won, Builtin::Bookings]),
        [
            "won 2026-01-02 < 2026-01-01: 100 rep=ann pipeline=default stage=prospecting currency=EUR",
            "bookings 2026-01-02 < 2026-01-01: 34 rep=ann pipeline=default stage=prospecting currency=EUR",
            "bookings 2026-01-02 < 2026-01-01: 33 rep=bob pipeline=default stage=prospecting currency=EUR",
            "bookings 2026-01-02 < 2026-01-01: 33 rep=cem pipeline=default stage=prospecting currency=EUR",
        ]
    );
    let by_owner = story.under(|policies| policies.crediting = Crediting::Owner);
    assert_eq!(
        by_owner.rows(&[Builtin::Bookings]),
        ["bookings 2026-01-02 < 2026-01-01: 100 rep=ann pipeline=default stage=prospecting currency=EUR"]
    );
}

#[test]
fn where_deals_are_the_revenue_a_won_deal_is_a_sale() {
    let splits = json!([{"rep": "ann", "share_ppm": 600_000}, {"rep": "bob", "share_ppm": 400_000}]);
    let story = deal()
        .under(|policies| policies.revenue_source = RevenueSource::WonOpportunities)
        .opened(
            "2026-01-01T09:00Z",
            json!({"owner": "ann", "amount": euros(100), "splits": splits}),
        )
        .won("2026-01-02T09:00Z");
    assert_eq!(
        story.rows(&[Builtin::Revenue, Builtin::SaleAmount]),
        [
            "revenue 2026-01-02 < 2026-01-01: 60 rep=ann pipeline=default stage=prospecting currency=EUR",
            "revenue 2026-01-02 < 2026-01-01: 40 rep=bob pipeline=default stage=prospecting currency=EUR",
            "sale_amount 2026-01-02 < 2026-01-01: 100 rep=ann pipeline=default stage=prospecting currency=EUR",
        ]
    );
}

#[test]
fn an_update_after_the_closing_corrects_it_and_moves_no_credit() {
    let story = deal()
        .opened("2026-01-01T09:00Z", json!({"owner": "ann", "amount": euros(100)}))
        .won("2026-01-10T09:00Z")
        .updated(
            "2026-03-01T09:00Z",
            json!({"owner": "bob", "amount": euros(95), "product": "crm"}),
        );
    assert_eq!(
        story.rows(CLOSINGS),
        [
            "won 2026-01-10 < 2026-01-01: 95 rep=ann product=crm pipeline=default stage=prospecting currency=EUR",
            "bookings 2026-01-10 < 2026-01-01: 95 rep=ann product=crm pipeline=default stage=prospecting currency=EUR",
            "won_cycle 2026-01-10 < 2026-01-01: 9 rep=ann product=crm pipeline=default stage=prospecting",
        ]
    );
    assert_eq!(story.rows(STOCKS).len(), 4);
}

#[test]
fn of_two_closings_the_last_one_holds() {
    let story = deal()
        .opened("2026-01-01T09:00Z", json!({}))
        .won("2026-01-02T09:00Z")
        .lost("2026-01-05T09:00Z");
    let closing = "pipeline=default stage=prospecting close_reason=price competitor=rival";
    assert_eq!(
        story.rows(CLOSINGS),
        [
            format!("lost 2026-01-05 < 2026-01-01: 0 {closing}"),
            format!("lost_cycle 2026-01-05 < 2026-01-01: 4 {closing}")
        ]
    );
}

#[test]
fn activities_count_until_the_deal_is_won() {
    let call = json!({"kind": "call", "direction": "outbound", "opportunity": "s1"});
    let story = deal()
        .then("2025-12-31T09:00Z", "e0", "activity_logged", call.clone())
        .opened("2026-01-01T09:00Z", json!({}))
        .then("2026-01-02T09:00Z", "e2", "activity_logged", call.clone())
        .won("2026-01-03T09:00Z")
        .then("2026-01-04T09:00Z", "e4", "activity_logged", call);
    let dimensions = "pipeline=default stage=prospecting";
    assert_eq!(
        story.rows(&[Builtin::WonActivities, Builtin::OpportunityOpened]),
        [
            format!("opportunity_opened 2026-01-01 < 2026-01-01: 0 {dimensions}"),
            format!("won_activities 2026-01-03 < 2026-01-01: 2 {dimensions}"),
        ]
    );
}

#[test]
fn a_deal_from_a_lead_takes_its_source_and_tells_lead_and_account() {
    let name = |text: &str| Some(Name::new(text).expect("a name"));
    let lead = Facts::Lead {
        created_at: "2025-12-22T09:00:00Z".parse().expect("an instant"),
        lead_source: name("fair"),
        campaign: name("spring"),
        channel: None,
    };
    let story = deal()
        .knowing(SubjectKind::Lead, "l1", lead)
        .opened(
            "2026-01-01T09:00Z",
            json!({"lead": "l1", "campaign": "winter", "kind": "upsell", "amount": euros(5)}),
        )
        .updated("2026-01-02T09:00Z", json!({"account": "acme"}))
        .won("2026-01-03T09:00Z");
    let dimensions = "account=acme lead_source=fair campaign=winter pipeline=default stage=prospecting \
                      opportunity_type=upsell";
    assert_eq!(
        story.rows(&[Builtin::Won, Builtin::WonCycleFromLead]),
        [
            format!("won 2026-01-03 < 2026-01-01: 5 {dimensions} currency=EUR"),
            format!("won_cycle_from_lead 2026-01-03 < 2025-12-22: 12 {dimensions}"),
        ]
    );
    let told = story.told();
    assert_eq!(
        told[told.len() - 2],
        "lead:l1 2026-01-01T09:00:00Z Signal(OpportunityOpened { opportunity: \"s1\", account: Some(\"acme\") })"
    );
    assert_eq!(
        told[told.len() - 1],
        "account:acme 2026-01-03T09:00:00Z purchased by Deal upsell lead_source=fair campaign=winter \
         opportunity_type=upsell"
    );
}

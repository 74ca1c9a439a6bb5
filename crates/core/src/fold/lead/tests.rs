use jiff::{
    Timestamp,
    civil::{Date, Weekday},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Lead;
use crate::{
    calendar::BusinessHours,
    fold::{
        Facts, Signal,
        story::{Story, payload, survives},
    },
    id::{AccountId, OpportunityId, RepId},
    measure::{Builtin, Measure},
    subject::SubjectKind,
};

fn instant(at: &str) -> Timestamp {
    at.parse().expect("an instant")
}

fn opened(account: Option<&str>) -> Signal {
    Signal::OpportunityOpened {
        opportunity: OpportunityId::new("o1").expect("an id"),
        account: account.map(|account| AccountId::new(account).expect("an id")),
    }
}

fn held(rep: &str) -> Signal {
    Signal::MeetingHeld {
        rep: Some(RepId::new(rep).expect("an id")),
    }
}

fn with_id(mut fields: Value) -> Value {
    fields["lead"] = json!("s1");
    fields
}

trait Told: Sized {
    fn created(self, at: &str) -> Self;
    fn event(self, at: &str, name: &str, fields: Value) -> Self;
    fn bought(self, account: &str, at: &str) -> Self;
    fn rows(&self, measures: &[Builtin]) -> Vec<String>;
}

impl Told for Story<Lead> {
    fn created(self, at: &str) -> Self {
        self.event(at, "lead_created", json!({"owner": "ann", "lead_source": "web"}))
    }

    fn event(self, at: &str, name: &str, fields: Value) -> Self {
        self.then(at, &format!("{at} {name}"), name, with_id(fields))
    }

    fn bought(self, account: &str, at: &str) -> Self {
        self.knowing(
            SubjectKind::Account,
            account,
            Facts::Account {
                first_purchase: Some(instant(at)),
            },
        )
    }

    fn rows(&self, measures: &[Builtin]) -> Vec<String> {
        let asked = |line: &String| {
            measures
                .iter()
                .any(|measure| line.split(' ').next() == Some(measure.name()))
        };
        self.told().into_iter().filter(asked).collect()
    }
}

fn lead() -> Story<Lead> {
    Story::of(SubjectKind::Lead)
}

#[test]
fn a_lead_becomes_a_customer() {
    let story = lead()
        .bought("acme", "2026-02-20T09:00Z")
        .created("2026-01-01T09:00Z")
        .event("2026-01-04T09:00Z", "lead_qualified", json!({}))
        .event("2026-01-08T09:00Z", "lead_qualified", json!({}))
        .event(
            "2026-01-11T09:00Z",
            "lead_converted",
            json!({"account": "acme", "opportunity": "o1"}),
        )
        .hears("2026-01-12T09:00Z", "opportunity:o1/opened", opened(Some("acme")));
    assert_eq!(
        story.told(),
        [
            "lead_created 2026-01-01 < 2026-01-01: 1 rep=ann account=acme lead_source=web",
            "lead_qualified 2026-01-04 < 2026-01-01: 3 rep=ann account=acme lead_source=web",
            "lead_to_opportunity 2026-01-11 < 2026-01-01: 10 rep=ann account=acme lead_source=web",
            "lead_to_customer 2026-02-20 < 2026-01-01: 50 rep=ann account=acme lead_source=web",
        ]
    );
}

#[test]
fn without_a_conversion_the_first_opportunity_with_an_account_links() {
    let story = lead()
        .bought("acme", "2025-06-01T09:00Z")
        .created("2026-01-01T09:00Z")
        .hears("2026-01-05T09:00Z", "opportunity:o1/opened", opened(None))
        .hears("2026-01-07T09:00Z", "opportunity:o2/opened", opened(Some("acme")));
    // It had bought before; so it counts from when the lead was linked to it.
    assert_eq!(
        story.rows(&[Builtin::LeadToOpportunity, Builtin::LeadToCustomer]),
        [
            "lead_to_opportunity 2026-01-05 < 2026-01-01: 4 rep=ann account=acme lead_source=web",
            "lead_to_customer 2026-01-07 < 2026-01-01: 6 rep=ann account=acme lead_source=web",
        ]
    );
}

#[test]
fn an_account_that_has_not_bought_is_no_customer() {
    let story = lead()
        .knowing(SubjectKind::Account, "acme", Facts::Account { first_purchase: None })
        .event("2026-01-01T09:00Z", "lead_created", json!({"account": "acme"}));
    assert_eq!(story.rows(&[Builtin::LeadCreated, Builtin::LeadToCustomer]).len(), 1);
}

#[test]
fn data_that_says_so_gives_negative_days() {
    let story = lead()
        .bought("acme", "2025-12-01T09:00Z")
        .hears("2025-12-30T09:00Z", "opportunity:o1/opened", opened(Some("acme")))
        .created("2026-01-01T09:00Z");
    assert_eq!(
        story.rows(&[Builtin::LeadToOpportunity, Builtin::LeadToCustomer]),
        [
            "lead_to_opportunity 2025-12-30 < 2026-01-01: -2 rep=ann account=acme lead_source=web",
            "lead_to_customer 2025-12-30 < 2026-01-01: -2 rep=ann account=acme lead_source=web",
        ]
    );
}

#[test]
fn a_disqualification_stands_until_the_lead_is_taken_up_again() {
    let story = lead().created("2026-01-01T09:00Z").event(
        "2026-01-03T09:00Z",
        "lead_disqualified",
        json!({"reason": "budget"}),
    );
    assert_eq!(
        story.rows(&[Builtin::LeadDisqualified]),
        ["lead_disqualified 2026-01-03 < 2026-01-01: 2 rep=ann lead_source=web close_reason=budget"]
    );
    let story = story.event("2026-01-05T09:00Z", "lead_qualified", json!({}));
    assert_eq!(story.rows(&[Builtin::LeadDisqualified]), [""; 0]);
}

#[test]
fn the_first_outbound_activity_or_held_meeting_from_creation_on_is_the_response() {
    let activity = |direction: &str, rep: &str| json!({"kind": "email", "direction": direction, "rep": rep});
    // 2026-01-05 is a Monday; Berlin is at UTC+1. The lead came on Friday at 16:30; 30 minutes and one hour were open.
    let hours = BusinessHours::new(
        [
            (Weekday::Monday, vec![(540, 1020)]),
            (Weekday::Friday, vec![(540, 1020)]),
        ],
        [].into(),
    );
    let story = lead()
        .under(|policies| policies.business_hours = hours.expect("hours"))
        .event("2026-01-01T09:00Z", "activity_logged", activity("outbound", "eve"))
        .created("2026-01-02T15:30Z")
        .event("2026-01-02T15:40Z", "activity_logged", activity("inbound", "eve"))
        .hears("2026-01-05T09:00Z", "meeting:m1/held", held("bob"))
        .event("2026-01-05T10:00Z", "activity_logged", activity("outbound", "eve"));
    assert_eq!(
        story.rows(&[Builtin::LeadResponse, Builtin::LeadResponseBusiness]),
        [
            // Two days, 17 hours and 30 minutes.
            "lead_response 2026-01-05 < 2026-01-02: 235800000 rep=bob lead_source=web",
            "lead_response_business 2026-01-05 < 2026-01-02: 5400000 rep=bob lead_source=web",
        ]
    );
}

#[test]
fn a_contact_at_the_instant_of_the_creation_is_a_response_whatever_its_id() {
    let activity = json!({"kind": "call", "direction": "outbound"});
    let story = lead()
        .event("2026-01-02T09:00Z", "activity_logged", activity)
        .created("2026-01-02T09:00Z");
    assert_eq!(
        story.rows(&[Builtin::LeadResponse]),
        ["lead_response 2026-01-02 < 2026-01-02: 0 rep=ann lead_source=web"]
    );
}

#[test]
fn a_referral_is_converted_with_its_lead() {
    let referral = json!({"referral": "r1", "rep": "bob", "referrer": "globex"});
    let story = lead()
        .bought("acme", "2026-02-20T09:00Z")
        .event("2026-01-01T09:00Z", "referral_received", referral)
        .event("2026-01-02T09:00Z", "lead_created", json!({"account": "acme"}));
    assert_eq!(
        story.rows(&[Builtin::ReferralReceived, Builtin::ReferralConverted]),
        [
            "referral_received 2026-01-01 < 2026-01-01: 1 rep=bob account=globex",
            "referral_converted 2026-02-20 < 2026-01-01: 1 rep=bob account=globex",
        ]
    );
}

#[test]
fn without_a_creation_nothing_counts_yet() {
    let story = lead().event("2026-01-04T09:00Z", "lead_qualified", json!({})).event(
        "2026-01-05T09:00Z",
        "lead_converted",
        json!({"account": "acme"}),
    );
    assert_eq!(story.told(), Vec::<String>::new());
}

fn events() -> Vec<(&'static str, Value)> {
    vec![
        ("lead_created", json!({"owner": "ann"})),
        ("lead_created", json!({"account": "acme"})),
        ("lead_qualified", json!({})),
        ("lead_disqualified", json!({})),
        ("lead_converted", json!({"account": "globex"})),
        ("lead_converted", json!({"account": "acme", "opportunity": "o1"})),
        ("activity_logged", json!({"kind": "demo", "direction": "outbound"})),
        ("referral_received", json!({"referral": "r1"})),
    ]
}

#[test]
fn it_survives_any_history() {
    let payloads: Vec<_> = events()
        .into_iter()
        .map(|(name, fields)| payload(name, with_id(fields)))
        .collect();
    survives::<Lead>(SubjectKind::Lead, &payloads);
}

proptest! {
    #[test]
    fn no_lead_gets_further_than_it_was_created(
        history in prop::collection::vec((1_u8..28, prop::sample::select(events())), 0..10),
        bought: bool,
    ) {
        let mut story = lead();
        if bought {
            story = story.bought("acme", "2026-01-15T09:00Z");
        }
        for (number, (day, (name, fields))) in history.into_iter().enumerate() {
            story = story.then(&format!("2026-01-{day:02}T12:00Z"), &format!("e{number}"), name, with_id(fields));
        }
        let output = story.output();
        let count = |measure| output.measurements.iter().filter(|row| row.measure == Measure::Builtin(measure)).count();
        let created = count(Builtin::LeadCreated);
        prop_assert!(created <= 1);
        for measure in [
            Builtin::LeadQualified,
            Builtin::LeadDisqualified,
            Builtin::LeadToOpportunity,
            Builtin::LeadToCustomer,
            Builtin::LeadResponse,
            Builtin::LeadResponseBusiness,
        ] {
            prop_assert!(count(measure) <= created);
        }
        prop_assert!(count(Builtin::ReferralConverted) <= count(Builtin::ReferralReceived).min(1));
        prop_assert!(output.measurements.iter().all(|row| row.origin_date > Date::constant(2025, 12, 31)));
    }
}

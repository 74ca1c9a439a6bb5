//! From the core to the wire. What was decoded encodes to a wire event that decodes to the same.

mod activity;
mod commerce;
mod crm;
mod operations;
mod reference;

use std::fmt::Display;

use jiff::{Timestamp, civil};
use prost::Message as _;
use scoreline_core::{
    event::{self as core, Attribute, Event, EventAmended, EventVoided, OpportunityType, Payload},
    money::{Currency, Micros},
};

use crate::{
    events::v1::{self as wire, event::Payload as Wire},
    types::v1::{Date, DateRange, Money},
};

/// The wire event of a core event.
#[must_use]
pub fn event(event: &Event) -> wire::Event {
    wire::Event {
        event_id: event.id.to_string(),
        source: event.source.to_string(),
        occurred_at: Some(instant(event.occurred_at)),
        payload: Some(payload(&event.payload)),
    }
}

/// The bytes by which a repeat of an event is told from another event under its id: equal for equal events, however they
/// were written on the wire (order of attributes, digits without meaning, times finer than what is kept).
#[must_use]
pub fn canonical_bytes(event: &Event) -> Vec<u8> {
    self::event(event).encode_to_vec()
}

/// An instant.
#[must_use]
pub fn instant(instant: Timestamp) -> prost_types::Timestamp {
    // Protobuf counts nanoseconds forward from the second, also before 1970.
    let nanos = instant.as_nanosecond();
    prost_types::Timestamp {
        seconds: i64::try_from(nanos.div_euclid(1_000_000_000)).expect("an instant has fewer seconds than fit i64"),
        nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).expect("a second has fewer nanoseconds than fit i32"),
    }
}

/// A day.
#[must_use]
pub fn date(date: civil::Date) -> Date {
    Date {
        year: date.year().into(),
        month: date.month().into(),
        day: date.day().into(),
    }
}

/// A range of days, from its first to the first after it.
#[must_use]
pub fn range(start: civil::Date, end: civil::Date) -> DateRange {
    DateRange {
        start: Some(date(start)),
        end: Some(date(end)),
    }
}

/// An amount.
#[must_use]
pub fn money(amount: core::Money) -> Money {
    amount_of(amount.currency, amount.micros)
}

fn amount_of(currency: Currency, micros: i64) -> Money {
    let (units, nanos) = Micros(micros).to_units_nanos();
    Money {
        currency_code: currency.to_string(),
        units,
        nanos,
    }
}

/// A length of time.
#[must_use]
pub fn duration(milliseconds: i64) -> prost_types::Duration {
    prost_types::Duration {
        seconds: milliseconds / 1_000,
        nanos: i32::try_from(milliseconds % 1_000).expect("a remainder below 1000 fits i32") * 1_000_000,
    }
}

/// An optional text: empty when there is none.
fn text<T: Display>(value: &Option<T>) -> String {
    value.as_ref().map(T::to_string).unwrap_or_default()
}

fn attributes(attributes: &[Attribute]) -> Vec<wire::Attribute> {
    let attribute = |attribute: &Attribute| wire::Attribute {
        name: attribute.name.to_string(),
        value: attribute.value.to_string(),
    };
    attributes.iter().map(attribute).collect()
}

fn opportunity_type(kind: Option<OpportunityType>) -> i32 {
    let kind = match kind {
        None => wire::OpportunityType::Unspecified,
        Some(OpportunityType::NewBusiness) => wire::OpportunityType::NewBusiness,
        Some(OpportunityType::Upsell) => wire::OpportunityType::Upsell,
        Some(OpportunityType::CrossSell) => wire::OpportunityType::CrossSell,
        Some(OpportunityType::Renewal) => wire::OpportunityType::Renewal,
    };
    kind.into()
}

fn event_amended(amended: &EventAmended) -> Box<wire::EventAmended> {
    let replacement = wire::Event {
        occurred_at: amended.occurred_at.map(instant),
        payload: Some(payload(&amended.payload)),
        ..wire::Event::default()
    };
    Box::new(wire::EventAmended {
        event_id: amended.event.to_string(),
        replacement: Some(Box::new(replacement)),
    })
}

fn event_voided(voided: &EventVoided) -> wire::EventVoided {
    wire::EventVoided {
        event_id: voided.event.to_string(),
        reason: voided.reason.clone().unwrap_or_default(),
    }
}

/// The wire payload of a core payload.
fn payload(payload: &Payload) -> Wire {
    match payload {
        Payload::LeadCreated(payload) => Wire::LeadCreated(crm::lead_created(payload)),
        Payload::LeadQualified(payload) => Wire::LeadQualified(crm::lead_qualified(payload)),
        Payload::LeadDisqualified(payload) => Wire::LeadDisqualified(crm::lead_disqualified(payload)),
        Payload::LeadConverted(payload) => Wire::LeadConverted(crm::lead_converted(payload)),
        Payload::OpportunityOpened(payload) => Wire::OpportunityOpened(crm::opportunity_opened(payload)),
        Payload::OpportunityUpdated(payload) => Wire::OpportunityUpdated(crm::opportunity_updated(payload)),
        Payload::OpportunityStageChanged(payload) => {
            Wire::OpportunityStageChanged(crm::opportunity_stage_changed(payload))
        }
        Payload::OpportunityWon(payload) => Wire::OpportunityWon(crm::opportunity_won(payload)),
        Payload::OpportunityLost(payload) => Wire::OpportunityLost(crm::opportunity_lost(payload)),
        Payload::OpportunityReopened(payload) => Wire::OpportunityReopened(crm::opportunity_reopened(payload)),
        Payload::OrderPlaced(payload) => Wire::OrderPlaced(commerce::order_placed(payload)),
        Payload::OrderRefunded(payload) => Wire::OrderRefunded(commerce::order_refunded(payload)),
        Payload::SubscriptionStarted(payload) => Wire::SubscriptionStarted(commerce::subscription_started(payload)),
        Payload::SubscriptionChanged(payload) => Wire::SubscriptionChanged(commerce::subscription_changed(payload)),
        Payload::SubscriptionCancelled(payload) => {
            Wire::SubscriptionCancelled(commerce::subscription_cancelled(payload))
        }
        Payload::SubscriptionReactivated(payload) => {
            Wire::SubscriptionReactivated(commerce::subscription_reactivated(payload))
        }
        Payload::ActivityLogged(payload) => Wire::ActivityLogged(activity::activity_logged(payload)),
        Payload::MeetingScheduled(payload) => Wire::MeetingScheduled(activity::meeting_scheduled(payload)),
        Payload::MeetingRescheduled(payload) => Wire::MeetingRescheduled(activity::meeting_rescheduled(payload)),
        Payload::MeetingCompleted(payload) => Wire::MeetingCompleted(activity::meeting_completed(payload)),
        Payload::MeetingCancelled(payload) => Wire::MeetingCancelled(activity::meeting_cancelled(payload)),
        Payload::MeetingNoShow(payload) => Wire::MeetingNoShow(activity::meeting_no_show(payload)),
        Payload::InquiryReceived(payload) => Wire::InquiryReceived(activity::inquiry_received(payload)),
        Payload::InquiryAnswered(payload) => Wire::InquiryAnswered(activity::inquiry_answered(payload)),
        Payload::IssueOpened(payload) => Wire::IssueOpened(activity::issue_opened(payload)),
        Payload::IssueResolved(payload) => Wire::IssueResolved(activity::issue_resolved(payload)),
        Payload::SurveyAnswered(payload) => Wire::SurveyAnswered(activity::survey_answered(payload)),
        Payload::CostIncurred(payload) => Wire::CostIncurred(operations::cost_incurred(payload)),
        Payload::WebTrafficRecorded(payload) => Wire::WebTrafficRecorded(operations::web_traffic_recorded(payload)),
        Payload::SocialEngagementRecorded(payload) => {
            Wire::SocialEngagementRecorded(operations::social_engagement_recorded(payload))
        }
        Payload::ReferralReceived(payload) => Wire::ReferralReceived(operations::referral_received(payload)),
        Payload::TimeSpent(payload) => Wire::TimeSpent(operations::time_spent(payload)),
        Payload::AssessmentMade(payload) => Wire::AssessmentMade(operations::assessment_made(payload)),
        Payload::TrainingCompleted(payload) => Wire::TrainingCompleted(operations::training_completed(payload)),
        Payload::MeasurementRecorded(payload) => Wire::MeasurementRecorded(operations::measurement_recorded(payload)),
        Payload::RepJoined(payload) => Wire::RepJoined(reference::rep_joined(payload)),
        Payload::RepLeft(payload) => Wire::RepLeft(reference::rep_left(payload)),
        Payload::RepAssigned(payload) => Wire::RepAssigned(reference::rep_assigned(payload)),
        Payload::AccountDescribed(payload) => Wire::AccountDescribed(reference::account_described(payload)),
        Payload::ProductDescribed(payload) => Wire::ProductDescribed(reference::product_described(payload)),
        Payload::TeamDescribed(payload) => Wire::TeamDescribed(reference::team_described(payload)),
        Payload::TerritoryDescribed(payload) => Wire::TerritoryDescribed(reference::territory_described(payload)),
        Payload::CurrencyRateSet(payload) => Wire::CurrencyRateSet(reference::currency_rate_set(payload)),
        Payload::TargetSet(payload) => Wire::TargetSet(reference::target_set(payload)),
        Payload::EventAmended(payload) => Wire::EventAmended(event_amended(payload)),
        Payload::EventVoided(payload) => Wire::EventVoided(event_voided(payload)),
    }
}

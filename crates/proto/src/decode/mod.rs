//! From the wire to the core: a core event, or everything that is wrong with the wire event.
//!
//! What is decoded follows the rules that the contracts state; nothing in the core checks them again. What needs the
//! tenant's settings (is the attribute declared, does the stage exist) is not decided here.

mod activity;
mod commerce;
mod correction;
mod crm;
mod operations;
mod reference;
#[cfg(test)]
mod tests;

use scoreline_core::event::{Attribute, Event, OpportunityType, Payload};

use crate::{
    events::v1::{self as wire, event::Payload as Wire},
    reader::Reader,
    violation::{Reason, Violation},
};

/// The most attributes that an event may have.
pub const MAX_ATTRIBUTES: usize = 16;

/// The most lines that an order or a refund may have.
pub const MAX_LINES: usize = 1_000;

/// The most scores, and the most splits.
pub const MAX_PARTS: usize = 100;

/// Reads an event. Attributes come out ordered by name, times cut to the microsecond.
///
/// # Errors
/// Everything that is wrong with it, at most [`crate::reader::MAX_VIOLATIONS`].
pub fn event(wire: &wire::Event) -> Result<Event, Vec<Violation>> {
    let mut reader = Reader::new();
    let read = read_event(&mut reader, wire);
    reader.finish(read)
}

/// Where the fields of a payload stand, as a path from the event: `payload.lead_created`, and within an amendment
/// `payload.event_amended.replacement.payload.lead_created`.
#[must_use]
pub fn path(payload: &Payload) -> String {
    match payload {
        Payload::EventAmended(amended) => format!("payload.event_amended.replacement.{}", path(&amended.payload)),
        other => format!("payload.{}", other.name()),
    }
}

fn read_event(reader: &mut Reader, wire: &wire::Event) -> Option<Event> {
    let id = reader.required("event_id", &wire.event_id);
    let source = reader.required("source", &wire.source);
    let occurred_at = reader.required_instant("occurred_at", wire.occurred_at.as_ref());
    let payload = reader.present("payload", wire.payload.as_ref())?;
    let payload = reader.within("payload", |reader| match payload {
        Wire::EventAmended(amended) => reader
            .within("event_amended", |reader| correction::amended(reader, amended, wire))
            .map(Payload::from),
        Wire::EventVoided(voided) => reader
            .within("event_voided", |reader| correction::voided(reader, voided, wire))
            .map(Payload::from),
        other => read_payload(reader, other),
    });
    Some(Event {
        id: id?,
        source: source?,
        occurred_at: occurred_at?,
        payload: payload?,
    })
}

macro_rules! payloads {
    ($($variant:ident => $name:literal by $read:path),* $(,)?) => {
        /// Reads a payload that is not a correction.
        fn read_payload(reader: &mut Reader, payload: &Wire) -> Option<Payload> {
            match payload {
                $(Wire::$variant(wire) => reader.within($name, |reader| $read(reader, wire)).map(Payload::from),)*
                Wire::EventAmended(_) | Wire::EventVoided(_) => {
                    reader.fault("", Reason::NotAllowed, "a correction must not be replaced");
                    None
                }
            }
        }

        /// The payloads that are read, by name.
        #[cfg(test)]
        const READ: &[&str] = &[$($name,)* "event_amended", "event_voided"];
    };
}

payloads! {
    LeadCreated => "lead_created" by crm::lead_created,
    LeadQualified => "lead_qualified" by crm::lead_qualified,
    LeadDisqualified => "lead_disqualified" by crm::lead_disqualified,
    LeadConverted => "lead_converted" by crm::lead_converted,
    OpportunityOpened => "opportunity_opened" by crm::opportunity_opened,
    OpportunityUpdated => "opportunity_updated" by crm::opportunity_updated,
    OpportunityStageChanged => "opportunity_stage_changed" by crm::opportunity_stage_changed,
    OpportunityWon => "opportunity_won" by crm::opportunity_won,
    OpportunityLost => "opportunity_lost" by crm::opportunity_lost,
    OpportunityReopened => "opportunity_reopened" by crm::opportunity_reopened,
    OrderPlaced => "order_placed" by commerce::order_placed,
    OrderRefunded => "order_refunded" by commerce::order_refunded,
    SubscriptionStarted => "subscription_started" by commerce::subscription_started,
    SubscriptionChanged => "subscription_changed" by commerce::subscription_changed,
    SubscriptionCancelled => "subscription_cancelled" by commerce::subscription_cancelled,
    SubscriptionReactivated => "subscription_reactivated" by commerce::subscription_reactivated,
    ActivityLogged => "activity_logged" by activity::activity_logged,
    MeetingScheduled => "meeting_scheduled" by activity::meeting_scheduled,
    MeetingRescheduled => "meeting_rescheduled" by activity::meeting_rescheduled,
    MeetingCompleted => "meeting_completed" by activity::meeting_completed,
    MeetingCancelled => "meeting_cancelled" by activity::meeting_cancelled,
    MeetingNoShow => "meeting_no_show" by activity::meeting_no_show,
    InquiryReceived => "inquiry_received" by activity::inquiry_received,
    InquiryAnswered => "inquiry_answered" by activity::inquiry_answered,
    IssueOpened => "issue_opened" by activity::issue_opened,
    IssueResolved => "issue_resolved" by activity::issue_resolved,
    SurveyAnswered => "survey_answered" by activity::survey_answered,
    CostIncurred => "cost_incurred" by operations::cost_incurred,
    WebTrafficRecorded => "web_traffic_recorded" by operations::web_traffic_recorded,
    SocialEngagementRecorded => "social_engagement_recorded" by operations::social_engagement_recorded,
    ReferralReceived => "referral_received" by operations::referral_received,
    TimeSpent => "time_spent" by operations::time_spent,
    AssessmentMade => "assessment_made" by operations::assessment_made,
    TrainingCompleted => "training_completed" by operations::training_completed,
    MeasurementRecorded => "measurement_recorded" by operations::measurement_recorded,
    RepJoined => "rep_joined" by reference::rep_joined,
    RepLeft => "rep_left" by reference::rep_left,
    RepAssigned => "rep_assigned" by reference::rep_assigned,
    AccountDescribed => "account_described" by reference::account_described,
    ProductDescribed => "product_described" by reference::product_described,
    TeamDescribed => "team_described" by reference::team_described,
    TerritoryDescribed => "territory_described" by reference::territory_described,
    CurrencyRateSet => "currency_rate_set" by reference::currency_rate_set,
    TargetSet => "target_set" by reference::target_set,
}

/// Reads attributes: few, with distinct names; in the order of their names, so that their order on the wire says
/// nothing.
fn attributes(reader: &mut Reader, wire: &[wire::Attribute]) -> Vec<Attribute> {
    if !reader.at_most("attributes", wire.len(), MAX_ATTRIBUTES) {
        return Vec::new();
    }
    let mut attributes = reader.each("attributes", wire, |reader, attribute| {
        let name = reader.required("name", &attribute.name);
        let value = reader.required("value", &attribute.value);
        Some(Attribute {
            name: name?,
            value: value?,
        })
    });
    attributes.sort();
    if let Some(pair) = attributes.windows(2).find(|pair| pair[0].name == pair[1].name) {
        reader.fault(
            "attributes",
            Reason::Repeated,
            format!("names `{}` more than once", pair[0].name),
        );
    }
    attributes
}

/// Reads the kind of business of a field named `type`.
fn opportunity_type(reader: &mut Reader, number: i32) -> Option<OpportunityType> {
    reader.choice("type", number, |kind| match kind {
        wire::OpportunityType::Unspecified => None,
        wire::OpportunityType::NewBusiness => Some(OpportunityType::NewBusiness),
        wire::OpportunityType::Upsell => Some(OpportunityType::Upsell),
        wire::OpportunityType::CrossSell => Some(OpportunityType::CrossSell),
        wire::OpportunityType::Renewal => Some(OpportunityType::Renewal),
    })
}

//! What happened in sales: an envelope and a typed payload, in the field's words.
//!
//! Values that reach this module are checked: ids are not empty, money is an integer in a known currency, times
//! are real instants. The wire form is `proto/scoreline/events/v1`.

mod activity;
mod commerce;
mod correction;
mod crm;
mod json;
mod operations;
mod reference;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{activity::*, commerce::*, correction::*, crm::*, operations::*, reference::*};
use crate::{
    id::{EventId, Name, SourceId},
    money::Currency,
};

/// One thing that happened, as one system told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its id, unique in its tenant for ever.
    pub id: EventId,
    /// The system that sent it.
    pub source: SourceId,
    /// When it happened.
    #[serde(with = "crate::stored::instant")]
    pub occurred_at: Timestamp,
    /// What happened.
    pub payload: Payload,
}

/// An amount of money: micro-units of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The currency in which it was sent.
    pub currency: Currency,
    /// Millionths of the currency's unit.
    pub micros: i64,
}

/// One attribute that the tenant declared in its settings (age band, language, …) with its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attribute {
    /// The attribute's name.
    pub name: Name,
    /// Its value.
    pub value: Name,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident => $wire:literal),* $(,)?) => {
        /// What happened. Shared, since nobody changes it: an event is handed on from the wire to the log and to each of
        /// its subjects.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Payload {
            $($(#[$doc])* $name(Arc<$name>),)*
        }

        impl Payload {
            /// The names of all payloads, as on the wire.
            pub const NAMES: &'static [&'static str] = &[$($wire),*];

            /// The payload's name on the wire.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $wire,)* }
            }
        }

        $(impl From<$name> for Payload {
            fn from(payload: $name) -> Self {
                Self::$name(Arc::new(payload))
            }
        }

        impl From<Arc<$name>> for Payload {
            fn from(payload: Arc<$name>) -> Self {
                Self::$name(payload)
            }
        })*
    };
}

payloads! {
    /// A lead came into being.
    LeadCreated => "lead_created",
    /// A lead was found worth pursuing.
    LeadQualified => "lead_qualified",
    /// A lead was found not worth pursuing.
    LeadDisqualified => "lead_disqualified",
    /// A lead became an account, and maybe an opportunity.
    LeadConverted => "lead_converted",
    /// An opportunity was opened.
    OpportunityOpened => "opportunity_opened",
    /// Properties of an opportunity changed.
    OpportunityUpdated => "opportunity_updated",
    /// An opportunity moved to another stage.
    OpportunityStageChanged => "opportunity_stage_changed",
    /// An opportunity was won.
    OpportunityWon => "opportunity_won",
    /// An opportunity was lost.
    OpportunityLost => "opportunity_lost",
    /// A closed opportunity was opened again.
    OpportunityReopened => "opportunity_reopened",
    /// An order was placed.
    OrderPlaced => "order_placed",
    /// An order, or part of it, was refunded or returned.
    OrderRefunded => "order_refunded",
    /// A subscription began.
    SubscriptionStarted => "subscription_started",
    /// A subscription's recurring amount changed.
    SubscriptionChanged => "subscription_changed",
    /// A subscription ended.
    SubscriptionCancelled => "subscription_cancelled",
    /// An ended subscription began again.
    SubscriptionReactivated => "subscription_reactivated",
    /// A sales activity was logged.
    ActivityLogged => "activity_logged",
    /// A meeting was scheduled.
    MeetingScheduled => "meeting_scheduled",
    /// A meeting got another time.
    MeetingRescheduled => "meeting_rescheduled",
    /// A meeting took place.
    MeetingCompleted => "meeting_completed",
    /// A meeting was called off.
    MeetingCancelled => "meeting_cancelled",
    /// A meeting's other side did not come.
    MeetingNoShow => "meeting_no_show",
    /// A customer asked something.
    InquiryReceived => "inquiry_received",
    /// An inquiry was answered.
    InquiryAnswered => "inquiry_answered",
    /// A customer's issue was opened.
    IssueOpened => "issue_opened",
    /// A customer's issue was resolved.
    IssueResolved => "issue_resolved",
    /// A survey was answered.
    SurveyAnswered => "survey_answered",
    /// A cost was incurred.
    CostIncurred => "cost_incurred",
    /// Visits to a web site.
    WebTrafficRecorded => "web_traffic_recorded",
    /// Engagement in social media.
    SocialEngagementRecorded => "social_engagement_recorded",
    /// A referral was obtained.
    ReferralReceived => "referral_received",
    /// Working time was logged.
    TimeSpent => "time_spent",
    /// A rep, or an interaction, was assessed by a person.
    AssessmentMade => "assessment_made",
    /// A rep completed a training.
    TrainingCompleted => "training_completed",
    /// A value of the tenant's own measure.
    MeasurementRecorded => "measurement_recorded",
    /// A rep joined the organisation.
    RepJoined => "rep_joined",
    /// A rep left the organisation.
    RepLeft => "rep_left",
    /// A rep was assigned to a team, manager, region, territory or role.
    RepAssigned => "rep_assigned",
    /// An account's properties.
    AccountDescribed => "account_described",
    /// A product's properties.
    ProductDescribed => "product_described",
    /// A team's properties.
    TeamDescribed => "team_described",
    /// A territory's properties.
    TerritoryDescribed => "territory_described",
    /// The rate of a pair of currencies from a date on.
    CurrencyRateSet => "currency_rate_set",
    /// A quota or target.
    TargetSet => "target_set",
    /// An earlier event is replaced by another version.
    EventAmended => "event_amended",
    /// An earlier event is taken back.
    EventVoided => "event_voided",
}

impl Payload {
    /// The declared attributes that it carries.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        match self {
            Self::LeadCreated(payload) => &payload.attributes,
            Self::OpportunityOpened(payload) => &payload.attributes,
            Self::OrderPlaced(payload) => &payload.attributes,
            Self::SubscriptionStarted(payload) => &payload.attributes,
            Self::ActivityLogged(payload) => &payload.attributes,
            Self::MeetingScheduled(payload) => &payload.attributes,
            Self::InquiryReceived(payload) => &payload.attributes,
            Self::IssueOpened(payload) => &payload.attributes,
            Self::SurveyAnswered(payload) => &payload.attributes,
            Self::CostIncurred(payload) => &payload.attributes,
            Self::WebTrafficRecorded(payload) => &payload.attributes,
            Self::SocialEngagementRecorded(payload) => &payload.attributes,
            Self::ReferralReceived(payload) => &payload.attributes,
            Self::TimeSpent(payload) => &payload.attributes,
            Self::AssessmentMade(payload) => &payload.attributes,
            Self::TrainingCompleted(payload) => &payload.attributes,
            Self::MeasurementRecorded(payload) => &payload.attributes,
            Self::AccountDescribed(payload) => &payload.attributes,
            _ => &[],
        }
    }
}

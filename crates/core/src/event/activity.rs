//! What reps do, and what customers ask and answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Attribute;
use crate::id::{
    AccountId, ActivityId, InquiryId, IssueId, LeadId, MeetingId, Name, OpportunityId, ProductId, RepId, TerritoryId,
};

/// The kind of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A telephone call.
    Call,
    /// An e-mail.
    Email,
    /// A demonstration of the product.
    Demo,
    /// A presentation.
    Presentation,
    /// A proposal sent.
    Proposal,
    /// A follow-up.
    FollowUp,
    /// A networking event attended.
    NetworkingEvent,
    /// Anything else.
    Other,
}

/// Who began an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The customer.
    Inbound,
    /// The rep.
    Outbound,
}

/// How an activity ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Outcome {
    /// Its name (connected, voicemail, sale, …).
    pub name: Name,
    /// Whether it counts as a success.
    pub successful: bool,
}

/// A sales activity was logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityLogged {
    /// The activity; the event's own id where none is named.
    pub activity: Option<ActivityId>,
    /// Its kind.
    pub kind: ActivityKind,
    /// Who did it.
    pub rep: Option<RepId>,
    /// Who began it; outbound where none is named.
    pub direction: Direction,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The lead it concerned.
    pub lead: Option<LeadId>,
    /// The opportunity it concerned.
    pub opportunity: Option<OpportunityId>,
    /// The account it concerned.
    pub account: Option<AccountId>,
    /// The campaign it belonged to.
    pub campaign: Option<Name>,
    /// The channel.
    pub channel: Option<Name>,
    /// The territory, where the rep's own does not decide.
    pub territory: Option<TerritoryId>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A meeting was scheduled (at the event's time) for `due_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingScheduled {
    /// The meeting.
    pub meeting: MeetingId,
    /// When it is due.
    #[serde(with = "crate::stored::instant")]
    pub due_at: Timestamp,
    /// Who holds it.
    pub rep: Option<RepId>,
    /// The lead it concerns.
    pub lead: Option<LeadId>,
    /// The opportunity it concerns.
    pub opportunity: Option<OpportunityId>,
    /// The account it concerns.
    pub account: Option<AccountId>,
    /// The channel (on site, video, …).
    pub channel: Option<Name>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A meeting got another time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingRescheduled {
    /// The meeting.
    pub meeting: MeetingId,
    /// When it is due now.
    #[serde(with = "crate::stored::instant")]
    pub due_at: Timestamp,
}

/// A meeting took place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingCompleted {
    /// The meeting.
    pub meeting: MeetingId,
}

/// A meeting was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingCancelled {
    /// The meeting.
    pub meeting: MeetingId,
    /// Why.
    pub reason: Option<Name>,
}

/// A meeting's other side did not come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingNoShow {
    /// The meeting.
    pub meeting: MeetingId,
}

/// A customer asked something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InquiryReceived {
    /// The inquiry.
    pub inquiry: InquiryId,
    /// Over which channel: `phone`, `email`, `chat` or the tenant's own.
    pub channel: Name,
    /// Who is to answer.
    pub rep: Option<RepId>,
    /// Who asked.
    pub account: Option<AccountId>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// An inquiry was answered; the first answer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InquiryAnswered {
    /// The inquiry.
    pub inquiry: InquiryId,
    /// Who answered.
    pub rep: Option<RepId>,
}

/// A customer's issue was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueOpened {
    /// The issue.
    pub issue: IssueId,
    /// Who has it.
    pub account: Option<AccountId>,
    /// Who is to solve it.
    pub rep: Option<RepId>,
    /// The product it concerns.
    pub product: Option<ProductId>,
    /// Over which channel it came.
    pub channel: Option<Name>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A customer's issue was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueResolved {
    /// The issue.
    pub issue: IssueId,
    /// Who solved it.
    pub rep: Option<RepId>,
}

/// The kind of a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurveyKind {
    /// Net promoter score: one score of 0 to 10.
    Nps,
    /// Customer satisfaction: one score of 1 to 5.
    Csat,
    /// Service quality: a score of 1 to 5 for each criterion.
    ServiceQuality,
}

/// A survey was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyAnswered {
    /// The kind of survey.
    pub kind: SurveyKind,
    /// Who answered; the account's id, then the event's own, where none is named.
    pub respondent: Option<Name>,
    /// The account that answered.
    pub account: Option<AccountId>,
    /// The rep whom it concerns.
    pub rep: Option<RepId>,
    /// The product it concerns.
    pub product: Option<ProductId>,
    /// The channel.
    pub channel: Option<Name>,
    /// The scores: one without criterion for NPS and CSAT, one for each criterion for service quality.
    #[serde(default)]
    pub scores: Vec<Score>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// One score of a survey or an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// What was scored.
    pub criterion: Option<Name>,
    /// The score in thousandths.
    pub milli: i64,
}

//! Costs, traffic, time, assessments and the tenant's own measures.

use serde::{Deserialize, Serialize};

use super::{Attribute, Money};
use crate::id::{AccountId, ActivityId, LeadId, Name, ReferralId, RepId};

/// A cost was incurred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostIncurred {
    /// What it was for: `advertising`, `salaries`, `tools`, …
    pub category: Name,
    /// How much.
    pub amount: Money,
    /// The lead source that it paid for.
    pub lead_source: Option<Name>,
    /// The campaign that it paid for.
    pub campaign: Option<Name>,
    /// The channel that it paid for.
    pub channel: Option<Name>,
    /// The rep that it paid for.
    pub rep: Option<RepId>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// Visits to a web site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebTrafficRecorded {
    /// How many visits.
    pub visits: i64,
    /// The source that brought them.
    pub lead_source: Option<Name>,
    /// The campaign that brought them.
    pub campaign: Option<Name>,
    /// The channel (site, landing page, …).
    pub channel: Option<Name>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// Engagement in social media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialEngagementRecorded {
    /// The network.
    pub channel: Option<Name>,
    /// The campaign.
    pub campaign: Option<Name>,
    /// The rep whose posts they are.
    pub rep: Option<RepId>,
    /// How many likes.
    pub likes: i64,
    /// How many comments.
    pub comments: i64,
    /// How many shares.
    pub shares: i64,
    /// How many direct messages.
    pub direct_messages: i64,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A referral was obtained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralReceived {
    /// The referral.
    pub referral: ReferralId,
    /// Who obtained it.
    pub rep: Option<RepId>,
    /// Who gave it.
    pub referrer: Option<AccountId>,
    /// The lead that it became.
    pub lead: Option<LeadId>,
    /// The channel.
    pub channel: Option<Name>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// Working time was logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSpent {
    /// Whose time.
    pub rep: RepId,
    /// On what: `calls`, `meetings`, `travel`, `administration`, …
    pub kind: Name,
    /// Whether it was spent with customers.
    pub customer_facing: bool,
    /// How long, in milliseconds.
    pub duration_ms: i64,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A rep, or one of its interactions, was assessed by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentMade {
    /// Who was assessed.
    pub rep: RepId,
    /// Who assessed.
    pub assessor: Option<Name>,
    /// What was assessed: `customer_engagement`, `product_knowledge`, `issue_resolution` or the tenant's own.
    pub criterion: Name,
    /// The score in thousandths.
    pub score_milli: i64,
    /// What the assessor said.
    pub comment: Option<String>,
    /// The interaction that was assessed, when it was one.
    pub interaction: Option<ActivityId>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A rep completed a training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingCompleted {
    /// Who.
    pub rep: RepId,
    /// Which training.
    pub training: Name,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The result in thousandths.
    pub score_milli: Option<i64>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A value of the tenant's own measure, which its settings declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasurementRecorded {
    /// The declared measure.
    pub measure: Name,
    /// The value: micro-units for money, milliseconds for time, thousandths for plain numbers (counts too).
    pub value: i64,
    /// The currency, for a money measure.
    pub currency: Option<crate::money::Currency>,
    /// The rep.
    pub rep: Option<RepId>,
    /// The account.
    pub account: Option<AccountId>,
    /// The lead source.
    pub lead_source: Option<Name>,
    /// The campaign.
    pub campaign: Option<Name>,
    /// The channel.
    pub channel: Option<Name>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

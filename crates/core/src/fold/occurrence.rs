//! What a subject's fold reads: its events, and what the folds of other subjects tell it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    event::{OpportunityType, Payload},
    id::{AccountId, LeadId, Name, OpportunityId, RepId, SubscriptionId},
    measure::Dimensions,
    money::Currency,
};

/// Where an occurrence stands in its subject's history: by time, then by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// When it happened.
    #[serde(with = "crate::stored::instant")]
    pub at: Timestamp,
    /// The event's id, or for a signal `~<subject it comes from>/<what>`, unique in the history.
    pub id: SmolStr,
}

/// One thing in a subject's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Its place.
    pub key: Key,
    /// What it is.
    pub what: What,
}

/// An event of the subject's own, or a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// An event (as last amended).
    Event(Payload),
    /// What another subject's fold tells.
    Signal(Signal),
}

/// What one subject's fold tells another. Signals are rows of the fold like measurements: they are added and taken
/// back by the same differences.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Signal {
    /// To an account: it bought.
    Purchased(Purchase),
    /// To an account: the recurring amount of one of its subscriptions changed by `delta_micros`.
    MrrChanged {
        /// The subscription.
        subscription: SubscriptionId,
        /// The currency.
        currency: Currency,
        /// By how much a month; negative when it fell.
        delta_micros: i64,
        /// What it pays a month from now on; 0 when it ended.
        monthly_micros: i64,
        /// Whether more of it is an upsell or a cross-sell.
        kind: Option<OpportunityType>,
        /// The dimensions of the rows that it leads to (account excepted).
        dimensions: Dimensions,
    },
    /// To a lead: an opportunity was opened from it.
    OpportunityOpened {
        /// The opportunity.
        opportunity: OpportunityId,
        /// Its account.
        account: Option<AccountId>,
    },
    /// To a lead: a meeting with it took place.
    MeetingHeld {
        /// Who held it.
        rep: Option<RepId>,
    },
    /// To an account: a lead became it. It stands in histories of former versions: no fold told by it came to other rows, so
    /// that leads say it no longer.
    LeadLinked {
        /// The lead.
        lead: LeadId,
    },
    /// To the respondent of a survey, and the like: reserved for one-word notices.
    Notice(Name),
}

/// A purchase of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Purchase {
    /// By what it bought.
    pub by: PurchaseKind,
    /// The kind of business, as far as it is known.
    pub kind: Option<OpportunityType>,
    /// The dimensions of the rows that it leads to (account excepted).
    pub dimensions: Dimensions,
}

/// By what an account bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PurchaseKind {
    /// An order.
    Order,
    /// A won deal.
    Deal,
    /// The start of a subscription.
    Subscription,
}

//! Leads and opportunities.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Attribute, Money};
use crate::id::{AccountId, LeadId, Name, OpportunityId, ProductId, RepId, TerritoryId};

/// A lead came into being at the event's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadCreated {
    /// The lead.
    pub lead: LeadId,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// Where it came from (web, referral, fair, …).
    pub lead_source: Option<Name>,
    /// The campaign that brought it.
    pub campaign: Option<Name>,
    /// The channel over which it came.
    pub channel: Option<Name>,
    /// The account it belongs to, when that is known from the start.
    pub account: Option<AccountId>,
    /// The territory, where the rep's own does not decide.
    pub territory: Option<TerritoryId>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A lead was found worth pursuing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadQualified {
    /// The lead.
    pub lead: LeadId,
}

/// A lead was found not worth pursuing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadDisqualified {
    /// The lead.
    pub lead: LeadId,
    /// Why.
    pub reason: Option<Name>,
}

/// A lead became an account, and maybe an opportunity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadConverted {
    /// The lead.
    pub lead: LeadId,
    /// The account that it became.
    pub account: AccountId,
    /// The opportunity that it became, if any.
    pub opportunity: Option<OpportunityId>,
}

/// What kind of business an opportunity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpportunityType {
    /// A first sale to an account.
    NewBusiness,
    /// More of what the account has.
    Upsell,
    /// Something else than what the account has.
    CrossSell,
    /// The continuation of a contract.
    Renewal,
}

/// One rep's share of a deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The rep.
    pub rep: RepId,
    /// The share in millionths; the shares of one deal sum to 1 000 000.
    pub share_ppm: u32,
}

/// An opportunity was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpportunityOpened {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// The account it is with.
    pub account: Option<AccountId>,
    /// The lead that it came from.
    pub lead: Option<LeadId>,
    /// The pipeline; the tenant's default where none is named.
    pub pipeline: Option<Name>,
    /// The stage it starts in; the pipeline's first where none is named.
    pub stage: Option<Name>,
    /// The expected amount.
    pub amount: Option<Money>,
    /// The expected close date.
    #[serde(with = "crate::stored::optional_date", default)]
    pub close_date: Option<Date>,
    /// What kind of business it is.
    pub kind: Option<OpportunityType>,
    /// The product, where one stands for the deal.
    pub product: Option<ProductId>,
    /// Where it came from; its lead's where none is named.
    pub lead_source: Option<Name>,
    /// The campaign; its lead's where none is named.
    pub campaign: Option<Name>,
    /// The channel.
    pub channel: Option<Name>,
    /// The territory, where the rep's own does not decide.
    pub territory: Option<TerritoryId>,
    /// Who is credited with which share; empty: the owner with all.
    #[serde(default)]
    pub splits: Vec<Split>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// Properties of an opportunity changed; what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpportunityUpdated {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// The new owner.
    pub owner: Option<RepId>,
    /// The new amount.
    pub amount: Option<Money>,
    /// The new expected close date.
    #[serde(with = "crate::stored::optional_date", default)]
    pub close_date: Option<Date>,
    /// The account.
    pub account: Option<AccountId>,
    /// The kind of business.
    pub kind: Option<OpportunityType>,
    /// The product.
    pub product: Option<ProductId>,
    /// The new splits; `None`: unchanged, empty: the owner is credited with all.
    pub splits: Option<Vec<Split>>,
}

/// An opportunity moved to another stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpportunityStageChanged {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// The stage it moved to.
    pub stage: Name,
    /// The pipeline, when it changed too.
    pub pipeline: Option<Name>,
}

/// An opportunity was won.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpportunityWon {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// The final amount; the last known one where none is named.
    pub amount: Option<Money>,
    /// Why it was won.
    pub reason: Option<Name>,
    /// The competitor that it was won against.
    pub competitor: Option<Name>,
}

/// An opportunity was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpportunityLost {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// Why it was lost.
    pub reason: Option<Name>,
    /// The competitor that won it.
    pub competitor: Option<Name>,
}

/// A closed opportunity was opened again, in the stage that it was in last unless another is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpportunityReopened {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// The stage it comes back to.
    pub stage: Option<Name>,
}

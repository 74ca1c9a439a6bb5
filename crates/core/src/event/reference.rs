//! Reference data as events: who the reps are, what is sold, what a currency is worth, what was aimed at.
//!
//! They fold to facts of the dimension tables, not to measurements: a change of a dimension changes answers, never
//! the ledger.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Attribute;
use crate::{
    id::{AccountId, Name, ProductId, RepId, TargetId, TeamId, TerritoryId},
    money::{Currency, Rate},
};

/// A rep joined the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepJoined {
    /// The rep.
    pub rep: RepId,
    /// Its name.
    pub name: Option<Name>,
    /// The first day; the day of the event where none is named.
    #[serde(with = "crate::stored::optional_date", default)]
    pub effective_date: Option<Date>,
}

/// A rep left the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepLeft {
    /// The rep.
    pub rep: RepId,
    /// The first day without it; the day of the event where none is named.
    #[serde(with = "crate::stored::optional_date", default)]
    pub effective_date: Option<Date>,
}

/// A rep was assigned anew; what is absent is unassigned from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepAssigned {
    /// The rep.
    pub rep: RepId,
    /// Its team.
    pub team: Option<TeamId>,
    /// Its manager.
    pub manager: Option<RepId>,
    /// Its region.
    pub region: Option<Name>,
    /// Its territory.
    pub territory: Option<TerritoryId>,
    /// Its role.
    pub role: Option<Name>,
    /// From which day on; the day of the event where none is named.
    #[serde(with = "crate::stored::optional_date", default)]
    pub effective_date: Option<Date>,
}

/// An account's properties, as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDescribed {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: Option<Name>,
    /// Its segment.
    pub segment: Option<Name>,
    /// Its industry.
    pub industry: Option<Name>,
    /// Its territory.
    pub territory: Option<TerritoryId>,
    /// Declared attributes.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A product's properties, as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDescribed {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: Option<Name>,
    /// Its category.
    pub category: Option<Name>,
}

/// A team's properties, as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamDescribed {
    /// The team.
    pub team: TeamId,
    /// Its name.
    pub name: Option<Name>,
    /// The team that it is part of.
    pub parent: Option<TeamId>,
}

/// A territory's properties, as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerritoryDescribed {
    /// The territory.
    pub territory: TerritoryId,
    /// Its name.
    pub name: Option<Name>,
    /// Its region.
    pub region: Option<Name>,
}

/// The rate of a pair of currencies from a date on, until the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrencyRateSet {
    /// The currency that is converted.
    pub from: Currency,
    /// The currency that it is converted to.
    pub to: Currency,
    /// What one unit of `from` is worth in `to`.
    pub rate: Rate,
    /// From which business date on; the day of the event where none is named.
    #[serde(with = "crate::stored::optional_date", default)]
    pub effective_date: Option<Date>,
}

/// Whom a target is set for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetScope {
    /// The whole organisation.
    Organisation,
    /// A team.
    Team(TeamId),
    /// A rep: then it is a quota.
    Rep(RepId),
    /// A territory.
    Territory(TerritoryId),
}

/// A quota or target was set; a later one with the same id replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSet {
    /// The target.
    pub target: TargetId,
    /// Whom it is set for.
    pub scope: TargetScope,
    /// The metric that it is measured by (`bookings`, `revenue`, …).
    pub metric: Name,
    /// First day of its period.
    #[serde(with = "crate::stored::date")]
    pub start: Date,
    /// First day after its period.
    #[serde(with = "crate::stored::date")]
    pub end: Date,
    /// What is to be reached: micro-units for money, thousandths of the metric's unit for every other metric.
    pub amount: i64,
    /// The currency, for a money metric.
    pub currency: Option<Currency>,
    /// A ramping rep's share of the amount for each month from the start on, in millionths; months beyond the list
    /// count in full. Empty: no ramp.
    #[serde(default)]
    pub ramp_ppm: Vec<u32>,
}

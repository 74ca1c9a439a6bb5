//! The dimension tables: a fold of reference events.

mod consolidate;
mod rates;
mod reps;
mod targets;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub(crate) use self::targets::ScopeTargets;
use self::{rates::Rates, reps::Reps, targets::Targets};
use super::Dimension;
use crate::{
    event::{Payload, TargetScope, TargetSet},
    id::{EventId, Name, TargetId},
    money::{Currency, Rate},
};

/// One thing that reference data says. The tables are a function of the multiset of facts; a fact that no longer
/// holds is taken back with count −1, like a row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// When it was said; of two that contradict each other the one that is later by (`at`, `event`) holds.
    pub at: Timestamp,
    /// The event that said it.
    pub event: EventId,
    /// The business date from which it holds: the payload's effective date, else the date of `at`.
    pub effective: Date,
    /// What it says: one of the payloads of `event::reference`.
    pub payload: Payload,
}

/// A target as it stands.
pub type Target = TargetSet;

pub use self::reps::{Assignment, Rep};

/// An account as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Its name.
    pub name: Option<Name>,
    /// Its segment.
    pub segment: Option<Name>,
    /// Its industry.
    pub industry: Option<Name>,
    /// Its territory.
    pub territory: Option<Name>,
}

/// A product as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    /// Its name.
    pub name: Option<Name>,
    /// Its category.
    pub category: Option<Name>,
}

/// A team as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Team {
    /// Its name.
    pub name: Option<Name>,
    /// The team that it is part of.
    pub parent: Option<Name>,
}

/// A territory as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Territory {
    /// Its name.
    pub name: Option<Name>,
    /// Its region.
    pub region: Option<Name>,
}

/// The dimension tables as they stand at one commit.
///
/// Accounts, products, teams and territories are as the latest event about them describes them, as a whole: what that
/// event leaves out is not known. Assignments and rates are dated.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    reps: Reps,
    accounts: BTreeMap<Name, Account>,
    products: BTreeMap<Name, Product>,
    teams: BTreeMap<Name, Team>,
    territories: BTreeMap<Name, Territory>,
    rates: Rates,
    targets: Targets,
}

impl Tables {
    /// The tables that a multiset of facts makes. Facts whose counts sum to 0 or less do not hold; the order in which
    /// facts are given changes nothing.
    #[must_use]
    pub fn from_facts<'a>(facts: impl IntoIterator<Item = (&'a Fact, i64)>) -> Self {
        let mut tables = Self::default();
        for fact in consolidate::holding(facts) {
            tables.learn(fact);
        }
        tables.reps.settle();
        tables.targets.settle();
        tables
    }

    /// Takes in a fact; facts come in the order of (`at`, `event`).
    fn learn(&mut self, fact: &Fact) {
        let effective = fact.effective;
        match &fact.payload {
            Payload::RepJoined(joined) => self.reps.joined(joined, effective),
            Payload::RepLeft(left) => self.reps.left(left, effective),
            Payload::RepAssigned(assigned) => self.reps.assigned(assigned, effective),
            Payload::AccountDescribed(account) => {
                let described = Account {
                    name: account.name.clone(),
                    segment: account.segment.clone(),
                    industry: account.industry.clone(),
                    territory: account.territory.as_ref().map(|territory| territory.name().clone()),
                };
                self.accounts.insert(account.account.name().clone(), described);
            }
            Payload::ProductDescribed(product) => {
                let described = Product {
                    name: product.name.clone(),
                    category: product.category.clone(),
                };
                self.products.insert(product.product.name().clone(), described);
            }
            Payload::TeamDescribed(team) => {
                let parent = team.parent.as_ref().map(|parent| parent.name().clone());
                self.teams.insert(
                    team.team.name().clone(),
                    Team {
                        name: team.name.clone(),
                        parent,
                    },
                );
            }
            Payload::TerritoryDescribed(territory) => {
                let described = Territory {
                    name: territory.name.clone(),
                    region: territory.region.clone(),
                };
                self.territories.insert(territory.territory.name().clone(), described);
            }
            Payload::CurrencyRateSet(set) => self.rates.set(set.from, set.to, effective, set.rate),
            Payload::TargetSet(target) => self.targets.set(target),
            _ => {}
        }
    }

    /// A rep.
    #[must_use]
    pub fn rep(&self, rep: &str) -> Option<&Rep> {
        self.reps.get(rep)
    }

    /// All reps, by id.
    pub fn reps(&self) -> impl Iterator<Item = (&Name, &Rep)> {
        self.reps.iter()
    }

    /// The reps that belong to the organisation on at least one day of a half-open range, by id.
    pub fn active_reps(&self, range: Range<Date>) -> impl Iterator<Item = &Name> {
        self.reps
            .iter()
            .filter(move |(_, rep)| rep.is_active_in(&range))
            .map(|(id, _)| id)
    }

    /// An account.
    #[must_use]
    pub fn account(&self, account: &str) -> Option<&Account> {
        self.accounts.get(account)
    }

    /// A product.
    #[must_use]
    pub fn product(&self, product: &str) -> Option<&Product> {
        self.products.get(product)
    }

    /// A team.
    #[must_use]
    pub fn team(&self, team: &str) -> Option<&Team> {
        self.teams.get(team)
    }

    /// All described teams, by id.
    pub fn teams(&self) -> impl Iterator<Item = (&Name, &Team)> {
        self.teams.iter()
    }

    /// A territory.
    #[must_use]
    pub fn territory(&self, territory: &str) -> Option<&Territory> {
        self.territories.get(territory)
    }

    /// A team and the teams above it, from the team up. A team that is its own ancestor ends the list.
    #[must_use]
    pub fn lineage<'a>(&'a self, team: &'a Name) -> Vec<&'a Name> {
        let (mut lineage, mut seen) = (vec![team], BTreeSet::from([team]));
        let mut above = self.teams.get(team).and_then(|team| team.parent.as_ref());
        while let Some(parent) = above.filter(|parent| seen.insert(parent)) {
            lineage.push(parent);
            above = self.teams.get(parent).and_then(|team| team.parent.as_ref());
        }
        lineage
    }

    /// The ancestor of a team (or the team itself) at a level of the hierarchy, 1 the topmost.
    #[must_use]
    pub fn team_at_level<'a>(&'a self, team: &'a Name, level: u8) -> Option<&'a Name> {
        let lineage = self.lineage(team);
        lineage
            .len()
            .checked_sub(usize::from(level))
            .and_then(|at| lineage.get(at).copied())
    }

    /// A rep's territory on a day.
    #[must_use]
    pub fn territory_of(&self, rep: &str, date: Date) -> Option<&Name> {
        self.rep(rep)?.assignment(date)?.territory.as_ref()
    }

    /// A rep's region on a day: that of its territory, else the one it is assigned to.
    #[must_use]
    pub fn region_of(&self, rep: &str, date: Date) -> Option<&Name> {
        self.region_of_assignment(self.rep(rep)?.assignment(date)?)
    }

    pub(crate) fn region_of_assignment<'a>(&'a self, assignment: &'a Assignment) -> Option<&'a Name> {
        let territory = assignment
            .territory
            .as_ref()
            .and_then(|territory| self.territory(territory.as_str()));
        territory
            .and_then(|territory| territory.region.as_ref())
            .or(assignment.region.as_ref())
    }

    /// What one unit of `from` is worth in `to` on a day: the latest rate of the pair, else of the pair turned round,
    /// else through one other currency (the first by code that has both).
    #[must_use]
    pub fn rate(&self, from: Currency, to: Currency, date: Date) -> Option<Rate> {
        self.rates.rate(from, to, date)
    }

    /// A target.
    #[must_use]
    pub fn target(&self, target: &TargetId) -> Option<&Target> {
        self.targets.get(target)
    }

    /// The targets that are measured by a metric on some of these days, by scope; those of one scope by id.
    pub(crate) fn targets_of(
        &self,
        metric: &str,
        days: Range<Date>,
    ) -> impl Iterator<Item = (&TargetScope, ScopeTargets<'_>)> {
        self.targets.of_metric(metric, days)
    }

    /// The name to show for a value of a dimension, where one is known.
    #[must_use]
    pub fn label(&self, dimension: &Dimension, value: &str) -> Option<&Name> {
        match dimension {
            Dimension::Rep | Dimension::Manager => self.rep(value)?.name.as_ref(),
            Dimension::Account => self.account(value)?.name.as_ref(),
            Dimension::Product => self.product(value)?.name.as_ref(),
            Dimension::Territory => self.territory(value)?.name.as_ref(),
            Dimension::Team | Dimension::TeamLevel(_) => self.team(value)?.name.as_ref(),
            _ => None,
        }
    }
}

//! What is known of a deal.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    dimension::Dimension,
    event::{Attribute, Money, OpportunityOpened, OpportunityType, OpportunityUpdated, Split},
    fold::{Context, Facts, words},
    id::{AccountId, LeadId, Name, ProductId, RepId, TerritoryId},
    measure::Dimensions,
    subject::{Subject, SubjectKind},
};

/// A deal's properties, as last told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Deal {
    /// Those that may change and that rows are told apart by.
    pub(super) facets: Facets,
    pub(super) lead: Option<LeadId>,
    pub(super) amount: Option<Money>,
    #[serde(with = "crate::stored::optional_date")]
    pub(super) close_date: Option<Date>,
    pub(super) splits: Vec<Split>,
    lead_source: Option<Name>,
    campaign: Option<Name>,
    channel: Option<Name>,
    territory: Option<TerritoryId>,
    attributes: Vec<Attribute>,
}

/// Properties that may change and that rows are told apart by. A row that tells of the past has those of the past.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facets {
    pub(super) owner: Option<RepId>,
    pub(super) account: Option<AccountId>,
    pub(super) product: Option<ProductId>,
    pub(super) kind: Option<OpportunityType>,
}

impl Deal {
    /// Takes over what an opening says, where nothing has been said before.
    pub(super) fn open(&mut self, opened: &OpportunityOpened) {
        fill(&mut self.facets.owner, opened.owner.as_ref());
        fill(&mut self.facets.account, opened.account.as_ref());
        fill(&mut self.facets.product, opened.product.as_ref());
        fill(&mut self.facets.kind, opened.kind.as_ref());
        fill(&mut self.lead, opened.lead.as_ref());
        fill(&mut self.amount, opened.amount.as_ref());
        fill(&mut self.close_date, opened.close_date.as_ref());
        fill(&mut self.lead_source, opened.lead_source.as_ref());
        fill(&mut self.campaign, opened.campaign.as_ref());
        fill(&mut self.channel, opened.channel.as_ref());
        fill(&mut self.territory, opened.territory.as_ref());
        if self.splits.is_empty() {
            self.splits.clone_from(&opened.splits);
        }
        if self.attributes.is_empty() {
            self.attributes.clone_from(&opened.attributes);
        }
    }

    /// Takes over what an update says.
    pub(super) fn update(&mut self, updated: &OpportunityUpdated) {
        replace(&mut self.facets.owner, updated.owner.as_ref());
        replace(&mut self.facets.account, updated.account.as_ref());
        replace(&mut self.facets.product, updated.product.as_ref());
        replace(&mut self.facets.kind, updated.kind.as_ref());
        replace(&mut self.amount, updated.amount.as_ref());
        replace(&mut self.close_date, updated.close_date.as_ref());
        if let Some(splits) = &updated.splits {
            self.splits.clone_from(splits);
        }
    }

    /// The lead it came from.
    pub(super) fn lead_subject(&self) -> Option<Subject> {
        self.lead
            .as_ref()
            .map(|lead| Subject::new(SubjectKind::Lead, lead.name()))
    }

    /// The dimensions of a row about the deal as it was with `facets`. Where it came from is its own, else its lead's.
    pub(super) fn dimensions(&self, facets: &Facets, context: &Context<'_>) -> Dimensions {
        let lead = self.lead_subject();
        let (lead_source, campaign, channel) = match lead.as_ref().map(|lead| context.facts(lead)) {
            Some(Facts::Lead {
                lead_source,
                campaign,
                channel,
                ..
            }) => (lead_source.as_ref(), campaign.as_ref(), channel.as_ref()),
            _ => (None, None, None),
        };
        let kind = facets.kind.map(OpportunityType::name);
        let dimensions = Dimensions::new()
            .with(Dimension::Rep, facets.owner.as_ref().map(RepId::name))
            .with(Dimension::Account, facets.account.as_ref().map(AccountId::name))
            .with(Dimension::Product, facets.product.as_ref().map(ProductId::name))
            .with(Dimension::Territory, self.territory.as_ref().map(TerritoryId::name))
            .with(Dimension::LeadSource, self.lead_source.as_ref().or(lead_source))
            .with(Dimension::Campaign, self.campaign.as_ref().or(campaign))
            .with(Dimension::Channel, self.channel.as_ref().or(channel))
            .with(Dimension::OpportunityType, kind.as_ref());
        words::with_attributes(dimensions, &self.attributes)
    }
}

/// A money row's dimensions and value; an amount that is unknown is a row of 0 without currency.
pub(super) fn valued(dimensions: Dimensions, amount: Option<Money>) -> (Dimensions, i64) {
    match amount {
        Some(money) => (
            dimensions.with(Dimension::Currency, Some(&words::name(money.currency.code()))),
            money.micros,
        ),
        None => (dimensions, 0),
    }
}

fn fill<T: Clone>(known: &mut Option<T>, told: Option<&T>) {
    if known.is_none() {
        *known = told.cloned();
    }
}

fn replace<T: Clone>(known: &mut Option<T>, told: Option<&T>) {
    if let Some(told) = told {
        *known = Some(told.clone());
    }
}

//! What a lead counts for, as it stands.

use jiff::{Timestamp, civil::Date};

use super::{Lead, Response};
use crate::{
    dimension::Dimension,
    event::LeadCreated,
    fold::{Context, Facts, Output, elapsed, words::with_attributes},
    id::{AccountId, RepId, TerritoryId},
    measure::{Builtin, Dimensions},
};

/// Puts out the rows of a lead as it stands.
pub(super) fn tell(lead: &Lead, context: &Context<'_>, out: &mut Output) {
    let customer_at = became_customer_at(lead, context);
    if let Some(created) = &lead.created {
        let account = lead.link().map(|(account, _)| account);
        let report = Report {
            created_at: created.at,
            created_on: context.date(created.at),
            dimensions: dimensions(&created.payload, account),
            context,
        };
        report.fate(lead, customer_at, out);
    }
    if let Some((referral, at)) = lead.referral.as_ref().zip(customer_at) {
        let origin = context.date(referral.at);
        let row = context.measurement(Builtin::ReferralConverted, at, origin, referral.dimensions.clone(), 1);
        out.measure(row);
    }
}

/// When its account had bought and it was linked to it.
fn became_customer_at(lead: &Lead, context: &Context<'_>) -> Option<Timestamp> {
    let (_, linked_at) = lead.link()?;
    match context.facts(&lead.account_subject()?) {
        Facts::Account {
            first_purchase: Some(bought_at),
        } => Some(linked_at.max(*bought_at)),
        _ => None,
    }
}

fn dimensions(created: &LeadCreated, account: Option<&AccountId>) -> Dimensions {
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, created.owner.as_ref().map(RepId::name))
        .with(Dimension::Account, account.map(AccountId::name))
        .with(Dimension::Territory, created.territory.as_ref().map(TerritoryId::name))
        .with(Dimension::LeadSource, created.lead_source.as_ref())
        .with(Dimension::Campaign, created.campaign.as_ref())
        .with(Dimension::Channel, created.channel.as_ref());
    with_attributes(dimensions, &created.attributes)
}

struct Report<'a> {
    created_at: Timestamp,
    created_on: Date,
    dimensions: Dimensions,
    context: &'a Context<'a>,
}

impl Report<'_> {
    fn fate(&self, lead: &Lead, customer_at: Option<Timestamp>, out: &mut Output) {
        self.put(Builtin::LeadCreated, self.created_at, self.dimensions.clone(), 1, out);
        self.after_days(Builtin::LeadQualified, lead.qualified_at, out);
        self.after_days(Builtin::LeadToOpportunity, lead.opportunity_at, out);
        self.after_days(Builtin::LeadToCustomer, customer_at, out);
        if let Some(disqualified) = &lead.disqualified {
            let dimensions = self
                .dimensions
                .clone()
                .with(Dimension::CloseReason, disqualified.reason.as_ref());
            let days = self.days_until(disqualified.at);
            self.put(Builtin::LeadDisqualified, disqualified.at, dimensions, days, out);
        }
        if let Some(response) = &lead.response {
            self.response(response, out);
        }
    }

    /// The rep is who responded; the owner where that is unknown.
    fn response(&self, response: &Response, out: &mut Output) {
        let mut dimensions = self.dimensions.clone();
        if let Some(rep) = &response.rep {
            dimensions.set(Dimension::Rep, Some(rep.name()));
        }
        let waited = elapsed::millis(self.created_at, response.at);
        self.put(Builtin::LeadResponse, response.at, dimensions.clone(), waited, out);
        self.put(
            Builtin::LeadResponseBusiness,
            response.at,
            dimensions,
            response.business_millis,
            out,
        );
    }

    fn after_days(&self, measure: Builtin, at: Option<Timestamp>, out: &mut Output) {
        if let Some(at) = at {
            self.put(measure, at, self.dimensions.clone(), self.days_until(at), out);
        }
    }

    fn days_until(&self, at: Timestamp) -> i64 {
        elapsed::days(self.created_on, self.context.date(at))
    }

    fn put(&self, measure: Builtin, at: Timestamp, dimensions: Dimensions, value: i64, out: &mut Output) {
        out.measure(
            self.context
                .measurement(measure, at, self.created_on, dimensions, value),
        );
    }
}

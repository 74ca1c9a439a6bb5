//! The fold of a lead.
//!
//! A lead's history is short, and what it counts for depends on its creation and on its account, either of which may
//! become known late. So the state keeps the few facts that count, and nearly all rows are put out by the tail.
//!
//! What the histories of real systems leave open is read so:
//! - The first creation holds. Without one the lead counts for nothing but the referrals that brought it.
//! - The account is that of the latest conversion; without one that of the first opportunity that has one; else that of
//!   the creation. From that event on the lead is linked to it. All rows of a lead name that account, so that whatever the
//!   grouping no more leads convert than were created.
//! - A disqualification stands until a later qualification or conversion; of several the latest holds.
//! - What comes before the creation is no response to it; at the very instant it is.
//! - Of several referrals each is one, and the first one is converted.

mod outcome;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Context, Facts, Machine, Occurrence, Output, Signal, What, standalone::referral_dimensions};
use crate::{
    calendar::business_millis_between,
    event::{Direction, LeadConverted, LeadCreated, Payload, ReferralReceived},
    id::{AccountId, Name, RepId},
    measure::{Builtin, Dimensions},
    subject::{Subject, SubjectKind},
};

/// The fold of a lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    created: Option<Created>,
    #[serde(with = "crate::stored::optional_instant")]
    qualified_at: Option<Timestamp>,
    disqualified: Option<Disqualified>,
    /// When it first became an opportunity.
    #[serde(with = "crate::stored::optional_instant")]
    opportunity_at: Option<Timestamp>,
    /// The account of its latest conversion.
    converted: Option<Link>,
    /// The account of the first opportunity that has one.
    deal: Option<Link>,
    response: Option<Response>,
    referral: Option<Referral>,
}

/// Its creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Created {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    payload: Arc<LeadCreated>,
}

/// Its latest disqualification, if that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Disqualified {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    reason: Option<Name>,
}

/// An account and since when the lead is linked to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Link {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    account: AccountId,
}

/// The first response to it; as long as it isn't created the first contact of the latest instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Response {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    rep: Option<RepId>,
    /// How long it took in business hours.
    business_millis: i64,
}

/// The referral that brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Referral {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    dimensions: Dimensions,
}

impl Machine for Lead {
    const READS_AT_END: bool = true;

    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let at = occurrence.key.at;
        match &occurrence.what {
            What::Event(payload) => self.take_event(payload, at, context, out),
            What::Signal(Signal::OpportunityOpened { account, .. }) => {
                self.opportunity_at.get_or_insert(at);
                if let (None, Some(account)) = (&self.deal, account) {
                    self.deal = Some(Link {
                        at,
                        account: account.clone(),
                    });
                }
            }
            What::Signal(Signal::MeetingHeld { rep }) => self.respond(at, rep.as_ref(), context),
            What::Signal(_) => {}
        }
    }

    fn tail(&self, context: &Context<'_>, out: &mut Output) {
        outcome::tell(self, context, out);
    }

    fn reads(&self) -> Option<Subject> {
        self.account_subject()
    }

    fn facts(&self) -> Facts {
        let Some(created) = &self.created else {
            return Facts::None;
        };
        Facts::Lead {
            created_at: created.at,
            lead_source: created.payload.lead_source.clone(),
            campaign: created.payload.campaign.clone(),
            channel: created.payload.channel.clone(),
        }
    }
}

impl Lead {
    fn take_event(&mut self, payload: &Payload, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        match payload {
            Payload::LeadCreated(created) => self.create(created, at),
            Payload::LeadQualified(_) => {
                self.qualified_at.get_or_insert(at);
                self.disqualified = None;
            }
            Payload::LeadDisqualified(disqualified) => {
                self.disqualified = Some(Disqualified {
                    at,
                    reason: disqualified.reason.clone(),
                });
            }
            Payload::LeadConverted(converted) => self.convert(converted, at),
            Payload::ActivityLogged(activity) if activity.direction == Direction::Outbound => {
                self.respond(at, activity.rep.as_ref(), context);
            }
            Payload::ReferralReceived(referral) => self.refer(referral, at, context, out),
            _ => {}
        }
    }

    fn create(&mut self, payload: &Arc<LeadCreated>, at: Timestamp) {
        if self.created.is_none() {
            self.created = Some(Created {
                at,
                payload: Arc::clone(payload),
            });
            self.response.take_if(|contact| contact.at < at);
        }
    }

    fn convert(&mut self, converted: &LeadConverted, at: Timestamp) {
        self.converted = Some(Link {
            at,
            account: converted.account.clone(),
        });
        self.disqualified = None;
        if converted.opportunity.is_some() {
            self.opportunity_at.get_or_insert(at);
        }
    }

    fn respond(&mut self, at: Timestamp, rep: Option<&RepId>, context: &Context<'_>) {
        let Some(created) = &self.created else {
            self.response.take_if(|contact| contact.at < at);
            self.response.get_or_insert_with(|| Response {
                at,
                rep: rep.cloned(),
                business_millis: 0,
            });
            return;
        };
        let (zone, hours) = (&context.policies.time_zone, &context.policies.business_hours);
        // Counted once: it takes time in proportion to the days between.
        let business_millis = || business_millis_between(created.at, at, zone, hours);
        self.response.get_or_insert_with(|| Response {
            at,
            rep: rep.cloned(),
            business_millis: business_millis(),
        });
    }

    fn refer(&mut self, referral: &ReferralReceived, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        let dimensions = referral_dimensions(referral);
        let row = context.measurement(Builtin::ReferralReceived, at, context.date(at), dimensions.clone(), 1);
        out.measure(row);
        self.referral.get_or_insert(Referral { at, dimensions });
    }

    /// The account that it became, and since when.
    fn link(&self) -> Option<(&AccountId, Timestamp)> {
        let told = self
            .converted
            .as_ref()
            .or(self.deal.as_ref())
            .map(|link| (&link.account, link.at));
        told.or_else(|| {
            self.created
                .as_ref()
                .and_then(|created| Some((created.payload.account.as_ref()?, created.at)))
        })
    }

    fn account_subject(&self) -> Option<Subject> {
        self.link()
            .map(|(account, _)| Subject::new(SubjectKind::Account, account.name()))
    }
}

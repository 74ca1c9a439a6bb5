//! Leads, what became of them, and the referrals that brought them.

use jiff::Timestamp;
use scoreline_proto::events::v1::{ActivityDirection, LeadCreated, ReferralReceived, event::Payload};

use super::{Fact, Facts, Purchase, Scene, Whom, deals::Told, meetings::Held, millis, whom, with};
use crate::reference::{effective::Said, world::days_between};

/// What happened around leads.
pub(super) struct Around<'a> {
    pub(super) deals: &'a [Told<'a>],
    pub(super) purchases: &'a [Purchase],
    pub(super) held: &'a [Held],
}

/// Tells of all leads and referrals.
pub(super) fn tell(around: &Around<'_>, scene: &Scene<'_>, facts: &mut Facts) {
    for said in scene.said {
        if let Payload::ReferralReceived(referral) = &said.payload {
            facts.add("referral_received", referred(referral, said.at, said.at, scene));
        }
    }
    let leads = scene.subjects(|payload| match payload {
        Payload::LeadCreated(lead) => Some(&lead.lead_id),
        Payload::LeadQualified(lead) => Some(&lead.lead_id),
        Payload::LeadDisqualified(lead) => Some(&lead.lead_id),
        Payload::LeadConverted(lead) => Some(&lead.lead_id),
        Payload::ActivityLogged(activity) => Some(&activity.lead_id),
        Payload::ReferralReceived(referral) => Some(&referral.lead_id),
        _ => None,
    });
    for (id, said) in leads {
        Lead::new(id, &said, around).tell(scene, facts);
    }
}

fn referred(referral: &ReferralReceived, at: Timestamp, entered: Timestamp, scene: &Scene<'_>) -> Fact {
    let whom = whom(&[
        ("rep", &referral.rep_id),
        ("account", &referral.referrer_id),
        ("channel", &referral.channel),
    ]);
    let (date, entered) = (scene.date(at), scene.date(entered));
    Fact {
        date,
        entered,
        subject: referral.referral_id.clone(),
        whom,
        value: 1,
    }
}

#[derive(Debug, Default)]
struct Lead<'a> {
    id: &'a str,
    created: Option<(Timestamp, &'a LeadCreated)>,
    qualified: Option<Timestamp>,
    disqualified: Option<(Timestamp, &'a str)>,
    opportunity: Option<Timestamp>,
    account: Option<(Timestamp, String)>,
    contacts: Vec<(Timestamp, String)>,
    referral: Option<(Timestamp, &'a ReferralReceived)>,
    customer: Option<Timestamp>,
}

impl<'a> Lead<'a> {
    fn new(id: &'a str, said: &[&'a Said], around: &Around<'_>) -> Self {
        let mut lead = Self { id, ..Self::default() };
        let mut deals: Vec<_> = around
            .deals
            .iter()
            .map(|told| &told.deal)
            .filter(|deal| deal.lead == id)
            .collect();
        deals.sort_by_key(|deal| deal.begun);
        lead.opportunity = deals.first().and_then(|deal| deal.begun);
        let deal = deals.iter().find(|deal| !deal.face.account.is_empty());
        let mut converted = None;
        for said in said {
            lead.hear(said, &mut converted);
        }
        for held in around.held.iter().filter(|held| held.lead == id) {
            lead.contacts.push((held.at, held.rep.clone()));
        }
        lead.contacts.sort();
        let created = lead.created.filter(|(_, created)| !created.account_id.is_empty());
        lead.account = converted
            .or_else(|| deal.and_then(|deal| Some((deal.begun?, deal.face.account.clone()))))
            .or_else(|| created.map(|(at, created)| (at, created.account_id.clone())));
        lead.customer = lead.account.as_ref().and_then(|(linked, account)| {
            let first = around.purchases.iter().find(|purchase| purchase.account == *account)?;
            Some(first.at.max(*linked))
        });
        lead
    }

    fn hear(&mut self, said: &'a Said, converted: &mut Option<(Timestamp, String)>) {
        let at = said.at;
        match &said.payload {
            Payload::LeadCreated(created) => drop(self.created.get_or_insert((at, created))),
            Payload::LeadQualified(_) => {
                self.qualified.get_or_insert(at);
                self.disqualified = None;
            }
            Payload::LeadDisqualified(disqualified) => self.disqualified = Some((at, &disqualified.reason)),
            Payload::LeadConverted(conversion) => {
                *converted = Some((at, conversion.account_id.clone()));
                self.disqualified = None;
                if !conversion.opportunity_id.is_empty() {
                    self.opportunity = Some(self.opportunity.map_or(at, |first| first.min(at)));
                }
            }
            Payload::ActivityLogged(activity) if activity.direction() != ActivityDirection::Inbound => {
                self.contacts.push((at, activity.rep_id.clone()));
            }
            Payload::ReferralReceived(referral) => drop(self.referral.get_or_insert((at, referral))),
            _ => {}
        }
    }

    fn tell(&self, scene: &Scene<'_>, facts: &mut Facts) {
        if let Some(((at, referral), customer)) = self.referral.zip(self.customer) {
            facts.add("referral_converted", referred(referral, customer, at, scene));
        }
        let Some((created_at, created)) = self.created else {
            return;
        };
        let entered = scene.date(created_at);
        let whom = whom(&[
            ("rep", &created.owner_id),
            ("account", self.account.as_ref().map_or("", |(_, account)| account)),
            ("lead_source", &created.lead_source),
            ("campaign", &created.campaign),
            ("channel", &created.channel),
        ]);
        let fact = |at, whom: Whom, value| Fact {
            date: scene.date(at),
            entered,
            subject: self.id.to_owned(),
            whom,
            value,
        };
        let days = |at| days_between(entered, scene.date(at));
        facts.add("lead_created", fact(created_at, whom.clone(), 1));
        for (what, at) in [
            ("lead_qualified", self.qualified),
            ("lead_to_opportunity", self.opportunity),
            ("lead_to_customer", self.customer),
        ] {
            if let Some(at) = at {
                facts.add(what, fact(at, whom.clone(), days(at)));
            }
        }
        if let Some((at, reason)) = self.disqualified {
            facts.add(
                "lead_disqualified",
                fact(at, with(whom.clone(), "close_reason", reason), days(at)),
            );
        }
        if let Some((at, rep)) = self.contacts.iter().find(|(at, _)| *at >= created_at) {
            let whom = if rep.is_empty() { whom } else { with(whom, "rep", rep) };
            facts.add("lead_response", fact(*at, whom, millis(created_at, *at)));
        }
    }
}

//! All opportunities, and what those that stand closed count for.

use std::collections::BTreeMap;

use scoreline_proto::events::v1::{LeadCreated, event::Payload};

use super::{
    Facts, Purchase, Scene, Whom,
    deal::{Closing, Deal, Face, Named},
    with,
};
use crate::reference::{
    effective::Said,
    world::{days_between, decimal, micros},
};

/// All that was said of a deal, and how it stands.
pub(super) struct Told<'a> {
    pub(super) deal: Deal<'a>,
    facts: Vec<Named>,
}

/// All deals.
pub(super) fn all<'a>(scene: &'a Scene<'a>) -> Vec<Told<'a>> {
    let mut created: BTreeMap<&str, &LeadCreated> = BTreeMap::new();
    for said in scene.said {
        if let Payload::LeadCreated(lead) = &said.payload {
            created.entry(&lead.lead_id).or_insert(lead);
        }
    }
    let deals = scene.subjects(|payload| match payload {
        Payload::OpportunityOpened(deal) => Some(&deal.opportunity_id),
        Payload::OpportunityUpdated(deal) => Some(&deal.opportunity_id),
        Payload::OpportunityStageChanged(deal) => Some(&deal.opportunity_id),
        Payload::OpportunityReopened(deal) => Some(&deal.opportunity_id),
        Payload::OpportunityWon(deal) => Some(&deal.opportunity_id),
        Payload::OpportunityLost(deal) => Some(&deal.opportunity_id),
        Payload::ActivityLogged(activity) => Some(&activity.opportunity_id),
        _ => None,
    });
    deals
        .into_iter()
        .map(|(id, said)| told(id, &said, &created, scene))
        .collect()
}

fn told<'a>(
    id: &'a str,
    said: &[&'a Said],
    created: &BTreeMap<&str, &'a LeadCreated>,
    scene: &'a Scene<'a>,
) -> Told<'a> {
    let lead = said.iter().find_map(|said| match &said.payload {
        Payload::OpportunityOpened(opened) if !opened.lead_id.is_empty() => Some(opened.lead_id.as_str()),
        _ => None,
    });
    let mut deal = Deal::unknown(id, lead.and_then(|lead| created.get(lead).copied()), scene);
    let mut facts: Vec<Named> = said.iter().flat_map(|said| deal.hear(said)).collect();
    if deal.begun.is_some() && !deal.was_opened {
        facts.push(deal.opening());
    }
    Told { deal, facts }
}

/// Tells of all deals; returns the purchases that those won are.
pub(super) fn tell(deals: &[Told<'_>], scene: &Scene<'_>, facts: &mut Facts) -> Vec<Purchase> {
    let mut purchases = Vec::new();
    for Told { deal, facts: told } in deals {
        for (what, fact) in told {
            facts.add(what, fact.clone());
        }
        let Some(closing) = &deal.closing else { continue };
        closed(deal, closing, scene, facts);
        if closing.is_won && !deal.face.account.is_empty() {
            let whom = deal.told(&Face {
                owner: closing.owner.clone(),
                ..deal.face.clone()
            });
            let (account, is_sale) = (deal.face.account.clone(), scene.tenant.deals_are_revenue);
            purchases.push(Purchase {
                at: closing.at,
                account,
                is_sale,
                whom: with(whom, "account", ""),
            });
        }
    }
    purchases
}

fn closed(deal: &Deal<'_>, closing: &Closing, scene: &Scene<'_>, facts: &mut Facts) {
    let begun = deal.begun.expect("a closed deal was heard of");
    let why = |whom: Whom| {
        with(
            with(whom, "close_reason", &closing.reason),
            "competitor",
            &closing.competitor,
        )
    };
    let face = Face {
        owner: closing.owner.clone(),
        ..deal.face.clone()
    };
    let whom = why(Deal::in_stage(deal.told(&face), deal.stage));
    let amount = deal.worth(closing.at, begun, whom.clone(), deal.amount.as_ref());
    let days = days_between(scene.date(begun), scene.date(closing.at));
    let cycle = deal.fact(closing.at, begun, whom.clone(), days);
    let has_cycle = deal.was_opened || begun != closing.at;
    for entry in deal.entries.iter().filter(|entry| !entry.has_advanced) {
        if closing.is_won {
            facts.add("stage_advanced", deal.fate(entry, closing.at));
        }
        facts.add("stage_decided", deal.fate(entry, closing.at));
    }
    if !closing.is_won {
        facts.add("lost", amount);
        if has_cycle {
            facts.add("lost_cycle", cycle);
        }
        // It leaks from the stage that it was in.
        if let Some(entry) = deal.entries.iter().find(|entry| Some(entry.stage) == deal.stage) {
            let mut leak = deal.fate(entry, closing.at);
            leak.whom = why(leak.whom);
            facts.add("stage_leaked", leak);
        }
        return;
    }
    facts.add("won", amount.clone());
    if has_cycle {
        facts.add("won_cycle", cycle);
    }
    facts.add("won_activities", deal.fact(closing.at, begun, whom, closing.activities));
    for (rep, value) in credited(deal, closing, scene) {
        let mut share = amount.clone();
        share.value = value;
        share.whom = with(share.whom, "rep", &rep);
        facts.add("bookings", share.clone());
        if scene.tenant.deals_are_revenue {
            facts.add("revenue", share);
        }
    }
    if scene.tenant.deals_are_revenue {
        facts.add("sale_amount", amount);
    }
}

/// Who is credited with how much: by splits each its part rounded down, and what is left one by one to those who lost most by
/// the rounding.
fn credited(deal: &Deal<'_>, closing: &Closing, scene: &Scene<'_>) -> Vec<(String, i128)> {
    let whole = deal.amount.as_ref().map_or(0, micros);
    if scene.tenant.owner_is_credited || deal.splits.is_empty() {
        return vec![(closing.owner.clone(), whole)];
    }
    let share = |text: &str| {
        decimal(text)
            .checked_mul(1_000_000.into())
            .expect("a small number")
            .round_half_even()
    };
    let parts: Vec<i128> = deal.splits.iter().map(|split| whole * share(&split.share)).collect();
    let mut rounded: Vec<i128> = parts.iter().map(|part| part / 1_000_000).collect();
    let mut by_loss: Vec<usize> = (0..parts.len()).collect();
    by_loss.sort_by_key(|number| (-(parts[*number] % 1_000_000), *number));
    let left = whole - rounded.iter().sum::<i128>();
    for number in by_loss
        .into_iter()
        .take(usize::try_from(left).expect("less than one each"))
    {
        rounded[number] += 1;
    }
    deal.splits
        .iter()
        .map(|split| split.rep_id.clone())
        .zip(rounded)
        .collect()
}

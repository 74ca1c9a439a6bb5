//! Leads: created, answered, qualified or not, and converted.

use scoreline_core::{
    event::{
        ActivityKind, LeadConverted, LeadCreated, LeadDisqualified, LeadQualified, OpportunityType, ReferralReceived,
    },
    id::{LeadId, OpportunityId, ReferralId},
};

use super::{
    World, accounts,
    activities::{self, About},
    days::{HOUR, Moment},
    deals::{self, Opening},
    dice::{Dice, Wheel},
    journal::{System, name},
    places::REGIONS,
    sources,
};

const DISQUALIFIED: [&str; 6] = [
    "no budget",
    "no need",
    "wrong contact",
    "not reachable",
    "student or competitor",
    "too small",
];

/// A lead on its way.
struct Lead {
    id: LeadId,
    owner: usize,
    region: usize,
    source: usize,
    at: Moment,
}

/// Tells so many leads and what became of them.
pub(super) fn tell(world: &mut World, dice: &mut Dice, count: usize) {
    let sources = sources::wheel();
    let regions = Wheel::new(REGIONS.iter().map(|region| region.share));
    for number in 0..count {
        let day = world.days.draw(dice, 0, world.days.len());
        let (source, region) = (sources.draw(dice), regions.draw(dice));
        let lead = create(world, dice, number, (day, source, region));
        let answered = respond(world, dice, &lead);
        pursue(world, dice, lead, answered);
    }
}

fn create(world: &mut World, dice: &mut Dice, number: usize, (day, source, region): (usize, usize, usize)) -> Lead {
    let owner = world.people.draw(dice, region, day);
    let at = world.days.working_moment(dice, day, REGIONS[region].opens);
    let id = LeadId::new(format!("lead-{:05}", number + 1)).expect("a short name");
    let payload = LeadCreated {
        lead: id.clone(),
        owner: Some(world.people.reps[owner].id.clone()),
        lead_source: Some(sources::source_name(source)),
        campaign: sources::campaign(world, source, day),
        channel: None,
        account: None,
        territory: None,
        attributes: Vec::new(),
    };
    world.journal.tell(System::Crm, at, payload);
    let lead = Lead {
        id,
        owner,
        region,
        source,
        at,
    };
    if source == sources::REFERRAL {
        refer(world, dice, &lead, number);
    }
    lead
}

fn refer(world: &mut World, dice: &mut Dice, lead: &Lead, number: usize) {
    let referrer = (!world.accounts.is_empty()).then(|| dice.index(world.accounts.len()));
    let payload = ReferralReceived {
        referral: ReferralId::new(format!("referral-{:05}", number + 1)).expect("a short name"),
        rep: Some(world.people.reps[lead.owner].id.clone()),
        referrer: referrer.map(|account| world.accounts[account].id.clone()),
        lead: Some(lead.id.clone()),
        channel: None,
        attributes: Vec::new(),
    };
    world.journal.tell(System::Crm, lead.at, payload);
}

/// The first contacts; the moment of the first one, when there is one.
fn respond(world: &mut World, dice: &mut Dice, lead: &Lead) -> Option<Moment> {
    if dice.chance(0.06) {
        return None;
    }
    let rep = &world.people.reps[lead.owner];
    let hours = dice.log_normal(3.2 / rep.energy.sqrt(), 1.1);
    let first = if hours < 4.0 {
        lead.at + (hours * HOUR as f64) as Moment
    } else {
        world
            .days
            .after(dice, lead.at, hours / 24.0, REGIONS[lead.region].opens)
    };
    let mut at = first;
    for contact in 0..1 + dice.index(3) {
        let kind = match contact {
            0 => dice.pick(&[ActivityKind::Call, ActivityKind::Call, ActivityKind::Email]),
            _ => dice.pick(&[ActivityKind::Call, ActivityKind::Email, ActivityKind::FollowUp]),
        };
        activities::log(world, dice, kind, at, lead.owner, About::Lead(&lead.id));
        let pause = dice.log_normal(2.0, 0.6);
        at = world.days.after(dice, at, pause, REGIONS[lead.region].opens);
    }
    Some(first)
}

fn pursue(world: &mut World, dice: &mut Dice, lead: Lead, answered: Option<Moment>) {
    let quality = sources::quality(lead.source);
    // Who is answered within the day is won more often.
    let prompt = answered.map_or(0.2, |at| if at - lead.at < 24 * HOUR { 1.08 } else { 0.85 });
    let wait = dice.log_normal(3.5, 0.8);
    let at = world
        .days
        .after(dice, answered.unwrap_or(lead.at), wait, REGIONS[lead.region].opens);
    if !dice.chance((0.47 * quality.sqrt() * prompt).min(0.9)) {
        abandon(world, dice, lead, at);
        return;
    }
    if !world
        .journal
        .tell(System::Crm, at, LeadQualified { lead: lead.id.clone() })
    {
        return;
    }
    if dice.chance((0.53 * quality.powf(0.35)).min(0.9)) {
        let wait = dice.log_normal(4.0, 0.7);
        let at = world.days.after(dice, at, wait, REGIONS[lead.region].opens);
        convert(world, dice, lead, at);
    } else {
        world.leads.push((lead.id, lead.owner, lead.at));
    }
}

fn abandon(world: &mut World, dice: &mut Dice, lead: Lead, at: Moment) {
    if dice.chance(0.7) {
        let payload = LeadDisqualified {
            lead: lead.id,
            reason: Some(name(dice.pick(&DISQUALIFIED))),
        };
        world.journal.tell(System::Crm, at, payload);
    } else {
        world.leads.push((lead.id, lead.owner, lead.at));
    }
}

fn convert(world: &mut World, dice: &mut Dice, lead: Lead, at: Moment) {
    if at >= world.days.end() {
        return;
    }
    let account = accounts::tell(world, dice, at, lead.owner, lead.source);
    let deal: OpportunityId = deals::next_id(world);
    let payload = LeadConverted {
        lead: lead.id.clone(),
        account: world.accounts[account].id.clone(),
        opportunity: Some(deal),
    };
    world.journal.tell(System::Crm, at, payload);
    let opening = Opening {
        account,
        rep: lead.owner,
        lead: Some(lead.id),
        kind: OpportunityType::NewBusiness,
        at,
    };
    deals::tell(world, dice, opening);
}

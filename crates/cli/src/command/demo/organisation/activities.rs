//! What reps do: calls with their outcomes, emails, demos and the rest.

use scoreline_core::{
    event::{ActivityKind, ActivityLogged, Direction, Outcome},
    id::{ActivityId, LeadId, OpportunityId},
};

use super::{
    World,
    days::{DAY, HOUR, Moment},
    deals::Deal,
    dice::{Dice, Wheel},
    journal::{System, name},
    people::Rep,
    places::REGIONS,
};

const FAILED: [&str; 4] = ["voicemail", "no answer", "not interested", "gatekeeper"];
const SUCCEEDED: [&str; 3] = ["meeting booked", "interested", "agreed next step"];

/// What contacts of a deal are.
const CONTACTS: [ActivityKind; 10] = [
    ActivityKind::Call,
    ActivityKind::Call,
    ActivityKind::Call,
    ActivityKind::Email,
    ActivityKind::Email,
    ActivityKind::Email,
    ActivityKind::FollowUp,
    ActivityKind::FollowUp,
    ActivityKind::Presentation,
    ActivityKind::Other,
];
/// What a day beside leads and deals has.
const DAILY: [ActivityKind; 24] = {
    let mut daily = [ActivityKind::Call; 24];
    let mut at = 13;
    while at < 20 {
        daily[at] = ActivityKind::Email;
        at += 1;
    }
    daily[20] = ActivityKind::FollowUp;
    daily[21] = ActivityKind::FollowUp;
    daily[22] = ActivityKind::Other;
    daily[23] = ActivityKind::NetworkingEvent;
    daily
};

/// What an activity is about.
#[derive(Clone, Copy)]
pub(super) enum About<'a> {
    Lead(&'a LeadId),
    Deal(&'a OpportunityId, usize),
    Account(usize),
    /// Prospecting.
    Nothing,
}

/// Logs an activity, unless it lies in the future.
pub(super) fn log(world: &mut World, dice: &mut Dice, kind: ActivityKind, at: Moment, rep: usize, about: About<'_>) {
    let day = world.days.day_of(at);
    let account = match about {
        About::Deal(_, account) | About::Account(account) => Some(world.accounts[account].id.clone()),
        About::Lead(_) | About::Nothing => None,
    };
    let warm = matches!(about, About::Deal(..) | About::Account(_));
    let skill = world.people.reps[rep].skill_on(day);
    let inbound = warm && matches!(kind, ActivityKind::Call | ActivityKind::Email) && dice.chance(0.12);
    let payload = ActivityLogged {
        activity: ActivityId::new(format!("activity-{:06}", world.journal.activities + 1)).ok(),
        kind,
        rep: Some(world.people.reps[rep].id.clone()),
        direction: if inbound {
            Direction::Inbound
        } else {
            Direction::Outbound
        },
        duration_ms: duration(dice, kind),
        outcome: (kind == ActivityKind::Call).then(|| outcome(dice, skill * if warm { 0.36 } else { 0.2 })),
        lead: if let About::Lead(lead) = about {
            Some(lead.clone())
        } else {
            None
        },
        opportunity: if let About::Deal(deal, _) = about {
            Some(deal.clone())
        } else {
            None
        },
        account,
        campaign: None,
        channel: None,
        territory: None,
        attributes: Vec::new(),
    };
    // A telephone that was out of reach tells later.
    let late = if dice.chance(0.01) {
        dice.whole(HOUR, 3 * DAY)
    } else {
        0
    };
    let system = if kind == ActivityKind::Call {
        System::Telephony
    } else {
        System::Crm
    };
    world.journal.tell_late(system, at, late, payload);
}

fn outcome(dice: &mut Dice, success: f64) -> Outcome {
    let successful = dice.chance(success.min(0.85));
    Outcome {
        name: name(dice.pick(if successful { &SUCCEEDED } else { &FAILED[..] })),
        successful,
    }
}

fn duration(dice: &mut Dice, kind: ActivityKind) -> Option<i64> {
    let minutes = match kind {
        ActivityKind::Call => 4.0,
        ActivityKind::Email | ActivityKind::FollowUp => 6.0,
        ActivityKind::Demo | ActivityKind::Presentation => 48.0,
        ActivityKind::Proposal => 90.0,
        ActivityKind::NetworkingEvent => 150.0,
        ActivityKind::Other => return None,
    };
    Some((dice.log_normal(minutes, 0.6) * 60.0) as i64 * 1_000)
}

/// Tells what a deal took: contacts all along, a demo early on, a proposal when it had come so far.
pub(super) fn tell_about_deal(world: &mut World, dice: &mut Dice, deal: &Deal) {
    for _ in 0..3 + dice.exponential(5.0).min(40.0) as usize {
        let kind = dice.pick(&CONTACTS);
        touch(world, dice, deal, kind, (0.0, 1.0));
    }
    if dice.chance(0.6) {
        touch(world, dice, deal, ActivityKind::Demo, (0.1, 0.6));
    }
    if deal.stage >= 2 {
        touch(world, dice, deal, ActivityKind::Proposal, (0.5, 0.9));
    }
}

/// An activity in some part of a deal's life, if that is a working day.
fn touch(world: &mut World, dice: &mut Dice, deal: &Deal, kind: ActivityKind, (from, to): (f64, f64)) {
    let span = (deal.until.min(deal.opened + 120 * DAY) - deal.opened) as f64;
    let middle = deal.opened + (span * dice.range(from, to)) as Moment;
    let opens = world.accounts[deal.account].opens();
    let at = world.days.after(dice, middle, 0.0, opens).max(deal.opened + HOUR);
    let day = world.days.day_of(at);
    if at < deal.until && world.people.reps[deal.rep].works_on(day) {
        log(world, dice, kind, at, deal.rep, About::Deal(&deal.id, deal.account));
    }
}

/// Tells what reps do beside leads and deals, until there are so many activities.
pub(super) fn tell_rest(world: &mut World, dice: &mut Dice, count: usize) {
    let wheel = Wheel::new(world.people.reps.iter().map(|rep| rep.energy * presence(world, rep)));
    let accounts = Wheel::new(world.accounts.iter().map(|account| account.appetite));
    while world.journal.activities < count {
        let rep = wheel.draw(dice);
        let person = &world.people.reps[rep];
        let day = world.days.draw(dice, person.joined, person.last_day(&world.days) + 1);
        let region = person.region();
        let at = world.days.working_moment(dice, day, REGIONS[region].opens);
        let kind = dice.pick(&DAILY);
        let known = (!world.accounts.is_empty() && dice.chance(0.55)).then(|| accounts.draw(dice));
        let known =
            known.filter(|account| world.accounts[*account].since < at && world.accounts[*account].region == region);
        log(world, dice, kind, at, rep, known.map_or(About::Nothing, About::Account));
    }
}

/// How long a rep has been there.
fn presence(world: &World, rep: &Rep) -> f64 {
    (rep.last_day(&world.days) + 1 - rep.joined) as f64
}

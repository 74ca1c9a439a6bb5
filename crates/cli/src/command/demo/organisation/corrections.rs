//! What was told wrongly and put right: amendments, events taken back, and slips that turn up months later.

use scoreline_core::{
    event::{CostIncurred, EventAmended, EventVoided, Payload},
    id::EventId,
};

use super::{
    World,
    currencies::{Coin, cents},
    days::{DAY, HOUR, Moment},
    dice::Dice,
    journal::{System, name},
};

/// Tells the corrections.
pub(super) fn tell(world: &mut World, dice: &mut Dice) {
    for at in candidates(world, 97, |payload| matches!(payload, Payload::CostIncurred(_))) {
        amend_cost(world, at);
    }
    for at in candidates(world, 61, |payload| matches!(payload, Payload::OpportunityWon(_))) {
        amend_win(world, at);
    }
    for at in candidates(world, 1_999, |payload| matches!(payload, Payload::ActivityLogged(_))) {
        void(world, at);
    }
    for _ in 0..40 {
        late_slip(world, dice);
    }
}

/// Every so many of the events that qualify: where it stands.
fn candidates(world: &World, every: usize, qualifies: impl Fn(&Payload) -> bool) -> Vec<usize> {
    let entries = world.journal.entries.iter().enumerate();
    entries
        .filter(|(_, entry)| qualifies(&entry.event.payload))
        .map(|(at, _)| at)
        .skip(every / 2)
        .step_by(every)
        .collect()
}

fn target(world: &World, at: usize) -> (EventId, Moment) {
    let entry = &world.journal.entries[at];
    (entry.event.id.clone(), entry.arrives)
}

/// The bill was higher.
fn amend_cost(world: &mut World, at: usize) {
    let (event, told) = target(world, at);
    if let Payload::CostIncurred(cost) = &world.journal.entries[at].event.payload {
        let mut cost = (**cost).clone();
        cost.amount.micros += cost.amount.micros / 10 / 10_000 * 10_000;
        let payload = EventAmended {
            event,
            occurred_at: None,
            payload: Box::new(cost.into()),
        };
        world.journal.tell(System::Finance, told + 9 * DAY, payload);
    }
}

/// The contract had a lower sum.
fn amend_win(world: &mut World, at: usize) {
    let (event, told) = target(world, at);
    if let Payload::OpportunityWon(won) = &world.journal.entries[at].event.payload {
        let mut won = (**won).clone();
        if let Some(amount) = &mut won.amount {
            amount.micros -= amount.micros / 20 / 10_000 * 10_000;
        }
        let payload = EventAmended {
            event,
            occurred_at: None,
            payload: Box::new(won.into()),
        };
        world.journal.tell(System::Crm, told + 4 * DAY, payload);
    }
}

/// It was logged twice.
fn void(world: &mut World, at: usize) {
    let (event, told) = target(world, at);
    let reason = Some("logged twice".to_owned());
    world
        .journal
        .tell(System::Crm, told + 2 * HOUR, EventVoided { event, reason });
}

/// An expense of months ago.
fn late_slip(world: &mut World, dice: &mut Dice) {
    let day = dice.index(world.days.len());
    let payload = CostIncurred {
        category: name("travel"),
        amount: Coin::Eur.money(cents(dice.log_normal(180.0, 0.8))),
        lead_source: None,
        campaign: None,
        channel: None,
        rep: None,
        attributes: Vec::new(),
    };
    let late = dice.whole(20, 140) * DAY;
    world
        .journal
        .tell_late(System::Finance, world.days.midnight(day) + 11 * HOUR, late, payload);
}

//! Amendments, voidings, and voidings of both.

use jiff::SignedDuration;
use scoreline_proto::{
    encode,
    events::v1::{Event, EventAmended, EventVoided, event::Payload},
};

use super::{REPS, journal::Journal};
use crate::reference::effective::at;

/// Corrects some events, and some corrections.
pub(super) fn tell(journal: &mut Journal) {
    for number in 0..journal.events.len() {
        if !journal.dice.percent(7) || is_fixed(&journal.events[number]) {
            continue;
        }
        let id = journal.events[number].event_id.clone();
        if journal.dice.percent(30) {
            void(journal, &id);
        } else {
            amend(journal, number);
        }
        // A second word, and a word on the first.
        if journal.dice.percent(25) {
            amend(journal, number);
        }
        if journal.dice.percent(35) {
            let correction = journal.events[journal.events.len() - 1].event_id.clone();
            void(journal, &correction);
        }
        if journal.dice.percent(10) {
            let voiding = journal.events[journal.events.len() - 1].event_id.clone();
            void(journal, &voiding);
        }
    }
}

/// What an answer can't do without: a rate for every day.
fn is_fixed(event: &Event) -> bool {
    matches!(&event.payload, Some(Payload::CurrencyRateSet(set)) if set.effective_date.as_ref().is_some_and(|date| date.year < 2024))
}

fn void(journal: &mut Journal, id: &str) {
    let at = journal.sometime();
    let voided = EventVoided {
        event_id: id.to_owned(),
        reason: "by mistake".to_owned(),
    };
    journal.say(at, Payload::EventVoided(voided));
}

fn amend(journal: &mut Journal, number: usize) {
    let old = journal.events[number].clone();
    let mut payload = old.payload.clone().expect("an event has a payload");
    change(journal, &mut payload);
    let occurred_at = journal.dice.percent(60).then(|| {
        let hours = journal.dice.between(-24 * 20, 24 * 20);
        let at = at(&old).expect("an event has a time") + SignedDuration::from_hours(hours);
        encode::instant(journal.free(at))
    });
    let replacement = Event {
        occurred_at,
        payload: Some(payload),
        ..Event::default()
    };
    let at = journal.sometime();
    let amended = EventAmended {
        event_id: old.event_id,
        replacement: Some(Box::new(replacement)),
    };
    journal.say(at, Payload::EventAmended(Box::new(amended)));
}

fn change(journal: &mut Journal, payload: &mut Payload) {
    let rep = (*journal.dice.pick(&REPS)).to_owned();
    match payload {
        Payload::OrderPlaced(order) => {
            order.rep_id = rep;
            if let Some(amount) = order.lines.first_mut().and_then(|line| line.amount.as_mut()) {
                amount.units += 7;
            }
        }
        Payload::LeadCreated(lead) => lead.lead_source = journal.source(),
        Payload::OpportunityOpened(opened) => opened.owner_id = rep,
        Payload::OpportunityWon(won) => won.amount = Some(journal.money(9_000)),
        Payload::SubscriptionStarted(started) => started.rep_id = rep,
        Payload::ActivityLogged(activity) => activity.rep_id = rep,
        Payload::RepAssigned(assigned) => assigned.team_id = journal.dice.maybe(&super::TEAMS, 0),
        Payload::CostIncurred(cost) => cost.amount = Some(journal.money(900)),
        Payload::WebTrafficRecorded(traffic) => traffic.visits += 1,
        Payload::IssueResolved(resolved) => resolved.rep_id = rep,
        _ => {}
    }
}

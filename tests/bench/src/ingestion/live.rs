//! The events of the whole organisation as they would come in while it works: in the order of time, over all accounts.

use prost_types::Timestamp;
use scoreline_proto::events::v1::{Event, EventAmended, EventVoided, event::Payload};

use crate::{
    dataset, events,
    organisation::{Dice, Organisation, Size},
};

/// What ids the events have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// They begin with the time, as those of UUIDv7.
    Ordered,
    /// They have no order.
    Random,
}

/// As many organisations as are needed, one after the other.
const NAMES: [&str; 26] = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W",
    "X", "Y", "Z",
];

/// Events without end (or nearly so), in batches.
pub(crate) fn batches(seed: u64, ids: Ids) -> impl Iterator<Item = Vec<Event>> {
    dataset::batches(generations(seed, ids).flatten())
}

/// The same, the whole life of one organisation after that of another.
pub(crate) fn generations(seed: u64, ids: Ids) -> impl Iterator<Item = Vec<Event>> {
    let mut dice = Dice::new(seed ^ 0x0069_6473);
    let mut told = 0;
    NAMES.into_iter().zip(seed..).map(move |(name, seed)| {
        let mut events = generation(Size { name, ..Size::XS }, seed);
        for event in &mut events {
            event.event_id = id(told, ids, &mut dice);
            told += 1;
        }
        events
    })
}

/// Batches of events of another organisation.
const OTHERS: usize = 50;

/// Events of another organisation, to warm what takes in events.
pub(crate) fn of_others(seed: u64) -> impl Iterator<Item = Vec<Event>> {
    batches(seed + 1_000, Ids::Ordered).take(OTHERS)
}

/// Of so many events one is followed by a correction.
const CORRECTED: usize = 100;

/// Half of the corrections concern one of so many events before them, the others any.
const RECENT: usize = 1_000;

/// A life in which earlier events are corrected: of four corrections one takes its event back, the others move it by a minute.
pub(crate) fn corrected(life: &[Event], seed: u64) -> Vec<Event> {
    let mut dice = Dice::new(seed ^ 0x0066_6978);
    let mut told = Vec::with_capacity(life.len() + life.len() / CORRECTED);
    for (at, event) in life.iter().enumerate() {
        told.push(event.clone());
        if at % CORRECTED == CORRECTED - 1 {
            let from = if dice.chance(0.5) { at.saturating_sub(RECENT) } else { 0 };
            let target = &life[from + dice.index(at - from)];
            told.push(Event {
                event_id: format!("{}-c", event.event_id),
                payload: Some(correction(target, dice.chance(0.25))),
                ..event.clone()
            });
        }
    }
    told
}

fn correction(target: &Event, takes_back: bool) -> Payload {
    let event_id = target.event_id.clone();
    if takes_back {
        let reason = "it never happened".to_owned();
        return Payload::EventVoided(EventVoided { event_id, reason });
    }
    let occurred_at = target.occurred_at.map(|at| Timestamp {
        seconds: at.seconds + 60,
        ..at
    });
    let replacement = Event {
        event_id: String::new(),
        source: String::new(),
        occurred_at,
        payload: target.payload.clone(),
    };
    Payload::EventAmended(Box::new(EventAmended {
        event_id,
        replacement: Some(Box::new(replacement)),
    }))
}

fn generation(size: Size, seed: u64) -> Vec<Event> {
    let organisation = Organisation::new(size, seed);
    let families = (0..size.accounts).flat_map(|account| events::of_family(size, &organisation.family(account)));
    let mut told: Vec<Event> = families.collect();
    told.sort_by_key(|event| event.occurred_at.map(|at| (at.seconds, at.nanos)));
    told
}

fn id(at: usize, ids: Ids, dice: &mut Dice) -> String {
    let [random, more] = [dice.index(1 << 48), dice.index(1 << 32)];
    match ids {
        Ids::Ordered => format!(
            "{:08x}-{:04x}-7{:011x}",
            at >> 16,
            at & 0xffff,
            random & 0xfff_ffff_ffff
        ),
        Ids::Random => format!("{:08x}-{:04x}-4{:011x}", more, random >> 44, random & 0xfff_ffff_ffff),
    }
}

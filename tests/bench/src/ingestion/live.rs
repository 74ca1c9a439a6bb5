//! The events of the whole organisation as they would come in while it works: in the order of time, over all accounts.

use scoreline_proto::events::v1::Event;

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

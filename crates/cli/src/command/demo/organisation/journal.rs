//! What the organisation's systems tell: the events, in the order in which they arrive.

use scoreline_core::{
    event::{Event, Payload},
    id::{EventId, Name, SourceId},
};

use super::days::{Moment, instant};

/// A system that tells events.
#[derive(Clone, Copy)]
pub(super) enum System {
    Crm,
    Telephony,
    Shop,
    Billing,
    Helpdesk,
    Surveys,
    Marketing,
    Staff,
    Finance,
}

const SYSTEMS: [&str; 9] = [
    "crm",
    "telephony",
    "shop",
    "billing",
    "helpdesk",
    "surveys",
    "marketing",
    "staff",
    "finance",
];

/// An event and when it arrives.
pub(super) struct Entry {
    pub(super) arrives: Moment,
    pub(super) event: Event,
}

/// All that was told so far.
pub(super) struct Journal {
    end: Moment,
    counts: [usize; SYSTEMS.len()],
    sources: [SourceId; SYSTEMS.len()],
    pub(super) entries: Vec<Entry>,
    /// How many of them are activities.
    pub(super) activities: usize,
}

impl Journal {
    /// A journal that takes what happens before `end`.
    pub(super) fn new(end: Moment, expected: usize) -> Self {
        let sources = SYSTEMS.map(|system| SourceId::new(system).expect("a fixed name"));
        Self {
            end,
            counts: [0; SYSTEMS.len()],
            sources,
            entries: Vec::with_capacity(expected),
            activities: 0,
        }
    }

    /// Tells what happened; `false` when it has not happened yet.
    pub(super) fn tell(&mut self, system: System, at: Moment, payload: impl Into<Payload>) -> bool {
        self.tell_late(system, at, 0, payload)
    }

    /// Tells so many seconds late what happened.
    pub(super) fn tell_late(&mut self, system: System, at: Moment, late: i64, payload: impl Into<Payload>) -> bool {
        if at >= self.end {
            return false;
        }
        let payload = payload.into();
        self.activities += usize::from(matches!(payload, Payload::ActivityLogged(_)));
        let source = system as usize;
        self.counts[source] += 1;
        let id = EventId::new(format!("{}-{:06}", SYSTEMS[source], self.counts[source])).expect("a short name");
        let event = Event {
            id,
            source: self.sources[source].clone(),
            occurred_at: instant(at),
            payload,
        };
        self.entries.push(Entry {
            arrives: at + late,
            event,
        });
        true
    }

    /// The events as they arrive. What arrives at one moment keeps its order.
    pub(super) fn into_events(self) -> Vec<Event> {
        let mut order: Vec<(Moment, u32)> = self
            .entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (entry.arrives, at as u32))
            .collect();
        order.sort_unstable();
        let mut events: Vec<Option<Event>> = self.entries.into_iter().map(|entry| Some(entry.event)).collect();
        order.iter().filter_map(|(_, at)| events[*at as usize].take()).collect()
    }
}

/// A name that is fixed, or made of fixed parts.
pub(super) fn name(text: impl AsRef<str>) -> Name {
    Name::new(text).expect("a fixed name")
}

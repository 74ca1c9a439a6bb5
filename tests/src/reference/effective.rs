//! What events say once corrections are taken into account, read from the contract's own words.

use std::collections::HashSet;

use jiff::Timestamp;
use scoreline_proto::events::v1::{Event, event::Payload};

/// One thing that holds.
#[derive(Debug, Clone)]
pub struct Said {
    /// When it happened.
    pub at: Timestamp,
    /// The event that it goes back to.
    pub id: String,
    /// What happened.
    pub payload: Payload,
}

/// An instant of the wire.
pub(super) fn instant(at: Option<(i64, i32)>) -> Option<Timestamp> {
    at.map(|(seconds, nanos)| Timestamp::new(seconds, nanos).expect("a generated instant"))
}

/// When an event says that it happened.
pub(super) fn at(event: &Event) -> Option<Timestamp> {
    instant(event.occurred_at.as_ref().map(|at| (at.seconds, at.nanos)))
}

fn target(event: &Event) -> Option<&str> {
    match event.payload.as_ref()? {
        Payload::EventAmended(amended) => Some(&amended.event_id),
        Payload::EventVoided(voided) => Some(&voided.event_id),
        _ => None,
    }
}

/// What holds, by time, then by id. The events are those of one tenant, each once.
///
/// # Panics
/// When an event lacks its time or its payload.
pub fn effective(events: &[Event]) -> Vec<Said> {
    let standing = standing(events);
    let mut said: Vec<Said> = events
        .iter()
        .filter(|event| target(event).is_none())
        .filter_map(|event| says(event, &standing))
        .collect();
    said.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    said
}

/// The corrections that no later voiding takes back, the latest first.
fn standing(events: &[Event]) -> Vec<&Event> {
    let mut corrections: Vec<&Event> = events.iter().filter(|event| target(event).is_some()).collect();
    corrections.sort_by_key(|event| std::cmp::Reverse((at(event), event.event_id.clone())));
    let mut taken_back: HashSet<&str> = HashSet::new();
    let mut standing = Vec::new();
    for correction in corrections {
        if taken_back.contains(correction.event_id.as_str()) {
            continue;
        }
        if let Some(Payload::EventVoided(voided)) = &correction.payload {
            taken_back.insert(&voided.event_id);
        }
        standing.push(correction);
    }
    standing
}

fn says(event: &Event, standing: &[&Event]) -> Option<Said> {
    let mut said = Said {
        at: at(event)?,
        id: event.event_id.clone(),
        payload: event.payload.clone()?,
    };
    let mut amended = false;
    for correction in standing
        .iter()
        .filter(|correction| target(correction) == Some(event.event_id.as_str()))
    {
        match correction.payload.as_ref()? {
            Payload::EventVoided(_) => return None,
            Payload::EventAmended(amendment) if !amended => {
                let replacement = amendment.replacement.as_ref()?;
                said.at = at(replacement).unwrap_or(said.at);
                said.payload = replacement.payload.clone()?;
                amended = true;
            }
            _ => {}
        }
    }
    Some(said)
}

//! What an event says once all corrections are taken into account.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::{
    event::{Event, Payload},
    id::EventId,
};

/// What an event says in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub payload: Payload,
    /// The event whose payload holds: the event itself, or the amendment.
    pub body_event: EventId,
}

impl Effective {
    /// Whether both say the same, whoever says it.
    #[must_use]
    pub fn says_like(&self, other: &Self) -> bool {
        self.at == other.at && self.payload == other.payload
    }
}

/// What an event says, given every correction that concerns it, directly or through another correction. `None` when
/// it is taken back, or is itself a correction (those say nothing of their own).
///
/// The order in which the corrections are given has no meaning, and corrections of other events do no harm. A voiding
/// of the event takes it out whenever it happened; a voiding of a correction undoes it only when it is the later of the
/// two by (`occurred_at`, id). Amendments of corrections, and amendments that would make a correction of an event, have
/// no effect.
#[must_use]
pub fn effective(event: &Event, corrections: &[&Event]) -> Option<Effective> {
    if target(&event.payload).is_some() {
        return None;
    }
    let standing = standing(corrections);
    let mut amendment: Option<&Event> = None;
    for correction in standing
        .iter()
        .filter(|correction| target(&correction.payload) == Some(&event.id))
    {
        match &correction.payload {
            Payload::EventVoided(_) => return None,
            Payload::EventAmended(amended) if target(&amended.payload).is_none() => {
                amendment = amendment
                    .into_iter()
                    .chain([*correction])
                    .max_by_key(|event| place(event));
            }
            _ => {}
        }
    }
    Some(match amendment.map(|amendment| (amendment, &amendment.payload)) {
        Some((amendment, Payload::EventAmended(amended))) => Effective {
            at: amended.occurred_at.unwrap_or(event.occurred_at),
            payload: (*amended.payload).clone(),
            body_event: amendment.id.clone(),
        },
        _ => Effective {
            at: event.occurred_at,
            payload: event.payload.clone(),
            body_event: event.id.clone(),
        },
    })
}

/// The event that a correction corrects. `None` for what is no correction.
#[must_use]
pub fn target(payload: &Payload) -> Option<&EventId> {
    match payload {
        Payload::EventAmended(amended) => Some(&amended.event),
        Payload::EventVoided(voided) => Some(&voided.event),
        _ => None,
    }
}

/// What the payload of an occurrence's body event says: an amendment says what it puts in place of the amended event.
#[must_use]
pub fn said(body: Payload) -> Payload {
    match body {
        Payload::EventAmended(amended) => (*amended.payload).clone(),
        payload => payload,
    }
}

fn place(event: &Event) -> (Timestamp, &EventId) {
    (event.occurred_at, &event.id)
}

/// The corrections that are not taken back. Who takes back is later than who is taken back, so that going from the
/// last to the first, each is decided when it is reached.
fn standing<'a>(corrections: &[&'a Event]) -> Vec<&'a Event> {
    let mut latest_first = corrections.to_vec();
    latest_first.sort_unstable_by(|one, other| place(other).cmp(&place(one)));
    latest_first.dedup_by(|one, other| one.id == other.id);
    let mut voided: HashSet<&EventId> = HashSet::new();
    latest_first.retain(|correction| {
        if voided.contains(&correction.id) {
            return false;
        }
        if let Payload::EventVoided(void) = &correction.payload {
            voided.insert(&void.event);
        }
        true
    });
    latest_first
}

/// All corrections that concern an event, directly or through another correction, out of those known by their target.
pub(super) fn concerning<'a>(root: &EventId, by_target: &HashMap<&EventId, Vec<&'a Event>>) -> Vec<&'a Event> {
    let mut found: Vec<&'a Event> = Vec::new();
    let mut seen: HashSet<&EventId> = HashSet::new();
    let mut next = 0;
    let direct = by_target.get(root).map_or(&[][..], Vec::as_slice);
    found.extend(direct.iter().filter(|event| seen.insert(&event.id)));
    while let Some(correction) = found.get(next).copied() {
        next += 1;
        let further = by_target.get(&correction.id).map_or(&[][..], Vec::as_slice);
        found.extend(further.iter().filter(|event| seen.insert(&event.id)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{EventAmended, EventVoided, LeadQualified},
        id::{LeadId, SourceId},
    };

    fn event(id: &str, second: i64, payload: Payload) -> Event {
        Event {
            id: EventId::new(id).expect("an id"),
            source: SourceId::new("crm").expect("an id"),
            occurred_at: Timestamp::from_second(second).expect("a time"),
            payload,
        }
    }

    fn qualified(lead: &str) -> Payload {
        LeadQualified {
            lead: LeadId::new(lead).expect("an id"),
        }
        .into()
    }

    fn void(of: &str) -> Payload {
        EventVoided {
            event: EventId::new(of).expect("an id"),
            reason: None,
        }
        .into()
    }

    fn amend(of: &str, lead: &str) -> Payload {
        EventAmended {
            event: EventId::new(of).expect("an id"),
            occurred_at: None,
            payload: Box::new(qualified(lead)),
        }
        .into()
    }

    fn lead_of(corrections: &[Event]) -> Option<String> {
        let target = event("e", 100, qualified("original"));
        let holds = effective(&target, &corrections.iter().collect::<Vec<_>>())?;
        match &holds.payload {
            Payload::LeadQualified(payload) => Some(payload.lead.to_string()),
            _ => None,
        }
    }

    #[test]
    fn without_corrections_an_event_says_what_it_says() {
        assert_eq!(lead_of(&[]), Some("original".to_owned()));
    }

    #[test]
    fn the_last_amendment_holds_by_time_then_id() {
        let early = event("z", 110, amend("e", "early"));
        let late = event("a", 120, amend("e", "late"));
        let later_by_id = event("b", 120, amend("e", "later by id"));
        assert_eq!(lead_of(&[late.clone(), early.clone()]), Some("late".to_owned()));
        assert_eq!(lead_of(&[later_by_id, late, early]), Some("later by id".to_owned()));
    }

    #[test]
    fn a_voiding_takes_the_event_out_even_when_it_is_dated_before() {
        assert_eq!(
            lead_of(&[event("v", 10, void("e")), event("a", 120, amend("e", "amended"))]),
            None
        );
    }

    #[test]
    fn a_later_voiding_undoes_a_correction_and_an_earlier_one_does_not() {
        let amendment = event("a", 120, amend("e", "amended"));
        assert_eq!(
            lead_of(&[amendment.clone(), event("v", 130, void("a"))]),
            Some("original".to_owned())
        );
        assert_eq!(
            lead_of(&[amendment.clone(), event("v", 110, void("a"))]),
            Some("amended".to_owned())
        );
        let undone_undoing = [amendment, event("v", 130, void("a")), event("w", 140, void("v"))];
        assert_eq!(lead_of(&undone_undoing), Some("amended".to_owned()));
    }

    #[test]
    fn amendments_of_corrections_and_into_corrections_have_no_effect() {
        let amendment = event("a", 120, amend("e", "amended"));
        assert_eq!(
            lead_of(&[amendment, event("b", 130, amend("a", "other"))]),
            Some("amended".to_owned())
        );
        let into_voiding = EventAmended {
            event: EventId::new("e").expect("an id"),
            occurred_at: None,
            payload: Box::new(void("x")),
        };
        assert_eq!(
            lead_of(&[event("a", 120, into_voiding.into())]),
            Some("original".to_owned())
        );
    }

    #[test]
    fn corrections_that_take_each_other_back_leave_the_later_one() {
        let one = event("a", 120, void("b"));
        let other = event("b", 130, void("a"));
        assert_eq!(
            lead_of(&[one, other, event("c", 140, amend("e", "amended"))]),
            Some("amended".to_owned())
        );
    }
}

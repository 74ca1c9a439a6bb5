//! Events of which no two say the same.

use prost_reflect::prost_types::Timestamp;
use scoreline_proto::events::v1::{
    ActivityDirection, ActivityKind, ActivityLogged, Event, LeadCreated, LeadQualified, OpportunityOpened,
    OpportunityWon, event::Payload,
};

use crate::reference::dice::Dice;

/// 2024-01-01, in the year that [`crate::faults::findings::leads_counted`] asks for.
const FIRST_SECOND: i64 = 1_704_067_200;

/// Makes the events of one producer, each a second after the one before.
#[derive(Debug, Clone)]
pub struct Maker {
    producer: String,
    ordinal: i32,
    made: i64,
    leads: i64,
    opportunities: i64,
}

impl Maker {
    /// A producer. Two producers of one tenant need different ordinals, below 1 000.
    pub fn new(ordinal: i32) -> Self {
        Self {
            producer: format!("p{ordinal}"),
            ordinal,
            made: 0,
            leads: 0,
            opportunities: 0,
        }
    }

    /// Some new events.
    pub fn batch(&mut self, dice: &mut Dice, size: i64) -> Vec<Event> {
        (0..size).map(|_| self.event(dice)).collect()
    }

    fn event(&mut self, dice: &mut Dice) -> Event {
        self.made += 1;
        let payload = self.payload(dice);
        Event {
            event_id: format!("{}-{}", self.producer, self.made),
            source: self.producer.clone(),
            // The microseconds tell producers apart.
            occurred_at: Some(Timestamp {
                seconds: FIRST_SECOND + self.made,
                nanos: self.ordinal * 1_000,
            }),
            payload: Some(payload),
        }
    }

    /// Mostly leads, which are counted in the end; the others give subjects a history.
    fn payload(&mut self, dice: &mut Dice) -> Payload {
        match dice.between(0, 10) {
            6 if self.leads > 0 => Payload::LeadQualified(LeadQualified {
                lead_id: self.earlier("l", dice.between(0, self.leads)),
            }),
            7 => {
                self.opportunities += 1;
                Payload::OpportunityOpened(OpportunityOpened {
                    opportunity_id: self.earlier("o", self.opportunities - 1),
                    owner_id: "rep-1".to_owned(),
                    ..OpportunityOpened::default()
                })
            }
            8 if self.opportunities > 0 => Payload::OpportunityWon(OpportunityWon {
                opportunity_id: self.earlier("o", dice.between(0, self.opportunities)),
                ..OpportunityWon::default()
            }),
            // What the server would fill in is said here, so that what is stored is what was sent.
            9 => Payload::ActivityLogged(ActivityLogged {
                activity_id: self.earlier("a", self.made),
                kind: ActivityKind::Call.into(),
                direction: ActivityDirection::Outbound.into(),
                rep_id: "rep-1".to_owned(),
                ..ActivityLogged::default()
            }),
            _ => {
                self.leads += 1;
                Payload::LeadCreated(LeadCreated {
                    lead_id: self.earlier("l", self.leads - 1),
                    owner_id: "rep-1".to_owned(),
                    ..LeadCreated::default()
                })
            }
        }
    }

    fn earlier(&self, kind: &str, number: i64) -> String {
        format!("{}-{kind}{number}", self.producer)
    }
}

/// Whether an event makes a lead.
pub fn is_lead(event: &Event) -> bool {
    matches!(event.payload, Some(Payload::LeadCreated(_)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_events_say_the_same() {
        let mut dice = Dice::new(7);
        let events: Vec<_> = (1..=3)
            .flat_map(|ordinal| Maker::new(ordinal).batch(&mut dice, 200))
            .collect();
        let contents: HashSet<_> = events.iter().map(crate::faults::book::content).collect();
        let ids: HashSet<_> = events.iter().map(|event| &event.event_id).collect();
        assert_eq!((contents.len(), ids.len()), (600, 600));
        assert!(events.iter().filter(|event| is_lead(event)).count() > 300);
    }
}

//! The fold of a meeting. All its rows hold only as long as nothing more happens to it.
//!
//! - It counts on the day for which it is due, by the latest word on that. Who holds it, and with whom, is what the first
//!   scheduling says; another scheduling is a rescheduling.
//! - How it ended is the latest word too. A meeting that was called off, or to which nobody came, is open again once it gets
//!   another time; one that took place stays so, unless it is said not to have.
//! - A meeting that ends without ever having been scheduled was scheduled, and due, when it ended; one that was only
//!   rescheduled was scheduled then.
//! - The lead is told of a meeting that took place at the instant at which that was first said.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Context, Machine, Occurrence, Output, Signal, What, words::with_attributes};
use crate::{
    dimension::Dimension,
    event::{MeetingScheduled, Payload},
    id::{AccountId, LeadId, Name, RepId},
    measure::{Builtin, Dimensions},
    subject::{Subject, SubjectKind},
};

/// A meeting.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Meeting {
    /// The first thing known of it.
    #[serde(with = "crate::stored::optional_instant")]
    begun_at: Option<Timestamp>,
    plan: Option<Plan>,
    #[serde(with = "crate::stored::optional_instant")]
    due_at: Option<Timestamp>,
    ending: Option<Ending>,
}

/// What the first scheduling said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    rep: Option<RepId>,
    lead: Option<LeadId>,
    dimensions: Dimensions,
}

/// How it ended, and when that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ending {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    how: How,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum How {
    Completed,
    Cancelled(Option<Name>),
    NoShow,
}

impl Machine for Meeting {
    fn step(&mut self, occurrence: &Occurrence, _: &Context<'_>, _: &mut Output) {
        let What::Event(payload) = &occurrence.what else { return };
        let at = occurrence.key.at;
        match payload {
            Payload::MeetingScheduled(scheduled) => {
                self.plan.get_or_insert_with(|| Plan::new(scheduled, at));
                self.set(scheduled.due_at);
            }
            Payload::MeetingRescheduled(rescheduled) => self.set(rescheduled.due_at),
            Payload::MeetingCompleted(_) => self.end(at, How::Completed),
            Payload::MeetingCancelled(cancelled) => self.end(at, How::Cancelled(cancelled.reason.clone())),
            Payload::MeetingNoShow(_) => self.end(at, How::NoShow),
            _ => return,
        }
        self.begun_at.get_or_insert(at);
    }

    fn tail(&self, context: &Context<'_>, out: &mut Output) {
        let ended_at = self.ending.as_ref().map(|ending| ending.at);
        let (Some(begun_at), Some(due_at)) = (self.begun_at, self.due_at.or(ended_at)) else {
            return;
        };
        let origin = context.date(self.plan.as_ref().map_or(begun_at, |plan| plan.at));
        let dimensions = self
            .plan
            .as_ref()
            .map(|plan| plan.dimensions.clone())
            .unwrap_or_default();
        out.measure(context.measurement(Builtin::MeetingScheduled, due_at, origin, dimensions.clone(), 1));
        let Some(ending) = &self.ending else { return };
        let (measure, reason) = match &ending.how {
            How::Completed => (Builtin::MeetingCompleted, None),
            How::Cancelled(reason) => (Builtin::MeetingCancelled, reason.as_ref()),
            How::NoShow => (Builtin::MeetingNoShow, None),
        };
        let dimensions = dimensions.with(Dimension::CloseReason, reason);
        out.measure(context.measurement(measure, due_at, origin, dimensions, 1));
        self.tell(ending, context, out);
    }
}

impl Meeting {
    /// It is due at another time now.
    fn set(&mut self, due_at: Timestamp) {
        self.due_at = Some(due_at);
        self.ending = self.ending.take().filter(|ending| ending.how == How::Completed);
    }

    fn end(&mut self, at: Timestamp, how: How) {
        if self.ending.as_ref().is_none_or(|ending| ending.how != how) {
            self.ending = Some(Ending { at, how });
        }
    }

    /// Tells the lead of a meeting that took place.
    fn tell(&self, ending: &Ending, context: &Context<'_>, out: &mut Output) {
        let (How::Completed, Some(plan)) = (&ending.how, &self.plan) else {
            return;
        };
        let Some(lead) = &plan.lead else { return };
        let lead = Subject::new(SubjectKind::Lead, lead.name());
        out.signal(
            context.subject,
            lead,
            ending.at,
            "held",
            Signal::MeetingHeld { rep: plan.rep.clone() },
        );
    }
}

impl Plan {
    fn new(scheduled: &MeetingScheduled, at: Timestamp) -> Self {
        let dimensions = Dimensions::new()
            .with(Dimension::Rep, scheduled.rep.as_ref().map(RepId::name))
            .with(Dimension::Account, scheduled.account.as_ref().map(AccountId::name))
            .with(Dimension::Channel, scheduled.channel.as_ref());
        Self {
            at,
            rep: scheduled.rep.clone(),
            lead: scheduled.lead.clone(),
            dimensions: with_attributes(dimensions, &scheduled.attributes),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fold::story::{Story, payload, survives};

    fn scheduled(due_at: &str) -> Value {
        json!({"meeting": "s1", "due_at": due_at, "rep": "ann", "lead": "l1", "account": "acme", "channel": "video"})
    }

    fn this() -> Value {
        json!({"meeting": "s1"})
    }

    fn planned() -> Story<Meeting> {
        Story::of(SubjectKind::Meeting).then(
            "2026-01-10T10:00Z",
            "e1",
            "meeting_scheduled",
            scheduled("2026-01-20T23:30:00Z"),
        )
    }

    fn row(measure: &str, due: &str) -> String {
        format!("{measure} {due} < 2026-01-10: 1 rep=ann account=acme channel=video")
    }

    const HELD: &str = "Signal(MeetingHeld { rep: Some(\"ann\") })";

    #[test]
    fn a_meeting_counts_on_the_day_for_which_it_is_due() {
        assert_eq!(planned().told(), [row("meeting_scheduled", "2026-01-21")]);
        let moved = json!({"meeting": "s1", "due_at": "2026-02-02T09:00:00Z"});
        let story = planned().then("2026-01-12T10:00Z", "e2", "meeting_rescheduled", moved);
        assert_eq!(story.told(), [row("meeting_scheduled", "2026-02-02")]);
        assert_eq!(
            story.output().measurements[0].instant,
            "2026-02-02T09:00:00Z".parse().expect("an instant")
        );
    }

    #[test]
    fn a_meeting_that_took_place_is_told_to_its_lead_once() {
        let story = planned()
            .then("2026-01-21T10:00Z", "e2", "meeting_completed", this())
            .then("2026-01-22T10:00Z", "e3", "meeting_completed", this());
        let expected = [
            row("meeting_scheduled", "2026-01-21"),
            row("meeting_completed", "2026-01-21"),
            format!("lead:l1 2026-01-21T10:00:00Z {HELD}"),
        ];
        assert_eq!(story.told(), expected);
    }

    #[test]
    fn the_last_word_on_how_it_ended_holds() {
        let missed = planned().then("2026-01-21T10:00Z", "e2", "meeting_no_show", this());
        assert_eq!(
            missed.told(),
            [
                row("meeting_scheduled", "2026-01-21"),
                row("meeting_no_show", "2026-01-21")
            ]
        );
        let held = missed.then("2026-01-21T11:00Z", "e3", "meeting_completed", this());
        assert_eq!(held.told()[1], row("meeting_completed", "2026-01-21"));
        let off = held.then(
            "2026-01-21T12:00Z",
            "e4",
            "meeting_cancelled",
            json!({"meeting": "s1", "reason": "ill"}),
        );
        let cancelled =
            "meeting_cancelled 2026-01-21 < 2026-01-10: 1 rep=ann account=acme channel=video close_reason=ill";
        assert_eq!(
            off.told(),
            [row("meeting_scheduled", "2026-01-21"), cancelled.to_owned()]
        );
    }

    #[test]
    fn another_time_opens_it_again_unless_it_took_place() {
        let moved = || json!({"meeting": "s1", "due_at": "2026-02-02T09:00:00Z"});
        let missed = planned()
            .then("2026-01-21T10:00Z", "e2", "meeting_no_show", this())
            .then("2026-01-22T10:00Z", "e3", "meeting_rescheduled", moved());
        assert_eq!(missed.told(), [row("meeting_scheduled", "2026-02-02")]);
        let held = planned()
            .then("2026-01-21T10:00Z", "e2", "meeting_completed", this())
            .then("2026-01-22T10:00Z", "e3", "meeting_rescheduled", moved());
        assert_eq!(
            held.told()[..2],
            [
                row("meeting_scheduled", "2026-02-02"),
                row("meeting_completed", "2026-02-02")
            ]
        );
    }

    #[test]
    fn a_meeting_that_was_never_scheduled_was_when_it_took_place() {
        let story = Story::<Meeting>::of(SubjectKind::Meeting)
            .then("2026-01-21T10:00Z", "e1", "meeting_no_show", this())
            .then("2026-01-22T10:00Z", "e2", "meeting_completed", this());
        let expected = [
            "meeting_scheduled 2026-01-22 < 2026-01-21: 1",
            "meeting_completed 2026-01-22 < 2026-01-21: 1",
        ];
        assert_eq!(story.told(), expected);
    }

    #[test]
    fn any_history_is_survived() {
        survives::<Meeting>(
            SubjectKind::Meeting,
            &[
                payload("meeting_scheduled", scheduled("9999-12-30T22:00:00Z")),
                payload("meeting_scheduled", scheduled("-009999-01-02T01:59:59Z")),
                payload(
                    "meeting_rescheduled",
                    json!({"meeting": "s1", "due_at": "1970-01-03T00:00:00Z"}),
                ),
                payload("meeting_completed", this()),
                payload("meeting_cancelled", json!({"meeting": "s1", "reason": "ill"})),
                payload("meeting_no_show", this()),
            ],
        );
    }
}

//! Meetings, by the day for which they are due.

use jiff::Timestamp;
use scoreline_proto::events::v1::{MeetingScheduled, event::Payload};

use super::{Fact, Facts, Scene, whom, with};
use crate::reference::effective::{Said, instant};

/// A meeting with a lead that took place.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) at: Timestamp,
    pub(super) lead: String,
    pub(super) rep: String,
}

/// Tells of all meetings; returns those that were held with leads.
pub(super) fn tell(scene: &Scene<'_>, facts: &mut Facts) -> Vec<Held> {
    let meetings = scene.subjects(|payload| match payload {
        Payload::MeetingScheduled(meeting) => Some(&meeting.meeting_id),
        Payload::MeetingRescheduled(meeting) => Some(&meeting.meeting_id),
        Payload::MeetingCompleted(meeting) => Some(&meeting.meeting_id),
        Payload::MeetingCancelled(meeting) => Some(&meeting.meeting_id),
        Payload::MeetingNoShow(meeting) => Some(&meeting.meeting_id),
        _ => None,
    });
    meetings
        .into_iter()
        .filter_map(|(id, said)| meeting(id, &said, scene, facts))
        .collect()
}

/// When that was first said, the kind of ending, and why.
type Ending<'a> = (Timestamp, &'static str, &'a str);

fn meeting(id: &str, said: &[&Said], scene: &Scene<'_>, facts: &mut Facts) -> Option<Held> {
    let mut plan: Option<(Timestamp, &MeetingScheduled)> = None;
    let mut due = None;
    let mut ending: Option<Ending<'_>> = None;
    for said in said {
        let (set, ends) = match &said.payload {
            Payload::MeetingScheduled(scheduled) => {
                plan.get_or_insert((said.at, scheduled));
                (scheduled.due_at.as_ref(), None)
            }
            Payload::MeetingRescheduled(rescheduled) => (rescheduled.due_at.as_ref(), None),
            Payload::MeetingCompleted(_) => (None, Some(("meeting_completed", ""))),
            Payload::MeetingCancelled(cancelled) => (None, Some(("meeting_cancelled", cancelled.reason.as_str()))),
            Payload::MeetingNoShow(_) => (None, Some(("meeting_no_show", ""))),
            _ => (None, None),
        };
        if let Some(at) = set {
            due = instant(Some((at.seconds, at.nanos)));
            ending = ending.filter(|(_, how, _)| *how == "meeting_completed");
        }
        if let Some((how, why)) = ends
            && ending.is_none_or(|(_, before, because)| (before, because) != (how, why))
        {
            ending = Some((said.at, how, why));
        }
    }
    let due = scene.date(due.or(ending.map(|(at, ..)| at))?);
    let entered = scene.date(plan.map_or(said[0].at, |(at, _)| at));
    let told = plan.map(|(_, plan)| {
        whom(&[
            ("rep", &plan.rep_id),
            ("account", &plan.account_id),
            ("channel", &plan.channel),
        ])
    });
    let fact = Fact {
        date: due,
        entered,
        subject: id.to_owned(),
        whom: told.unwrap_or_default(),
        value: 1,
    };
    facts.add("meeting_scheduled", fact.clone());
    let (at, how, why) = ending?;
    facts.add(
        how,
        Fact {
            whom: with(fact.whom.clone(), "close_reason", why),
            ..fact
        },
    );
    let (_, plan) = plan.filter(|(_, plan)| how == "meeting_completed" && !plan.lead_id.is_empty())?;
    Some(Held {
        at,
        lead: plan.lead_id.clone(),
        rep: plan.rep_id.clone(),
    })
}

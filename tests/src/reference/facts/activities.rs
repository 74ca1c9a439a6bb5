//! What is about nothing but itself: activities, time, costs, traffic, engagement, assessments.

use scoreline_proto::events::v1::{
    ActivityKind, ActivityLogged, CostIncurred, SocialEngagementRecorded, TimeSpent, event::Payload,
};

use super::{Fact, Facts, Scene, Whom, whom, with};
use crate::reference::{
    effective::Said,
    world::{micros, milli},
};

/// Tells of all of it.
pub(super) fn tell(scene: &Scene<'_>, facts: &mut Facts) {
    for said in scene.said {
        for (what, whom, value) in of(said) {
            let date = scene.date(said.at);
            facts.add(
                what,
                Fact {
                    date,
                    entered: date,
                    subject: said.id.clone(),
                    whom,
                    value,
                },
            );
        }
    }
}

type Told = (&'static str, Whom, i128);

fn of(said: &Said) -> Vec<Told> {
    match &said.payload {
        Payload::ActivityLogged(logged) => activity(logged),
        Payload::TimeSpent(spent) => time(spent),
        Payload::CostIncurred(cost) => vec![incurred(cost)],
        Payload::WebTrafficRecorded(traffic) => {
            let whom = whom(&[
                ("lead_source", &traffic.lead_source),
                ("campaign", &traffic.campaign),
                ("channel", &traffic.channel),
            ]);
            vec![("website_visits", whom, traffic.visits.into())]
        }
        Payload::SocialEngagementRecorded(social) => engagement(social),
        Payload::AssessmentMade(made) => {
            let whom = whom(&[("rep", &made.rep_id), ("criterion", &made.criterion)]);
            let mut told = vec![("assessment", whom.clone(), milli(&made.score))];
            if !made.interaction_id.is_empty() {
                told.push(("interaction_assessment", whom, milli(&made.score)));
            }
            told
        }
        _ => Vec::new(),
    }
}

/// Whole milliseconds of a length of the wire.
fn length(seconds: i64, nanos: i32) -> i128 {
    i128::from(seconds) * 1_000 + i128::from(nanos) / 1_000_000
}

fn activity(logged: &ActivityLogged) -> Vec<Told> {
    let kind = match logged.kind() {
        ActivityKind::Call => "call",
        ActivityKind::Email => "email",
        ActivityKind::Demo => "demo",
        ActivityKind::Presentation => "presentation",
        ActivityKind::Proposal => "proposal",
        ActivityKind::FollowUp => "follow_up",
        ActivityKind::NetworkingEvent => "networking_event",
        ActivityKind::Other => "other",
        ActivityKind::Unspecified => "",
    };
    let outcome = logged.outcome.as_ref();
    let whom = whom(&[
        ("activity_kind", kind),
        ("outcome", outcome.map_or("", |outcome| &outcome.name)),
        ("rep", &logged.rep_id),
        ("account", &logged.account_id),
        ("campaign", &logged.campaign),
        ("channel", &logged.channel),
    ]);
    let value = logged
        .duration
        .as_ref()
        .map_or(0, |duration| length(duration.seconds, duration.nanos));
    let mut told = vec![("activity", whom.clone(), value)];
    if outcome.is_some_and(|outcome| outcome.successful) {
        told.push(("activity_successful", whom, value));
    }
    told
}

fn time(spent: &TimeSpent) -> Vec<Told> {
    let whom = whom(&[("rep", &spent.rep_id), ("activity_kind", &spent.kind)]);
    let value = spent
        .duration
        .as_ref()
        .map_or(0, |duration| length(duration.seconds, duration.nanos));
    let mut told = vec![("time_spent", whom.clone(), value)];
    if spent.customer_facing {
        told.push(("time_customer_facing", whom, value));
    }
    told
}

fn incurred(cost: &CostIncurred) -> Told {
    let amount = cost.amount.as_ref();
    let whom = whom(&[
        ("cost_category", &cost.category),
        ("lead_source", &cost.lead_source),
        ("campaign", &cost.campaign),
        ("channel", &cost.channel),
        ("rep", &cost.rep_id),
        ("currency", amount.map_or("", |amount| &amount.currency_code)),
    ]);
    ("cost", whom, amount.map_or(0, micros))
}

fn engagement(social: &SocialEngagementRecorded) -> Vec<Told> {
    let whom = whom(&[
        ("channel", &social.channel),
        ("campaign", &social.campaign),
        ("rep", &social.rep_id),
    ]);
    let kinds = [
        ("likes", social.likes),
        ("comments", social.comments),
        ("shares", social.shares),
        ("direct_messages", social.direct_messages),
    ];
    let counted = kinds.into_iter().filter(|(_, count)| *count != 0);
    counted
        .map(|(kind, count)| {
            (
                "social_engagement",
                with(whom.clone(), "activity_kind", kind),
                count.into(),
            )
        })
        .collect()
}

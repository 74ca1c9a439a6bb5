//! Inquiries, issues and surveys.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use scoreline_proto::events::v1::{SurveyAnswered, SurveyKind, event::Payload};

use super::{Fact, Facts, Scene, Whom, millis, whom, with};
use crate::reference::{effective::Said, world::milli};

/// Tells of service.
pub(super) fn tell(scene: &Scene<'_>, facts: &mut Facts) {
    inquiries(scene, facts);
    issues(scene, facts);
    let mut counted: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for said in scene.said {
        if let Payload::SurveyAnswered(answered) = &said.payload {
            survey(said, answered, &mut counted, scene, facts);
        }
    }
}

/// The first question, and the first answer at or after it.
fn exchange<'a>(said: &[&'a Said]) -> Option<(&'a Said, Option<(&'a Said, &'a str)>)> {
    let asks = |said: &&&Said| matches!(said.payload, Payload::InquiryReceived(_) | Payload::IssueOpened(_));
    let asked = *said.iter().find(asks)?;
    let answer = said
        .iter()
        .filter(|said| said.at >= asked.at)
        .find_map(|said| match &said.payload {
            Payload::InquiryAnswered(answer) => Some((*said, answer.rep_id.as_str())),
            Payload::IssueResolved(answer) => Some((*said, answer.rep_id.as_str())),
            _ => None,
        });
    Some((asked, answer))
}

fn told(
    id: &str,
    said: &[&Said],
    what: [&'static str; 2],
    whom: impl Fn(&Payload) -> Whom,
    scene: &Scene<'_>,
    facts: &mut Facts,
) {
    let Some((asked, answer)) = exchange(said) else { return };
    let entered = scene.date(asked.at);
    let whom = whom(&asked.payload);
    let fact = Fact {
        date: entered,
        entered,
        subject: id.to_owned(),
        whom: whom.clone(),
        value: 1,
    };
    facts.add(what[0], fact.clone());
    if let Some((answered, rep)) = answer {
        let whom = if rep.is_empty() { whom } else { with(whom, "rep", rep) };
        facts.add(
            what[1],
            Fact {
                date: scene.date(answered.at),
                whom,
                value: millis(asked.at, answered.at),
                ..fact
            },
        );
    }
}

fn inquiries(scene: &Scene<'_>, facts: &mut Facts) {
    let inquiries = scene.subjects(|payload| match payload {
        Payload::InquiryReceived(inquiry) => Some(&inquiry.inquiry_id),
        Payload::InquiryAnswered(inquiry) => Some(&inquiry.inquiry_id),
        _ => None,
    });
    let of = |payload: &Payload| match payload {
        Payload::InquiryReceived(asked) => whom(&[
            ("channel", &asked.channel),
            ("rep", &asked.rep_id),
            ("account", &asked.account_id),
        ]),
        _ => Whom::new(),
    };
    for (id, said) in inquiries {
        told(id, &said, ["inquiry_received", "inquiry_response"], of, scene, facts);
    }
}

fn issues(scene: &Scene<'_>, facts: &mut Facts) {
    let issues = scene.subjects(|payload| match payload {
        Payload::IssueOpened(issue) => Some(&issue.issue_id),
        Payload::IssueResolved(issue) => Some(&issue.issue_id),
        _ => None,
    });
    let of = |payload: &Payload| match payload {
        Payload::IssueOpened(asked) => whom(&[
            ("rep", &asked.rep_id),
            ("account", &asked.account_id),
            ("product", &asked.product_id),
            ("channel", &asked.channel),
        ]),
        _ => Whom::new(),
    };
    for (id, said) in issues {
        told(id, &said, ["issue_opened", "issue_resolved"], of, scene, facts);
    }
}

/// Of NPS, one answer a respondent counts in 90 days.
fn survey<'a>(
    said: &'a Said,
    answered: &'a SurveyAnswered,
    counted: &mut BTreeMap<&'a str, Timestamp>,
    scene: &Scene<'_>,
    facts: &mut Facts,
) {
    let kind = match answered.kind() {
        SurveyKind::Nps => "nps",
        SurveyKind::Csat => "csat",
        SurveyKind::ServiceQuality | SurveyKind::Unspecified => "service_quality",
    };
    let whom = whom(&[
        ("survey_kind", kind),
        ("rep", &answered.rep_id),
        ("account", &answered.account_id),
        ("product", &answered.product_id),
        ("channel", &answered.channel),
    ]);
    let date = scene.date(said.at);
    let mut add = |what, criterion: &str, value| {
        let whom = with(whom.clone(), "criterion", criterion);
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
    };
    if kind == "service_quality" {
        for score in &answered.scores {
            add("service_rating", &score.criterion, milli(&score.score));
        }
        return;
    }
    let score = milli(&answered.scores[0].score);
    if kind == "csat" {
        add("csat_response", "", score);
        if score >= 4_000 {
            add("csat_satisfied", "", score);
        }
        return;
    }
    let names = [answered.respondent_id.as_str(), &answered.account_id, &said.id];
    let respondent = names
        .into_iter()
        .find(|name| !name.is_empty())
        .expect("an event has an id");
    if counted
        .get(respondent)
        .is_some_and(|last| said.at.duration_since(*last) < SignedDuration::from_hours(90 * 24))
    {
        return;
    }
    counted.insert(respondent, said.at);
    add("nps_response", "", score);
    if score >= 9_000 {
        add("nps_promoter", "", score);
    }
    if score <= 6_000 {
        add("nps_detractor", "", score);
    }
}

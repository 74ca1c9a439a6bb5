//! What reps do, and what customers ask and answer.

use std::{collections::BTreeSet, ops::RangeInclusive};

use scoreline_core::event::{
    ActivityKind, ActivityLogged, Direction, InquiryAnswered, InquiryReceived, IssueOpened, IssueResolved,
    MeetingCancelled, MeetingCompleted, MeetingNoShow, MeetingRescheduled, MeetingScheduled, Outcome, Score,
    SurveyAnswered, SurveyKind,
};

use super::{MAX_PARTS, attributes};
use crate::{
    events::v1 as wire,
    reader::{Reader, number::MILLI_PLACES},
    violation::Reason,
};

/// Whole scores of 0 to 10.
const NPS_SCORES: RangeInclusive<i64> = 0..=10;
/// Thousandths of 1 to 5.
const RATINGS: RangeInclusive<i64> = 1_000..=5_000;

pub(super) fn activity_logged(reader: &mut Reader, wire: &wire::ActivityLogged) -> Option<ActivityLogged> {
    let direction = reader.choice("direction", wire.direction, |direction| match direction {
        wire::ActivityDirection::Unspecified => None,
        wire::ActivityDirection::Inbound => Some(Direction::Inbound),
        wire::ActivityDirection::Outbound => Some(Direction::Outbound),
    });
    Some(ActivityLogged {
        activity: reader.optional("activity_id", &wire.activity_id),
        rep: reader.optional("rep_id", &wire.rep_id),
        direction: direction.unwrap_or(Direction::Outbound),
        duration_ms: reader.duration("duration", wire.duration.as_ref()),
        outcome: wire.outcome.as_ref().and_then(|outcome| {
            reader.within("outcome", |reader| {
                Some(Outcome {
                    name: reader.required("name", &outcome.name)?,
                    successful: outcome.successful,
                })
            })
        }),
        lead: reader.optional("lead_id", &wire.lead_id),
        opportunity: reader.optional("opportunity_id", &wire.opportunity_id),
        account: reader.optional("account_id", &wire.account_id),
        campaign: reader.optional("campaign", &wire.campaign),
        channel: reader.optional("channel", &wire.channel),
        territory: reader.optional("territory_id", &wire.territory_id),
        attributes: attributes(reader, &wire.attributes),
        kind: reader.required_choice("kind", wire.kind, activity_kind)?,
    })
}

fn activity_kind(kind: wire::ActivityKind) -> Option<ActivityKind> {
    match kind {
        wire::ActivityKind::Unspecified => None,
        wire::ActivityKind::Call => Some(ActivityKind::Call),
        wire::ActivityKind::Email => Some(ActivityKind::Email),
        wire::ActivityKind::Demo => Some(ActivityKind::Demo),
        wire::ActivityKind::Presentation => Some(ActivityKind::Presentation),
        wire::ActivityKind::Proposal => Some(ActivityKind::Proposal),
        wire::ActivityKind::FollowUp => Some(ActivityKind::FollowUp),
        wire::ActivityKind::NetworkingEvent => Some(ActivityKind::NetworkingEvent),
        wire::ActivityKind::Other => Some(ActivityKind::Other),
    }
}

pub(super) fn meeting_scheduled(reader: &mut Reader, wire: &wire::MeetingScheduled) -> Option<MeetingScheduled> {
    let meeting = reader.required("meeting_id", &wire.meeting_id);
    Some(MeetingScheduled {
        rep: reader.optional("rep_id", &wire.rep_id),
        lead: reader.optional("lead_id", &wire.lead_id),
        opportunity: reader.optional("opportunity_id", &wire.opportunity_id),
        account: reader.optional("account_id", &wire.account_id),
        channel: reader.optional("channel", &wire.channel),
        attributes: attributes(reader, &wire.attributes),
        due_at: reader.required_instant("due_at", wire.due_at.as_ref())?,
        meeting: meeting?,
    })
}

pub(super) fn meeting_rescheduled(reader: &mut Reader, wire: &wire::MeetingRescheduled) -> Option<MeetingRescheduled> {
    let meeting = reader.required("meeting_id", &wire.meeting_id);
    Some(MeetingRescheduled {
        due_at: reader.required_instant("due_at", wire.due_at.as_ref())?,
        meeting: meeting?,
    })
}

pub(super) fn meeting_completed(reader: &mut Reader, wire: &wire::MeetingCompleted) -> Option<MeetingCompleted> {
    Some(MeetingCompleted {
        meeting: reader.required("meeting_id", &wire.meeting_id)?,
    })
}

pub(super) fn meeting_cancelled(reader: &mut Reader, wire: &wire::MeetingCancelled) -> Option<MeetingCancelled> {
    Some(MeetingCancelled {
        reason: reader.optional("reason", &wire.reason),
        meeting: reader.required("meeting_id", &wire.meeting_id)?,
    })
}

pub(super) fn meeting_no_show(reader: &mut Reader, wire: &wire::MeetingNoShow) -> Option<MeetingNoShow> {
    Some(MeetingNoShow {
        meeting: reader.required("meeting_id", &wire.meeting_id)?,
    })
}

pub(super) fn inquiry_received(reader: &mut Reader, wire: &wire::InquiryReceived) -> Option<InquiryReceived> {
    let inquiry = reader.required("inquiry_id", &wire.inquiry_id);
    Some(InquiryReceived {
        rep: reader.optional("rep_id", &wire.rep_id),
        account: reader.optional("account_id", &wire.account_id),
        attributes: attributes(reader, &wire.attributes),
        channel: reader.required("channel", &wire.channel)?,
        inquiry: inquiry?,
    })
}

pub(super) fn inquiry_answered(reader: &mut Reader, wire: &wire::InquiryAnswered) -> Option<InquiryAnswered> {
    Some(InquiryAnswered {
        rep: reader.optional("rep_id", &wire.rep_id),
        inquiry: reader.required("inquiry_id", &wire.inquiry_id)?,
    })
}

pub(super) fn issue_opened(reader: &mut Reader, wire: &wire::IssueOpened) -> Option<IssueOpened> {
    Some(IssueOpened {
        account: reader.optional("account_id", &wire.account_id),
        rep: reader.optional("rep_id", &wire.rep_id),
        product: reader.optional("product_id", &wire.product_id),
        channel: reader.optional("channel", &wire.channel),
        attributes: attributes(reader, &wire.attributes),
        issue: reader.required("issue_id", &wire.issue_id)?,
    })
}

pub(super) fn issue_resolved(reader: &mut Reader, wire: &wire::IssueResolved) -> Option<IssueResolved> {
    Some(IssueResolved {
        rep: reader.optional("rep_id", &wire.rep_id),
        issue: reader.required("issue_id", &wire.issue_id)?,
    })
}

pub(super) fn survey_answered(reader: &mut Reader, wire: &wire::SurveyAnswered) -> Option<SurveyAnswered> {
    let kind = reader.required_choice("kind", wire.kind, |kind| match kind {
        wire::SurveyKind::Unspecified => None,
        wire::SurveyKind::Nps => Some(SurveyKind::Nps),
        wire::SurveyKind::Csat => Some(SurveyKind::Csat),
        wire::SurveyKind::ServiceQuality => Some(SurveyKind::ServiceQuality),
    });
    Some(SurveyAnswered {
        respondent: reader.optional("respondent_id", &wire.respondent_id),
        account: reader.optional("account_id", &wire.account_id),
        rep: reader.optional("rep_id", &wire.rep_id),
        product: reader.optional("product_id", &wire.product_id),
        channel: reader.optional("channel", &wire.channel),
        attributes: attributes(reader, &wire.attributes),
        scores: scores(reader, kind?, &wire.scores),
        kind: kind?,
    })
}

/// Reads the scores of a survey by the rules of its kind.
fn scores(reader: &mut Reader, kind: SurveyKind, wire: &[wire::Score]) -> Vec<Score> {
    if wire.is_empty() {
        reader.fault("scores", Reason::TooFew, "has no elements, at least 1 is needed");
    }
    let limit = if kind == SurveyKind::ServiceQuality {
        MAX_PARTS
    } else {
        1
    };
    if !reader.at_most("scores", wire.len(), limit) {
        return Vec::new();
    }
    let mut criteria = BTreeSet::new();
    reader.each("scores", wire, |reader, score| {
        let criterion = reader.optional("criterion", &score.criterion);
        if criterion.is_some() && kind != SurveyKind::ServiceQuality {
            reader.fault("criterion", Reason::NotAllowed, "must be empty in this kind of survey");
        }
        if !criteria.insert(&score.criterion) {
            reader.fault(
                "criterion",
                Reason::Repeated,
                format!("`{}` has a score already", score.criterion),
            );
        }
        let (places, range, scale) = match kind {
            SurveyKind::Nps => (0, NPS_SCORES, 1_000),
            SurveyKind::Csat | SurveyKind::ServiceQuality => (MILLI_PLACES, RATINGS, 1),
        };
        let milli = reader.decimal("score", &score.score, places, &range)? * scale;
        Some(Score { criterion, milli })
    })
}

//! What reps do, and what customers ask and answer.

use scoreline_core::event::{
    ActivityKind, ActivityLogged, Direction, InquiryAnswered, InquiryReceived, IssueOpened, IssueResolved,
    MeetingCancelled, MeetingCompleted, MeetingNoShow, MeetingRescheduled, MeetingScheduled, Outcome, Score,
    SurveyAnswered, SurveyKind,
};

use super::{attributes, duration, instant, text};
use crate::{decimal, events::v1 as wire, reader::number::MILLI_PLACES};

pub(super) fn activity_logged(payload: &ActivityLogged) -> wire::ActivityLogged {
    wire::ActivityLogged {
        activity_id: text(&payload.activity),
        kind: activity_kind(payload.kind).into(),
        rep_id: text(&payload.rep),
        direction: direction(payload.direction).into(),
        duration: payload.duration_ms.map(duration),
        outcome: payload.outcome.as_ref().map(outcome),
        lead_id: text(&payload.lead),
        opportunity_id: text(&payload.opportunity),
        account_id: text(&payload.account),
        campaign: text(&payload.campaign),
        channel: text(&payload.channel),
        territory_id: text(&payload.territory),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn meeting_scheduled(payload: &MeetingScheduled) -> wire::MeetingScheduled {
    wire::MeetingScheduled {
        meeting_id: payload.meeting.to_string(),
        due_at: Some(instant(payload.due_at)),
        rep_id: text(&payload.rep),
        lead_id: text(&payload.lead),
        opportunity_id: text(&payload.opportunity),
        account_id: text(&payload.account),
        channel: text(&payload.channel),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn meeting_rescheduled(payload: &MeetingRescheduled) -> wire::MeetingRescheduled {
    wire::MeetingRescheduled {
        meeting_id: payload.meeting.to_string(),
        due_at: Some(instant(payload.due_at)),
    }
}

pub(super) fn meeting_completed(payload: &MeetingCompleted) -> wire::MeetingCompleted {
    wire::MeetingCompleted {
        meeting_id: payload.meeting.to_string(),
    }
}

pub(super) fn meeting_cancelled(payload: &MeetingCancelled) -> wire::MeetingCancelled {
    wire::MeetingCancelled {
        meeting_id: payload.meeting.to_string(),
        reason: text(&payload.reason),
    }
}

pub(super) fn meeting_no_show(payload: &MeetingNoShow) -> wire::MeetingNoShow {
    wire::MeetingNoShow {
        meeting_id: payload.meeting.to_string(),
    }
}

pub(super) fn inquiry_received(payload: &InquiryReceived) -> wire::InquiryReceived {
    wire::InquiryReceived {
        inquiry_id: payload.inquiry.to_string(),
        channel: payload.channel.to_string(),
        rep_id: text(&payload.rep),
        account_id: text(&payload.account),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn inquiry_answered(payload: &InquiryAnswered) -> wire::InquiryAnswered {
    wire::InquiryAnswered {
        inquiry_id: payload.inquiry.to_string(),
        rep_id: text(&payload.rep),
    }
}

pub(super) fn issue_opened(payload: &IssueOpened) -> wire::IssueOpened {
    wire::IssueOpened {
        issue_id: payload.issue.to_string(),
        account_id: text(&payload.account),
        rep_id: text(&payload.rep),
        product_id: text(&payload.product),
        channel: text(&payload.channel),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn issue_resolved(payload: &IssueResolved) -> wire::IssueResolved {
    wire::IssueResolved {
        issue_id: payload.issue.to_string(),
        rep_id: text(&payload.rep),
    }
}

pub(super) fn survey_answered(payload: &SurveyAnswered) -> wire::SurveyAnswered {
    wire::SurveyAnswered {
        kind: survey_kind(payload.kind).into(),
        respondent_id: text(&payload.respondent),
        account_id: text(&payload.account),
        rep_id: text(&payload.rep),
        product_id: text(&payload.product),
        channel: text(&payload.channel),
        scores: payload.scores.iter().map(score).collect(),
        attributes: attributes(&payload.attributes),
    }
}

fn activity_kind(kind: ActivityKind) -> wire::ActivityKind {
    match kind {
        ActivityKind::Call => wire::ActivityKind::Call,
        ActivityKind::Email => wire::ActivityKind::Email,
        ActivityKind::Demo => wire::ActivityKind::Demo,
        ActivityKind::Presentation => wire::ActivityKind::Presentation,
        ActivityKind::Proposal => wire::ActivityKind::Proposal,
        ActivityKind::FollowUp => wire::ActivityKind::FollowUp,
        ActivityKind::NetworkingEvent => wire::ActivityKind::NetworkingEvent,
        ActivityKind::Other => wire::ActivityKind::Other,
    }
}

fn direction(direction: Direction) -> wire::ActivityDirection {
    match direction {
        Direction::Inbound => wire::ActivityDirection::Inbound,
        Direction::Outbound => wire::ActivityDirection::Outbound,
    }
}

fn outcome(outcome: &Outcome) -> wire::Outcome {
    wire::Outcome {
        name: outcome.name.to_string(),
        successful: outcome.successful,
    }
}

fn survey_kind(kind: SurveyKind) -> wire::SurveyKind {
    match kind {
        SurveyKind::Nps => wire::SurveyKind::Nps,
        SurveyKind::Csat => wire::SurveyKind::Csat,
        SurveyKind::ServiceQuality => wire::SurveyKind::ServiceQuality,
    }
}

fn score(score: &Score) -> wire::Score {
    wire::Score {
        criterion: text(&score.criterion),
        score: decimal::print(score.milli, MILLI_PLACES),
    }
}

//! Costs, traffic, time, assessments and the tenant's own measures.

use scoreline_core::event::{
    AssessmentMade, CostIncurred, MeasurementRecorded, ReferralReceived, SocialEngagementRecorded, TimeSpent,
    TrainingCompleted, WebTrafficRecorded,
};

use super::{amount_of, attributes, duration, money, text};
use crate::{
    decimal,
    events::v1::{self as wire, measurement_recorded::Value},
    reader::number::MILLI_PLACES,
};

pub(super) fn cost_incurred(payload: &CostIncurred) -> wire::CostIncurred {
    wire::CostIncurred {
        category: payload.category.to_string(),
        amount: Some(money(payload.amount)),
        lead_source: text(&payload.lead_source),
        campaign: text(&payload.campaign),
        channel: text(&payload.channel),
        rep_id: text(&payload.rep),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn web_traffic_recorded(payload: &WebTrafficRecorded) -> wire::WebTrafficRecorded {
    wire::WebTrafficRecorded {
        visits: payload.visits,
        lead_source: text(&payload.lead_source),
        campaign: text(&payload.campaign),
        channel: text(&payload.channel),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn social_engagement_recorded(payload: &SocialEngagementRecorded) -> wire::SocialEngagementRecorded {
    wire::SocialEngagementRecorded {
        channel: text(&payload.channel),
        campaign: text(&payload.campaign),
        rep_id: text(&payload.rep),
        likes: payload.likes,
        comments: payload.comments,
        shares: payload.shares,
        direct_messages: payload.direct_messages,
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn referral_received(payload: &ReferralReceived) -> wire::ReferralReceived {
    wire::ReferralReceived {
        referral_id: payload.referral.to_string(),
        rep_id: text(&payload.rep),
        referrer_id: text(&payload.referrer),
        lead_id: text(&payload.lead),
        channel: text(&payload.channel),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn time_spent(payload: &TimeSpent) -> wire::TimeSpent {
    wire::TimeSpent {
        rep_id: payload.rep.to_string(),
        kind: payload.kind.to_string(),
        customer_facing: payload.customer_facing,
        duration: Some(duration(payload.duration_ms)),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn assessment_made(payload: &AssessmentMade) -> wire::AssessmentMade {
    wire::AssessmentMade {
        rep_id: payload.rep.to_string(),
        assessor: text(&payload.assessor),
        criterion: payload.criterion.to_string(),
        score: decimal::print(payload.score_milli, MILLI_PLACES),
        comment: payload.comment.clone().unwrap_or_default(),
        interaction_id: text(&payload.interaction),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn training_completed(payload: &TrainingCompleted) -> wire::TrainingCompleted {
    wire::TrainingCompleted {
        rep_id: payload.rep.to_string(),
        training: payload.training.to_string(),
        duration: payload.duration_ms.map(duration),
        score: payload
            .score_milli
            .map(|milli| decimal::print(milli, MILLI_PLACES))
            .unwrap_or_default(),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn measurement_recorded(payload: &MeasurementRecorded) -> wire::MeasurementRecorded {
    let value = match payload.currency {
        Some(currency) => Value::Money(amount_of(currency, payload.value)),
        None => Value::Number(decimal::print(payload.value, MILLI_PLACES)),
    };
    wire::MeasurementRecorded {
        measure: payload.measure.to_string(),
        value: Some(value),
        rep_id: text(&payload.rep),
        account_id: text(&payload.account),
        lead_source: text(&payload.lead_source),
        campaign: text(&payload.campaign),
        channel: text(&payload.channel),
        attributes: attributes(&payload.attributes),
    }
}

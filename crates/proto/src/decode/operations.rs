//! Costs, traffic, time, assessments and the tenant's own measures.

use scoreline_core::event::{
    AssessmentMade, CostIncurred, MeasurementRecorded, ReferralReceived, SocialEngagementRecorded, TimeSpent,
    TrainingCompleted, WebTrafficRecorded,
};
use scoreline_core::money::Currency;

use super::attributes;
use crate::{
    events::v1::{self as wire, measurement_recorded::Value},
    reader::{
        Reader,
        number::{ANY_MILLI, MILLI_PLACES},
    },
};

pub(super) fn cost_incurred(reader: &mut Reader, wire: &wire::CostIncurred) -> Option<CostIncurred> {
    let category = reader.required("category", &wire.category);
    Some(CostIncurred {
        lead_source: reader.optional("lead_source", &wire.lead_source),
        campaign: reader.optional("campaign", &wire.campaign),
        channel: reader.optional("channel", &wire.channel),
        rep: reader.optional("rep_id", &wire.rep_id),
        attributes: attributes(reader, &wire.attributes),
        amount: reader.required_money("amount", wire.amount.as_ref())?,
        category: category?,
    })
}

pub(super) fn web_traffic_recorded(reader: &mut Reader, wire: &wire::WebTrafficRecorded) -> Option<WebTrafficRecorded> {
    Some(WebTrafficRecorded {
        visits: reader.count("visits", wire.visits),
        lead_source: reader.optional("lead_source", &wire.lead_source),
        campaign: reader.optional("campaign", &wire.campaign),
        channel: reader.optional("channel", &wire.channel),
        attributes: attributes(reader, &wire.attributes),
    })
}

pub(super) fn social_engagement_recorded(
    reader: &mut Reader,
    wire: &wire::SocialEngagementRecorded,
) -> Option<SocialEngagementRecorded> {
    Some(SocialEngagementRecorded {
        channel: reader.optional("channel", &wire.channel),
        campaign: reader.optional("campaign", &wire.campaign),
        rep: reader.optional("rep_id", &wire.rep_id),
        likes: reader.count("likes", wire.likes),
        comments: reader.count("comments", wire.comments),
        shares: reader.count("shares", wire.shares),
        direct_messages: reader.count("direct_messages", wire.direct_messages),
        attributes: attributes(reader, &wire.attributes),
    })
}

pub(super) fn referral_received(reader: &mut Reader, wire: &wire::ReferralReceived) -> Option<ReferralReceived> {
    Some(ReferralReceived {
        rep: reader.optional("rep_id", &wire.rep_id),
        referrer: reader.optional("referrer_id", &wire.referrer_id),
        lead: reader.optional("lead_id", &wire.lead_id),
        channel: reader.optional("channel", &wire.channel),
        attributes: attributes(reader, &wire.attributes),
        referral: reader.required("referral_id", &wire.referral_id)?,
    })
}

pub(super) fn time_spent(reader: &mut Reader, wire: &wire::TimeSpent) -> Option<TimeSpent> {
    let rep = reader.required("rep_id", &wire.rep_id);
    let kind = reader.required("kind", &wire.kind);
    Some(TimeSpent {
        customer_facing: wire.customer_facing,
        attributes: attributes(reader, &wire.attributes),
        duration_ms: reader.required_duration("duration", wire.duration.as_ref())?,
        rep: rep?,
        kind: kind?,
    })
}

pub(super) fn assessment_made(reader: &mut Reader, wire: &wire::AssessmentMade) -> Option<AssessmentMade> {
    let rep = reader.required("rep_id", &wire.rep_id);
    let criterion = reader.required("criterion", &wire.criterion);
    Some(AssessmentMade {
        assessor: reader.optional("assessor", &wire.assessor),
        comment: reader.text("comment", &wire.comment),
        interaction: reader.optional("interaction_id", &wire.interaction_id),
        attributes: attributes(reader, &wire.attributes),
        score_milli: reader.decimal("score", &wire.score, MILLI_PLACES, &ANY_MILLI)?,
        rep: rep?,
        criterion: criterion?,
    })
}

pub(super) fn training_completed(reader: &mut Reader, wire: &wire::TrainingCompleted) -> Option<TrainingCompleted> {
    let rep = reader.required("rep_id", &wire.rep_id);
    let score_milli = match wire.score.as_str() {
        "" => None,
        text => reader.decimal("score", text, MILLI_PLACES, &ANY_MILLI),
    };
    Some(TrainingCompleted {
        duration_ms: reader.duration("duration", wire.duration.as_ref()),
        score_milli,
        attributes: attributes(reader, &wire.attributes),
        training: reader.required("training", &wire.training)?,
        rep: rep?,
    })
}

pub(super) fn measurement_recorded(
    reader: &mut Reader,
    wire: &wire::MeasurementRecorded,
) -> Option<MeasurementRecorded> {
    let measure = reader.required("measure", &wire.measure);
    let value = reader
        .present("value", wire.value.as_ref())
        .and_then(|value| measured(reader, value));
    let read = MeasurementRecorded {
        rep: reader.optional("rep_id", &wire.rep_id),
        account: reader.optional("account_id", &wire.account_id),
        lead_source: reader.optional("lead_source", &wire.lead_source),
        campaign: reader.optional("campaign", &wire.campaign),
        channel: reader.optional("channel", &wire.channel),
        attributes: attributes(reader, &wire.attributes),
        measure: measure?,
        value: value?.0,
        currency: value?.1,
    };
    Some(read)
}

/// A value in its unit's smallest part. A second is a thousand milliseconds and a thousand thousandths of one: a length
/// of time and its seconds as a number are the same value.
fn measured(reader: &mut Reader, value: &Value) -> Option<(i64, Option<Currency>)> {
    match value {
        Value::Money(money) => reader
            .money("value.money", Some(money))
            .map(|money| (money.micros, Some(money.currency))),
        Value::Number(text) => reader
            .decimal("value.number", text, MILLI_PLACES, &ANY_MILLI)
            .map(|milli| (milli, None)),
        Value::Duration(duration) => reader
            .duration("value.duration", Some(duration))
            .map(|milliseconds| (milliseconds, None)),
    }
}

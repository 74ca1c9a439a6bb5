//! A survey of satisfaction or of service quality. NPS is folded by respondent.

use super::Rows;
use crate::{
    dimension::Dimension,
    event::{SurveyAnswered, SurveyKind},
    fold::respondent::survey_dimensions,
    measure::Builtin,
};

/// The least score of a satisfied customer, in thousandths.
const SATISFIED: i64 = 4_000;

pub(super) fn answered(answered: &SurveyAnswered, rows: &mut Rows<'_>) {
    match answered.kind {
        SurveyKind::Nps => {}
        SurveyKind::Csat => satisfaction(answered, rows),
        SurveyKind::ServiceQuality => service_quality(answered, rows),
    }
}

/// One answer is one score; without a score it is none.
fn satisfaction(answered: &SurveyAnswered, rows: &mut Rows<'_>) {
    let Some(score) = answered.scores.first() else { return };
    let dimensions = survey_dimensions(answered);
    rows.add(Builtin::CsatResponse, &dimensions, score.milli);
    if score.milli >= SATISFIED {
        rows.add(Builtin::CsatSatisfied, &dimensions, score.milli);
    }
}

/// One row for each criterion; the score without one is the overall one.
fn service_quality(answered: &SurveyAnswered, rows: &mut Rows<'_>) {
    for score in &answered.scores {
        let dimensions = survey_dimensions(answered).with(Dimension::Criterion, score.criterion.as_ref());
        rows.add(Builtin::ServiceRating, &dimensions, score.milli);
    }
}

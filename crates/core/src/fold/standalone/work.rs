//! What reps spend their time on, how they are assessed, and what they learn.

use super::Rows;
use crate::{
    dimension::Dimension,
    event::{AssessmentMade, TimeSpent, TrainingCompleted},
    fold::words::with_attributes,
    measure::{Builtin, Dimensions},
};

pub(super) fn time(time: &TimeSpent, rows: &mut Rows<'_>) {
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, Some(time.rep.name()))
        .with(Dimension::ActivityKind, Some(&time.kind));
    let dimensions = with_attributes(dimensions, &time.attributes);
    rows.add(Builtin::TimeSpent, &dimensions, time.duration_ms);
    if time.customer_facing {
        rows.add(Builtin::TimeCustomerFacing, &dimensions, time.duration_ms);
    }
}

pub(super) fn assessment(assessment: &AssessmentMade, rows: &mut Rows<'_>) {
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, Some(assessment.rep.name()))
        .with(Dimension::Criterion, Some(&assessment.criterion));
    let dimensions = with_attributes(dimensions, &assessment.attributes);
    rows.add(Builtin::Assessment, &dimensions, assessment.score_milli);
    if assessment.interaction.is_some() {
        rows.add(Builtin::InteractionAssessment, &dimensions, assessment.score_milli);
    }
}

/// The criterion is the training: what its score is about.
pub(super) fn training(training: &TrainingCompleted, rows: &mut Rows<'_>) {
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, Some(training.rep.name()))
        .with(Dimension::Criterion, Some(&training.training));
    let dimensions = with_attributes(dimensions, &training.attributes);
    rows.add(
        Builtin::TrainingCompleted,
        &dimensions,
        training.duration_ms.unwrap_or(0),
    );
}

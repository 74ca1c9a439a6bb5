//! The fold of events that are about nothing but themselves. Each is a subject of its own with one event in it, so
//! there is nothing to remember.

mod activity;
mod marketing;
mod own;
mod referral;
mod survey;
#[cfg(test)]
mod tests;
mod work;

pub(super) use self::referral::referral_dimensions;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Context, Machine, Occurrence, Output, What};
use crate::{
    event::Payload,
    measure::{Builtin, Dimensions},
};

/// An event that is about nothing but itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standalone {}

impl Machine for Standalone {
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let What::Event(payload) = &occurrence.what else { return };
        let mut rows = Rows {
            at: occurrence.key.at,
            context,
            out,
        };
        match payload {
            Payload::ActivityLogged(logged) => activity::logged(logged, &mut rows),
            Payload::SurveyAnswered(answered) => survey::answered(answered, &mut rows),
            Payload::CostIncurred(cost) => marketing::cost(cost, &mut rows),
            Payload::WebTrafficRecorded(traffic) => marketing::traffic(traffic, &mut rows),
            Payload::SocialEngagementRecorded(social) => marketing::social(social, &mut rows),
            Payload::ReferralReceived(referral) => referral::received(referral, &mut rows),
            Payload::TimeSpent(time) => work::time(time, &mut rows),
            Payload::AssessmentMade(assessment) => work::assessment(assessment, &mut rows),
            Payload::TrainingCompleted(training) => work::training(training, &mut rows),
            Payload::MeasurementRecorded(recorded) => own::recorded(recorded, &mut rows),
            _ => {}
        }
    }

    fn tail(&self, _: &Context<'_>, _: &mut Output) {}
}

/// The rows of one event, all of its instant.
struct Rows<'a> {
    at: Timestamp,
    context: &'a Context<'a>,
    out: &'a mut Output,
}

impl Rows<'_> {
    fn add(&mut self, measure: Builtin, dimensions: &Dimensions, value: i64) {
        let date = self.context.date(self.at);
        self.out.measure(
            self.context
                .measurement(measure, self.at, date, dimensions.clone(), value),
        );
    }
}

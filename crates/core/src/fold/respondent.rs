//! The fold of who answers NPS surveys: one answer counts in 90 days.
//!
//! An answer counts when none that counts lies within the 90 × 24 hours before it, so that the next may count exactly 90
//! days later. Answers that don't count don't push the next one back. An answer without a score is none.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Context, Machine, Occurrence, Output, What, words::with_attributes};
use crate::{
    dimension::Dimension,
    event::{Payload, SurveyAnswered, SurveyKind},
    id::{AccountId, ProductId, RepId},
    measure::{Builtin, Dimensions},
};

/// How long after an answer that counts no other one does.
const REST: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The least score of a promoter, in thousandths.
const PROMOTER: i64 = 9_000;
/// The greatest score of a detractor, in thousandths.
const DETRACTOR: i64 = 6_000;

/// Who answers NPS surveys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Respondent {
    /// The last answer that counts.
    #[serde(with = "crate::stored::optional_instant")]
    counted_at: Option<Timestamp>,
}

impl Machine for Respondent {
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let What::Event(payload) = &occurrence.what else { return };
        let Payload::SurveyAnswered(answered) = payload else {
            return;
        };
        let at = occurrence.key.at;
        let rests = self
            .counted_at
            .is_some_and(|counted_at| at.duration_since(counted_at) < REST);
        let Some(score) = answered
            .scores
            .first()
            .filter(|_| answered.kind == SurveyKind::Nps && !rests)
        else {
            return;
        };
        self.counted_at = Some(at);
        let dimensions = survey_dimensions(answered);
        let mut row = |measure| {
            out.measure(context.measurement(measure, at, context.date(at), dimensions.clone(), score.milli));
        };
        row(Builtin::NpsResponse);
        if score.milli >= PROMOTER {
            row(Builtin::NpsPromoter);
        }
        if score.milli <= DETRACTOR {
            row(Builtin::NpsDetractor);
        }
    }

    fn tail(&self, _: &Context<'_>, _: &mut Output) {}
}

/// The dimensions of a survey of any kind.
pub(super) fn survey_dimensions(answered: &SurveyAnswered) -> Dimensions {
    let dimensions = Dimensions::new()
        .with(Dimension::SurveyKind, Some(&answered.kind.name()))
        .with(Dimension::Rep, answered.rep.as_ref().map(RepId::name))
        .with(Dimension::Account, answered.account.as_ref().map(AccountId::name))
        .with(Dimension::Product, answered.product.as_ref().map(ProductId::name))
        .with(Dimension::Channel, answered.channel.as_ref());
    with_attributes(dimensions, &answered.attributes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        fold::story::{Story, payload, survives},
        subject::SubjectKind,
    };

    fn answer(milli: i64) -> Value {
        json!({
            "kind": "nps", "respondent": "r1", "rep": "ann", "account": "acme", "product": "saw", "channel": "email",
            "scores": [{"milli": milli}],
        })
    }

    fn story() -> Story<Respondent> {
        Story::of(SubjectKind::Respondent)
    }

    fn row(measure: &str, date: &str, milli: i64) -> String {
        format!("{measure} {date} < {date}: {milli} rep=ann account=acme product=saw channel=email survey_kind=nps")
    }

    #[test]
    fn nine_promotes_and_six_detracts_and_between_is_neither() {
        for (milli, more) in [
            (10_000, Some("nps_promoter")),
            (9_000, Some("nps_promoter")),
            (8_000, None),
            (7_000, None),
            (6_000, Some("nps_detractor")),
            (0, Some("nps_detractor")),
        ] {
            let told = story()
                .then("2026-01-10T10:00Z", "e1", "survey_answered", answer(milli))
                .told();
            let measures = [Some("nps_response"), more].into_iter().flatten();
            assert_eq!(
                told,
                measures
                    .map(|measure| row(measure, "2026-01-10", milli))
                    .collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn one_answer_counts_in_ninety_days_from_the_last_that_counted() {
        // 90 × 24 hours after January 10, 10:00 UTC is April 10, 10:00 UTC, whatever the clocks in Berlin do.
        let told = story()
            .then("2026-01-10T10:00Z", "e1", "survey_answered", answer(8_000))
            .then("2026-03-01T10:00Z", "e2", "survey_answered", answer(1_000))
            .then("2026-04-10T09:59:59.999Z", "e3", "survey_answered", answer(2_000))
            .then("2026-04-10T10:00Z", "e4", "survey_answered", answer(7_000))
            .then("2026-04-11T10:00Z", "e5", "survey_answered", answer(3_000))
            .told();
        assert_eq!(
            told,
            [
                row("nps_response", "2026-01-10", 8_000),
                row("nps_response", "2026-04-10", 7_000)
            ]
        );
    }

    #[test]
    fn an_answer_without_a_score_is_none() {
        let told = story()
            .then(
                "2026-01-10T10:00Z",
                "e1",
                "survey_answered",
                json!({"kind": "nps", "scores": []}),
            )
            .then("2026-01-11T10:00Z", "e2", "survey_answered", answer(7_000))
            .told();
        assert_eq!(told, [row("nps_response", "2026-01-11", 7_000)]);
    }

    #[test]
    fn any_history_is_survived() {
        let other = json!({"kind": "csat", "scores": [{"milli": 1}]});
        let payloads =
            [answer(i64::MAX), answer(i64::MIN), answer(9_000), other].map(|fields| payload("survey_answered", fields));
        survives::<Respondent>(SubjectKind::Respondent, &payloads);
    }
}

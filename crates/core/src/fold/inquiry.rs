//! The fold of an inquiry: when it came, and how long its first answer took.
//!
//! The answer counts for whom it came from; for who was to answer where that is not named. How questions and answers
//! are matched is what the exchange that it shares with issues says.

use serde::{Deserialize, Serialize};

use super::{
    Context, Machine, Occurrence, Output, What,
    exchange::{Answer, Exchange},
    words::with_attributes,
};
use crate::{
    dimension::Dimension,
    event::{InquiryReceived, Payload},
    id::{AccountId, RepId},
    measure::{Builtin, Dimensions},
};

const MEASURES: (Builtin, Builtin) = (Builtin::InquiryReceived, Builtin::InquiryResponse);

/// An inquiry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inquiry {
    exchange: Exchange,
}

impl Machine for Inquiry {
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let What::Event(payload) = &occurrence.what else { return };
        let at = occurrence.key.at;
        match payload {
            Payload::InquiryReceived(received) => {
                out.measurements
                    .extend(self.exchange.ask(at, dimensions(received), MEASURES, context));
            }
            Payload::InquiryAnswered(answered) => {
                let answer = Answer {
                    at,
                    rep: answered.rep.clone(),
                };
                out.measurements
                    .extend(self.exchange.answer(answer, MEASURES.1, context));
            }
            _ => {}
        }
    }

    fn tail(&self, _: &Context<'_>, _: &mut Output) {}
}

fn dimensions(received: &InquiryReceived) -> Dimensions {
    let dimensions = Dimensions::new()
        .with(Dimension::Channel, Some(&received.channel))
        .with(Dimension::Rep, received.rep.as_ref().map(RepId::name))
        .with(Dimension::Account, received.account.as_ref().map(AccountId::name));
    with_attributes(dimensions, &received.attributes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        fold::story::{Story, payload, survives},
        subject::SubjectKind,
    };

    fn received() -> Value {
        json!({"inquiry": "s1", "channel": "email", "rep": "ann", "account": "acme"})
    }

    fn answered(rep: Option<&str>) -> Value {
        json!({"inquiry": "s1", "rep": rep})
    }

    fn asked() -> Story<Inquiry> {
        Story::of(SubjectKind::Inquiry).then("2026-01-31T22:30Z", "e5", "inquiry_received", received())
    }

    const RECEIVED: &str = "inquiry_received 2026-01-31 < 2026-01-31: 1 rep=ann account=acme channel=email";

    #[test]
    fn the_first_answer_counts_for_who_gave_it() {
        let story = asked()
            .then(
                "2026-01-31T23:30:01.500Z",
                "e6",
                "inquiry_answered",
                answered(Some("bob")),
            )
            .then("2026-02-01T08:00Z", "e7", "inquiry_answered", answered(Some("ann")));
        let expected = [
            RECEIVED,
            "inquiry_response 2026-02-01 < 2026-01-31: 3601500 rep=bob account=acme channel=email",
        ];
        assert_eq!(story.told(), expected);
    }

    #[test]
    fn an_answer_of_nobody_counts_for_who_was_to_answer() {
        let story = asked().then("2026-01-31T22:31Z", "e6", "inquiry_answered", answered(None));
        let expected = [
            RECEIVED,
            "inquiry_response 2026-01-31 < 2026-01-31: 60000 rep=ann account=acme channel=email",
        ];
        assert_eq!(story.told(), expected);
    }

    #[test]
    fn an_answer_before_the_inquiry_is_withheld() {
        let story = asked().then("2026-01-31T22:29Z", "e1", "inquiry_answered", answered(Some("bob")));
        assert_eq!(story.told(), [RECEIVED]);
    }

    #[test]
    fn an_answer_of_the_same_instant_counts_whatever_its_id() {
        let story = asked()
            .then("2026-01-30T10:00Z", "e1", "inquiry_answered", answered(Some("eve")))
            .then("2026-01-31T22:30Z", "e1", "inquiry_answered", answered(Some("bob")))
            .then("2026-01-31T22:30Z", "e2", "inquiry_answered", answered(Some("eve")))
            .then("2026-01-31T22:45Z", "e8", "inquiry_answered", answered(Some("eve")))
            .then("2026-01-31T22:46Z", "e9", "inquiry_received", received());
        let expected = [
            RECEIVED,
            "inquiry_response 2026-01-31 < 2026-01-31: 0 rep=bob account=acme channel=email",
        ];
        assert_eq!(story.told(), expected);
    }

    #[test]
    fn any_history_is_survived() {
        let payloads = [
            payload("inquiry_received", received()),
            payload("inquiry_answered", answered(None)),
            payload("inquiry_answered", answered(Some("bob"))),
        ];
        survives::<Inquiry>(SubjectKind::Inquiry, &payloads);
    }
}

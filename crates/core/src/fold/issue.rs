//! The fold of a customer's issue: when it was opened, and how long its first resolution took.
//!
//! The resolution counts for whom it came from; for who was to solve it where that is not named. How openings and
//! resolutions are matched is what the exchange that it shares with inquiries says.

use serde::{Deserialize, Serialize};

use super::{
    Context, Machine, Occurrence, Output, What,
    exchange::{Answer, Exchange},
    words::with_attributes,
};
use crate::{
    dimension::Dimension,
    event::{IssueOpened, Payload},
    id::{AccountId, ProductId, RepId},
    measure::{Builtin, Dimensions},
};

const MEASURES: (Builtin, Builtin) = (Builtin::IssueOpened, Builtin::IssueResolved);

/// A customer's issue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Issue {
    exchange: Exchange,
}

impl Machine for Issue {
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let What::Event(payload) = &occurrence.what else { return };
        let at = occurrence.key.at;
        match payload {
            Payload::IssueOpened(opened) => {
                out.measurements
                    .extend(self.exchange.ask(at, dimensions(opened), MEASURES, context));
            }
            Payload::IssueResolved(resolved) => {
                let answer = Answer {
                    at,
                    rep: resolved.rep.clone(),
                };
                out.measurements
                    .extend(self.exchange.answer(answer, MEASURES.1, context));
            }
            _ => {}
        }
    }

    fn tail(&self, _: &Context<'_>, _: &mut Output) {}
}

fn dimensions(opened: &IssueOpened) -> Dimensions {
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, opened.rep.as_ref().map(RepId::name))
        .with(Dimension::Account, opened.account.as_ref().map(AccountId::name))
        .with(Dimension::Product, opened.product.as_ref().map(ProductId::name))
        .with(Dimension::Channel, opened.channel.as_ref());
    with_attributes(dimensions, &opened.attributes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        fold::story::{Story, payload, survives},
        subject::SubjectKind,
    };

    fn opened() -> Value {
        json!({"issue": "s1", "rep": "ann", "account": "acme", "product": "saw", "channel": "phone"})
    }

    #[test]
    fn an_issue_is_resolved_once() {
        let story = Story::<Issue>::of(SubjectKind::Issue)
            .then("2026-01-10T10:00Z", "e1", "issue_opened", opened())
            .then("2026-01-09T10:00Z", "e2", "issue_resolved", json!({"issue": "s1"}))
            .then(
                "2026-01-12T10:00Z",
                "e3",
                "issue_resolved",
                json!({"issue": "s1", "rep": "bob"}),
            )
            .then("2026-01-13T10:00Z", "e4", "issue_opened", opened())
            .then("2026-01-14T10:00Z", "e5", "issue_resolved", json!({"issue": "s1"}));
        let expected = [
            "issue_opened 2026-01-10 < 2026-01-10: 1 rep=ann account=acme product=saw channel=phone",
            "issue_resolved 2026-01-12 < 2026-01-10: 172800000 rep=bob account=acme product=saw channel=phone",
        ];
        assert_eq!(story.told(), expected);
    }

    #[test]
    fn any_history_is_survived() {
        let payloads = [
            payload("issue_opened", opened()),
            payload("issue_resolved", json!({"issue": "s1"})),
        ];
        survives::<Issue>(SubjectKind::Issue, &payloads);
    }
}

//! A question and its first answer, be it an inquiry or an issue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Context, elapsed};
use crate::{
    dimension::Dimension,
    id::RepId,
    measure::{Builtin, Dimensions, Measurement},
};

/// A question and its first answer at or after it.
///
/// The first question by key holds. An answer before it answers something else and is withheld; only one of the same
/// instant, which the order of ids puts first, counts once the question is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Exchange {
    /// Nothing was asked yet; perhaps something was answered.
    Unasked(Option<Answer>),
    /// Asked at an instant, with the dimensions of the question, and not answered yet.
    Open(#[serde(with = "crate::stored::instant")] Timestamp, Dimensions),
    /// Answered.
    Closed,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    #[serde(with = "crate::stored::instant")]
    pub(super) at: Timestamp,
    pub(super) rep: Option<RepId>,
}

impl Default for Exchange {
    fn default() -> Self {
        Self::Unasked(None)
    }
}

impl Exchange {
    /// Takes in the question; of the rows that come of it, the first is of `asked`, one of `answered` may follow.
    pub(super) fn ask(
        &mut self,
        at: Timestamp,
        dimensions: Dimensions,
        (asked, answered): (Builtin, Builtin),
        context: &Context<'_>,
    ) -> Vec<Measurement> {
        let Self::Unasked(early) = self else { return Vec::new() };
        let early = early.take();
        let mut rows = vec![context.measurement(asked, at, context.date(at), dimensions.clone(), 1)];
        *self = Self::Open(at, dimensions);
        if let Some(answer) = early {
            rows.extend(self.answer(answer, answered, context));
        }
        rows
    }

    /// Takes in an answer; the row of `answered` that comes of it has for value how long it took.
    pub(super) fn answer(&mut self, answer: Answer, answered: Builtin, context: &Context<'_>) -> Option<Measurement> {
        match self {
            Self::Unasked(early) => {
                if early.as_ref().is_none_or(|early| early.at < answer.at) {
                    *early = Some(answer);
                }
                None
            }
            Self::Open(asked_at, dimensions) if answer.at >= *asked_at => {
                let origin = context.date(*asked_at);
                let millis = elapsed::millis(*asked_at, answer.at);
                let mut dimensions = std::mem::take(dimensions);
                if let Some(rep) = &answer.rep {
                    dimensions.set(Dimension::Rep, Some(rep.name()));
                }
                *self = Self::Closed;
                Some(context.measurement(answered, answer.at, origin, dimensions, millis))
            }
            Self::Open(..) | Self::Closed => None,
        }
    }
}

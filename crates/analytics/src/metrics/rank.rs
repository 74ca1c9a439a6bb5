//! Which groups are answered.

use std::sync::Arc;

use scoreline_core::{
    calendar::Grain,
    metric::evaluate::{Question, Table},
};
use scoreline_server::status::Problem;

use crate::{analytics::Standing, answers::LedgerAnswers, catalogue::Catalogue, convert::query::Asked};

/// The whole answer to a query, its groups limited and its rows in order. `prefix` is where the query stands in its request.
///
/// # Errors
/// When the question has no answer, or one that is too large.
pub(super) fn answer(
    over: &LedgerAnswers,
    catalogue: &Catalogue,
    standing: &Standing,
    asked: &Asked,
    prefix: &str,
) -> Result<Table, Problem> {
    let mut question = standing.put(asked.question.clone());
    if question.limit.is_some() && question.grain != Grain::Total {
        // Which groups are first is told by the whole range, and is the same in each period.
        let whole = Question {
            grain: Grain::Total,
            comparison: None,
            ..question.clone()
        };
        let first = over.table(catalogue, &whole, prefix)?;
        question.groups = Some(Arc::new(first.rows.into_iter().map(|row| row.key).collect()));
        question.limit = None;
    }
    over.table(catalogue, &question, prefix)
}

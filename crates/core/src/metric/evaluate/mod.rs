//! Answers questions about metrics.
//!
//! A question is *lowered*: each metric's expression becomes a [`term`] whose leaves name [`AggregateQuery`]s over one or more
//! [`frame`]s of time. All distinct queries are asked at once through [`Answers`]; a few metrics then ask a second time, with
//! what they learnt. Terms are *computed* for each stretch of time and each group from summed parts, never from averages.

mod cell;
mod compute;
mod explain;
mod frame;
mod goals;
mod groups;
mod lower;
mod measured;
mod plan;
mod policies;
mod question;
mod ranking;
mod reps;
mod stages;
mod table;
mod term;
#[cfg(test)]
mod tests;

pub use self::{
    explain::{Part, leaves},
    question::{By, Comparison, MAX_DIMENSIONS, MAX_METRICS, Order, Question, Selection},
    table::{AppliedPolicy, Bucket, CellValue, Column, Compared, Interval, Key, Reason, Row, Table, Undefined},
};

use std::sync::Arc;

use super::{Registry, parameter::ParameterError, registry};
use crate::{
    crew::{Alone, Crew},
    dimension::Tables,
    policy::Policies,
    query::{AggregateQuery, Answer},
};

/// Who answers queries: the engine over a tenant's ledger.
pub trait Answers {
    /// Answers queries, in the order in which they are asked. All that a question needs is asked at once, so that one pass
    /// over the ledger may answer it.
    ///
    /// # Errors
    /// Whatever keeps the ledger from being read.
    fn answers(&self, queries: &[AggregateQuery]) -> Result<Vec<Arc<Answer>>, SourceError>;

    /// Who makes the rows of a table.
    fn crew(&self) -> &dyn Crew {
        &Alone
    }
}

/// Whatever keeps the ledger from being read.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such metric.
    #[error("unknown metric `{0}`")]
    UnknownMetric(String),
    /// A parameter that does not fit.
    #[error("`{metric}`: {error}")]
    Parameter {
        /// The metric.
        metric: String,
        /// What is wrong.
        error: ParameterError,
    },
    /// A definition that makes no sense under these parameters.
    #[error(transparent)]
    Definition(#[from] registry::Error),
    /// A range that cannot be cut.
    #[error(transparent)]
    Calendar(#[from] crate::calendar::Error),
    /// A part of the question that does not go.
    #[error("{field} {problem}")]
    Invalid {
        /// The part.
        field: &'static str,
        /// What is wrong with it, with the value and the limit.
        problem: String,
    },
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Source(#[source] SourceError),
}

impl Error {
    pub(crate) fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            problem: problem.into(),
        }
    }
}

/// Answers a question.
///
/// # Errors
/// What is wrong with the question, or that the ledger could not be read. A value that is not defined is no error: its cell
/// says why.
pub fn evaluate(
    source: &dyn Answers,
    registry: &Registry,
    policies: &Policies,
    tables: &Tables,
    question: &Question,
) -> Result<Table, Error> {
    let mut lowering = lower::Lowering::new(registry, policies, tables, question)?;
    let columns = lowering.columns()?;
    let (mut plan, clock) = lowering.finish();
    plan.ask(source)?;
    plan.ask_again(source)?;
    let keys = plan.settle(&question.dimensions);
    Ok(ranking::table(
        (&columns, &keys),
        &plan,
        &clock,
        (question, tables),
        source.crew(),
    ))
}

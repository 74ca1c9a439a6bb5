//! Terms: what an expression becomes when its parameters, frames and queries are settled.

use super::table::Undefined;
use crate::{
    metric::expression::{Goal, Operator},
    rational::Rational,
};

/// A part of a computation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Number(Rational),
    /// Never has a value.
    Undefined(Undefined),
    /// A number from an answer.
    Read(Read),
    /// A number from the dimension tables: which table of the plan.
    Table(usize),
    /// A number of each stretch.
    Length(Vec<Option<Rational>>),
    Negate(Box<Term>),
    Binary(Operator, Box<Term>, Box<Term>),
    /// (now − then) ÷ |then|.
    Growth(Box<Term>, Box<Term>),
    /// Target less metric, undefined when nothing remains.
    Remaining(Box<Term>, Box<Term>),
    /// Months until all are gone at a monthly rate, at most so many.
    Lifetime(Box<Term>, Rational),
    /// A metric by rep, and the table of the reps' quotas.
    ByRep(Goal, Box<Term>, usize),
    /// A balance by stage times probabilities: which of the plan's.
    Weighted(usize),
    /// A balance of what is stalled: which of the plan's.
    Stalled(usize),
}

/// A number from an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Read {
    pub(super) slot: usize,
    pub(super) what: What,
    /// How many of the measure's units make one.
    pub(super) per_unit: i64,
}

/// Which number of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Sum,
    Count,
    Average,
    /// The one at so many millionths.
    Quantile(u32),
    Distinct,
    Closing,
    Opening,
    AtStart,
    Retained,
    StartSum,
    Kept,
    Capped,
}

//! The syntax tree. Two trees are equal when they say the same; places don't count.

use crate::{dimension::Dimension, id::Name, measure::Measure, query::Basis, rational::Rational};

use super::span::Span;

/// A part of an expression.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Node {}

/// What a part of an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number(Rational),
    /// `$name`: a number, or the metric that the parameter names.
    Parameter(String),
    /// Another metric, by its id.
    Metric(String),
    /// `-a`.
    Negate(Box<Node>),
    /// `a + b`, `a - b`, `a * b`, `a / b`.
    Binary(Operator, Box<Node>, Box<Node>),
    /// `ratio(a, b)`: a quotient whose two sides are shown as numerator and denominator.
    Ratio(Box<Node>, Box<Node>),
    /// A function of a measure's rows.
    Measured(Function, Box<Selection>),
    /// `growth(metric, previous)`.
    Growth(Reference, Offset),
    /// A function of a metric and the targets set for it.
    Goal(Goal, Reference),
    /// A function without arguments.
    Period(PeriodFunction),
    /// `earlier(a, 2 months)`: `a` over the period so many months before.
    Earlier(Box<Node>, Amount),
    /// `lifetime(a, 60)`: months until all are gone at a monthly rate, at most so many.
    Lifetime(Box<Node>, Amount),
}

/// A sign between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

impl Operator {
    /// Its sign.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
        }
    }
}

/// What is done with a measure's rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Function {
    /// The sum of the values.
    Sum,
    /// The number of rows.
    Count,
    /// The mean of the values.
    Average,
    /// A quantile of the values, in millionths.
    Quantile(u32),
    /// How many distinct subjects have a row.
    Distinct,
    /// How many distinct values of a dimension the rows have.
    DistinctValues(Dimension),
    /// A stock at the end of the period.
    Balance,
    /// A stock at the start of the period.
    Opening,
    /// Accounts that had some at the start.
    AtStart,
    /// Of those, accounts that have some at the end.
    Retained,
    /// What the accounts had at the start.
    StartSum,
    /// What the accounts of the start have at the end.
    Kept,
    /// The same, each account at most what it had at the start.
    Capped,
    /// The balance at the end of rows whose origin lies in the period.
    Due,
    /// The balance at the end, by stage, each times the stage's probability.
    Weighted(Probability),
    /// The balance at the end of what entered its stage longer ago than this quantile (in millionths) of that stage's
    /// completed visits.
    Stalled(Measure, u32),
}

/// Which probability a stage has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Probability {
    /// The one that the settings declare.
    Declared,
    /// The one that history shows.
    Learnt,
}

/// Which rows of a measure.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The measure.
    pub measure: Measure,
    /// Where the measure's name stands.
    pub span: Span,
    /// What the rows must have; all of them.
    pub conditions: Vec<Condition>,
    /// On which basis, where it is not the metric's.
    pub basis: Option<Basis>,
    /// A conversion window.
    pub window: Option<Window>,
}

impl PartialEq for Selection {
    fn eq(&self, other: &Self) -> bool {
        (&self.measure, &self.conditions, self.basis, &self.window)
            == (&other.measure, &other.conditions, other.basis, &other.window)
    }
}

impl Eq for Selection {}

/// A condition on a dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The dimension.
    pub dimension: Dimension,
    /// Whether the rows must have none of the values.
    pub exclude: bool,
    /// The values.
    pub values: Values,
}

/// The values of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// These; `None` is "has no value".
    Listed(Vec<Option<Name>>),
    /// What the parameter says; no condition where it is not given.
    Parameter(String),
}

/// A conversion window in days. Both kinds leave out who entered so lately that the window has not passed by now;
/// without a value they do nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// Rows that came within so many days of the entry.
    Within(Amount),
    /// All rows.
    Matured(Amount),
}

impl Window {
    /// How many days.
    #[must_use]
    pub fn amount(&self) -> &Amount {
        match self {
            Self::Within(amount) | Self::Matured(amount) => amount,
        }
    }
}

/// A number or a parameter that is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amount {
    /// A number.
    Number(Rational),
    /// The parameter's value.
    Parameter(String),
}

/// A metric, by id or by a parameter that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// Its id.
    Id(String),
    /// The parameter's value is its id.
    Parameter(String),
}

/// Compared with which period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offset {
    /// The one before.
    Previous,
    /// The same one a year before.
    LastYear,
}

/// A function of a metric and its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Goal {
    /// What is to be reached.
    Target,
    /// The sum of the reps' quotas.
    Quota,
    /// The metric, of reps who have a quota.
    Credited,
    /// How many reps have a quota and reach it.
    RepsReaching,
    /// How many reps have a quota.
    RepsWithQuota,
    /// Target less metric; undefined when nothing remains.
    Remaining,
}

/// A function of the period alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeriodFunction {
    /// Reps who belonged to the organisation on a day of the period.
    ActiveReps,
    /// How many months the period has so far.
    Months,
    /// How many days the period has so far.
    Days,
}

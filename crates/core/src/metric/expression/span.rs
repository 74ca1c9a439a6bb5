//! Where in an expression something stands, and what is wrong there.

use std::fmt;

use super::unit::Unit;

/// A stretch of an expression's text, in bytes, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The first byte after.
    pub end: usize,
}

impl Span {
    /// From the start of `self` to the end of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start,
            end: other.end,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at {span} (line {line}, column {column})")]
pub struct Error {
    /// What is wrong.
    pub problem: Problem,
    /// The stretch of text.
    pub span: Span,
    /// Its line, from 1.
    pub line: u32,
    /// Its first character in that line, from 1.
    pub column: u32,
}

/// A problem without its place in lines and columns, which only the text gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) problem: Problem,
    pub(crate) span: Span,
}

impl Fault {
    pub(crate) fn new(problem: Problem, span: Span) -> Self {
        Self { problem, span }
    }

    /// The same with line and column.
    pub(crate) fn located(self, text: &str) -> Error {
        let before = text.get(..self.span.start.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Error {
            problem: self.problem,
            span: self.span,
            line: narrow(line),
            column: narrow(column),
        }
    }
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text is too long.
    #[error("the expression has {bytes} bytes, the limit is {}", super::MAX_BYTES)]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
    /// The text nests too deeply.
    #[error("the expression nests deeper than {} levels", super::MAX_DEPTH)]
    TooDeep,
    /// The text has too many parts.
    #[error("the expression has more than {} parts", super::MAX_NODES)]
    TooManyNodes,
    /// With the metrics that it refers to, the expression is too large.
    #[error(
        "with the metrics that it refers to, the expression has more than {} parts",
        super::MAX_EXPANDED
    )]
    TooLarge,
    /// Something else was expected.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// No such function.
    #[error("unknown function `{0}`")]
    UnknownFunction(String),
    /// No such measure.
    #[error("unknown measure `{0}`")]
    UnknownMeasure(String),
    /// No such dimension.
    #[error("unknown dimension `{0}`")]
    UnknownDimension(String),
    /// No such metric.
    #[error("unknown metric `{0}`")]
    UnknownMetric(String),
    /// No such parameter.
    #[error("unknown parameter `${0}`: the definition does not declare it")]
    UnknownParameter(String),
    /// A parameter of another kind is needed here.
    #[error("parameter `${name}` must be {expected} here")]
    ParameterKind {
        /// The parameter.
        name: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A parameter without which there is no value was not given.
    #[error("parameter `${0}` has no default and is not given")]
    ParameterMissing(String),
    /// Two units that do not go together.
    #[error("unit mismatch: {left} {operator} {right}")]
    UnitMismatch {
        /// Of the left side.
        left: Unit,
        /// Between the two.
        operator: char,
        /// Of the right side.
        right: Unit,
    },
    /// A unit that does not belong here.
    #[error("expected {expected}, found {found}")]
    WrongUnit {
        /// What belongs here.
        expected: &'static str,
        /// What was found.
        found: Unit,
    },
    /// A stock is never summed over time.
    #[error("`{measure}` is a stock: `{function}` sums over time, use `balance` or `opening`")]
    StockSummed {
        /// The measure.
        measure: String,
        /// The function.
        function: &'static str,
    },
    /// A flow has no balance.
    #[error("`{measure}` is a flow: `{function}` needs a stock, use `sum` or `count`")]
    FlowBalanced {
        /// The measure.
        measure: String,
        /// The function.
        function: &'static str,
    },
    /// A basis that a stock does not have.
    #[error("`{0}` is a stock: it has no basis and no window")]
    StockBasis(String),
    /// A metric that refers to itself.
    #[error("cycle between metrics: {}", path.join(" → "))]
    Cycle {
        /// From the metric back to itself.
        path: Vec<String>,
    },
}

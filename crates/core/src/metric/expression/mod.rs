//! The language in which metrics are written.
//!
//! ```text
//! expression  = term { ("+" | "-") term }
//! term        = factor { ("*" | "/") factor }
//! factor      = "-" factor | "(" expression ")" | number | $parameter | metric_id | function "(" … ")"
//! rows        = measure [ "where" condition { "and" condition } ] [ "on" ("event" | "cohort") ] [ window ]
//! condition   = dimension ( "=" | "!=" ) value | dimension [ "not" ] "in" ( "(" value { "," value } ")" | $parameter )
//! value       = "text" | none | $parameter
//! window      = ("within" | "matured") ( number | $parameter ) "days"
//! ```
//!
//! | function | of | gives |
//! |---|---|---|
//! | `sum(rows)` `count(rows)` `average(rows)` `quantile(rows, 0.9)` | flow | sum, number, mean, quantile of the rows |
//! | `distinct(rows)` `distinct(rows, dimension)` | flow | distinct subjects, distinct values of a dimension |
//! | `balance(rows)` `opening(rows)` | stock | running sum at the period's end, at its start |
//! | `at_start` `retained` `start_sum` `kept` `capped` `(rows)` | stock, by account | accounts at the start; of those, at the end; what they had; what they have; the same, each at most what it had |
//! | `due(rows)` | stock | balance at the end of rows whose origin lies in the period |
//! | `weighted(rows [, declared or learnt])` | stock by stage | balance at the end times each stage's probability |
//! | `stalled(rows, visits, 0.9)` | stock by stage | balance at the end of what entered longer ago than that quantile of the stage's completed visits |
//! | `ratio(a, b)` | two expressions | a ÷ b, with both sides shown |
//! | `growth(metric, previous or last_year)` | a metric | (now − then) ÷ abs(then) |
//! | `target(metric)` `remaining(metric)` | a metric | what was set as target; target less metric |
//! | `quota(metric)` `credited(metric)` `reps_reaching(metric)` `reps_with_quota(metric)` | a metric | Σ of the reps' quotas; the metric of reps who have one; how many reach it; how many have one |
//! | `active_reps()` `months()` `days()` | the period | reps of the organisation in it; its length so far |
//! | `earlier(a, n months)` | an expression | a, n months before |
//! | `lifetime(rate, n months)` | a monthly rate | 1 ÷ rate in months, at most n; n for a rate of 0 |
//!
//! Names with other characters than letters, digits, `_`, `.` and `@` stand in backquotes. Money counts in units of its
//! currency, every duration in days, scores in points. A part without `on` takes the basis on which the metric is asked.
//! `within n days` takes rows that came at most n days after the entry; it and `matured n days` leave out whoever entered
//! so lately that n days have not passed by now. A condition or a window whose parameter is not given does nothing.

mod check;
mod functions;
mod parse;
mod print;
mod selection;
mod span;
#[cfg(test)]
mod tests;
mod token;
mod tree;
mod unit;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    check::{Checker, Vocabulary},
    span::Fault,
    token::decimal,
};
pub use self::{
    span::{Error, Problem, Span},
    tree::{
        Amount, Condition, Function, Goal, Kind, Node, Offset, Operator, PeriodFunction, Probability, Reference,
        Selection, Values, Window,
    },
    unit::{Powers, Unit},
};

/// The most bytes of an expression.
pub const MAX_BYTES: usize = 4_096;
/// How deeply parentheses, functions and signs nest.
pub const MAX_DEPTH: usize = 32;
/// The most parts of an expression.
pub const MAX_NODES: usize = 512;
/// The most parts of an expression together with all metrics that it refers to.
pub const MAX_EXPANDED: usize = 4_096;

/// A well-formed expression and its text. Whether its names and units make sense is the registry's to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression {
    text: String,
    root: Node,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong, where, and what was expected there.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let whole = || Span {
            start: 0,
            end: text.len(),
        };
        if text.len() > MAX_BYTES {
            return Err(Fault::new(Problem::TooLong { bytes: text.len() }, whole()).located(text));
        }
        let read = token::tokens(text).and_then(|words| parse::Parser::new(words).whole());
        let root = read.map_err(|fault| fault.located(text))?;
        Ok(Self {
            text: text.to_owned(),
            root,
        })
    }

    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The syntax tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }
}

impl fmt::Display for Expression {
    /// The canonical text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl TryFrom<String> for Expression {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text
    }
}

//! From the syntax tree back to text, with no more parentheses than needed.

use std::fmt::{self, Display, Formatter};

use crate::{query::Basis, rational::Rational};

use super::{
    token::is_word,
    tree::{
        Amount, Condition, Function, Kind, Node, Offset, Operator, Probability, Reference, Selection, Values, Window,
    },
};

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Number(number) => f.write_str(&decimal(*number)),
            Kind::Parameter(name) => write!(f, "${name}"),
            Kind::Metric(id) => f.write_str(&word(id)),
            Kind::Negate(inner) => write!(f, "-{}", Wrapped(inner, strength(inner) < 3)),
            Kind::Binary(operator, left, right) => {
                let own = operator_strength(*operator);
                // From the left: `a - (b - c)` keeps its parentheses, `(a - b) - c` needs none.
                let (left, right) = (
                    Wrapped(left, strength(left) < own),
                    Wrapped(right, strength(right) <= own),
                );
                write!(f, "{left} {} {right}", operator.sign())
            }
            Kind::Ratio(above, below) => write!(f, "ratio({above}, {below})"),
            Kind::Measured(function, rows) => measured(f, function, rows),
            Kind::Growth(metric, offset) => {
                let offset = match offset {
                    Offset::Previous => "previous",
                    Offset::LastYear => "last_year",
                };
                write!(f, "growth({metric}, {offset})")
            }
            Kind::Goal(goal, metric) => write!(f, "{}({metric})", goal.name()),
            Kind::Period(function) => write!(f, "{}()", function.name()),
            Kind::Earlier(inner, months) => write!(f, "earlier({inner}, {months} months)"),
            Kind::Lifetime(inner, months) => write!(f, "lifetime({inner}, {months} months)"),
        }
    }
}

struct Wrapped<'a>(&'a Node, bool);

impl Display for Wrapped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.1 {
            write!(f, "({})", self.0)
        } else {
            self.0.fmt(f)
        }
    }
}

fn strength(node: &Node) -> u8 {
    match &node.kind {
        Kind::Binary(operator, ..) => operator_strength(*operator),
        _ => 3,
    }
}

fn operator_strength(operator: Operator) -> u8 {
    match operator {
        Operator::Add | Operator::Subtract => 1,
        Operator::Multiply | Operator::Divide => 2,
    }
}

fn measured(f: &mut Formatter<'_>, function: &Function, rows: &Selection) -> fmt::Result {
    write!(f, "{}({rows}", function.name())?;
    match function {
        Function::Quantile(millionths) => write!(f, ", {}", share(*millionths))?,
        Function::DistinctValues(dimension) => write!(f, ", {}", word(&dimension.to_string()))?,
        Function::Weighted(Probability::Learnt) => f.write_str(", learnt")?,
        Function::Stalled(visits, millionths) => write!(f, ", {}, {}", word(&visits.to_string()), share(*millionths))?,
        _ => {}
    }
    f.write_str(")")
}

impl Display for Selection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&word(&self.measure.to_string()))?;
        for (at, condition) in self.conditions.iter().enumerate() {
            write!(f, " {} {condition}", if at == 0 { "where" } else { "and" })?;
        }
        match self.basis {
            Some(Basis::Event) => f.write_str(" on event")?,
            Some(Basis::Cohort) => f.write_str(" on cohort")?,
            None => {}
        }
        match &self.window {
            Some(Window::Within(days)) => write!(f, " within {days} days"),
            Some(Window::Matured(days)) => write!(f, " matured {days} days"),
            None => Ok(()),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let dimension = word(&self.dimension.to_string());
        let not = if self.exclude { "not " } else { "" };
        match &self.values {
            Values::Parameter(name) => write!(f, "{dimension} {not}in ${name}"),
            Values::Listed(values) => {
                let shown = |value: &Option<_>| value.as_ref().map_or("none".to_owned(), text);
                match values.as_slice() {
                    [value] => write!(
                        f,
                        "{dimension} {} {}",
                        if self.exclude { "!=" } else { "=" },
                        shown(value)
                    ),
                    _ => write!(
                        f,
                        "{dimension} {not}in ({})",
                        values.iter().map(shown).collect::<Vec<_>>().join(", ")
                    ),
                }
            }
        }
    }
}

impl Display for Amount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(&decimal(*number)),
            Self::Parameter(name) => write!(f, "${name}"),
        }
    }
}

impl Display for Reference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(&word(id)),
            Self::Parameter(name) => write!(f, "${name}"),
        }
    }
}

/// Every number of an expression is a decimal of at most 18 places.
fn decimal(number: Rational) -> String {
    number.to_decimal_string(18)
}

fn share(millionths: u32) -> String {
    Rational::new(i128::from(millionths), 1_000_000)
        .map_or_else(|_| String::new(), |number| number.to_decimal_string(6))
}

fn text(value: &crate::id::Name) -> String {
    format!("\"{}\"", escaped(value.as_str(), '"'))
}

fn word(name: &str) -> String {
    let simple = name.chars().all(is_word) && !name.starts_with(|first: char| first.is_ascii_digit());
    if simple {
        name.to_owned()
    } else {
        format!("`{}`", escaped(name, '`'))
    }
}

fn escaped(text: &str, quote: char) -> String {
    text.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"))
}

//! The functions of the language: what stands between their parentheses.

use crate::{measure::Measure, rational::Rational};

use super::{
    parse::{Parsed, Parser},
    selection,
    span::{Fault, Problem, Span},
    token::Token,
    tree::{Amount, Function, Goal, Kind, Offset, PeriodFunction, Probability, Reference},
};

/// Reads the arguments of a function whose name and `(` have been read.
pub(super) fn call(parser: &mut Parser, name: &str, place: Span) -> Parsed<Kind> {
    if let Some(goal) = Goal::parse(name) {
        return Ok(Kind::Goal(goal, reference(parser)?));
    }
    if let Some(function) = PeriodFunction::parse(name) {
        return Ok(Kind::Period(function));
    }
    match name {
        "ratio" => {
            let above = parser.expression()?;
            parser.sign(",")?;
            Ok(Kind::Ratio(Box::new(above), Box::new(parser.expression()?)))
        }
        "growth" => {
            let metric = reference(parser)?;
            parser.sign(",")?;
            Ok(Kind::Growth(metric, offset(parser)?))
        }
        "earlier" => {
            let inner = parser.expression()?;
            parser.sign(",")?;
            let months = amount(parser)?;
            parser.keyword("months")?;
            Ok(Kind::Earlier(Box::new(inner), months))
        }
        "lifetime" => {
            let rate = parser.expression()?;
            parser.sign(",")?;
            let months = amount(parser)?;
            parser.keyword("months")?;
            Ok(Kind::Lifetime(Box::new(rate), months))
        }
        _ => measured(parser, name, place),
    }
}

fn measured(parser: &mut Parser, name: &str, place: Span) -> Parsed<Kind> {
    if !Function::NAMES.contains(&name) {
        return Err(Fault::new(Problem::UnknownFunction(name.to_owned()), place));
    }
    let rows = selection::selection(parser)?;
    let function = match name {
        "sum" => Function::Sum,
        "count" => Function::Count,
        "average" => Function::Average,
        "balance" => Function::Balance,
        "opening" => Function::Opening,
        "at_start" => Function::AtStart,
        "retained" => Function::Retained,
        "start_sum" => Function::StartSum,
        "kept" => Function::Kept,
        "capped" => Function::Capped,
        "due" => Function::Due,
        "quantile" => {
            parser.sign(",")?;
            Function::Quantile(quantile(parser)?)
        }
        "distinct" if parser.take_sign(",") => Function::DistinctValues(selection::dimension(parser)?),
        "distinct" => Function::Distinct,
        "weighted" if parser.take_sign(",") => Function::Weighted(probability(parser)?),
        "weighted" => Function::Weighted(Probability::Declared),
        _ => {
            parser.sign(",")?;
            let (visits, _) = selection::measure(parser)?;
            parser.sign(",")?;
            Function::Stalled(visits, quantile(parser)?)
        }
    };
    Ok(Kind::Measured(function, Box::new(rows)))
}

fn reference(parser: &mut Parser) -> Parsed<Reference> {
    if let Token::Parameter(name) = parser.peek().clone() {
        parser.advance();
        return Ok(Reference::Parameter(name));
    }
    parser.word("a metric").map(|(id, _)| Reference::Id(id))
}

fn offset(parser: &mut Parser) -> Parsed<Offset> {
    if parser.take_keyword("previous") {
        return Ok(Offset::Previous);
    }
    if parser.take_keyword("last_year") {
        return Ok(Offset::LastYear);
    }
    Err(parser.unexpected("`previous` or `last_year`"))
}

fn probability(parser: &mut Parser) -> Parsed<Probability> {
    if parser.take_keyword("declared") {
        return Ok(Probability::Declared);
    }
    if parser.take_keyword("learnt") {
        return Ok(Probability::Learnt);
    }
    Err(parser.unexpected("`declared` or `learnt`"))
}

/// A number or a parameter.
pub(super) fn amount(parser: &mut Parser) -> Parsed<Amount> {
    match parser.peek().clone() {
        Token::Number(number) => {
            parser.advance();
            Ok(Amount::Number(number))
        }
        Token::Parameter(name) => {
            parser.advance();
            Ok(Amount::Parameter(name))
        }
        _ => Err(parser.unexpected("a number or a parameter")),
    }
}

/// A number of 0 to 1 with at most six places, in millionths.
fn quantile(parser: &mut Parser) -> Parsed<u32> {
    let place = parser.unexpected("a number from 0 to 1 with at most 6 decimal places");
    let Token::Number(number) = parser.peek().clone() else {
        return Err(place);
    };
    let millionths = number.checked_mul(Rational::from(1_000_000_i64)).ok();
    let whole = millionths.filter(|number| number.is_integer() && *number <= Rational::from(1_000_000_i64));
    let found = whole
        .and_then(|number| u32::try_from(number.numerator()).ok())
        .ok_or(place)?;
    parser.advance();
    Ok(found)
}

impl Function {
    /// Every function of a measure's rows.
    pub const NAMES: [&'static str; 15] = [
        "sum",
        "count",
        "average",
        "quantile",
        "distinct",
        "balance",
        "opening",
        "at_start",
        "retained",
        "start_sum",
        "kept",
        "capped",
        "due",
        "weighted",
        "stalled",
    ];

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Average => "average",
            Self::Quantile(_) => "quantile",
            Self::Distinct | Self::DistinctValues(_) => "distinct",
            Self::Balance => "balance",
            Self::Opening => "opening",
            Self::AtStart => "at_start",
            Self::Retained => "retained",
            Self::StartSum => "start_sum",
            Self::Kept => "kept",
            Self::Capped => "capped",
            Self::Due => "due",
            Self::Weighted(_) => "weighted",
            Self::Stalled(..) => "stalled",
        }
    }

    /// Whether it is of stocks; otherwise it is of flows.
    #[must_use]
    pub fn is_of_stocks(&self) -> bool {
        !matches!(
            self,
            Self::Sum | Self::Count | Self::Average | Self::Quantile(_) | Self::Distinct | Self::DistinctValues(_)
        )
    }

    /// The second measure that it reads.
    #[must_use]
    pub fn other_measure(&self) -> Option<&Measure> {
        match self {
            Self::Stalled(visits, _) => Some(visits),
            _ => None,
        }
    }
}

macro_rules! named {
    ($type:ident: $($variant:ident => $name:literal),* $(,)?) => {
        impl $type {
            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

named! { Goal:
    Target => "target",
    Quota => "quota",
    Credited => "credited",
    RepsReaching => "reps_reaching",
    RepsWithQuota => "reps_with_quota",
    Remaining => "remaining",
}

named! { PeriodFunction:
    ActiveReps => "active_reps",
    Months => "months",
    Days => "days",
}

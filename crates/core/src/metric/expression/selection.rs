//! `measure [where condition and …] [on event|cohort] [within|matured n days]`.

use crate::{dimension::Dimension, id::Name, measure::Measure, query::Basis};

use super::{
    functions::amount,
    parse::{Parsed, Parser},
    span::{Fault, Problem, Span},
    token::Token,
    tree::{Condition, Selection, Values, Window},
};

pub(super) fn selection(parser: &mut Parser) -> Parsed<Selection> {
    let (measure, span) = measure(parser)?;
    let mut conditions = Vec::new();
    if parser.take_keyword("where") {
        conditions.push(condition(parser)?);
        while parser.take_keyword("and") {
            conditions.push(condition(parser)?);
        }
    }
    let basis = if parser.take_keyword("on") {
        Some(basis(parser)?)
    } else {
        None
    };
    let window = window(parser)?;
    Ok(Selection {
        measure,
        span,
        conditions,
        basis,
        window,
    })
}

pub(super) fn measure(parser: &mut Parser) -> Parsed<(Measure, Span)> {
    let (name, span) = parser.word("a measure")?;
    let measure = Measure::parse(&name).ok_or_else(|| Fault::new(Problem::UnknownMeasure(name), span))?;
    Ok((measure, span))
}

pub(super) fn dimension(parser: &mut Parser) -> Parsed<Dimension> {
    let (name, span) = parser.word("a dimension")?;
    name.parse()
        .map_err(|_| Fault::new(Problem::UnknownDimension(name), span))
}

fn basis(parser: &mut Parser) -> Parsed<Basis> {
    if parser.take_keyword("event") {
        return Ok(Basis::Event);
    }
    if parser.take_keyword("cohort") {
        return Ok(Basis::Cohort);
    }
    Err(parser.unexpected("`event` or `cohort`"))
}

fn window(parser: &mut Parser) -> Parsed<Option<Window>> {
    let kind: fn(_) -> Window = if parser.take_keyword("within") {
        Window::Within
    } else if parser.take_keyword("matured") {
        Window::Matured
    } else {
        return Ok(None);
    };
    let days = amount(parser)?;
    parser.keyword("days")?;
    Ok(Some(kind(days)))
}

fn condition(parser: &mut Parser) -> Parsed<Condition> {
    let dimension = dimension(parser)?;
    if parser.take_sign("=") {
        return Ok(Condition {
            dimension,
            exclude: false,
            values: one(parser)?,
        });
    }
    if parser.take_sign("!=") {
        return Ok(Condition {
            dimension,
            exclude: true,
            values: one(parser)?,
        });
    }
    let exclude = parser.take_keyword("not");
    if !parser.take_keyword("in") {
        return Err(parser.unexpected(if exclude { "`in`" } else { "`=`, `!=`, `in` or `not in`" }));
    }
    if matches!(parser.peek(), Token::Parameter(_)) {
        return Ok(Condition {
            dimension,
            exclude,
            values: one(parser)?,
        });
    }
    parser.sign("(")?;
    let mut values = vec![value(parser)?];
    while parser.take_sign(",") {
        values.push(value(parser)?);
    }
    parser.sign(")")?;
    Ok(Condition {
        dimension,
        exclude,
        values: Values::Listed(values),
    })
}

fn one(parser: &mut Parser) -> Parsed<Values> {
    if let Token::Parameter(name) = parser.peek().clone() {
        parser.advance();
        return Ok(Values::Parameter(name));
    }
    Ok(Values::Listed(vec![value(parser)?]))
}

fn value(parser: &mut Parser) -> Parsed<Option<Name>> {
    if parser.take_keyword("none") {
        return Ok(None);
    }
    let named = match parser.peek() {
        Token::Text(text) => Name::new(text).ok(),
        _ => None,
    };
    let value = named.ok_or_else(|| parser.unexpected("a text of 1 to 128 bytes, such as \"call\", or `none`"))?;
    parser.advance();
    Ok(Some(value))
}

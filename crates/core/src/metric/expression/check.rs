//! Whether an expression makes sense: its names exist, its units go together, stocks are not summed.

use crate::{
    dimension::Dimension,
    measure::{Accrual, Measure},
    metric::{definition::Resolved, parameter::Value},
};

use super::{
    Amount, Function, Goal, Kind, MAX_EXPANDED, Node, PeriodFunction, Reference, Selection, Unit, Values, Window,
    span::{Fault, Problem, Span},
};

/// The names that an expression may use.
pub(crate) trait Vocabulary {
    /// The unit of a measure and whether it is a stock.
    fn measure(&self, measure: &Measure) -> Option<(Unit, Accrual)>;
    /// Whether a dimension exists: declared attributes do, others don't.
    fn has_dimension(&self, dimension: &Dimension) -> bool;
    /// The metric with an id, its parameters those of `outer` that both declare. `None`: no such metric.
    fn referred<'a>(&'a self, id: &str, outer: &Resolved<'_>) -> Option<Resolved<'a>>;
}

/// Finds the unit of an expression, or the first thing that is wrong with it.
pub(crate) struct Checker<'v> {
    vocabulary: &'v dyn Vocabulary,
    path: Vec<String>,
    parts: usize,
}

type Checked = Result<Unit, Fault>;

impl<'v> Checker<'v> {
    pub(crate) fn new(vocabulary: &'v dyn Vocabulary) -> Self {
        Self {
            vocabulary,
            path: Vec::new(),
            parts: 0,
        }
    }

    /// The unit of a metric's expression; `within` is where a fault inside a referred metric is shown.
    pub(crate) fn metric(&mut self, metric: &Resolved<'_>, within: Option<Span>) -> Checked {
        let id = &metric.definition.id;
        if let Some(start) = self.path.iter().position(|visited| visited == id) {
            let path = self.path[start..].iter().chain([id]).cloned().collect();
            return Err(Fault::new(Problem::Cycle { path }, within.unwrap_or_default()));
        }
        self.path.push(id.clone());
        let unit = self.node(metric.expression.root(), metric);
        self.path.pop();
        unit.map_err(|fault| Fault {
            span: within.unwrap_or(fault.span),
            ..fault
        })
    }

    /// The unit of a part of a metric's expression.
    pub(crate) fn node(&mut self, node: &Node, of: &Resolved<'_>) -> Checked {
        self.parts += 1;
        if self.parts > MAX_EXPANDED {
            return Err(Fault::new(Problem::TooLarge, node.span));
        }
        match &node.kind {
            Kind::Number(_) => Ok(Unit::Number),
            Kind::Parameter(name) => self.parameter(name, node.span, of),
            Kind::Metric(id) => self.referred(id, node.span, of),
            Kind::Negate(inner) => self.node(inner, of),
            Kind::Binary(operator, left, right) => {
                let (left, right) = (self.node(left, of)?, self.node(right, of)?);
                let mismatch = Problem::UnitMismatch {
                    left,
                    operator: operator.sign(),
                    right,
                };
                left.combine(*operator, right).ok_or(Fault::new(mismatch, node.span))
            }
            Kind::Ratio(above, below) => {
                let (left, right) = (self.node(above, of)?, self.node(below, of)?);
                let mismatch = Problem::UnitMismatch {
                    left,
                    operator: '/',
                    right,
                };
                left.combine(super::Operator::Divide, right)
                    .ok_or(Fault::new(mismatch, node.span))
            }
            Kind::Measured(function, rows) => self.measured(function, rows, of),
            Kind::Growth(metric, _) => self.reference(metric, node.span, of).map(|_| Unit::Rate),
            Kind::Goal(goal, metric) => {
                let unit = self.reference(metric, node.span, of)?;
                Ok(if matches!(goal, Goal::RepsReaching | Goal::RepsWithQuota) {
                    Unit::Count
                } else {
                    unit
                })
            }
            Kind::Period(PeriodFunction::ActiveReps) => Ok(Unit::Count),
            Kind::Period(PeriodFunction::Months) => Ok(Unit::MONTHS),
            Kind::Period(PeriodFunction::Days) => Ok(Unit::DAYS),
            Kind::Earlier(inner, months) => {
                amount(months, node.span, of)?;
                self.node(inner, of)
            }
            Kind::Lifetime(rate, months) => {
                amount(months, node.span, of)?;
                match self.node(rate, of)? {
                    Unit::PER_MONTH => Ok(Unit::MONTHS),
                    found => Err(Fault::new(
                        Problem::WrongUnit {
                            expected: "1/months",
                            found,
                        },
                        rate.span,
                    )),
                }
            }
        }
    }

    fn parameter(&mut self, name: &str, span: Span, of: &Resolved<'_>) -> Checked {
        match given(name, span, of)? {
            Some(Value::Number(_)) => Ok(Unit::Number),
            Some(Value::Metric(id)) => self.referred(&id.clone(), span, of),
            Some(_) => Err(kind(name, "a number or a metric", span)),
            None => Err(Fault::new(Problem::ParameterMissing(name.to_owned()), span)),
        }
    }

    fn reference(&mut self, metric: &Reference, span: Span, of: &Resolved<'_>) -> Checked {
        match metric {
            Reference::Id(id) => self.referred(id, span, of),
            Reference::Parameter(name) => match given(name, span, of)? {
                Some(Value::Metric(id)) => self.referred(&id.clone(), span, of),
                _ => Err(kind(name, "a metric", span)),
            },
        }
    }

    fn referred(&mut self, id: &str, span: Span, of: &Resolved<'_>) -> Checked {
        let vocabulary = self.vocabulary;
        let found = vocabulary.referred(id, of);
        let metric = found.ok_or_else(|| Fault::new(Problem::UnknownMetric(id.to_owned()), span))?;
        self.metric(&metric, Some(span))
    }

    fn measured(&mut self, function: &Function, rows: &Selection, of: &Resolved<'_>) -> Checked {
        let unit = self.accrued(&rows.measure, function, rows.span, function.is_of_stocks())?;
        if let Some(visits) = function.other_measure() {
            let visits_unit = self.accrued(visits, function, rows.span, false)?;
            if visits_unit != Unit::DAYS {
                return Err(Fault::new(
                    Problem::WrongUnit {
                        expected: "days",
                        found: visits_unit,
                    },
                    rows.span,
                ));
            }
        }
        if function.is_of_stocks() && (rows.basis.is_some() || rows.window.is_some()) {
            return Err(Fault::new(Problem::StockBasis(rows.measure.to_string()), rows.span));
        }
        for condition in &rows.conditions {
            self.dimension(&condition.dimension, rows.span)?;
            if let Values::Parameter(name) = &condition.values {
                match given(name, rows.span, of)? {
                    None | Some(Value::Text(_) | Value::List(_)) => {}
                    Some(_) => return Err(kind(name, "a text or a list", rows.span)),
                }
            }
        }
        if let Function::DistinctValues(dimension) = function {
            self.dimension(dimension, rows.span)?;
            if !dimension.is_stored() {
                return Err(Fault::new(
                    Problem::UnknownDimension(format!("{dimension} (looked up, not stored)")),
                    rows.span,
                ));
            }
        }
        if let Some(Window::Within(days) | Window::Matured(days)) = &rows.window {
            amount(days, rows.span, of)?;
        }
        Ok(match function {
            Function::Count
            | Function::Distinct
            | Function::DistinctValues(_)
            | Function::AtStart
            | Function::Retained => Unit::Count,
            _ => unit,
        })
    }

    fn accrued(&self, measure: &Measure, function: &Function, span: Span, stock: bool) -> Checked {
        let name = measure.to_string();
        let Some((unit, accrual)) = self.vocabulary.measure(measure) else {
            return Err(Fault::new(Problem::UnknownMeasure(name), span));
        };
        match (accrual, stock) {
            (Accrual::Stock, false) => Err(Fault::new(
                Problem::StockSummed {
                    measure: name,
                    function: function.name(),
                },
                span,
            )),
            (Accrual::Flow, true) => Err(Fault::new(
                Problem::FlowBalanced {
                    measure: name,
                    function: function.name(),
                },
                span,
            )),
            _ => Ok(unit),
        }
    }

    fn dimension(&self, dimension: &Dimension, span: Span) -> Result<(), Fault> {
        if self.vocabulary.has_dimension(dimension) {
            return Ok(());
        }
        Err(Fault::new(Problem::UnknownDimension(dimension.to_string()), span))
    }
}

/// A declared parameter's value, if it has one.
fn given<'a>(name: &str, span: Span, of: &'a Resolved<'_>) -> Result<Option<&'a Value>, Fault> {
    let declared = of.definition.parameters.iter().any(|parameter| parameter.name == name);
    if declared {
        Ok(of.values.get(name))
    } else {
        Err(Fault::new(Problem::UnknownParameter(name.to_owned()), span))
    }
}

fn amount(amount: &Amount, span: Span, of: &Resolved<'_>) -> Result<(), Fault> {
    let Amount::Parameter(name) = amount else { return Ok(()) };
    match given(name, span, of)? {
        None | Some(Value::Number(_)) => Ok(()),
        Some(_) => Err(kind(name, "a number", span)),
    }
}

fn kind(name: &str, expected: &'static str, span: Span) -> Fault {
    Fault::new(
        Problem::ParameterKind {
            name: name.to_owned(),
            expected,
        },
        span,
    )
}

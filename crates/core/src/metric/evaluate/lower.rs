//! From a question to terms and queries.

use std::sync::Arc;

use super::{
    Error,
    cell::ColumnPlan,
    frame::{Clock, Frame, Step, months},
    goals::{Aim, Goals},
    plan::Plan,
    policies,
    question::{By, Comparison, MAX_DIMENSIONS, MAX_METRICS, Order, Question, Selection},
    reps::Roster,
    table::{Column, Reason, Undefined},
    term::Term,
};
use crate::{
    calendar::{Period, day_number},
    dimension::{Dimension, Tables},
    metric::{
        Registry,
        definition::{Resolved, ShownUnit},
        expression::{Amount, Function, Goal, Kind, Node, Offset, Operator, PeriodFunction, Reference},
        parameter::{ParameterError, Value},
    },
    money::Currency,
    policy::{CurrencyMode, Policies},
    query::Basis,
    rational::Rational,
};

/// A target that is not money is kept in thousandths of its metric's unit.
const MILLI: i64 = 1_000;

/// What a column is compared with: its term in another frame, or a number.
type Versus = (Option<(Term, Arc<Frame>)>, Option<Rational>);

/// Lowers one question.
pub(super) struct Lowering<'a> {
    pub(super) registry: &'a Registry,
    pub(super) policies: &'a Policies,
    pub(super) tables: &'a Tables,
    pub(super) question: &'a Question,
    pub(super) clock: Clock,
    pub(super) plan: Plan,
    frame: Arc<Frame>,
    known_goals: Vec<(Aimed, usize)>,
}

/// What targets were read for: a metric's are wanted for its value, and again for what explains it.
#[derive(PartialEq)]
struct Aimed {
    metric: String,
    unit: ShownUnit,
    frame: Arc<Frame>,
    group: Vec<Dimension>,
    /// Not the reps' quotas.
    of_scopes: bool,
    shown: bool,
}

/// Where a part of an expression stands: in which metric, over which time, by what.
#[derive(Clone)]
pub(super) struct Scope<'r> {
    pub(super) metric: &'r Resolved<'r>,
    pub(super) frame: Arc<Frame>,
    pub(super) group: Arc<[Dimension]>,
    /// Whether groups are rows of the table.
    pub(super) shown: bool,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(
        registry: &'a Registry,
        policies: &'a Policies,
        tables: &'a Tables,
        question: &'a Question,
    ) -> Result<Self, Error> {
        if question.metrics.is_empty() || question.metrics.len() > MAX_METRICS {
            return Err(Error::invalid(
                "metrics",
                format!("has {}, must have 1 to {MAX_METRICS}", question.metrics.len()),
            ));
        }
        if question.dimensions.len() > MAX_DIMENSIONS {
            return Err(Error::invalid(
                "dimensions",
                format!("has {}, the limit is {MAX_DIMENSIONS}", question.dimensions.len()),
            ));
        }
        let is_named = |order: &Order| match order.by {
            By::Column(column) => column < question.metrics.len(),
            By::Dimension(dimension) => dimension < question.dimensions.len(),
        };
        if !question.order_by.iter().all(is_named) {
            return Err(Error::invalid(
                "order_by",
                "names no metric and no dimension of the question",
            ));
        }
        let clock = Clock::new(question, policies);
        let frame = Arc::new(clock.frame(question.range)?);
        Ok(Self {
            registry,
            policies,
            tables,
            question,
            clock,
            plan: Plan::default(),
            frame,
            known_goals: Vec::new(),
        })
    }

    /// The plan, once all columns are lowered.
    pub(super) fn finish(self) -> (Plan, Context) {
        (
            self.plan,
            Context {
                frame: self.frame,
                zone: self.clock.zone_name().to_owned(),
            },
        )
    }

    /// One column for each metric of the question.
    pub(super) fn columns(&mut self) -> Result<Vec<ColumnPlan>, Error> {
        let question = self.question;
        question
            .metrics
            .iter()
            .map(|selection| self.column(selection))
            .collect()
    }

    /// A metric under its parameters, checked.
    pub(super) fn resolve(&self, selection: &Selection) -> Result<Resolved<'a>, Error> {
        let definition = self
            .registry
            .get(&selection.id)
            .ok_or_else(|| Error::UnknownMetric(selection.id.clone()))?;
        let resolved = definition.resolve(&selection.parameters, self.question.basis);
        resolved.map_err(|error| Error::Parameter {
            metric: selection.id.clone(),
            error,
        })
    }

    fn column(&mut self, selection: &Selection) -> Result<ColumnPlan, Error> {
        let metric = self.resolve(selection)?;
        self.registry.check(&metric)?;
        let scope = self.scope(&metric);
        let root = self.metric(&scope)?;
        let fraction = self.fraction(metric.expression.root(), &scope)?;
        let is_quotient = match (&root, &fraction) {
            (Term::Binary(Operator::Divide, left, right), Some((above, below))) => {
                **left == *above && **right == *below
            }
            _ => false,
        };
        let n = metric.n.map(|n| self.node(n.root(), &scope)).transpose()?;
        let immature = metric.immature.map(|open| self.node(open.root(), &scope)).transpose()?;
        let (then, benchmark) = self.compared(&scope)?;
        Ok(ColumnPlan {
            column: self.described(&metric),
            root,
            fraction,
            is_quotient,
            n,
            immature,
            then,
            benchmark,
            interval: metric.interval,
            scale: metric.unit.scale(),
        })
    }

    /// A metric over the question's own time and dimensions.
    pub(super) fn scope<'r>(&self, metric: &'r Resolved<'r>) -> Scope<'r> {
        Scope {
            metric,
            frame: Arc::clone(&self.frame),
            group: self.question.dimensions.as_slice().into(),
            shown: true,
        }
    }

    fn described(&self, metric: &Resolved<'_>) -> Column {
        let definition = metric.definition;
        Column {
            id: definition.id.clone(),
            version: definition.version,
            title: definition.title.clone(),
            expression: metric.expression.text().to_owned(),
            unit: metric.unit,
            currency: metric.unit.is_money().then(|| self.currency()),
            basis: metric.basis,
            direction: definition.direction,
            additivity: definition.additivity,
            parameters: metric.texts.clone(),
            policies: policies::applied(self, metric),
        }
    }

    fn compared(&mut self, scope: &Scope<'_>) -> Result<Versus, Error> {
        let frame = match &self.question.comparison {
            None => return Ok((None, None)),
            Some(Comparison::Benchmark(value)) => return Ok((None, Some(*value))),
            Some(Comparison::PreviousPeriod) => self.clock.shifted(&scope.frame, Step::Previous)?,
            Some(Comparison::SamePeriodLastYear) => self.clock.shifted(&scope.frame, Step::LastYear)?,
            Some(Comparison::Period(range)) => {
                let mut frame = self.clock.frame(*range)?;
                frame.stretches.resize(scope.frame.stretches.len(), None);
                frame
            }
        };
        let frame = Arc::new(frame);
        let then = self.metric(&Scope {
            frame: Arc::clone(&frame),
            ..scope.clone()
        })?;
        Ok((Some((then, frame)), None))
    }

    /// A whole metric: nothing at grains where it has no meaning.
    pub(super) fn metric(&mut self, scope: &Scope<'_>) -> Result<Term, Error> {
        let grains = &scope.metric.definition.grains;
        let grain = scope
            .frame
            .stretches
            .iter()
            .flatten()
            .next()
            .map(|stretch| self.clock.unit_of(stretch.whole));
        if !grains.is_empty() && grain.is_some_and(|grain| !grains.contains(&grain)) {
            let names: Vec<_> = grains.iter().map(|grain| grain.name()).collect();
            let detail = format!(
                "{} is defined at grain {} only",
                scope.metric.definition.id,
                names.join(", ")
            );
            return Ok(Term::Undefined(Undefined::new(Reason::NotApplicable, detail)));
        }
        self.node(scope.metric.expression.root(), scope)
    }

    /// A part of an expression.
    pub(super) fn node(&mut self, node: &Node, scope: &Scope<'_>) -> Result<Term, Error> {
        match &node.kind {
            Kind::Number(number) => Ok(Term::Number(*number)),
            Kind::Parameter(name) => match scope.metric.values.get(name) {
                Some(Value::Metric(id)) => self.referred(id, scope),
                Some(Value::Number(number)) => Ok(Term::Number(*number)),
                _ => Err(parameter(scope, name, "has no value")),
            },
            Kind::Metric(id) => self.referred(id, scope),
            Kind::Negate(inner) => Ok(Term::Negate(self.boxed(inner, scope)?)),
            Kind::Binary(operator, left, right) => Ok(Term::Binary(
                *operator,
                self.boxed(left, scope)?,
                self.boxed(right, scope)?,
            )),
            Kind::Ratio(above, below) => Ok(Term::Binary(
                Operator::Divide,
                self.boxed(above, scope)?,
                self.boxed(below, scope)?,
            )),
            Kind::Measured(function, rows) => self.measured(function, rows, scope),
            Kind::Growth(metric, offset) => {
                let step = if *offset == Offset::Previous {
                    Step::Previous
                } else {
                    Step::LastYear
                };
                let earlier = Scope {
                    frame: Arc::new(self.clock.shifted(&scope.frame, step)?),
                    ..scope.clone()
                };
                let id = reference(metric, scope)?;
                Ok(Term::Growth(
                    Box::new(self.referred(&id, scope)?),
                    Box::new(self.referred(&id, &earlier)?),
                ))
            }
            Kind::Goal(goal, metric) => {
                let id = reference(metric, scope)?;
                self.goal(*goal, &id, scope)
            }
            Kind::Period(function) => Ok(self.period(*function, scope)),
            Kind::Earlier(inner, back) => {
                let back = amount(back, scope)?.unwrap_or(Rational::ZERO);
                let back = i32::try_from(back.round_half_even())
                    .ok()
                    .filter(|back| (0..=1_200).contains(back));
                let back =
                    back.ok_or_else(|| Error::invalid("parameters", "ask for costs more than 1200 months before"))?;
                let frame = Arc::new(self.clock.shifted(&scope.frame, Step::Months(back))?);
                self.node(inner, &Scope { frame, ..scope.clone() })
            }
            Kind::Lifetime(rate, most) => {
                let most = amount(most, scope)?.ok_or_else(|| Error::invalid("parameters", "give no horizon"))?;
                Ok(Term::Lifetime(self.boxed(rate, scope)?, most))
            }
        }
    }

    fn boxed(&mut self, node: &Node, scope: &Scope<'_>) -> Result<Box<Term>, Error> {
        self.node(node, scope).map(Box::new)
    }

    /// Another metric, on its own basis unless the question names one.
    fn referred(&mut self, id: &str, scope: &Scope<'_>) -> Result<Term, Error> {
        let metric = self.resolve_referred(id, scope)?;
        self.metric(&Scope {
            metric: &metric,
            frame: Arc::clone(&scope.frame),
            group: Arc::clone(&scope.group),
            shown: scope.shown,
        })
    }

    fn resolve_referred(&self, id: &str, scope: &Scope<'_>) -> Result<Resolved<'a>, Error> {
        let definition = self
            .registry
            .get(id)
            .ok_or_else(|| Error::UnknownMetric(id.to_owned()))?;
        let texts = scope.metric.passed_to(definition);
        definition
            .resolve(&texts, self.question.basis)
            .map_err(|error| Error::Parameter {
                metric: id.to_owned(),
                error,
            })
    }

    /// What stands above and below the line, where an expression has one.
    pub(super) fn fraction(&mut self, node: &Node, scope: &Scope<'_>) -> Result<Option<(Term, Term)>, Error> {
        match &node.kind {
            Kind::Ratio(above, below) => Ok(Some((self.node(above, scope)?, self.node(below, scope)?))),
            Kind::Measured(Function::Average, rows) => {
                let above = self.measured(&Function::Sum, rows, scope)?;
                Ok(Some((above, self.measured(&Function::Count, rows, scope)?)))
            }
            Kind::Metric(id) => {
                let metric = self.resolve_referred(id, scope)?;
                let root = metric.expression.root();
                self.fraction(
                    root,
                    &Scope {
                        metric: &metric,
                        frame: Arc::clone(&scope.frame),
                        group: Arc::clone(&scope.group),
                        shown: scope.shown,
                    },
                )
            }
            Kind::Binary(Operator::Multiply, left, right) => match (&left.kind, &right.kind) {
                (Kind::Number(_), _) => self.fraction(right, scope),
                (_, Kind::Number(_)) => self.fraction(left, scope),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn period(&mut self, function: PeriodFunction, scope: &Scope<'_>) -> Term {
        let length = |of: fn(Period) -> Rational| {
            Term::Length(
                scope
                    .frame
                    .stretches
                    .iter()
                    .map(|stretch| stretch.as_ref().map(|stretch| of(stretch.so_far)))
                    .collect(),
            )
        };
        match function {
            PeriodFunction::Months => length(months),
            PeriodFunction::Days => {
                length(|period| Rational::from(i64::from(day_number(period.end()) - day_number(period.start()))))
            }
            PeriodFunction::ActiveReps => {
                let roster = self.roster();
                if let Some(refusal) = roster.refusal(&scope.group) {
                    return Term::Undefined(refusal);
                }
                let stretches = scope.frame.stretches.iter().map(|stretch| {
                    let counts = roster.active(stretch.as_ref()?.so_far, &scope.group);
                    let numbers = counts.into_iter().map(|(key, count)| (key, Ok(Rational::from(count))));
                    Some(numbers.collect())
                });
                let goals = Goals::new(stretches.collect(), Ok(Rational::ZERO), scope.shown);
                Term::Table(self.goals(goals))
            }
        }
    }

    fn goal(&mut self, goal: Goal, id: &str, scope: &Scope<'_>) -> Result<Term, Error> {
        match goal {
            Goal::Target | Goal::Quota => self.targets(id, scope, &scope.group, goal),
            Goal::Remaining => {
                let target = self.targets(id, scope, &scope.group, goal)?;
                Ok(Term::Remaining(Box::new(target), Box::new(self.referred(id, scope)?)))
            }
            Goal::Credited | Goal::RepsReaching | Goal::RepsWithQuota => {
                let mut group = scope.group.to_vec();
                if !group.contains(&Dimension::Rep) {
                    group.push(Dimension::Rep);
                }
                let inner = Scope {
                    group: group.as_slice().into(),
                    ..scope.clone()
                };
                match self.targets(id, &inner, &group, goal)? {
                    Term::Table(quotas) => Ok(Term::ByRep(goal, Box::new(self.referred(id, &inner)?), quotas)),
                    // The metric's groups are rows all the same: each says why it has no value.
                    refused => self.referred(id, scope).map(|_| refused),
                }
            }
        }
    }

    fn targets(&mut self, id: &str, scope: &Scope<'_>, group: &[Dimension], goal: Goal) -> Result<Term, Error> {
        let roster = self.roster();
        if let Some(refusal) = roster.refusal(group) {
            return Ok(Term::Undefined(refusal));
        }
        let unit = self.resolve_referred(id, scope)?.unit;
        let aimed = Aimed {
            metric: id.to_owned(),
            unit,
            frame: Arc::clone(&scope.frame),
            group: group.to_vec(),
            of_scopes: matches!(goal, Goal::Target | Goal::Remaining),
            shown: scope.shown,
        };
        if let Some((_, table)) = self.known_goals.iter().find(|(known, _)| *known == aimed) {
            return Ok(Term::Table(*table));
        }
        let (money, per_unit) = (unit == ShownUnit::Money, MILLI * unit.scale());
        let aim = Aim {
            roster,
            metric: id,
            per_unit,
            money,
            currency: self.currency(),
            mode: self.mode(),
        };
        let stretches = scope.frame.stretches.iter().map(|stretch| {
            stretch.as_ref().map(|stretch| {
                if aimed.of_scopes {
                    aim.goals(stretch.whole, group)
                } else {
                    aim.quotas(stretch.whole, group)
                }
            })
        });
        let absent = Err(Undefined::new(Reason::NoTarget, format!("no target for {id} is set")));
        let table = self.goals(Goals::new(stretches.collect(), absent, scope.shown));
        self.known_goals.push((aimed, table));
        Ok(Term::Table(table))
    }

    fn goals(&mut self, goals: Goals) -> usize {
        self.plan.goals.push(goals);
        self.plan.goals.len() - 1
    }

    fn roster(&self) -> Roster<'a> {
        let Question {
            filters, attribution, ..
        } = self.question;
        Roster {
            tables: self.tables,
            filters,
            attribution: *attribution,
            today: self.clock.today,
        }
    }

    pub(super) fn currency(&self) -> Currency {
        self.question.currency.unwrap_or(self.policies.reporting_currency)
    }

    pub(super) fn mode(&self) -> CurrencyMode {
        self.question.currency_mode.unwrap_or(self.policies.currency_mode)
    }
}

/// What is left of a lowering when the plan is made.
pub(super) struct Context {
    pub(super) frame: Arc<Frame>,
    pub(super) zone: String,
}

/// The id of a metric that an expression names.
pub(super) fn reference(metric: &Reference, scope: &Scope<'_>) -> Result<String, Error> {
    match metric {
        Reference::Id(id) => Ok(id.clone()),
        Reference::Parameter(name) => match scope.metric.values.get(name) {
            Some(Value::Metric(id)) => Ok(id.clone()),
            _ => Err(parameter(scope, name, "must be a metric")),
        },
    }
}

/// A number, or a parameter's; `None` when the parameter is not given.
pub(super) fn amount(amount: &Amount, scope: &Scope<'_>) -> Result<Option<Rational>, Error> {
    match amount {
        Amount::Number(number) => Ok(Some(*number)),
        Amount::Parameter(name) => match scope.metric.values.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(*number)),
            Some(_) => Err(parameter(scope, name, "must be a number")),
        },
    }
}

fn parameter(scope: &Scope<'_>, name: &str, problem: &str) -> Error {
    Error::Parameter {
        metric: scope.metric.definition.id.clone(),
        error: ParameterError::new(name, problem),
    }
}

/// The basis of a part that names none.
pub(super) fn basis_of(stated: Option<Basis>, scope: &Scope<'_>) -> Basis {
    stated.unwrap_or(scope.metric.basis)
}

//! The metrics that can be asked: ours and the tenant's own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use serde::Deserialize;

use super::{
    definition::{BASIS, Definition, IntervalKind, Resolved},
    expression::{Checker, Error as ExpressionError, Expression, Fault, Function, Kind, Node, Unit, Vocabulary},
    parameter::ParameterError,
};
use crate::{
    dimension::Dimension,
    measure::{Accrual, Measure},
    policy::Policies,
};

/// The most metrics of a tenant's own.
pub const MAX_OWN: usize = 1_000;

static BUILTIN: LazyLock<BTreeMap<String, Arc<Definition>>> = LazyLock::new(|| {
    let read: Catalogue = toml::from_str(include_str!("catalogue.toml")).expect("a test reads the catalogue");
    read.metric
        .into_iter()
        .map(|definition| (definition.id.clone(), Arc::new(definition)))
        .collect()
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    metric: Vec<Definition>,
}

/// What is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An id that is no id.
    #[error("`{0}` is not a metric id: 1 to 64 lower-case letters, digits and `_`, a letter first")]
    Id(String),
    /// An id that one of ours has.
    #[error("`{0}` is the id of a built-in metric")]
    Clash(String),
    /// An id that stands twice.
    #[error("`{0}` is defined twice")]
    Repeated(String),
    /// Too many metrics.
    #[error("{0} metrics are defined, the limit is {MAX_OWN}")]
    TooMany(usize),
    /// A fault in an expression.
    #[error("`{metric}`, {part}: {error}")]
    Expression {
        /// The metric.
        metric: String,
        /// Which of its expressions.
        part: &'static str,
        /// What is wrong, and where.
        error: ExpressionError,
    },
    /// A fault in a parameter.
    #[error("`{metric}`: {error}")]
    Parameter {
        /// The metric.
        metric: String,
        /// What is wrong.
        error: ParameterError,
    },
    /// A unit in which the expression cannot be shown.
    #[error("`{metric}` is {found}, which cannot be shown as {shown:?}")]
    Unit {
        /// The metric.
        metric: String,
        /// The unit of its expression.
        found: Unit,
        /// The unit in which it is to be shown.
        shown: super::definition::ShownUnit,
    },
    /// An interval that the expression does not have.
    #[error(
        "`{metric}` has no {kind:?} interval: Wilson's needs a ratio of counts, Student's an average, order statistics a quantile"
    )]
    Interval {
        /// The metric.
        metric: String,
        /// The interval.
        kind: IntervalKind,
    },
}

/// The metrics that can be asked, each valid.
#[derive(Debug, Clone)]
pub struct Registry {
    own: BTreeMap<String, Arc<Definition>>,
    policies: Policies,
}

impl Registry {
    /// Ours and a tenant's own, under its policies.
    ///
    /// # Errors
    /// Everything that is wrong with the tenant's own: names that clash, faults in expressions, cycles.
    pub fn new(own: Vec<Definition>, policies: &Policies) -> Result<Self, Vec<Error>> {
        let (registry, errors) = Self::load(own, policies);
        if errors.is_empty() { Ok(registry) } else { Err(errors) }
    }

    /// Only ours.
    #[must_use]
    pub fn builtin(policies: &Policies) -> Self {
        Self {
            own: BTreeMap::new(),
            policies: policies.clone(),
        }
    }

    /// The same, without the tenant's metrics that are not (or no longer) valid, and what is wrong with them.
    #[must_use]
    pub fn load(own: Vec<Definition>, policies: &Policies) -> (Self, Vec<Error>) {
        let mut errors = Vec::new();
        if own.len() > MAX_OWN {
            errors.push(Error::TooMany(own.len()));
        }
        let mut registry = Self::builtin(policies);
        for definition in own.into_iter().take(MAX_OWN) {
            let id = definition.id.clone();
            if BUILTIN.contains_key(&id) {
                errors.push(Error::Clash(id));
            } else if registry.own.insert(id.clone(), Arc::new(definition)).is_some() {
                errors.push(Error::Repeated(id));
            }
        }
        // Without an invalid metric those that refer to it become invalid too.
        loop {
            let faults: Vec<_> = registry
                .own
                .values()
                .filter_map(|own| registry.validate(own).err().map(|error| (own.id.clone(), error)))
                .collect();
            if faults.is_empty() {
                return (registry, errors);
            }
            for (id, error) in faults {
                registry.own.remove(&id);
                errors.push(error);
            }
        }
    }

    /// The definition of a metric.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Definition> {
        BUILTIN.get(id).or_else(|| self.own.get(id)).map(AsRef::as_ref)
    }

    /// Whether an id is one of ours.
    #[must_use]
    pub fn is_builtin(id: &str) -> bool {
        BUILTIN.contains_key(id)
    }

    /// Every definition, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        let all: BTreeMap<_, _> = BUILTIN.iter().chain(&self.own).collect();
        all.into_values().map(AsRef::as_ref)
    }

    /// Checks one definition against all others: also one that is not (yet) among them.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self, definition: &Definition) -> Result<(), Error> {
        if !is_id(&definition.id) {
            return Err(Error::Id(definition.id.clone()));
        }
        self.validate_parameters(definition)?;
        for setting in definition.settings() {
            let resolved = definition
                .resolve(&setting, None)
                .map_err(|error| parameter(definition, error))?;
            self.check(&resolved)?;
        }
        Ok(())
    }

    fn validate_parameters(&self, definition: &Definition) -> Result<(), Error> {
        let mut names = BTreeSet::from([BASIS]);
        for declared in &definition.parameters {
            if !names.insert(&declared.name) || !is_id(&declared.name) {
                let error = ParameterError::new(&declared.name, "is declared twice, or is no name");
                return Err(parameter(definition, error));
            }
        }
        Ok(())
    }

    /// Checks a definition under parameters.
    pub(crate) fn check(&self, metric: &Resolved<'_>) -> Result<Unit, Error> {
        let vocabulary = Known {
            registry: self,
            candidate: metric.definition,
        };
        let fault = |part, expression: &Expression, fault: Fault| Error::Expression {
            metric: metric.definition.id.clone(),
            part,
            error: fault.located(expression.text()),
        };
        let unit = Checker::new(&vocabulary)
            .metric(metric, None)
            .map_err(|found| fault("expression", metric.expression, found))?;
        for (part, expression) in [("n", metric.n), ("immature", metric.immature)] {
            let Some(expression) = expression else { continue };
            Checker::new(&vocabulary)
                .node(expression.root(), metric)
                .map_err(|found| fault(part, expression, found))?;
        }
        if !metric.unit.shows(unit) {
            return Err(Error::Unit {
                metric: metric.definition.id.clone(),
                found: unit,
                shown: metric.unit,
            });
        }
        if !has_interval(metric, &vocabulary) {
            return Err(Error::Interval {
                metric: metric.definition.id.clone(),
                kind: metric.interval,
            });
        }
        Ok(unit)
    }

    /// A metric that another one refers to.
    pub(crate) fn referred<'a>(&'a self, id: &str, outer: &Resolved<'_>) -> Option<Resolved<'a>> {
        let definition = self.get(id)?;
        definition.resolve(&outer.passed_to(definition), None).ok()
    }

    /// The unit of a measure's values; own measures are declared in the policies.
    pub(crate) fn measure(&self, measure: &Measure) -> Option<(crate::measure::Unit, Accrual)> {
        match measure {
            Measure::Builtin(builtin) => Some((builtin.unit(), builtin.accrual())),
            Measure::Own(name) => {
                let declared = self.policies.measures.iter().find(|declared| declared.name == *name)?;
                Some((declared.unit, Accrual::Flow))
            }
        }
    }
}

/// The registry with a definition that may not be part of it yet.
struct Known<'a> {
    registry: &'a Registry,
    candidate: &'a Definition,
}

impl Vocabulary for Known<'_> {
    fn measure(&self, measure: &Measure) -> Option<(Unit, Accrual)> {
        self.registry
            .measure(measure)
            .map(|(unit, accrual)| (Unit::of(unit), accrual))
    }

    fn has_dimension(&self, dimension: &Dimension) -> bool {
        match dimension {
            Dimension::Attribute(name) => self.registry.policies.attributes.contains(name),
            _ => true,
        }
    }

    fn referred<'a>(&'a self, id: &str, outer: &Resolved<'_>) -> Option<Resolved<'a>> {
        let definition = if id == self.candidate.id {
            self.candidate
        } else {
            self.registry.get(id)?
        };
        definition.resolve(&outer.passed_to(definition), None).ok()
    }
}

/// Whether the expression has the interval that the definition states.
fn has_interval(metric: &Resolved<'_>, vocabulary: &Known<'_>) -> bool {
    let root = metric.expression.root();
    match metric.interval {
        IntervalKind::None => true,
        IntervalKind::T => matches!(&root.kind, Kind::Measured(Function::Average, _)),
        IntervalKind::OrderStatistic => matches!(&root.kind, Kind::Measured(Function::Quantile(_), _)),
        IntervalKind::Wilson => {
            let is_count = |node: &Node| {
                Checker::new(vocabulary)
                    .node(node, metric)
                    .is_ok_and(|unit| unit == Unit::Count)
            };
            matches!(&root.kind, Kind::Ratio(above, below) if is_count(above) && is_count(below))
        }
    }
}

fn parameter(definition: &Definition, error: ParameterError) -> Error {
    Error::Parameter {
        metric: definition.id.clone(),
        error,
    }
}

fn is_id(text: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    (1..=64).contains(&text.len())
        && text.chars().all(letters)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
}

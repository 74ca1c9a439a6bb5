//! What a metric is: an expression and how its answer is to be read. Ours and a tenant's are the same type.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    expression::{Expression, Unit},
    parameter::{Parameter, ParameterError, ParameterKind, Value},
};
use crate::query::Basis;

/// The parameter that every metric has: the basis, `event` or `cohort`. Variants may depend on it.
pub const BASIS: &str = "basis";
/// In a variant's condition: any value, as long as one is given.
pub const GIVEN: &str = "*";

/// A metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its id: letters, digits and `_`, unique among ours and the tenant's.
    pub id: String,
    /// Raised whenever its meaning changes; echoed with every answer.
    #[serde(default = "first_version")]
    pub version: u32,
    /// A short title.
    pub title: String,
    /// What it says, and what an empty period gives.
    #[serde(default)]
    pub description: String,
    /// Its formula.
    pub expression: Expression,
    /// The unit in which it is shown.
    pub unit: ShownUnit,
    /// Which way is good.
    #[serde(default)]
    pub direction: Direction,
    /// What its values over shorter periods make of a longer one.
    #[serde(default)]
    pub additivity: Additivity,
    /// The basis where a question names none.
    #[serde(default = "event")]
    pub basis: Basis,
    /// The sample size; absent: the number of rows below the line, or of all rows where there is no line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<Expression>,
    /// How many subjects are still open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immature: Option<Expression>,
    /// Which interval its values have.
    #[serde(default)]
    pub interval: IntervalKind,
    /// At which grains it has a meaning; empty: at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grains: Vec<crate::calendar::Grain>,
    /// The part of the catalogue that it belongs to.
    #[serde(default)]
    pub section: String,
    /// What it was asked for under which names.
    #[serde(default)]
    pub seeds: Vec<String>,
    /// What a question may set.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// What changes under which parameters. All that match apply, later ones over earlier ones.
    #[serde(default)]
    pub variants: Vec<Variant>,
}

fn first_version() -> u32 {
    1
}

fn event() -> Basis {
    Basis::Event
}

/// What is different when parameters have certain values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The parameters' values; [`GIVEN`] is any.
    pub when: BTreeMap<String, String>,
    /// Another formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Expression>,
    /// Another unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<ShownUnit>,
    /// Another sample size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<Expression>,
    /// Others are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immature: Option<Expression>,
    /// Another interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalKind>,
}

/// The unit in which a metric is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownUnit {
    /// Units of the answer's currency.
    Money,
    /// A part of a whole; 1 is 100 %.
    Rate,
    /// How many.
    Count,
    /// Days.
    Days,
    /// Hours.
    Hours,
    /// Points from −100 to 100.
    Points,
    /// A score on the scale on which it was given.
    Score,
    /// Calendar months.
    Months,
    /// A quotient that may exceed 1.
    Ratio,
    /// Units of the answer's currency in a day.
    MoneyPerDay,
}

impl ShownUnit {
    /// Whether values of a unit may be shown in it.
    #[must_use]
    pub fn shows(self, unit: Unit) -> bool {
        match self {
            Self::Money => unit == Unit::MONEY,
            Self::Rate | Self::Points | Self::Ratio => unit.is_plain(),
            Self::Count => matches!(unit, Unit::Count | Unit::Number) || unit == Unit::SCORE,
            Self::Days | Self::Hours => unit == Unit::DAYS,
            Self::Score => unit == Unit::SCORE,
            Self::Months => unit == Unit::MONTHS,
            Self::MoneyPerDay => unit == Unit::MONEY_PER_DAY,
        }
    }

    /// Whether values are in a currency.
    #[must_use]
    pub fn is_money(self) -> bool {
        matches!(self, Self::Money | Self::MoneyPerDay)
    }

    /// By what a value (durations in days) is multiplied to be shown.
    #[must_use]
    pub fn scale(self) -> i64 {
        if self == Self::Hours { 24 } else { 1 }
    }
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Neither.
    #[default]
    Neutral,
}

/// What values over shorter periods make of a longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Additivity {
    /// Their sum.
    Sum,
    /// The last of them.
    Last,
    /// Nothing: the longer period is asked by itself.
    #[default]
    None,
}

/// Which interval a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalKind {
    /// Wilson's, of a share of counts.
    Wilson,
    /// Student's, of a mean.
    T,
    /// Between order statistics, of a quantile.
    OrderStatistic,
    /// None.
    #[default]
    None,
}

/// A definition under given parameters.
#[derive(Debug, Clone)]
pub(crate) struct Resolved<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) expression: &'a Expression,
    pub(crate) n: Option<&'a Expression>,
    pub(crate) immature: Option<&'a Expression>,
    pub(crate) unit: ShownUnit,
    pub(crate) interval: IntervalKind,
    pub(crate) basis: Basis,
    /// The parameters as texts, defaults included: what is echoed, and passed on to metrics that are referred to.
    pub(crate) texts: BTreeMap<String, String>,
    /// Those that say something.
    pub(crate) values: BTreeMap<String, Value>,
}

impl Definition {
    /// The definition under parameters; `basis` overrides its default, and `texts` may name it too.
    pub(crate) fn resolve(
        &self,
        texts: &BTreeMap<String, String>,
        basis: Option<Basis>,
    ) -> Result<Resolved<'_>, ParameterError> {
        let mut resolved = Resolved {
            definition: self,
            expression: &self.expression,
            n: self.n.as_ref(),
            immature: self.immature.as_ref(),
            unit: self.unit,
            interval: self.interval,
            basis: stated_basis(texts)?.or(basis).unwrap_or(self.basis),
            texts: BTreeMap::new(),
            values: BTreeMap::new(),
        };
        if let Some(unknown) = texts
            .keys()
            .find(|name| *name != BASIS && self.parameter(name).is_none())
        {
            let known: Vec<_> = self
                .parameters
                .iter()
                .map(|parameter| parameter.name.as_str())
                .chain([BASIS])
                .collect();
            return Err(ParameterError::new(
                unknown,
                format!("is not one of `{}`, which has {}", self.id, known.join(", ")),
            ));
        }
        for parameter in &self.parameters {
            let Some(text) = texts.get(&parameter.name).or(parameter.default.as_ref()) else {
                continue;
            };
            resolved.texts.insert(parameter.name.clone(), text.clone());
            if let Some(value) = parameter.read(text)? {
                resolved.values.insert(parameter.name.clone(), value);
            }
        }
        for variant in self
            .variants
            .iter()
            .filter(|variant| variant.applies(&resolved))
            .collect::<Vec<_>>()
        {
            resolved.expression = variant.expression.as_ref().unwrap_or(resolved.expression);
            resolved.n = variant.n.as_ref().or(resolved.n);
            resolved.immature = variant.immature.as_ref().or(resolved.immature);
            resolved.unit = variant.unit.unwrap_or(resolved.unit);
            resolved.interval = variant.interval.unwrap_or(resolved.interval);
        }
        Ok(resolved)
    }

    /// The parameter with a name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Every setting of parameters under which the definition must make sense: the defaults, and each variant's.
    pub(crate) fn settings(&self) -> Vec<BTreeMap<String, String>> {
        let mut found = vec![BTreeMap::new()];
        for variant in &self.variants {
            let example = |name: &String| {
                self.parameter(name)
                    .map_or_else(|| GIVEN.to_owned(), Parameter::example)
            };
            let setting = variant
                .when
                .iter()
                .map(|(name, value)| (name.clone(), if value == GIVEN { example(name) } else { value.clone() }));
            found.push(setting.collect());
        }
        found
    }
}

impl Variant {
    fn applies(&self, to: &Resolved<'_>) -> bool {
        self.when.iter().all(|(name, wanted)| {
            let basis = if to.basis == Basis::Event { "event" } else { "cohort" };
            let text = if name == BASIS {
                Some(basis)
            } else {
                to.texts.get(name).map(String::as_str)
            };
            text.is_some_and(|text| text == wanted || wanted == GIVEN)
        })
    }
}

impl Resolved<'_> {
    /// The parameters that another definition takes over when this one refers to it.
    pub(crate) fn passed_to(&self, other: &Definition) -> BTreeMap<String, String> {
        let declared = |name: &&String| {
            other
                .parameter(name)
                .is_some_and(|parameter| parameter.kind != ParameterKind::Metric)
        };
        self.texts
            .iter()
            .filter(|(name, _)| declared(name))
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect()
    }
}

fn stated_basis(texts: &BTreeMap<String, String>) -> Result<Option<Basis>, ParameterError> {
    match texts.get(BASIS).map(String::as_str) {
        None => Ok(None),
        Some("event") => Ok(Some(Basis::Event)),
        Some("cohort") => Ok(Some(Basis::Cohort)),
        Some(other) => Err(ParameterError::new(
            BASIS,
            format!("is {other:?}, must be event or cohort"),
        )),
    }
}

//! Parameters of a definition.

use serde::{Deserialize, Serialize};

use super::expression::decimal;
use crate::{id::Name, rational::Rational};

/// The most values of a list.
const MAX_LIST: usize = 64;

/// A parameter that a question may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it changes.
    #[serde(default)]
    pub description: String,
    /// Of which kind its values are.
    pub kind: ParameterKind,
    /// Its value where none is given; absent: not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The values that it may have; empty: any of its kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
}

/// Of which kind a parameter's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// One of the allowed words; `all` in a condition is no condition.
    Choice,
    /// A whole number or a decimal.
    Number,
    /// A text; `all` is no condition.
    Text,
    /// Texts with commas between them; `all` is no condition.
    List,
    /// The id of a metric.
    Metric,
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Value {
    /// Of a choice or a text.
    Text(Name),
    /// A number.
    Number(Rational),
    /// Of a list.
    List(Vec<Name>),
    /// A metric's id.
    Metric(String),
}

/// A parameter that does not fit its definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{name}` {problem}")]
pub struct ParameterError {
    /// The parameter.
    pub name: String,
    /// What is wrong, with the value and the limit.
    pub problem: String,
}

impl ParameterError {
    pub(crate) fn new(name: &str, problem: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }
}

impl Parameter {
    /// Reads a value. `None`: the value stands for "no condition".
    pub(crate) fn read(&self, text: &str) -> Result<Option<Value>, ParameterError> {
        let refuse = |problem: String| Err(ParameterError::new(&self.name, problem));
        let listed: Vec<&str> = if self.kind == ParameterKind::List {
            text.split(',').collect()
        } else {
            vec![text]
        };
        if let Some(other) = listed.iter().find(|value| !self.allows(value)) {
            return refuse(format!("is {other:?}, must be one of {}", self.allowed.join(", ")));
        }
        let name =
            |text: &str| Name::new(text.trim()).map_err(|error| ParameterError::new(&self.name, error.to_string()));
        match self.kind {
            ParameterKind::Choice | ParameterKind::Text | ParameterKind::List if text == "all" => Ok(None),
            ParameterKind::Choice | ParameterKind::Text => name(text).map(|text| Some(Value::Text(text))),
            ParameterKind::List if listed.len() > MAX_LIST => {
                refuse(format!("has {} values, the limit is {MAX_LIST}", listed.len()))
            }
            ParameterKind::List => {
                let names: Result<Vec<_>, _> = listed.into_iter().map(name).collect();
                names.map(|names| Some(Value::List(names)))
            }
            ParameterKind::Metric => name(text).map(|id| Some(Value::Metric(id.as_str().to_owned()))),
            ParameterKind::Number => self.number(text).map(|number| Some(Value::Number(number))),
        }
    }

    fn allows(&self, value: &str) -> bool {
        self.allowed.is_empty()
            || value == "all" && self.kind == ParameterKind::List
            || self.allowed.iter().any(|allowed| allowed == value.trim())
    }

    fn number(&self, text: &str) -> Result<Rational, ParameterError> {
        let refuse = |problem: String| ParameterError::new(&self.name, problem);
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let number = decimal(digits).and_then(|number| number.checked_mul(Rational::from(sign)).ok());
        let number = number.ok_or_else(|| refuse(format!("is {text:?}, must be a decimal number")))?;
        if let Some(min) = self.min.filter(|min| number < Rational::from(*min)) {
            return Err(refuse(format!("is {text}, must be at least {min}")));
        }
        if let Some(max) = self.max.filter(|max| number > Rational::from(*max)) {
            return Err(refuse(format!("is {text}, must be at most {max}")));
        }
        Ok(number)
    }

    /// A value that it may have, to try an expression with.
    pub(crate) fn example(&self) -> String {
        if let Some(first) = self.default.clone().or_else(|| self.allowed.first().cloned()) {
            return first;
        }
        match self.kind {
            ParameterKind::Number => self.min.unwrap_or(1).to_string(),
            ParameterKind::Metric => "bookings".to_owned(),
            _ => "example".to_owned(),
        }
    }
}

//! For which rows an event happened.

use serde::Deserialize;

use super::scope::Scope;

/// What a column must be. All that is stated must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    /// The column, or anything else that a template may name.
    pub(super) column: String,
    /// It is this text.
    equals: Option<String>,
    /// It is not this text.
    not: Option<String>,
    /// It is one of these texts.
    #[serde(rename = "in")]
    one_of: Option<Vec<String>>,
    /// It is none of these texts.
    not_in: Option<Vec<String>>,
    /// Whether it is empty.
    empty: Option<bool>,
}

impl Condition {
    /// Whether it holds for a row.
    pub(super) fn holds(&self, scope: &Scope<'_>) -> bool {
        let value = scope.value(&self.column).unwrap_or_default();
        let is = |text: &String| *text == value;
        self.equals.as_ref().is_none_or(is)
            && !self.not.as_ref().is_some_and(is)
            && self.one_of.as_ref().is_none_or(|texts| texts.iter().any(is))
            && !self.not_in.as_ref().is_some_and(|texts| texts.iter().any(is))
            && self.empty.is_none_or(|empty| empty == value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::import::scope::tests::with_case;

    #[test]
    fn all_that_is_stated_must_hold() {
        let holds = |condition: &str| {
            let condition: Condition = toml::from_str(condition).expect("a condition");
            with_case(&[("stage", "Won"), ("none", " ")], |scope| condition.holds(scope))
        };
        assert!(holds("column = 'stage'\nequals = 'Won'"));
        assert!(!holds("column = 'stage'\nnot = 'Won'"));
        assert!(holds("column = 'stage'\nin = ['Lost', 'Won']\nempty = false"));
        assert!(!holds("column = 'stage'\nnot_in = ['Lost', 'Won']"));
        assert!(holds("column = 'none'\nempty = true"));
        assert!(!holds("column = 'stage'\nequals = 'Won'\nempty = true"));
    }
}

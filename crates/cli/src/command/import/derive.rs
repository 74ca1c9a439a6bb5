//! Columns that a file does not have, but its rows imply.

use std::collections::HashMap;

use anyhow::{anyhow, ensure};
use jiff::fmt::strtime;
use serde::Deserialize;

use super::{mapping::Context, node::Node, scope::Scope, value::Field};

/// A derived column, as a mapping states it: one of `value`, `rising_year` and `running_number`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DerivedDocument {
    name: String,
    value: Option<toml::Value>,
    rising_year: Option<RisingYear>,
    running_number: Option<Vec<String>>,
}

/// The year of rows in the order of time that state only a month: it rises whenever the month's number falls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RisingYear {
    /// The column with the month: a number or an English name.
    month: String,
    /// The year of the first row.
    first: i16,
}

/// A derived column.
#[derive(Debug)]
pub(super) struct Derived {
    /// Its name.
    pub(super) name: String,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    Value(Box<Field>),
    RisingYear(RisingYear),
    /// The how manieth row of the file with these values it is, from 1.
    RunningNumber(Vec<String>),
}

/// What is remembered from row to row of a file, for one derived column.
#[derive(Debug, Default)]
pub(super) struct Memory {
    year: Option<(i16, i8)>,
    seen: HashMap<String, u64>,
}

impl Derived {
    /// Checks a derived column.
    pub(super) fn new(document: DerivedDocument, context: &Context) -> anyhow::Result<Self> {
        let name = document.name;
        ensure!(!name.is_empty(), "a derived column has no name");
        let rule = match (document.value, document.rising_year, document.running_number) {
            (Some(value), None, None) => {
                match Node::parse("value", &value, context).map_err(|error| anyhow!("derive {name}: {error}"))? {
                    Node::Field(field) => Rule::Value(field),
                    _ => return Err(anyhow!("derive {name}: value is no column and no template")),
                }
            }
            (None, Some(year), None) => Rule::RisingYear(year),
            (None, None, Some(columns)) => Rule::RunningNumber(columns),
            _ => {
                return Err(anyhow!(
                    "derive {name}: needs one of value, rising_year and running_number"
                ));
            }
        };
        Ok(Self { name, rule })
    }

    /// The columns that it names.
    pub(super) fn columns(&self) -> Vec<&str> {
        match &self.rule {
            Rule::Value(field) => field.columns().collect(),
            Rule::RisingYear(year) => vec![&year.month],
            Rule::RunningNumber(columns) => columns.iter().map(String::as_str).collect(),
        }
    }

    /// Its value for the next row of the file.
    pub(super) fn value(&self, scope: &Scope<'_>, memory: &mut Memory) -> Result<String, String> {
        match &self.rule {
            Rule::Value(field) => field.text(scope),
            Rule::RisingYear(rule) => {
                let month = month(&scope.value(&rule.month).unwrap_or_default())?;
                let year = match memory.year {
                    None => rule.first,
                    Some((year, last)) if month < last => year + 1,
                    Some((year, _)) => year,
                };
                memory.year = Some((year, month));
                Ok(year.to_string())
            }
            Rule::RunningNumber(columns) => {
                let key: Vec<_> = columns
                    .iter()
                    .map(|name| scope.value(name).unwrap_or_default())
                    .collect();
                let seen = memory.seen.entry(key.join("\u{1f}")).or_default();
                *seen += 1;
                Ok(seen.to_string())
            }
        }
    }
}

fn month(text: &str) -> Result<i8, String> {
    let named = || {
        ["%B", "%b"]
            .iter()
            .find_map(|format| strtime::parse(format, text).ok()?.month())
    };
    let number = text.parse().ok().filter(|number| (1..=12).contains(number));
    number.or_else(named).ok_or_else(|| format!("{text:?} is no month"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::import::scope::tests::with_case;

    fn derived(text: &str) -> Derived {
        let document = toml::from_str(text).expect("a derived column");
        Derived::new(document, &Context::default()).expect("it is right")
    }

    #[test]
    fn the_year_rises_when_the_month_falls() {
        let year = derived("name = 'year'\nrising_year = { month = 'm', first = 2008 }");
        let mut memory = Memory::default();
        let mut next = |month: &str| with_case(&[("m", month)], |scope| year.value(scope, &mut memory));
        let years: Vec<_> = ["may", "jun", "dec", "jan", "Mar", "mar", "February", "3"]
            .into_iter()
            .map(&mut next)
            .collect();
        let expected = ["2008", "2008", "2008", "2009", "2009", "2009", "2010", "2010"].map(|year| Ok(year.to_owned()));
        assert_eq!(years, expected);
        assert!(next("13").is_err() && next("").is_err());
        assert_eq!(next("4"), Ok("2010".to_owned()), "a bad row changes nothing");
    }

    #[test]
    fn rows_are_numbered_among_their_like() {
        let number = derived("name = 'n'\nrunning_number = ['a']");
        let mut memory = Memory::default();
        let numbers = ["x", "y", "x"].map(|a| with_case(&[("a", a)], |scope| number.value(scope, &mut memory)));
        assert_eq!(numbers, ["1", "1", "2"].map(|number| Ok(number.to_owned())));
    }

    #[test]
    fn a_derived_column_has_one_rule() {
        for text in [
            "name = 'a'",
            "name = ''\nvalue = '${b}'",
            "name = 'a'\nvalue = '${b}'\nrunning_number = []",
        ] {
            let document = toml::from_str(text).expect("the form is right");
            assert!(Derived::new(document, &Context::default()).is_err(), "{text}");
        }
    }
}

//! Texts with columns in them: `order:${Order ID}`.

use super::scope::Scope;

/// A text with places for columns. `$${` is a plain `${`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

impl Template {
    /// Reads a template.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let before = &rest[..at];
            if let Some(escaped) = before.strip_suffix('$') {
                parts.push(Part::Text(format!("{escaped}${{")));
                rest = &rest[at + 2..];
                continue;
            }
            let (name, after) = rest[at + 2..]
                .split_once('}')
                .ok_or_else(|| format!("{text:?} has a ${{ without its }}"))?;
            if name.trim().is_empty() {
                return Err(format!("{text:?} has a ${{}} without a name"));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Column(name.trim().to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The template of one column.
    pub(super) fn column(name: &str) -> Self {
        Self {
            parts: vec![Part::Column(name.to_owned())],
        }
    }

    /// The names of its columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text for a row. Empty when every column that it names is empty, so that an id of nothing is none.
    pub(super) fn fill(&self, scope: &Scope<'_>) -> Result<String, String> {
        let mut text = String::new();
        let mut columns = 0;
        let mut empty = 0;
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Column(name) => {
                    let value = scope
                        .value(name)
                        .ok_or_else(|| format!("there is no column {name:?}"))?;
                    columns += 1;
                    empty += usize::from(value.is_empty());
                    text.push_str(&value);
                }
            }
        }
        Ok(if columns > 0 && columns == empty {
            String::new()
        } else {
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::import::scope::tests::with_case;

    fn fill(template: &str) -> String {
        with_case(&[("a", "1"), ("b c", " two "), ("none", "")], |scope| {
            Template::parse(template)
                .expect("a template")
                .fill(scope)
                .expect("all columns are there")
        })
    }

    #[test]
    fn columns_stand_in_their_places() {
        assert_eq!(fill("x:${a}-${b c}"), "x:1-two");
        assert_eq!(fill("plain"), "plain");
        assert_eq!(fill("$${a} is ${a}"), "${a} is 1");
    }

    #[test]
    fn a_text_of_empty_columns_only_is_empty() {
        assert_eq!(fill("x:${none}"), "");
        assert_eq!(fill("x:${none}:${a}"), "x::1");
    }

    #[test]
    fn what_is_no_template_is_refused() {
        assert!(Template::parse("${a").is_err());
        assert!(Template::parse("${ }").is_err());
        assert_eq!(
            Template::parse("${a}${b}").expect("fine").columns().collect::<Vec<_>>(),
            ["a", "b"]
        );
    }
}

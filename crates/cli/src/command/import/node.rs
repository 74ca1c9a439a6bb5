//! The fields of a payload: a tree of recipes in the shape of its JSON.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    mapping::Context,
    scope::Scope,
    value::{Fault, Field, SOURCES},
};

/// A place of the tree.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// The same for every row.
    Constant(Value),
    /// One value of a row.
    Field(Box<Field>),
    /// A message.
    Message(Vec<(String, Node)>),
    /// A list of as many elements as are written.
    List(Vec<Node>),
    /// A list with an element for each row of the group (`rows`) or of a join.
    Each(String, Box<Node>),
    /// A list of names and values; empty values are left out.
    Attributes(Vec<(String, Node)>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Each {
    each: String,
    item: toml::Value,
}

/// What `each` calls the rows of the group.
const ROWS: &str = "rows";
/// The field that is a list of names and values in every payload.
const ATTRIBUTES: &str = "attributes";

impl Node {
    /// Reads a tree. Problems name the place.
    pub(super) fn parse(place: &str, value: &toml::Value, context: &Context) -> Result<Self, String> {
        let told = |error: String| format!("{place}: {error}");
        Ok(match value {
            toml::Value::String(text) if text.contains("${") => {
                Self::Field(Box::new(Field::template(text, context).map_err(told)?))
            }
            toml::Value::String(text) => Self::Constant(json!(text)),
            toml::Value::Integer(number) => Self::Constant(json!(number)),
            toml::Value::Boolean(truth) => Self::Constant(json!(truth)),
            toml::Value::Float(_) => return Err(told("write a number with decimals as text: \"0.5\"".to_owned())),
            toml::Value::Datetime(_) => return Err(told("write a date or a time as text".to_owned())),
            toml::Value::Array(items) => {
                let nodes = items.iter().enumerate();
                Self::List(
                    nodes
                        .map(|(at, item)| Self::parse(&format!("{place}[{at}]"), item, context))
                        .collect::<Result<_, _>>()?,
                )
            }
            toml::Value::Table(table) if SOURCES.iter().any(|source| table.contains_key(*source)) => {
                let recipe = value
                    .clone()
                    .try_into()
                    .map_err(|error: toml::de::Error| told(error.message().to_owned()))?;
                Self::Field(Box::new(Field::new(recipe, context).map_err(told)?))
            }
            toml::Value::Table(table) if table.contains_key("each") => {
                let each: Each = value
                    .clone()
                    .try_into()
                    .map_err(|error: toml::de::Error| told(error.message().to_owned()))?;
                Self::Each(
                    each.each,
                    Box::new(Self::parse(&format!("{place}.item"), &each.item, context)?),
                )
            }
            toml::Value::Table(table) => {
                let named = table
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), Self::parse(&format!("{place}.{name}"), value, context)?)));
                let named = named.collect::<Result<Vec<_>, String>>()?;
                if place.ends_with(&format!(".{ATTRIBUTES}")) {
                    Self::Attributes(named)
                } else {
                    Self::Message(named)
                }
            }
        })
    }

    /// Every column that is named, and every join that is gone through.
    pub(super) fn names<'a>(&'a self, found: &mut dyn FnMut(&'a str)) {
        match self {
            Self::Constant(_) => {}
            Self::Field(field) => field.columns().for_each(found),
            Self::Message(named) | Self::Attributes(named) => named.iter().for_each(|(_, node)| node.names(found)),
            Self::List(nodes) => nodes.iter().for_each(|node| node.names(found)),
            Self::Each(_, item) => item.names(found),
        }
    }

    /// The value for a row; nothing where everything in it is empty.
    pub(super) fn value(&self, scope: &Scope<'_>) -> Result<Option<Value>, Fault> {
        Ok(match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Field(field) => field.value(scope)?,
            Self::Message(named) => {
                let mut message = Map::new();
                for (name, node) in named {
                    if let Some(value) = node.value(scope)? {
                        message.insert(name.clone(), value);
                    }
                }
                (named.is_empty() || !message.is_empty()).then_some(Value::Object(message))
            }
            Self::Attributes(named) => {
                let mut list = Vec::new();
                for (name, node) in named {
                    if let Some(value) = node.value(scope)? {
                        list.push(json!({"name": name, "value": value}));
                    }
                }
                (!list.is_empty()).then_some(Value::Array(list))
            }
            Self::List(nodes) => list(nodes.iter().map(|node| node.value(scope)))?,
            Self::Each(what, item) => self::each(what, item, scope)?,
        })
    }
}

fn each(what: &str, item: &Node, scope: &Scope<'_>) -> Result<Option<Value>, Fault> {
    if what == ROWS {
        let rows = scope.group.iter().zip(1..);
        return list(rows.map(|(case, count)| item.value(&Scope { case, count, ..*scope })));
    }
    let Some(rows) = scope.case.joined.get(what) else {
        return Err(Fault {
            columns: String::new(),
            description: format!("each = {what:?} is neither {ROWS:?} nor a join"),
        });
    };
    list(rows.iter().zip(1..).map(|(row, count)| {
        item.value(&Scope {
            item: Some((what, row)),
            count,
            ..*scope
        })
    }))
}

fn list(values: impl Iterator<Item = Result<Option<Value>, Fault>>) -> Result<Option<Value>, Fault> {
    let values: Vec<Value> = values.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::import::scope::tests::{case, with_case};

    fn node(text: &str) -> Result<Node, String> {
        let table: toml::Table = toml::from_str(text).expect("TOML");
        Node::parse("fields", &toml::Value::Table(table), &Context::default())
    }

    #[test]
    fn a_tree_takes_the_shape_of_its_message() {
        let node = node(
            "lead_id = '${id}'\nkind = 'CALL'\nowner_id = { column = 'none' }\n\
             outcome = { name = '${y}', successful = true }\nempty = { a = '${none}' }\n\
             attributes = { job = '${job}', nothing = '${none}' }",
        );
        let value = with_case(&[("id", "7"), ("none", ""), ("y", "yes"), ("job", "clerk")], |scope| {
            node.expect("a tree").value(scope).expect("no fault")
        });
        let expected = json!({
            "lead_id": "7", "kind": "CALL", "outcome": {"name": "yes", "successful": true},
            "attributes": [{"name": "job", "value": "clerk"}],
        });
        assert_eq!(value, Some(expected));
    }

    #[test]
    fn each_goes_through_the_group() {
        let node = node("lines = { each = 'rows', item = { product_id = '${p}', n = '${@count}' } }").expect("a tree");
        let group = [case(&[("p", "a")]), case(&[("p", "b")])];
        let scope = Scope {
            group: &group,
            ..Scope::of(&group[0])
        };
        let lines = json!({"lines": [{"product_id": "a", "n": "1"}, {"product_id": "b", "n": "2"}]});
        assert_eq!(node.value(&scope).expect("no fault"), Some(lines));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(
            node("a = { b = { column = 'x', colour = 1 } }")
                .expect_err("unknown key")
                .starts_with("fields.a.b: ")
        );
        assert!(node("a = 0.5").expect_err("a float").contains("as text"));
        assert!(node("a = '${x'").is_err());
    }
}

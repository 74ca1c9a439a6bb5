//! A mapping file: which columns make which events. Everything in it is checked before the first row is read.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, anyhow, ensure};
use jiff::tz::TimeZone;
use scoreline_proto::{json, tenants::v1::Settings};
use serde::Deserialize;

use super::{
    condition::Condition,
    derive::{Derived, DerivedDocument},
    node::Node,
    sheet::Dialect,
    template::Template,
    value::Field,
};
use crate::output;

/// What recipes may refer to.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// The clocks of times without an offset.
    pub(super) zone: TimeZone,
    /// Texts for texts, by name.
    pub(super) maps: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            maps: BTreeMap::new(),
        }
    }
}

/// A checked mapping.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The source of every event.
    pub(super) source: String,
    /// The tables, in the order in which they are read.
    pub(super) tables: Vec<Table>,
    /// Settings for the tenant, and which of its fields are given.
    pub(super) settings: Option<(Settings, Vec<String>)>,
}

/// What becomes of the rows of a file.
#[derive(Debug)]
pub(super) struct Table {
    /// The file's name; `*` stands for anything.
    pub(super) file: String,
    /// How the file is written.
    pub(super) dialect: Dialect,
    /// The columns that tell a row from every other one.
    pub(super) key: Vec<String>,
    /// Other files.
    pub(super) joins: Vec<Join>,
    /// Columns that are derived, in their order.
    pub(super) derived: Vec<Derived>,
    /// What happened.
    pub(super) events: Vec<EventRule>,
}

/// The rows of another file that belong to a row.
#[derive(Debug)]
pub(super) struct Join {
    /// What templates call it.
    pub(super) name: String,
    /// The other file's name.
    pub(super) file: String,
    /// How it is written.
    pub(super) dialect: Dialect,
    /// What is looked up.
    pub(super) on: Field,
    /// In which column of the other file.
    pub(super) key: String,
    /// Whether a row that finds nothing is a problem.
    pub(super) required: bool,
}

/// An event of a row.
#[derive(Debug)]
pub(super) struct EventRule {
    /// The payload's field in the contract.
    pub(super) kind: String,
    /// Its id.
    pub(super) id: Template,
    /// When it happened.
    pub(super) occurred_at: Field,
    /// For which rows.
    pub(super) when: Vec<Condition>,
    /// The columns that rows of one event share; none: each row makes its own.
    pub(super) group_by: Vec<String>,
    /// How many events a row makes: arithmetic; one unless stated.
    pub(super) repeat: Option<Template>,
    /// The payload's fields.
    pub(super) fields: Node,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    mapping: Head,
    settings: Option<toml::Table>,
    #[serde(default)]
    maps: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(rename = "table")]
    tables: Vec<TableDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    source: String,
    #[serde(default = "utc")]
    time_zone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableDocument {
    file: String,
    #[serde(default = "comma")]
    separator: char,
    #[serde(default = "quotes")]
    quote: char,
    #[serde(default)]
    key: Vec<String>,
    #[serde(default)]
    join: BTreeMap<String, JoinDocument>,
    #[serde(default)]
    derive: Vec<DerivedDocument>,
    #[serde(default)]
    event: Vec<EventDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinDocument {
    file: String,
    on: toml::Value,
    key: String,
    #[serde(default)]
    required: bool,
    #[serde(default = "comma")]
    separator: char,
    #[serde(default = "quotes")]
    quote: char,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventDocument {
    kind: String,
    id: String,
    occurred_at: toml::Value,
    #[serde(default)]
    when: Vec<Condition>,
    #[serde(default)]
    group_by: Vec<String>,
    repeat: Option<String>,
    #[serde(default)]
    fields: toml::Table,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn comma() -> char {
    ','
}

fn quotes() -> char {
    '"'
}

impl Mapping {
    /// Reads a mapping file.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let context = || format!("mapping {}", path.display());
        let text = fs::read_to_string(path).with_context(context)?;
        Self::parse(&text).with_context(context)
    }

    /// Reads a mapping.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let document: Document = toml::from_str(text)?;
        let zone = TimeZone::get(&document.mapping.time_zone).context("mapping.time_zone")?;
        let context = Context {
            zone,
            maps: document.maps,
        };
        ensure!(!document.mapping.source.is_empty(), "mapping.source is empty");
        let tables = document.tables.into_iter().map(|table| Table::new(table, &context));
        Ok(Self {
            source: document.mapping.source,
            tables: tables.collect::<anyhow::Result<_>>()?,
            settings: document.settings.map(settings).transpose()?,
        })
    }
}

/// Settings, with the names of the fields that are given.
fn settings(table: toml::Table) -> anyhow::Result<(Settings, Vec<String>)> {
    let fields = json::message("scoreline.tenants.v1.Settings").context("the contracts have settings")?;
    let mut given = Vec::new();
    for name in table.keys() {
        let field = fields
            .get_field_by_name(name)
            .or_else(|| fields.get_field_by_json_name(name));
        given.push(
            field
                .with_context(|| format!("settings.{name}: there is no such setting"))?
                .name()
                .to_owned(),
        );
    }
    let settings = output::from_json(serde_json::to_value(table)?).context("settings")?;
    Ok((settings, given))
}

impl Table {
    fn new(document: TableDocument, context: &Context) -> anyhow::Result<Self> {
        let file = document.file;
        let told = |error: anyhow::Error| error.context(format!("table {file:?}"));
        let dialect = dialect(document.separator, document.quote).map_err(told)?;
        let joins = document
            .join
            .into_iter()
            .map(|(name, join)| Join::new(name, join, context));
        let joins = joins.collect::<anyhow::Result<_>>().map_err(told)?;
        let derived = document
            .derive
            .into_iter()
            .map(|derived| Derived::new(derived, context));
        let derived = derived.collect::<anyhow::Result<_>>().map_err(told)?;
        let events = document.event.into_iter().map(|event| EventRule::new(event, context));
        let events = events.collect::<anyhow::Result<_>>().map_err(told)?;
        Ok(Self {
            file,
            dialect,
            key: document.key,
            joins,
            derived,
            events,
        })
    }

    /// Every name that its templates use, with where.
    pub(super) fn names(&self) -> Vec<(String, String)> {
        let mut names: Vec<(String, String)> = self.key.iter().map(|name| ("key".to_owned(), name.clone())).collect();
        let mut add = |place: String, name: &str| names.push((place, name.to_owned()));
        for join in &self.joins {
            join.on
                .columns()
                .for_each(|name| add(format!("join {}", join.name), name));
        }
        for derived in &self.derived {
            derived
                .columns()
                .into_iter()
                .for_each(|name| add(format!("derive {}", derived.name), name));
        }
        for event in &self.events {
            event.names(&mut add);
        }
        names
    }
}

impl Join {
    fn new(name: String, document: JoinDocument, context: &Context) -> anyhow::Result<Self> {
        let told = |error: String| anyhow!("join {name}: {error}");
        let on = match Node::parse("on", &document.on, context).map_err(told)? {
            Node::Field(field) => *field,
            _ => return Err(anyhow!("join {name}: on is no column and no template")),
        };
        Ok(Self {
            dialect: dialect(document.separator, document.quote)?,
            name,
            file: document.file,
            on,
            key: document.key,
            required: document.required,
        })
    }
}

impl EventRule {
    fn new(document: EventDocument, context: &Context) -> anyhow::Result<Self> {
        let kind = document.kind;
        let told = |error: String| anyhow!("event {kind}: {error}");
        let event = json::message("scoreline.events.v1.Event").context("the contracts have events")?;
        let payload = event
            .oneofs()
            .find(|oneof| oneof.name() == "payload")
            .context("events have a payload")?;
        ensure!(
            payload.fields().any(|field| field.name() == kind),
            "event {kind}: there is no such payload"
        );
        let occurred_at = match Node::parse("occurred_at", &document.occurred_at, context).map_err(told)? {
            Node::Field(field) => *field,
            Node::Constant(serde_json::Value::String(text)) => Field::template(&text, context).map_err(told)?,
            _ => return Err(told("occurred_at is no column and no template".to_owned())),
        };
        let repeat = document.repeat.as_deref().map(Template::parse).transpose();
        Ok(Self {
            id: Template::parse(&document.id).map_err(told)?,
            occurred_at: occurred_at.into_instant(),
            when: document.when,
            group_by: document.group_by,
            repeat: repeat.map_err(told)?,
            fields: Node::parse("fields", &toml::Value::Table(document.fields), context).map_err(told)?,
            kind,
        })
    }

    fn names(&self, add: &mut impl FnMut(String, &str)) {
        let place = format!("event {}", self.kind);
        self.id.columns().for_each(|name| add(place.clone(), name));
        self.occurred_at.columns().for_each(|name| add(place.clone(), name));
        self.when
            .iter()
            .for_each(|condition| add(place.clone(), &condition.column));
        self.group_by.iter().for_each(|name| add(place.clone(), name));
        self.repeat
            .iter()
            .flat_map(Template::columns)
            .for_each(|name| add(place.clone(), name));
        self.fields.names(&mut |name| add(place.clone(), name));
    }
}

fn dialect(separator: char, quote: char) -> anyhow::Result<Dialect> {
    let byte = |what: &str, character: char| {
        u8::try_from(character)
            .ok()
            .filter(u8::is_ascii)
            .with_context(|| format!("{what} {character:?} is not ASCII"))
    };
    Ok(Dialect {
        separator: byte("separator", separator)?,
        quote: byte("quote", quote)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
        [mapping]
        source = 'crm'
        [settings]
        time_zone = 'UTC'
        revenue_source = 'REVENUE_SOURCE_WON_OPPORTUNITIES'
        [[table]]
        file = 'deals.csv'
        [[table.event]]
        kind = 'opportunity_won'
        id = 'won:${id}'
        occurred_at = '${closed}'
        when = [{ column = 'stage', equals = 'Won' }]
        fields = { opportunity_id = '${id}' }
    ";

    fn refusal(from: &str, to: &str) -> String {
        format!("{:#}", Mapping::parse(&SMALL.replace(from, to)).expect_err(to))
    }

    #[test]
    fn a_mapping_is_read() {
        let mapping = Mapping::parse(SMALL).expect("it is right");
        let (settings, given) = mapping.settings.expect("settings");
        assert_eq!((settings.time_zone.as_str(), given.len()), ("UTC", 2));
        let names = mapping.tables[0].names();
        let names: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["id", "closed", "stage", "id"]);
    }

    #[test]
    fn a_mapping_that_means_nothing_is_refused_with_the_place() {
        assert!(refusal("opportunity_won", "opportunity_one").contains("there is no such payload"));
        assert!(refusal("time_zone = 'UTC'", "timezone = 'UTC'").contains("settings.timezone"));
        assert!(refusal("REVENUE_SOURCE_WON_OPPORTUNITIES", "WON").contains("settings"));
        assert!(refusal("${closed}", "${closed").contains("occurred_at"));
        assert!(refusal("file = ", "fail = ").contains("fail"));
        assert!(refusal("equals = 'Won'", "like = 'Won'").contains("like"));
    }
}

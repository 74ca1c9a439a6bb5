//! Rows to events, one after the other. A bad row is refused in its place and stops nothing.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use scoreline_proto::{decode, events::v1::Event, json, types::v1::FieldViolation};
use serde_json::{Map, Value};

use super::{
    arithmetic,
    derive::Memory,
    files::Assigned,
    mapping::{EventRule, Mapping, Table},
    scope::{Case, Scope},
    sheet::{BadRow, Row, Sheet},
    value::Fault,
};
use crate::delivery::{Origin, Parcel};

/// More events than any row means to make.
const MAX_REPEAT: usize = 100_000;

/// The events of all rows of all files.
pub(super) struct Rows<'a> {
    mapping: &'a Mapping,
    waiting: VecDeque<Parcel>,
    tables: VecDeque<Assigned>,
    current: Option<Current<'a>>,
    failed: bool,
}

/// The table that is being read.
struct Current<'a> {
    table: &'a Table,
    assigned: Assigned,
    files: VecDeque<std::path::PathBuf>,
    open: Option<OpenFile>,
    keys: HashSet<Vec<String>>,
    groups: Vec<Groups>,
}

struct OpenFile {
    sheet: Sheet,
    name: Arc<str>,
    rows: u64,
    memories: Vec<Memory>,
}

/// The rows of an event's groups, in the order in which each began.
#[derive(Default)]
struct Groups {
    places: HashMap<Vec<String>, usize>,
    groups: Vec<Vec<Case>>,
}

impl<'a> Rows<'a> {
    /// Everything that the files hold.
    pub(super) fn new(mapping: &'a Mapping, assigned: Vec<Assigned>) -> Self {
        Self {
            mapping,
            waiting: VecDeque::new(),
            tables: assigned.into(),
            current: None,
            failed: false,
        }
    }

    /// Goes one step on; whether there is anything left.
    fn advance(&mut self) -> anyhow::Result<bool> {
        let Some(current) = &mut self.current else {
            let Some(assigned) = self.tables.pop_front() else {
                return Ok(false);
            };
            self.current = Some(Current::new(&self.mapping.tables[assigned.table], assigned));
            return Ok(true);
        };
        if current.open.is_none() {
            match current.files.pop_front() {
                Some(path) => current.open = Some(OpenFile::new(&path, current.table)?),
                None => {
                    current.finish(&self.mapping.source, &mut self.waiting);
                    self.current = None;
                }
            }
            return Ok(true);
        }
        current.read_row(&self.mapping.source, &mut self.waiting)?;
        Ok(true)
    }
}

impl Iterator for Rows<'_> {
    type Item = anyhow::Result<Parcel>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            if let Some(parcel) = self.waiting.pop_front() {
                return Some(Ok(parcel));
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl OpenFile {
    fn new(path: &Path, table: &Table) -> anyhow::Result<Self> {
        let name = path
            .file_name()
            .map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
        Ok(Self {
            sheet: Sheet::open(path, table.dialect)?,
            name: name.into(),
            rows: 0,
            memories: table.derived.iter().map(|_| Memory::default()).collect(),
        })
    }
}

impl<'a> Current<'a> {
    fn new(table: &'a Table, assigned: Assigned) -> Self {
        Self {
            table,
            files: assigned.files.clone().into(),
            assigned,
            open: None,
            keys: HashSet::new(),
            groups: table.events.iter().map(|_| Groups::default()).collect(),
        }
    }

    fn read_row(&mut self, source: &str, out: &mut VecDeque<Parcel>) -> anyhow::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let row = open.sheet.next().with_context(|| format!("reading {}", open.name))?;
        match row {
            None => self.open = None,
            Some(Err(BadRow { line, description })) => {
                let origin = origin(&open.name, line);
                out.push_back(Parcel::Refused(
                    origin,
                    None,
                    vec![violation("", "UNREADABLE", description)],
                ));
            }
            Some(Ok(row)) => {
                open.rows += 1;
                let line = row.line;
                let name = Arc::clone(&open.name);
                match self.case(row) {
                    Ok(case) => self.tell(&case, source, out),
                    Err(fault) => out.push_back(refused(origin(&name, line), None, &fault)),
                }
            }
        }
        Ok(())
    }

    /// A row with all that belongs to it.
    fn case(&mut self, row: Row) -> Result<Case, Fault> {
        let open = self.open.as_mut().expect("a row comes from an open file");
        let mut case = Case {
            row,
            file: Arc::clone(&open.name),
            number: open.rows,
            derived: HashMap::new(),
            joined: HashMap::new(),
        };
        for (derived, memory) in self.table.derived.iter().zip(&mut open.memories) {
            let value = derived.value(&Scope::of(&case), memory).map_err(|description| Fault {
                columns: derived.columns().join(", "),
                description,
            })?;
            case.derived.insert(derived.name.clone(), value);
        }
        for (join, lookup) in self.table.joins.iter().zip(&self.assigned.lookups) {
            let fault = |description| Fault {
                columns: join.on.columns().collect::<Vec<_>>().join(", "),
                description,
            };
            let key = join.on.text(&Scope::of(&case)).map_err(fault)?;
            let found = lookup.get(&key).filter(|_| !key.is_empty());
            if found.is_none() && join.required {
                return Err(fault(format!("{key:?} is not among the {} of {}", join.key, join.file)));
            }
            case.joined
                .insert(join.name.clone(), found.cloned().unwrap_or_else(|| Arc::new([])));
        }
        self.check_key(&case)?;
        Ok(case)
    }

    fn check_key(&mut self, case: &Case) -> Result<(), Fault> {
        if self.table.key.is_empty() {
            return Ok(());
        }
        let key = values(&Scope::of(case), &self.table.key);
        let fault = |description: String| Fault {
            columns: self.table.key.join(", "),
            description,
        };
        if key.iter().all(String::is_empty) {
            return Err(fault("is empty, but tells the rows apart".to_owned()));
        }
        let shown = key.join(", ");
        if self.keys.insert(key) {
            Ok(())
        } else {
            Err(fault(format!("{shown:?} stands in an earlier row already")))
        }
    }

    /// Makes the row's events, and keeps it for those of groups.
    fn tell(&mut self, case: &Case, source: &str, out: &mut VecDeque<Parcel>) {
        let scope = Scope::of(case);
        for (rule, groups) in self.table.events.iter().zip(&mut self.groups) {
            if !rule.when.iter().all(|condition| condition.holds(&scope)) {
                continue;
            }
            if rule.group_by.is_empty() {
                tell_event(rule, &scope, source, out);
                continue;
            }
            let key = values(&scope, &rule.group_by);
            if key.iter().all(String::is_empty) {
                continue;
            }
            let place = *groups.places.entry(key).or_insert_with(|| {
                groups.groups.push(Vec::new());
                groups.groups.len() - 1
            });
            groups.groups[place].push(case.clone());
        }
    }

    /// Makes the events of groups.
    fn finish(&mut self, source: &str, out: &mut VecDeque<Parcel>) {
        for (rule, groups) in self.table.events.iter().zip(&mut self.groups) {
            for group in std::mem::take(&mut groups.groups) {
                let Some(case) = group.first() else { continue };
                let scope = Scope {
                    group: &group,
                    ..Scope::of(case)
                };
                tell_event(rule, &scope, source, out);
            }
        }
    }
}

fn values(scope: &Scope<'_>, names: &[String]) -> Vec<String> {
    names
        .iter()
        .map(|name| scope.value(name).unwrap_or_default().into_owned())
        .collect()
}

/// The event of a row, as often as it happened.
fn tell_event(rule: &EventRule, scope: &Scope<'_>, source: &str, out: &mut VecDeque<Parcel>) {
    let origin = origin(&scope.case.file, scope.case.row.line);
    let count = match repeat(rule, scope) {
        Ok(count) => count,
        Err(fault) => return out.push_back(refused(origin, None, &fault)),
    };
    for count in 1..=count {
        let scope = Scope { count, ..*scope };
        out.push_back(match event(rule, &scope, source) {
            Ok(event) => checked(origin.clone(), event),
            Err(fault) => refused(origin.clone(), Some(rule), &fault),
        });
    }
}

fn repeat(rule: &EventRule, scope: &Scope<'_>) -> Result<usize, Fault> {
    let Some(repeat) = &rule.repeat else { return Ok(1) };
    let number = repeat.fill(scope).and_then(|sum| arithmetic::evaluate(&sum));
    let whole = number.and_then(|number| number.scaled(0).ok_or_else(|| format!("{number} is no whole number")));
    let fault = |description| Fault {
        columns: repeat.columns().collect::<Vec<_>>().join(", "),
        description,
    };
    let whole = usize::try_from(whole.map_err(fault)?.max(0)).unwrap_or(usize::MAX);
    if whole > MAX_REPEAT {
        return Err(fault(format!("would make {whole} events; a row may make {MAX_REPEAT}")));
    }
    Ok(whole)
}

fn event(rule: &EventRule, scope: &Scope<'_>, source: &str) -> Result<Event, Fault> {
    let id = rule.id.fill(scope).map_err(|description| Fault {
        columns: rule.id.columns().collect::<Vec<_>>().join(", "),
        description,
    })?;
    let mut event = Map::new();
    event.insert("event_id".to_owned(), Value::String(id));
    event.insert("source".to_owned(), Value::String(source.to_owned()));
    if let Some(at) = rule.occurred_at.value(scope)? {
        event.insert("occurred_at".to_owned(), at);
    }
    let fields = rule.fields.value(scope)?.unwrap_or_else(|| Value::Object(Map::new()));
    event.insert(rule.kind.clone(), fields);
    json::read(&Value::Object(event).to_string()).map_err(|error| Fault {
        columns: String::new(),
        description: match error {
            json::Error::Malformed { description, .. } => description,
            other => other.to_string(),
        },
    })
}

/// The event to send, unless the contract forbids it.
fn checked(origin: Origin, event: Event) -> Parcel {
    match decode::event(&event) {
        Ok(_) => Parcel::Event(origin, Box::new(event)),
        Err(violations) => {
            let violations = violations.into_iter().map(FieldViolation::from).collect();
            Parcel::Refused(origin, Some(Box::new(event)), violations)
        }
    }
}

fn refused(origin: Origin, rule: Option<&EventRule>, fault: &Fault) -> Parcel {
    let place = rule.map(|rule| format!("{}: ", rule.kind)).unwrap_or_default();
    let violation = violation(&fault.columns, "UNMAPPABLE", format!("{place}{}", fault.description));
    Parcel::Refused(origin, None, vec![violation])
}

fn origin(file: &Arc<str>, line: u64) -> Origin {
    Origin {
        file: Some(Arc::clone(file)),
        line,
        ..Origin::default()
    }
}

fn violation(field: &str, reason: &str, description: String) -> FieldViolation {
    FieldViolation {
        field: field.to_owned(),
        description,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests;

//! What an import would do.

use std::{
    collections::{BTreeMap, HashMap},
    process::ExitCode,
};

use scoreline_proto::{events::v1::Event, json, types::v1::FieldViolation};
use serde_json::Value;

use crate::{
    command::ingest::SOME_REJECTED,
    delivery::{Origin, Parcel},
    output::line,
};

/// Shows the first events and every problem.
pub(super) fn show(parcels: impl Iterator<Item = anyhow::Result<Parcel>>, first: usize) -> anyhow::Result<ExitCode> {
    let mut seen = Seen::default();
    let mut problems = 0_u64;
    for parcel in parcels {
        match parcel? {
            Parcel::Event(origin, event) => {
                if seen.events < first {
                    line(json::write(&event));
                }
                if let Some(problem) = seen.take(origin, &event) {
                    line(problem);
                    problems += 1;
                }
            }
            Parcel::Refused(origin, _, violations) => {
                violations
                    .iter()
                    .for_each(|violation| line(problem(&origin, violation)));
                problems += 1;
            }
        }
    }
    line(format_args!(
        "{} events would be sent, {problems} problems",
        seen.events
    ));
    for (kind, count) in &seen.kinds {
        line(format_args!("  {count:>8}  {kind}"));
    }
    Ok(if problems == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_REJECTED)
    })
}

#[derive(Default)]
struct Seen {
    events: usize,
    kinds: BTreeMap<String, u64>,
    /// Where each id was first, and what its event was.
    ids: HashMap<String, (Origin, u64)>,
}

impl Seen {
    /// Counts an event; a problem when another event of the import has its id.
    fn take(&mut self, origin: Origin, event: &Event) -> Option<String> {
        self.events += 1;
        *self.kinds.entry(kind(event)).or_default() += 1;
        let print = fingerprint(event);
        match self.ids.get(&event.event_id) {
            None => {
                self.ids.insert(event.event_id.clone(), (origin, print));
                None
            }
            Some((_, same)) if *same == print => None,
            Some((other, _)) => Some(format!(
                "{}: the id {:?} is another event's already, of {}",
                place(&origin),
                event.event_id,
                place(other)
            )),
        }
    }
}

fn kind(event: &Event) -> String {
    let json: Value = serde_json::from_str(&json::write(event)).unwrap_or_default();
    let envelope = ["eventId", "source", "occurredAt"];
    let names = json.as_object().into_iter().flat_map(|event| event.keys());
    let kind = names.into_iter().find(|name| !envelope.contains(&name.as_str()));
    kind.cloned().unwrap_or_default()
}

fn fingerprint(event: &Event) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    prost::Message::encode_to_vec(event).hash(&mut hasher);
    hasher.finish()
}

fn problem(origin: &Origin, violation: &FieldViolation) -> String {
    let field = if violation.field.is_empty() {
        String::new()
    } else {
        format!("{}: ", violation.field)
    };
    format!("{}: {field}{}", place(origin), violation.description)
}

fn place(origin: &Origin) -> String {
    format!("{}:{}", origin.file.as_deref().unwrap_or_default(), origin.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_events_of_one_id_are_a_problem_unless_they_are_the_same() {
        let event = |source: &str| Event {
            event_id: "a".into(),
            source: source.into(),
            ..Event::default()
        };
        let origin = |line| Origin {
            file: Some("f.csv".into()),
            line,
            ..Origin::default()
        };
        let mut seen = Seen::default();
        assert_eq!(seen.take(origin(2), &event("x")), None);
        assert_eq!(seen.take(origin(3), &event("x")), None);
        let problem = seen.take(origin(4), &event("y")).expect("a problem");
        assert_eq!(problem, "f.csv:4: the id \"a\" is another event's already, of f.csv:2");
    }
}

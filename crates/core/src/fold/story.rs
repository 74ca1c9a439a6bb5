//! Tells a machine a story, and writes down what it puts out.

use std::{collections::BTreeSet, fmt::Write as _, marker::PhantomData};

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Context, Facts, Key, Links, Machine, Occurrence, Output, Signal, What};
use crate::{
    calendar::{Days, TimeZone},
    event::Payload,
    id::Name,
    measure::{Dimensions, Measurement},
    policy::Policies,
    subject::{Subject, SubjectKind},
};

/// What happens to one subject, in any order.
pub(super) struct Story<M> {
    subject: Subject,
    policies: Policies,
    links: Links,
    occurrences: Vec<Occurrence>,
    machine: PhantomData<M>,
}

impl<M: Machine> Story<M> {
    /// Nothing yet, in Berlin, to the subject `s1`.
    pub(super) fn of(kind: SubjectKind) -> Self {
        let subject = Subject::new(kind, &Name::new("s1").expect("a name"));
        let policies = Policies {
            time_zone: TimeZone::new("Europe/Berlin").expect("a zone"),
            ..Policies::default()
        };
        Self {
            subject,
            policies,
            links: Links::new(),
            occurrences: Vec::new(),
            machine: PhantomData,
        }
    }

    /// Under other policies.
    pub(super) fn under(mut self, change: impl FnOnce(&mut Policies)) -> Self {
        change(&mut self.policies);
        self
    }

    /// Knowing facts of another subject.
    pub(super) fn knowing(mut self, kind: SubjectKind, id: &str, facts: Facts) -> Self {
        self.links
            .insert(Subject::new(kind, &Name::new(id).expect("a name")), facts);
        self
    }

    /// With one more signal: its id and what it tells.
    pub(super) fn hears(mut self, at: &str, id: &str, signal: Signal) -> Self {
        let key = Key {
            at: at.parse().expect("an instant"),
            id: format!("~{id}").into(),
        };
        self.occurrences.push(Occurrence {
            key,
            what: What::Signal(signal),
        });
        self
    }

    /// With one more event: its id, its payload's name and the payload's fields.
    pub(super) fn then(mut self, at: &str, id: &str, name: &str, fields: Value) -> Self {
        let key = Key {
            at: at.parse().expect("an instant"),
            id: id.into(),
        };
        self.occurrences.push(Occurrence {
            key,
            what: What::Event(payload(name, fields)),
        });
        self
    }

    /// What is put out when the story is told in order.
    pub(super) fn output(&self) -> Output {
        let mut occurrences = self.occurrences.clone();
        occurrences.sort_by(|one, other| one.key.cmp(&other.key));
        let context = Context {
            subject: &self.subject,
            policies: &self.policies,
            days: &Days::new(&self.policies.time_zone),
            links: &self.links,
        };
        let (mut machine, mut out) = (M::default(), Output::default());
        for occurrence in &occurrences {
            machine.step(occurrence, &context, &mut out);
            let stored = serde_json::to_string(&machine).expect("a state can be stored");
            machine = serde_json::from_str(&stored).expect("and read again");
            machine.tail(&context, &mut Output::default());
        }
        machine.tail(&context, &mut out);
        let keys: BTreeSet<_> = out
            .signals
            .iter()
            .map(|(to, occurrence)| (to, &occurrence.key))
            .collect();
        assert_eq!(keys.len(), out.signals.len(), "signals have places of their own");
        out
    }

    /// The same as lines: measurements first, then signals, each as they came, but signals by their place.
    pub(super) fn told(&self) -> Vec<String> {
        let Output {
            measurements,
            mut signals,
        } = self.output();
        signals.sort_by(|(_, one), (_, other)| one.key.cmp(&other.key));
        let told = signals
            .iter()
            .map(|(to, occurrence)| format!("{to} {}", signal(occurrence)));
        measurements.iter().map(measurement).chain(told).collect()
    }
}

/// A payload by its name and its fields; no attributes unless there are some.
pub(super) fn payload(name: &str, mut fields: Value) -> Payload {
    if fields.get("attributes").is_none() {
        fields["attributes"] = json!([]);
    }
    serde_json::from_value(json!({ name: fields })).expect("a payload")
}

/// `measure date < origin: value dimension=value …`.
fn measurement(row: &Measurement) -> String {
    let Measurement {
        measure,
        date,
        origin_date,
        value,
        dimensions,
        ..
    } = row;
    format!("{measure} {date} < {origin_date}: {value}{}", written(dimensions))
}

fn signal(occurrence: &Occurrence) -> String {
    let at = occurrence.key.at;
    match &occurrence.what {
        What::Signal(Signal::Purchased(purchase)) => {
            let kind = purchase.kind.map_or("", |kind| kind.word());
            format!(
                "{at} purchased by {:?} {kind}{}",
                purchase.by,
                written(&purchase.dimensions)
            )
        }
        What::Signal(Signal::MrrChanged {
            delta_micros,
            monthly_micros,
            kind,
            dimensions,
            ..
        }) => {
            let kind = kind.map_or("", |kind| kind.word());
            format!(
                "{at} mrr {delta_micros:+} to {monthly_micros} {kind}{}",
                written(dimensions)
            )
        }
        other => format!("{at} {other:?}"),
    }
}

fn written(dimensions: &Dimensions) -> String {
    dimensions.iter().fold(String::new(), |mut text, (dimension, value)| {
        write!(text, " {dimension}={value}").expect("a text can be written to");
        text
    })
}

/// Tells the machine stories made of these payloads, at instants near to and far from each other.
pub(super) fn survives<M: Machine>(kind: SubjectKind, payloads: &[Payload]) {
    let instant = prop_oneof![
        8 => (0_i64..6).prop_map(|days| Timestamp::from_second(days * 86_400 * 30).expect("near 1970")),
        1 => Just(Timestamp::MIN),
        1 => Just(Timestamp::MAX),
    ];
    let event = (instant, prop::sample::select(payloads.to_vec()));
    proptest!(ProptestConfig::with_cases(200), |(events in prop::collection::vec(event, 0..12))| {
        let mut story = Story::<M>::of(kind);
        for (at, (when, payload)) in events.into_iter().enumerate() {
            let key = Key { at: when, id: format!("e{at}").into() };
            story.occurrences.push(Occurrence { key, what: What::Event(payload) });
        }
        let total = story.output();
        prop_assert_eq!(total, story.output());
    });
}

//! Finding out what the new events change in what is said.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{Error, Family, Needs, changes::Body, settle::Subjects};
use crate::{
    event::{Event, Payload},
    fold::{
        Occurrence, What,
        correction::{Effective, concerning, effective, target},
        routing,
    },
    hashing::Map,
    id::EventId,
    subject::{Subject, SubjectKind},
};

/// The new events, and what is stored of their families.
pub(super) struct Families {
    log: Log,
    subjects: Subjects,
    begun: bool,
}

/// What is known of the log.
struct Log {
    new: Map<EventId, Event>,
    /// The ids of the new ones as they came, which is mostly in order.
    came: Vec<EventId>,
    /// What was asked for; `None` where nothing is stored, as of nearly all new events.
    stored: Map<EventId, Option<Box<Family>>>,
}

impl Families {
    pub(super) fn new(events: Vec<Event>, subjects: Subjects) -> Self {
        let came = events.iter().map(|event| event.id.clone()).collect();
        let new = events.into_iter().map(|event| (event.id.clone(), event)).collect();
        Self {
            log: Log {
                new,
                came,
                stored: Map::default(),
            },
            subjects,
            begun: false,
        }
    }

    /// What is stored of a family. Whoever stores the new events before they are folded finds them there again: they
    /// are left out.
    pub(super) fn supply(&mut self, event: &EventId, mut family: Family) {
        family.event = family.event.filter(|event| !self.log.new.contains_key(&event.id));
        family
            .corrections
            .retain(|correction| !self.log.new.contains_key(&correction.id));
        let is_empty = family.event.is_none() && family.corrections.is_empty();
        self.log
            .stored
            .insert(event.clone(), (!is_empty).then(|| Box::new(family)));
    }

    /// Nothing more is coming for events that were asked for.
    pub(super) fn close(&mut self, asked: Vec<EventId>) {
        for event in asked {
            self.log.stored.entry(event).or_default();
        }
    }

    pub(super) fn subjects_mut(&mut self) -> &mut Subjects {
        &mut self.subjects
    }

    /// What must be known before the families are complete. Subjects that the new events name are asked for early.
    pub(super) fn needs(&mut self) -> Needs {
        let begun = std::mem::replace(&mut self.begun, true);
        let records = if begun {
            Vec::new()
        } else {
            likely_subjects(self.log.new.values())
        };
        Needs {
            families: self.log.unknown(),
            records,
            histories: Vec::new(),
        }
    }

    /// Puts what changed in what is said into the histories of the subjects.
    ///
    /// # Errors
    /// When an event that is about itself can't be folded.
    pub(super) fn into_subjects(self) -> Result<Subjects, Error> {
        let Self { log, mut subjects, .. } = self;
        let stored = by_target(log.corrections());
        let every = by_target(log.corrections().chain(log.new.values()));
        let mut uncorrected = Vec::with_capacity(log.came.len());
        let mut roots: BTreeSet<&EventId> = BTreeSet::new();
        for event in log.came.iter().filter_map(|id| log.new.get(id)) {
            if target(&event.payload).is_none() && !every.contains_key(&event.id) {
                uncorrected.push(event.id.clone());
            } else {
                roots.extend(log.climb(event).ok().flatten());
            }
        }
        for root in roots {
            let before = log.stored(root);
            let before = before.and_then(|event| effective(event, &concerning(root, &stored)));
            let after = log
                .find(root)
                .and_then(|event| effective(event, &concerning(root, &every)));
            if before
                .as_ref()
                .zip(after.as_ref())
                .is_some_and(|(before, after)| before.says_like(after))
            {
                continue;
            }
            change(&mut subjects, root, before, false);
            change(&mut subjects, root, after, true);
        }
        drop((stored, every));
        uncorrected.sort_unstable();
        let mut new = log.new;
        for event in uncorrected.iter().filter_map(|id| new.remove(id)) {
            let says = Effective {
                at: event.occurred_at,
                payload: Arc::new(event.payload),
                body_event: event.id.clone(),
            };
            change(&mut subjects, &event.id, Some(says), true);
        }
        subjects.tell_standalone()?;
        Ok(subjects)
    }
}

impl Log {
    /// What must be asked for: every new event, and every target on the way from a new correction to the event that it
    /// concerns in the end.
    fn unknown(&self) -> Vec<EventId> {
        let unread = self.came.iter().filter(|id| !self.stored.contains_key(*id));
        let on_the_way = self.new.values().filter_map(|event| self.climb(event).err());
        in_order(unread.chain(on_the_way).cloned().collect())
    }

    /// The event that an event or correction concerns in the end: `Ok(None)` when that is not known to the log, or when
    /// corrections go round in a circle, and the id to ask for when it can't be told yet.
    fn climb<'a>(&'a self, from: &'a Event) -> Result<Option<&'a EventId>, &'a EventId> {
        let mut at = from;
        let mut passed = HashSet::new();
        while let Some(next) = target(&at.payload) {
            if !passed.insert(&at.id) {
                return Ok(None);
            }
            at = match self.find(next) {
                Some(found) => found,
                None if self.stored.contains_key(next) => return Ok(None),
                None => return Err(next),
            };
        }
        Ok(Some(&at.id))
    }

    fn find(&self, id: &EventId) -> Option<&Event> {
        self.new.get(id).or_else(|| self.stored(id))
    }

    fn stored(&self, id: &EventId) -> Option<&Event> {
        self.stored.get(id)?.as_ref()?.event.as_ref()
    }

    /// The corrections that are stored.
    fn corrections(&self) -> impl Iterator<Item = &Event> {
        self.stored.values().flatten().flat_map(|family| &family.corrections)
    }
}

/// The subjects whose records a batch of events asks for first, each once: those that the events name, as they come.
pub fn likely_subjects<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Subject> {
    let mut likely = Vec::with_capacity(2 * events.size_hint().0);
    for event in events {
        let payload = match &event.payload {
            Payload::EventAmended(amended) => &*amended.payload,
            payload => payload,
        };
        likely.extend(routing::subjects(&event.id, payload));
        likely.extend(routing::companions(payload));
    }
    let mut named: Map<Subject, ()> = Map::default();
    likely
        .retain(|subject: &Subject| subject.kind != SubjectKind::Event && named.insert(subject.clone(), ()).is_none());
    likely
}

/// Each once, in order.
fn in_order<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all.dedup();
    all
}

/// Corrections by what they correct, each once.
fn by_target<'a>(events: impl Iterator<Item = &'a Event>) -> HashMap<&'a EventId, Vec<&'a Event>> {
    let mut found: HashMap<&EventId, Vec<&Event>> = HashMap::new();
    for event in events {
        if let Some(target) = target(&event.payload) {
            found.entry(target).or_default().push(event);
        }
    }
    found
}

/// An event says something that it did not say, or no longer says it.
fn change(subjects: &mut Subjects, event: &EventId, said: Option<Effective>, is_new: bool) {
    let Some(said) = said else { return };
    if routing::is_reference(&said.payload) {
        subjects.change_facts(event, said.at, &said.payload, is_new);
    }
    let occurrence = Occurrence {
        key: routing::key(event, said.at),
        what: What::Event(Arc::clone(&said.payload)),
    };
    let body = Body::Event {
        body_event: said.body_event,
    };
    for subject in routing::subjects(event, &said.payload) {
        subjects.change_history(subject, &occurrence, &body, is_new);
    }
}

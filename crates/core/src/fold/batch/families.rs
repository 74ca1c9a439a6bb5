//! Finding out what the new events change in what is said.

use std::collections::{BTreeSet, HashMap, HashSet};

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
    /// New events that no correction concerns, as they came.
    uncorrected: Vec<Event>,
    /// Corrections, what they concern, and what is stored of both.
    log: Log,
    subjects: Subjects,
    begun: bool,
}

/// What is known of the log.
#[derive(Default)]
struct Log {
    new: Map<EventId, Event>,
    /// The ids of the new ones as they came, which is mostly in order.
    came: Vec<EventId>,
    /// What was asked for; `None` where nothing is stored, as of nearly all new events.
    stored: Map<EventId, Option<Box<Family>>>,
}

impl Families {
    /// `may_be_corrected` says whether a stored correction may concern an event.
    pub(super) fn new(events: Vec<Event>, may_be_corrected: impl Fn(&EventId) -> bool, subjects: Subjects) -> Self {
        let targets: HashSet<EventId> = events
            .iter()
            .filter_map(|event| target(&event.payload).cloned())
            .collect();
        let mut log = Log::default();
        let mut uncorrected = Vec::with_capacity(events.len());
        for event in events {
            let may_be_corrected = may_be_corrected(&event.id);
            if may_be_corrected || targets.contains(&event.id) || target(&event.payload).is_some() {
                log.add(event, may_be_corrected);
            } else {
                uncorrected.push(event);
            }
        }
        Self {
            uncorrected,
            log,
            subjects,
            begun: false,
        }
    }

    /// What is stored of a family that was asked for.
    pub(super) fn supply(&mut self, event: &EventId, family: Family) {
        self.log.supply(event, family);
    }

    /// Nothing more is coming for events that were asked for.
    pub(super) fn close(&mut self, asked: Vec<EventId>) {
        self.log.close(asked);
    }

    pub(super) fn subjects_mut(&mut self) -> &mut Subjects {
        &mut self.subjects
    }

    /// What must be known before the families are complete. Subjects that the new events name are asked for early.
    pub(super) fn needs(&mut self) -> Needs {
        let mut needs = Needs {
            families: self.log.unknown(),
            ..Needs::default()
        };
        if !std::mem::replace(&mut self.begun, true) {
            needs.records = likely_subjects(self.uncorrected.iter().chain(self.log.new.values()));
        }
        needs
    }

    /// Puts what changed in what is said into the histories of the subjects.
    ///
    /// # Errors
    /// When an event that is about itself can't be folded.
    pub(super) fn into_subjects(self) -> Result<Subjects, Error> {
        let mut subjects = self.subjects;
        let mut uncorrected = self.uncorrected;
        uncorrected.extend(self.log.into_uncorrected(&mut subjects));
        uncorrected.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        for event in uncorrected {
            let says = Effective {
                at: event.occurred_at,
                payload: event.payload,
                body_event: event.id.clone(),
            };
            change(&mut subjects, &event.id, Some(says), true);
        }
        subjects.tell_standalone()?;
        Ok(subjects)
    }
}

impl Log {
    fn add(&mut self, event: Event, may_be_corrected: bool) {
        if !may_be_corrected {
            self.stored.insert(event.id.clone(), None);
        }
        self.came.push(event.id.clone());
        self.new.insert(event.id.clone(), event);
    }

    /// Whoever stores the new events before they are folded finds them there again: they are left out.
    fn supply(&mut self, event: &EventId, mut family: Family) {
        family.event = family.event.filter(|event| !self.new.contains_key(&event.id));
        family
            .corrections
            .retain(|correction| !self.new.contains_key(&correction.id));
        let is_empty = family.event.is_none() && family.corrections.is_empty();
        self.stored.insert(event.clone(), (!is_empty).then(|| Box::new(family)));
    }

    fn close(&mut self, asked: Vec<EventId>) {
        for event in asked {
            self.stored.entry(event).or_default();
        }
    }

    /// Puts what corrections change in what is said into histories, and gives the new events that none concerns.
    fn into_uncorrected(self, subjects: &mut Subjects) -> Vec<Event> {
        let stored = by_target(self.corrections());
        let every = by_target(self.corrections().chain(self.new.values()));
        let mut uncorrected = Vec::with_capacity(self.came.len());
        let mut roots: BTreeSet<&EventId> = BTreeSet::new();
        for event in self.came.iter().filter_map(|id| self.new.get(id)) {
            if target(&event.payload).is_none() && !every.contains_key(&event.id) {
                uncorrected.push(event.id.clone());
            } else {
                roots.extend(self.climb(event).ok().flatten());
            }
        }
        for root in roots {
            let before = self.stored(root);
            let before = before.and_then(|event| effective(event, &concerning(root, &stored)));
            let after = self
                .find(root)
                .and_then(|event| effective(event, &concerning(root, &every)));
            if before
                .as_ref()
                .zip(after.as_ref())
                .is_some_and(|(before, after)| before.says_like(after))
            {
                continue;
            }
            change(subjects, root, before, false);
            change(subjects, root, after, true);
        }
        drop((stored, every));
        let mut new = self.new;
        uncorrected.iter().filter_map(|id| new.remove(id)).collect()
    }

    /// What must be asked for: every new event that stored corrections may concern, and every target on the way from a new
    /// correction to the event that it concerns in the end.
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
        what: What::Event(said.payload.clone()),
    };
    let body = Body::Event {
        body_event: said.body_event,
    };
    for subject in routing::subjects(event, &said.payload) {
        subjects.change_history(subject, &occurrence, &body, is_new);
    }
}

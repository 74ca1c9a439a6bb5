//! Folding subjects until none changes another any more.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Error, Needs,
    changes::Body,
    delta::{Delta, Signals, Tells, told},
    evaluate::{Evaluation, Setting, signals},
    sums::{Rows, consolidate, signed},
    work::{Outcome, Work},
};
use crate::{
    calendar::Days,
    dimension::Fact,
    event::Payload,
    fold::{Context, Links, Occurrence, Output, record::Record, routing, state::State},
    hashing::Map,
    id::EventId,
    policy::Policies,
    subject::{Subject, SubjectKind},
};

/// More rounds than any chain of signals and facts is long.
const MAX_SWEEPS: usize = 32;

/// The ranks in which subjects are folded, so that those who tell come before those who are told.
const RANKS: usize = 4;

fn rank(kind: SubjectKind) -> usize {
    match kind {
        SubjectKind::Lead => 1,
        SubjectKind::Opportunity => 2,
        SubjectKind::Account => 3,
        _ => 0,
    }
}

/// All subjects that the batch touches.
pub(super) struct Subjects {
    policies: Arc<Policies>,
    days: Days,
    pub(super) works: Map<Subject, Box<Work>>,
    /// The subjects that are to be folded, by rank.
    queues: [Vec<Subject>; RANKS],
    /// Facts of the dimension tables that come and go.
    pub(super) facts: Vec<(Fact, i8)>,
    /// Rows of events that are about themselves.
    pub(super) rows: Rows,
    /// Signals of events that are about themselves.
    signals: BTreeMap<Subject, Signals>,
}

impl Subjects {
    pub(super) fn new(policies: Arc<Policies>) -> Self {
        Self {
            days: Days::new(&policies.time_zone),
            policies,
            works: Map::default(),
            queues: Default::default(),
            facts: Vec::new(),
            rows: Vec::new(),
            signals: BTreeMap::new(),
        }
    }

    /// Reference data says something new, or no longer says it.
    pub(super) fn change_facts(&mut self, event: &EventId, at: Timestamp, payload: &Payload, is_new: bool) {
        self.facts.push((
            routing::fact(event, at, payload, &self.policies),
            if is_new { 1 } else { -1 },
        ));
    }

    /// An event comes to a history or goes out of it.
    pub(super) fn change_history(&mut self, subject: Subject, occurrence: &Occurrence, body: &Body, is_new: bool) {
        if subject.kind == SubjectKind::Event {
            return self.fold_alone(subject, occurrence, if is_new { 1 } else { -1 });
        }
        let work = self.works.entry(subject.clone()).or_default();
        let change = work.own.at(&occurrence.key);
        if is_new {
            change.added = Some((occurrence.clone(), body.clone()));
        } else {
            change.removed = true;
        }
        self.queue(subject);
    }

    /// An event that is about itself is its whole history, so nothing is stored of it.
    fn fold_alone(&mut self, subject: Subject, occurrence: &Occurrence, count: i64) {
        let context = Context {
            subject: &subject,
            policies: &self.policies,
            days: &self.days,
            links: &Links::new(),
        };
        let mut out = Output::default();
        let mut state = State::new(subject.kind);
        state.step(occurrence, &context, &mut out);
        state.tail(&context, &mut out);
        self.rows.extend(signed(out.measurements, count));
        if !out.signals.is_empty() {
            let told = self.signals.entry(subject).or_default();
            told.extend(signed(signals(out.signals), count));
        }
    }

    /// Passes on the signals of events that are about themselves.
    ///
    /// # Errors
    /// When two signals stand at one place.
    pub(super) fn tell_standalone(&mut self) -> Result<(), Error> {
        for (from, mut signals) in std::mem::take(&mut self.signals) {
            consolidate(&mut signals);
            for (to, delta) in told(&from, signals)? {
                self.tell(&from, to, delta);
            }
        }
        Ok(())
    }

    pub(super) fn supply_record(&mut self, subject: &Subject, record: Option<&[u8]>) -> Result<(), Error> {
        let record = record.map(Record::decode).transpose()?;
        self.works.entry(subject.clone()).or_default().record = Some(record);
        Ok(())
    }

    pub(super) fn supply_history(&mut self, subject: &Subject, mut history: Vec<Occurrence>) {
        history.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        self.works.entry(subject.clone()).or_default().history = Some(history);
    }

    /// Nothing more is coming for subjects that were asked for.
    pub(super) fn close(&mut self, records: Vec<Subject>, histories: Vec<Subject>) {
        for subject in records {
            self.works.entry(subject).or_default().record.get_or_insert(None);
        }
        for subject in histories {
            self.works.entry(subject).or_default().history.get_or_insert_default();
        }
    }

    /// Folds what can be folded, and tells what must be known for the rest.
    ///
    /// # Errors
    /// When the folds don't settle, or collide.
    pub(super) fn settle(&mut self) -> Result<Needs, Error> {
        let mut wanted = Wanted::default();
        let mut blocked = Vec::new();
        for _ in 0..MAX_SWEEPS {
            for rank in 0..RANKS {
                for subject in std::mem::take(&mut self.queues[rank]) {
                    match self.evaluate(&subject)? {
                        Evaluation::Done(outcome, tells) => self.accept(&subject, *outcome, tells),
                        Evaluation::Wants { records, history } => {
                            wanted.records.extend(records);
                            wanted.histories.extend(history.then(|| subject.clone()));
                            blocked.push(subject);
                        }
                    }
                }
            }
            if self.queues.iter().all(Vec::is_empty) {
                break;
            }
        }
        self.refuse_unsettled()?;
        blocked.into_iter().for_each(|subject| self.queue(subject));
        if wanted.is_empty() {
            wanted.records.extend(self.unread_records());
        }
        Ok(wanted.into_needs())
    }

    fn refuse_unsettled(&self) -> Result<(), Error> {
        let subjects = self.queues.iter().map(Vec::len).sum();
        match self.queues.iter().flatten().next() {
            Some(example) => Err(Error::Unsettled {
                subjects,
                example: example.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Marks a subject as one that must be folded.
    fn queue(&mut self, subject: Subject) {
        let work = self.works.entry(subject.clone()).or_default();
        if !std::mem::replace(&mut work.queued, true) {
            self.queues[rank(subject.kind)].push(subject);
        }
    }

    fn evaluate(&mut self, subject: &Subject) -> Result<Evaluation, Error> {
        self.works.entry(subject.clone()).or_default().queued = false;
        let known = |other: &Subject| self.works.get(other)?.facts();
        Setting {
            subject,
            policies: &self.policies,
            days: &self.days,
            known: &known,
        }
        .evaluate(&self.works[subject])
    }

    /// Takes over what a subject's fold says now, and queues those whom that concerns.
    fn accept(&mut self, subject: &Subject, outcome: Outcome, tells: Tells) {
        let work = self.works.entry(subject.clone()).or_default();
        let dependents = if work.facts() == Some(&outcome.facts) {
            Vec::new()
        } else {
            work.dependents()
        };
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        let before = work.links();
        if !before.keys().eq(outcome.links.keys()) {
            joined.extend(
                outcome
                    .links
                    .keys()
                    .filter(|other| !before.contains_key(*other))
                    .cloned(),
            );
            left.extend(
                before
                    .keys()
                    .filter(|other| !outcome.links.contains_key(*other))
                    .cloned(),
            );
        }
        let told = tells.iter().map(|(to, _)| to.clone()).collect();
        let mut silent = std::mem::replace(&mut work.tells, told);
        silent.retain(|to| !work.tells.contains(to));
        work.outcome = Some(outcome);
        for dependent in dependents {
            self.works.entry(dependent.clone()).or_default().links_changed = true;
            self.queue(dependent);
        }
        for other in joined {
            self.works.entry(other).or_default().join(subject);
        }
        for other in left {
            self.works.entry(other).or_default().leave(subject);
        }
        let silent = silent.into_iter().map(|to| (to, Delta::default()));
        for (to, delta) in silent.chain(tells) {
            self.tell(subject, to, delta);
        }
    }

    /// Says what one subject changes in the history of another, instead of what it said before.
    fn tell(&mut self, from: &Subject, to: Subject, delta: Delta) {
        let work = self.works.entry(to.clone()).or_default();
        let unchanged = match work.told.get(from) {
            Some(before) => *before == delta,
            None => delta.is_empty(),
        };
        if !unchanged {
            work.told.insert(from.clone(), delta);
            self.queue(to);
        }
    }

    /// The subjects that got other dependents, and whose records are not known yet.
    fn unread_records(&self) -> impl Iterator<Item = Subject> {
        self.works
            .iter()
            .filter(|(_, work)| work.has_new_dependents() && work.record.is_none())
            .map(|(subject, _)| subject.clone())
    }
}

/// What must be known, each once.
#[derive(Default)]
struct Wanted {
    records: BTreeSet<Subject>,
    histories: BTreeSet<Subject>,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.histories.is_empty()
    }

    fn into_needs(self) -> Needs {
        Needs {
            families: Vec::new(),
            records: self.records.into_iter().collect(),
            histories: self.histories.into_iter().collect(),
        }
    }
}

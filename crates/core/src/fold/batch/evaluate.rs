//! Folding one subject with what is known.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Error,
    delta::{Change, Delta, Signals, told},
    sums::{Rows, consolidate},
    work::{Outcome, Work},
};
use crate::{
    fold::{
        Context, Facts, Key, Links, Occurrence, Output, Signal, What,
        record::{Head, Record},
        state::State,
    },
    policy::Policies,
    subject::Subject,
};

/// What folding a subject comes to.
pub(super) enum Evaluation {
    /// It is folded, and changes the histories of these.
    Done(Box<Outcome>, BTreeMap<Subject, Delta>),
    /// More must be known.
    Wants {
        /// The records of these.
        records: Vec<Subject>,
        /// Its own history.
        history: bool,
    },
}

/// The subject to fold, and what its fold may look at.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) subject: &'a Subject,
    pub(super) policies: &'a Policies,
    /// The facts of other subjects as they are now, as far as they are known.
    pub(super) known: &'a dyn Fn(&Subject) -> Option<Facts>,
}

/// A fold under way.
#[derive(Clone)]
struct Run {
    state: State,
    last: Option<Key>,
    /// All that the machine read at any time on the way.
    reads: BTreeSet<Subject>,
}

/// From where a fold starts, what it takes in, and what is stored of its output from there on.
struct Start<'a> {
    run: Run,
    occurrences: Vec<&'a Occurrence>,
    stored: Output,
}

impl<'a> Setting<'a> {
    fn context(self, links: &'a Links) -> Context<'a> {
        Context {
            subject: self.subject,
            policies: self.policies,
            links,
        }
    }

    /// Folds the subject with all that is known now.
    ///
    /// # Errors
    /// When two of its signals collide.
    pub(super) fn evaluate(self, work: &Work) -> Result<Evaluation, Error> {
        let Some(record) = &work.record else {
            let history = work.history.is_none() && work.likely_whole();
            return Ok(Evaluation::Wants {
                records: vec![self.subject.clone()],
                history,
            });
        };
        let mut links = work.stored_head().links.clone();
        for (other, facts) in &mut links {
            if let Some(now) = (self.known)(other) {
                *facts = now;
            }
        }
        let tip = if links == work.stored_head().links {
            self.at_tip(work, record.as_ref())
        } else {
            None
        };
        let Some(start) = tip.or_else(|| self.at_beginning(work)) else {
            return Ok(Evaluation::Wants {
                records: Vec::new(),
                history: true,
            });
        };
        self.run(&start, links)
    }

    /// Runs the fold until the links are those that it reads. Facts that come to be known on the way make it run again:
    /// what came before the start can't have read them, or they would be among the stored links.
    fn run(self, start: &Start<'_>, mut links: Links) -> Result<Evaluation, Error> {
        loop {
            let mut run = start.run.clone();
            let output = run.over(&start.occurrences, &self.context(&links));
            let (mut unknown, mut settled) = (Vec::new(), true);
            for other in run
                .reads
                .iter()
                .filter(|other| !links.contains_key(*other))
                .cloned()
                .collect::<Vec<_>>()
            {
                match (self.known)(&other) {
                    Some(facts) => {
                        settled &= facts == Facts::None;
                        links.insert(other, facts);
                    }
                    None => unknown.push(other),
                }
            }
            if !unknown.is_empty() {
                return Ok(Evaluation::Wants {
                    records: unknown,
                    history: false,
                });
            }
            if settled {
                links.retain(|other, _| run.reads.contains(other));
                return self.difference(run, links, output, start.stored.clone());
            }
        }
    }

    /// To start from the stored state. `None` when something changes before it, or when it has another layout.
    fn at_tip(self, work: &'a Work, record: Option<&Record>) -> Option<Start<'a>> {
        let head = work.stored_head();
        let changes = work.changes();
        if !changes
            .iter()
            .all(|(key, change)| !change.removed && head.last.as_ref() < Some(*key))
        {
            return None;
        }
        let kind = self.subject.kind;
        let state = record.map_or_else(|| Some(State::new(kind)), |record| record.state(kind))?;
        let run = Run {
            state,
            last: head.last.clone(),
            reads: head.links.keys().cloned().collect(),
        };
        let mut stored = Output::default();
        run.end(&self.context(&head.links), &mut stored);
        Some(Start {
            run,
            occurrences: added(&changes).collect(),
            stored,
        })
    }

    /// To start from the beginning of the history. `None` when that is not known.
    fn at_beginning(self, work: &'a Work) -> Option<Start<'a>> {
        let head: &Head = work.stored_head();
        let history: &[Occurrence] = match &work.history {
            Some(history) => history,
            None if head.last.is_none() => &[],
            None => return None,
        };
        let new = Run {
            state: State::new(self.subject.kind),
            last: None,
            reads: BTreeSet::new(),
        };
        let stored = work.stored_output.get_or_init(|| {
            let occurrences: Vec<&Occurrence> = history.iter().collect();
            new.clone().over(&occurrences, &self.context(&head.links))
        });
        let changes = work.changes();
        let stays = |occurrence: &&Occurrence| changes.binary_search_by_key(&&occurrence.key, |(key, _)| *key).is_err();
        let mut occurrences: Vec<&Occurrence> = history.iter().filter(stays).chain(added(&changes)).collect();
        occurrences.sort_unstable_by_key(|occurrence| &occurrence.key);
        Some(Start {
            run: new,
            occurrences,
            stored: stored.clone(),
        })
    }

    /// The difference between what the fold puts out and what is stored of it.
    fn difference(self, run: Run, links: Links, output: Output, stored: Output) -> Result<Evaluation, Error> {
        let mut rows: Rows = output.measurements.into_iter().map(|row| (row, 1)).collect();
        rows.extend(stored.measurements.into_iter().map(|row| (row, -1)));
        consolidate(&mut rows);
        let mut signals: Signals = signed_signals(output.signals, 1).collect();
        signals.extend(signed_signals(stored.signals, -1));
        let tells = told(self.subject, signals)?;
        let outcome = Outcome {
            facts: run.state.facts(),
            state: run.state,
            last: run.last,
            links,
            rows,
        };
        Ok(Evaluation::Done(Box::new(outcome), tells))
    }
}

impl Run {
    /// Takes in occurrences, and puts out all that they count for. An empty history counts for nothing.
    fn over(&mut self, occurrences: &[&Occurrence], context: &Context<'_>) -> Output {
        let mut out = Output::default();
        for occurrence in occurrences {
            self.state.step(occurrence, context, &mut out);
            self.reads.extend(self.state.reads());
        }
        if let Some(last) = occurrences.last() {
            self.last = Some(last.key.clone());
        }
        self.end(context, &mut out);
        out
    }

    /// Puts out what holds at the end.
    fn end(&self, context: &Context<'_>, out: &mut Output) {
        if self.last.is_some() {
            self.state.tail(context, out);
        }
    }
}

fn added<'a>(changes: &[(&'a Key, &'a Change)]) -> impl Iterator<Item = &'a Occurrence> {
    changes
        .iter()
        .filter_map(|(_, change)| change.added.as_ref().map(|(occurrence, _)| occurrence))
}

/// Signals with a sign. Machines tell others nothing else than signals.
pub(super) fn signed_signals(
    signals: Vec<(Subject, Occurrence)>,
    count: i64,
) -> impl Iterator<Item = ((Subject, Key, Signal), i64)> {
    signals
        .into_iter()
        .filter_map(move |(to, occurrence)| match occurrence.what {
            What::Signal(signal) => Some(((to, occurrence.key, signal), count)),
            What::Event(_) => None,
        })
}

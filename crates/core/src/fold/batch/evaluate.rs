//! Folding one subject with what is known.

use std::collections::BTreeSet;

use super::{
    Error,
    delta::{Change, Signals, Tells, told},
    sums::difference,
    work::{Outcome, Work},
};
use crate::{
    calendar::Days,
    fold::{Context, Facts, Key, Links, Occurrence, Output, Signal, What, record::Head, state::State},
    policy::Policies,
    subject::Subject,
};

/// What folding a subject comes to.
pub(super) enum Evaluation {
    /// It is folded, and changes the histories of these.
    Done(Box<Outcome>, Tells),
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
    pub(super) days: &'a Days,
    /// The facts of other subjects as they are now, as far as they are known.
    pub(super) known: &'a dyn Fn(&Subject) -> Option<&'a Facts>,
}

/// A fold under way.
struct Run {
    state: State,
    last: Option<Key>,
    /// All that the machine read at any time on the way.
    reads: BTreeSet<Subject>,
}

/// Where a fold starts.
#[derive(Clone, Copy)]
enum Place {
    /// With the stored state.
    Tip,
    /// With nothing.
    Beginning,
}

/// From where a fold starts, what it takes in, and what is stored of its output from there on.
struct Start<'a> {
    place: Place,
    run: Run,
    occurrences: Vec<&'a Occurrence>,
    stored: Stored,
}

/// What is stored of a fold's output from its start on.
enum Stored {
    /// What this state puts out at its end.
    EndOf(State),
    /// All of this.
    All(Output),
}

impl<'a> Setting<'a> {
    /// What occurrences are taken in with.
    fn under_way<'c>(self, links: &'c Links) -> Context<'c>
    where
        'a: 'c,
    {
        static NONE: Links = Links::new();
        let reads_at_end = State::reads_at_end(self.subject.kind);
        self.context(if reads_at_end { &NONE } else { links })
    }

    fn context<'c>(self, links: &'c Links) -> Context<'c>
    where
        'a: 'c,
    {
        Context {
            subject: self.subject,
            policies: self.policies,
            days: self.days,
            links,
        }
    }

    /// Folds the subject with all that is known now.
    ///
    /// # Errors
    /// When two of its signals collide.
    pub(super) fn evaluate(self, work: &'a Work) -> Result<Evaluation, Error> {
        let reads_at_end = State::reads_at_end(self.subject.kind);
        if work.record.is_none() {
            let history = work.history.is_none() && work.likely_whole(reads_at_end);
            return Ok(Evaluation::Wants {
                records: vec![self.subject.clone()],
                history,
            });
        }
        let mut links = work.stored_head().links.clone();
        let mut as_stored = true;
        for (other, facts) in &mut links {
            if let Some(now) = (self.known)(other)
                && *now != *facts
            {
                facts.clone_from(now);
                as_stored = false;
            }
        }
        let tip = if as_stored || reads_at_end {
            self.at_tip(work)
        } else {
            None
        };
        let Some(start) = tip.or_else(|| self.at_beginning(work)) else {
            return Ok(Evaluation::Wants {
                records: Vec::new(),
                history: true,
            });
        };
        self.run(work, start, links)
    }

    /// Runs the fold until the links are those that it reads. Facts that come to be known on the way make it run again:
    /// what came before the start can't have read them, or they would be among the stored links.
    fn run(self, work: &Work, start: Start<'_>, mut links: Links) -> Result<Evaluation, Error> {
        let Start {
            place,
            mut run,
            occurrences,
            stored,
        } = start;
        loop {
            let mut output = run.over(&occurrences, &self.under_way(&links));
            let (mut unknown, mut settled) = (Vec::new(), true);
            for other in &run.reads {
                if links.contains_key(other) {
                    continue;
                }
                match (self.known)(other) {
                    Some(facts) => {
                        settled &= *facts == Facts::None;
                        links.insert(other.clone(), facts.clone());
                    }
                    None => unknown.push(other.clone()),
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
                let stored = self.end(work, stored, &run, &links, &mut output);
                return self.difference(run, links, output, stored);
            }
            run = self.begin(work, place).expect("it was begun before");
        }
    }

    /// Puts out what holds at the end of a fold, and tells what is stored of its output. An end that is as it was is left
    /// out of both: many occurrences change nothing of what holds.
    fn end(self, work: &Work, stored: Stored, run: &Run, links: &Links, output: &mut Output) -> Output {
        let head = work.stored_head();
        match stored {
            Stored::EndOf(_) if head.last.is_none() => {
                run.end(&self.context(links), output);
                Output::default()
            }
            Stored::EndOf(before) if before == run.state && *links == head.links => Output::default(),
            Stored::EndOf(before) => {
                run.end(&self.context(links), output);
                let mut stored = Output::default();
                before.tail(&self.context(&head.links), &mut stored);
                stored
            }
            Stored::All(stored) => {
                run.end(&self.context(links), output);
                stored
            }
        }
    }

    /// A fold that has taken in nothing yet. `None` when the stored state has another layout.
    fn begin(self, work: &Work, place: Place) -> Option<Run> {
        let kind = self.subject.kind;
        let (record, head) = (work.record.as_ref().and_then(Option::as_ref), work.stored_head());
        Some(match place {
            Place::Tip => Run {
                state: record.map_or_else(|| Some(State::new(kind)), |record| record.state(kind))?,
                last: head.last.clone(),
                reads: head.links.keys().cloned().collect(),
            },
            Place::Beginning => Run {
                state: State::new(kind),
                last: None,
                reads: BTreeSet::new(),
            },
        })
    }

    /// To start from the stored state. `None` when something changes before it, or when it has another layout.
    fn at_tip(self, work: &'a Work) -> Option<Start<'a>> {
        let head = work.stored_head();
        let changes = work.changes();
        if !changes
            .iter()
            .all(|(key, change)| !change.removed && head.last.as_ref() < Some(*key))
        {
            return None;
        }
        let run = self.begin(work, Place::Tip)?;
        Some(Start {
            place: Place::Tip,
            stored: Stored::EndOf(run.state.clone()),
            run,
            occurrences: added(&changes).collect(),
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
        let place = Place::Beginning;
        let stored = work.stored_output.get_or_init(|| {
            let occurrences: Vec<&Occurrence> = history.iter().collect();
            let run = self.begin(work, place);
            run.map_or_else(Output::default, |mut run| {
                let mut output = run.over(&occurrences, &self.under_way(&head.links));
                run.end(&self.context(&head.links), &mut output);
                output
            })
        });
        let changes = work.changes();
        let stays = |occurrence: &&Occurrence| changes.binary_search_by_key(&&occurrence.key, |(key, _)| *key).is_err();
        let mut occurrences: Vec<&Occurrence> = history.iter().filter(stays).chain(added(&changes)).collect();
        occurrences.sort_unstable_by_key(|occurrence| &occurrence.key);
        Some(Start {
            place,
            run: self.begin(work, place)?,
            occurrences,
            stored: Stored::All(stored.clone()),
        })
    }

    /// The difference between what the fold puts out and what is stored of it.
    fn difference(self, run: Run, links: Links, output: Output, stored: Output) -> Result<Evaluation, Error> {
        let rows = difference(output.measurements, stored.measurements);
        let signals: Signals = difference(signals(output.signals), signals(stored.signals));
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
    /// Takes in occurrences, and puts out the rows that stay.
    fn over(&mut self, occurrences: &[&Occurrence], context: &Context<'_>) -> Output {
        let mut out = Output::default();
        for occurrence in occurrences {
            self.state.step(occurrence, context, &mut out);
            if let Some(other) = self.state.reads()
                && !self.reads.contains(&other)
            {
                self.reads.insert(other);
            }
        }
        if let Some(last) = occurrences.last() {
            self.last = Some(last.key.clone());
        }
        out
    }

    /// Puts out what holds at the end. An empty history counts for nothing.
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

/// Signals without what all have in common. Machines tell others nothing else than signals.
pub(super) fn signals(told: Vec<(Subject, Occurrence)>) -> Vec<(Subject, Key, Signal)> {
    told.into_iter()
        .filter_map(|(to, occurrence)| match occurrence.what {
            What::Signal(signal) => Some((to, occurrence.key, signal)),
            What::Event(_) => None,
        })
        .collect()
}

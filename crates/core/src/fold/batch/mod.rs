//! A batch of new events → what it changes, without touching a database.
//!
//! The batch asks for what it must know ([`Needs`]), in bulk and in few rounds, and whoever drives it supplies that from
//! the same transaction in which it writes the [`Changes`]:
//!
//! ```text
//! loop {
//!     match batch.advance()? {
//!         Progress::Needs(needs) => /* look up, batch.supply_…(…) */,
//!         Progress::Done(changes) => break /* write */,
//!     }
//! }
//! ```
//!
//! 1. *Families* (`families`): each new event is put together with the corrections that concern it, stored and new, if any do.
//!    What its family says before and after the batch differs in occurrences of the event's subjects.
//! 2. *Subjects* (`settle`): every subject whose history or links changed is folded. An occurrence at the end of a
//!    history costs what it costs, however long the history is; anything else folds the whole history twice. Either way
//!    the outcome is a difference to what the ledger holds: rows, signals to other subjects (which change *their*
//!    histories) and facts (which change the rows of subjects that read them). That goes round until nothing changes:
//!    leads tell their facts from their own events alone, deals tell accounts, accounts tell leads, so it ends; a bound
//!    makes an error of a machine that would break this.
//! 3. *Changes* (`changes`): the sum of the differences, and the records and histories to store.
//!
//! What a batch changes depends on the stored events and on its own as sets. So however events are ordered and split
//! into batches, the sum of all changes is the fold of all events.

mod changes;
mod delta;
mod evaluate;
mod families;
mod settle;
mod sums;
mod work;

use std::{collections::HashSet, sync::Arc};

use smol_str::SmolStr;

pub use self::{
    changes::{Body, Changes, StoredOccurrence},
    families::likely_subjects,
};
use self::{families::Families, settle::Subjects};
use super::{Occurrence, record::Unreadable};
use crate::{event::Event, id::EventId, policy::Policies, subject::Subject};

/// What a batch must know to go on. What is not supplied before the next [`Batch::advance`] does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Events whose [`Family`] is to be supplied, whether stored or not. Of the batch's own events only corrections can
    /// be stored.
    pub families: Vec<EventId>,
    /// Subjects whose record is to be supplied.
    pub records: Vec<Subject>,
    /// Subjects whose whole stored history is to be supplied.
    pub histories: Vec<Subject>,
}

impl Needs {
    /// Whether nothing is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.families.is_empty() && self.records.is_empty() && self.histories.is_empty()
    }
}

/// What is stored of an event and its corrections. Events of the batch itself are left out, if they are stored already.
#[derive(Debug, Clone, Default)]
pub struct Family {
    /// The event itself.
    pub event: Option<Event>,
    /// The corrections whose target is the event (stored or not), those whose target is one of these, and so on.
    pub corrections: Vec<Event>,
}

/// How far a batch has come.
#[derive(Debug)]
pub enum Progress {
    /// It must know more.
    Needs(Needs),
    /// It is done: this is to be written.
    Done(Changes),
}

/// Why a batch can't be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Something stored can't be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The folds of subjects keep changing each other, which is a fault of a machine.
    #[error("the folds of {subjects} subjects, one of them {example}, do not settle")]
    Unsettled {
        /// How many.
        subjects: usize,
        /// One of them.
        example: Subject,
    },
    /// A subject sends two signals to one place of another's history, which is a fault of a machine.
    #[error("{from} sends more than one signal to {to} as {id}")]
    SignalTwice {
        /// Who sends.
        from: Subject,
        /// Who is told.
        to: Subject,
        /// The signals' id.
        id: SmolStr,
    },
}

/// New events on their way into the ledger.
pub struct Batch {
    stage: Stage,
    asked: Needs,
}

/// What the batch is at.
enum Stage {
    /// Finding out what the events say.
    Families(Families),
    /// Folding the subjects.
    Subjects(Subjects),
    /// Nothing.
    Done,
}

impl Batch {
    /// A batch of new events: none of them is stored, and each is there once. `may_be_corrected` says whether a correction that
    /// concerns an event may be stored; families are asked for of such events, and of what the new ones correct.
    #[must_use]
    pub fn new(policies: Arc<Policies>, events: Vec<Event>, may_be_corrected: impl Fn(&EventId) -> bool) -> Self {
        debug_assert!(
            events.iter().map(|event| &event.id).collect::<HashSet<_>>().len() == events.len(),
            "an event is there twice"
        );
        Self {
            stage: Stage::Families(Families::new(events, may_be_corrected, Subjects::new(policies))),
            asked: Needs::default(),
        }
    }

    /// Goes on as far as possible with what is known.
    ///
    /// # Errors
    /// When the batch can't be folded; it must be dropped then, and nothing of it may be stored.
    pub fn advance(&mut self) -> Result<Progress, Error> {
        self.close_asked();
        loop {
            match std::mem::replace(&mut self.stage, Stage::Done) {
                Stage::Families(mut families) => {
                    let needs = families.needs();
                    if !needs.is_empty() {
                        self.stage = Stage::Families(families);
                        return Ok(self.ask(needs));
                    }
                    self.stage = Stage::Subjects(families.into_subjects()?);
                }
                Stage::Subjects(mut subjects) => {
                    let needs = subjects.settle()?;
                    if !needs.is_empty() {
                        self.stage = Stage::Subjects(subjects);
                        return Ok(self.ask(needs));
                    }
                    return Ok(Progress::Done(subjects.into_changes()?));
                }
                Stage::Done => return Ok(Progress::Done(Changes::default())),
            }
        }
    }

    /// Supplies what is stored of an event that was asked for.
    pub fn supply_family(&mut self, event: &EventId, family: Family) {
        if let Stage::Families(families) = &mut self.stage {
            families.supply(event, family);
        }
    }

    /// Supplies the record of a subject that was asked for; `None` when there is none.
    ///
    /// # Errors
    /// When the record can't be read.
    pub fn supply_record(&mut self, subject: &Subject, record: Option<&[u8]>) -> Result<(), Error> {
        if let Some(subjects) = self.subjects() {
            subjects.supply_record(subject, record)?;
        }
        Ok(())
    }

    /// Supplies the whole stored history of a subject that was asked for, in any order.
    pub fn supply_history(&mut self, subject: &Subject, history: Vec<Occurrence>) {
        if let Some(subjects) = self.subjects() {
            subjects.supply_history(subject, history);
        }
    }

    fn subjects(&mut self) -> Option<&mut Subjects> {
        match &mut self.stage {
            Stage::Families(families) => Some(families.subjects_mut()),
            Stage::Subjects(subjects) => Some(subjects),
            Stage::Done => None,
        }
    }

    fn ask(&mut self, needs: Needs) -> Progress {
        self.asked = needs.clone();
        Progress::Needs(needs)
    }

    /// What was asked for and not supplied does not exist.
    fn close_asked(&mut self) {
        let asked = std::mem::take(&mut self.asked);
        if let Stage::Families(families) = &mut self.stage {
            families.close(asked.families);
        }
        if let Some(subjects) = self.subjects() {
            subjects.close(asked.records, asked.histories);
        }
    }
}

#[cfg(test)]
mod tests;

//! What a process keeps in memory of a tenant for whom it writes: the state of the subjects that it lately touched, so
//! that commits need not read it, as it is after the last commit that was planned.
//!
//! A book is right as long as nobody else writes for the tenant: each commit that is planned with it names the state on
//! which it was planned, and is not written when the tenant's row says otherwise.

use std::{collections::HashMap, sync::Arc};

use scoreline_core::{
    event::{Event, Payload},
    fold::{batch::Changes, correction::said},
    id::EventId,
    policy::Policies,
    subject::Subject,
};

use super::{generations::Generations, history::Tail, prepare::Sent};
use crate::{Error, inserts::Base};

/// What is stored of a subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) record: Vec<u8>,
    pub(crate) tail: Tail,
}

#[derive(Debug)]
struct Entry {
    /// None: nothing is stored of it.
    stored: Option<Stored>,
    /// The commit that changed it last.
    commit: u64,
    /// The commit that closed a chapter of its history last.
    closed: u64,
}

/// An event of a commit, among those that were sent with it.
#[derive(Debug)]
struct Told {
    sent: Arc<[Event]>,
    at: usize,
    commit: u64,
}

/// What is kept of a tenant.
#[derive(Debug)]
pub(crate) struct Book {
    /// After the last commit that was planned.
    pub(crate) base: Base,
    pub(crate) policies: Arc<Policies>,
    /// Whether the log has corrections at all.
    pub(crate) has_corrections: bool,
    /// The last planned commit that has corrections.
    pub(crate) last_correcting: u64,
    /// Whether duplicates are to be expected, and looked for first.
    pub(crate) wary: bool,
    /// Failures of the lane when this book was opened.
    pub(crate) opened_at: u64,
    subjects: Generations<Subject, Entry>,
    events: Generations<EventId, Told>,
}

/// A subject and what is to be stored of it.
pub(crate) type Touched = (Subject, Stored);

/// A closed chapter of a subject's history: its number and its lines.
pub(crate) type Chapter = (Subject, i32, Vec<u8>);

impl Book {
    pub(crate) fn new(base: Base, policies: Arc<Policies>, has_corrections: bool, opened_at: u64) -> Self {
        Self {
            base,
            policies,
            has_corrections,
            last_correcting: 0,
            wary: false,
            opened_at,
            subjects: Generations::default(),
            events: Generations::default(),
        }
    }

    /// Roughly, the memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.subjects.bytes() + self.events.bytes()
    }

    /// Whether it is known what is stored of a subject.
    pub(crate) fn knows(&mut self, subject: &Subject) -> bool {
        self.subjects.uses(subject)
    }

    /// What is stored of a subject that [is known](Self::knows).
    pub(crate) fn stored(&self, subject: &Subject) -> Option<&Stored> {
        self.subjects.get(subject)?.stored.as_ref()
    }

    /// The last commit that closed a chapter of a subject's history, if it is one of those that were planned with this book.
    pub(crate) fn closed(&self, subject: &Subject) -> u64 {
        self.subjects.get(subject).map_or(0, |entry| entry.closed)
    }

    /// Takes in what was read of a subject.
    pub(crate) fn learn(&mut self, subject: Subject, stored: Option<Stored>) {
        let entry = Entry {
            stored,
            commit: 0,
            closed: 0,
        };
        self.put(subject, entry);
    }

    /// What an event says, if it was one of a late commit.
    pub(crate) fn said(&mut self, event: &EventId) -> Option<Payload> {
        if !self.events.uses(event) {
            return None;
        }
        let told = self.events.get(event)?;
        Some(said(told.sent[told.at].payload.clone()))
    }

    /// Forgets what was longest not used, so that little more than `limit` bytes are kept. What commits after `durable`
    /// changed stays: nobody could read it elsewhere.
    pub(crate) fn shrink(&mut self, limit: usize, durable: u64) {
        self.subjects.shrink(limit / 16 * 15, |entry| entry.commit > durable);
        self.events.shrink(limit / 16, |told| told.commit > durable);
    }

    /// Takes over what the next commit changes: what is to be written of subjects, and the chapters that it closes.
    ///
    /// # Errors
    /// When something has no stored form.
    pub(crate) fn take_over(
        &mut self,
        new: &[Sent<'_>],
        changes: &mut Changes,
    ) -> Result<(Vec<Touched>, Vec<Chapter>), Error> {
        let commit = self.base.last_commit + 1;
        for sent in new {
            let told = Told {
                sent: Arc::clone(sent.together),
                at: sent.at,
                commit,
            };
            self.events
                .put(sent.event.id.clone(), told, size_of::<Event>() + sent.data.len());
        }
        let mut touched: HashMap<Subject, Stored> = HashMap::with_capacity(changes.records.len());
        for (subject, record) in std::mem::take(&mut changes.records) {
            self.change(&mut touched, &subject)?.record = record;
        }
        for (subject, key) in &changes.removed {
            self.change(&mut touched, subject)?.tail.remove(key)?;
        }
        for (subject, occurrence) in &changes.added {
            self.change(&mut touched, subject)?.tail.add(occurrence)?;
        }
        let mut touched: Vec<Touched> = touched.into_iter().collect();
        // One order for all who write, by the key of the table.
        touched.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut chapters = Vec::new();
        for (subject, stored) in &mut touched {
            if stored.record.is_empty() {
                return Err(Error::Fold(format!("{subject} has a history and no state")));
            }
            let mut closed = self.closed(subject);
            if let Some((number, lines)) = stored.tail.close_chapter() {
                chapters.push((subject.clone(), number, lines));
                closed = commit;
            }
            let stored = Some(stored.clone());
            let entry = Entry { stored, commit, closed };
            self.put(subject.clone(), entry);
        }
        self.base.last_commit = commit;
        Ok((touched, chapters))
    }

    fn change<'a>(
        &mut self,
        touched: &'a mut HashMap<Subject, Stored>,
        subject: &Subject,
    ) -> Result<&'a mut Stored, Error> {
        if !touched.contains_key(subject) {
            if !self.knows(subject) {
                return Err(Error::Fold(format!("{subject} changed, and was not asked for")));
            }
            let stored = self.stored(subject).cloned().unwrap_or_default();
            touched.insert(subject.clone(), stored);
        }
        Ok(touched.get_mut(subject).expect("it was just put there"))
    }

    fn put(&mut self, subject: Subject, entry: Entry) {
        let stored = entry.stored.as_ref();
        let bytes = stored.map_or(0, |stored| stored.record.capacity() + stored.tail.recent.capacity());
        self.subjects.put(subject, entry, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        let base = Base {
            last_commit: 7,
            revision: 0,
        };
        Book::new(base, Arc::default(), false, 0)
    }

    fn subject(at: usize) -> Subject {
        Subject::parse(&format!("lead:{at}")).expect("a subject")
    }

    fn record(book: &mut Book, at: usize) {
        book.knows(&subject(at));
        let mut changes = Changes {
            records: vec![(subject(at), vec![1; 100])],
            ..Changes::default()
        };
        if !book.knows(&subject(at)) {
            book.learn(subject(at), None);
        }
        book.take_over(&[], &mut changes).expect("a stored form");
    }

    #[test]
    fn what_is_not_used_is_forgotten_and_what_is_used_stays() {
        let mut book = book();
        for at in 0..100 {
            record(&mut book, at);
            record(&mut book, 0);
            book.shrink(3_000, u64::MAX);
            assert!(book.bytes() <= 4_000, "{} bytes", book.bytes());
        }
        assert!(book.knows(&subject(0)));
        assert!(book.knows(&subject(99)));
        assert!(!book.knows(&subject(1)));
        assert_eq!(book.base.last_commit, 207);
    }

    #[test]
    fn what_is_not_durable_is_never_forgotten() {
        let mut book = book();
        for at in 0..100 {
            record(&mut book, at);
            book.shrink(1_000, 7);
        }
        assert!((0..100).all(|at| book.knows(&subject(at))));
    }
}

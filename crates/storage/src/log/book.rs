//! What a process keeps in memory of a tenant for whom it writes: the state of the subjects that it lately touched, so
//! that commits need not read it, as it is after the last commit that was planned.
//!
//! A book is right as long as nobody else writes for the tenant: each commit that is planned with it names the state on
//! which it was planned, and is not written when the tenant's row says otherwise.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use scoreline_core::{event::Event, fold::batch::Changes, id::EventId, policy::Policies, subject::Subject};

use super::{
    corrections::Corrections,
    generations::Generations,
    history::{self, Standing},
    prepare::Sent,
    state::{State, Stored},
};
use crate::{Error, inserts::Base};

/// After how long, or how many events, a commit carries the state of subjects with it. Whoever opens a book has as much of
/// the log to fold again.
const CARRIED_EVERY: Duration = Duration::from_secs(2);
const CARRIED_EVENTS: usize = 16_384;

/// So many commits have to go as they were planned before one may leave the state of subjects to a later one: who opens
/// books again and again, because others write too or what comes is stored already, would fold more than he writes.
const TRIED: u64 = 4;

/// As many bytes of chapters are kept of a subject. A history of more is read when it is needed.
const CHAPTERS_KEPT: usize = 32 << 10;

/// The number of no commit: of what is to be carried by one that is not planned yet.
const NOT_YET: u64 = u64::MAX;

#[derive(Debug)]
struct Entry {
    /// None: nothing is stored of it.
    stored: Option<Stored>,
    /// The commit that carried it last, or [`NOT_YET`] when it changed since.
    carried: u64,
    /// The commit that carried a chapter of its history last.
    closed: u64,
    chapters: Chapters,
}

/// The closed chapters of a history.
#[derive(Debug, Default)]
struct Chapters {
    /// None where they were not read yet, or are too many to be kept.
    known: Option<Vec<Vec<u8>>>,
    bytes: usize,
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
    pub(crate) corrections: Corrections,
    /// Whether duplicates are to be expected, and looked for first.
    pub(crate) wary: bool,
    /// Failures of the lane when this book was opened.
    pub(crate) opened_at: u64,
    /// How many commits were planned with it.
    planned: u64,
    subjects: Generations<Subject, Entry>,
    events: Generations<EventId, Told>,
    due: Due,
}

/// What commits have yet to carry.
#[derive(Debug)]
struct Due {
    subjects: Vec<Subject>,
    bytes: usize,
    events: usize,
    /// When nothing was due for the last time.
    since: Instant,
}

impl Book {
    pub(crate) fn new(base: Base, policies: Arc<Policies>, corrections: Corrections, opened_at: u64) -> Self {
        Self {
            base,
            policies,
            corrections,
            wary: false,
            opened_at,
            planned: 0,
            subjects: Generations::default(),
            events: Generations::default(),
            due: Due::nothing(),
        }
    }

    /// Roughly, the memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.subjects.bytes() + self.events.bytes() + self.corrections.bytes()
    }

    /// Whether it is known what is stored of a subject.
    pub(crate) fn knows(&mut self, subject: &Subject) -> bool {
        self.subjects.uses(subject)
    }

    /// What is stored of a subject that [is known](Self::knows), or will be.
    pub(crate) fn stored(&self, subject: &Subject) -> Option<&Stored> {
        self.subjects.get(subject)?.stored.as_ref()
    }

    /// Those of some subjects that [are known](Self::knows) whose chapters are not, and how many chapters they have.
    pub(crate) fn unread(&self, subjects: &[Subject]) -> Vec<(Subject, i32)> {
        let unread = |subject: &Subject| {
            let entry = self.subjects.get(subject)?;
            let chapters = entry.stored.as_ref()?.tail.chapters;
            entry.chapters.known.is_none().then(|| (subject.clone(), chapters))
        };
        subjects.iter().filter_map(unread).collect()
    }

    /// Takes in the chapters of a subject that is known. They are kept until [what stands there](Self::standing) was told, and
    /// after that if they are few.
    pub(crate) fn read_chapters(&mut self, subject: &Subject, chapters: Vec<Vec<u8>>) {
        self.subjects.change(subject, |entry| {
            entry.chapters = Chapters::of(chapters);
            entry.bytes()
        });
    }

    /// What stands in the history of a subject that is known with its chapters.
    ///
    /// # Errors
    /// When the history is damaged.
    pub(crate) fn standing(&mut self, subject: &Subject) -> Result<Standing, Error> {
        let (mut standing, mut read) = (Standing::new(), Ok(()));
        self.subjects.change(subject, |entry| {
            let tail = entry.stored.as_ref().map(|stored| &stored.tail.recent);
            let mut lines = entry.chapters.known.iter().flatten().chain(tail);
            read = lines.try_for_each(|lines| history::read(subject, lines, &mut standing));
            entry.chapters.keep_few();
            entry.bytes()
        });
        read.map(|()| standing)
    }

    /// The last commit that carried a chapter of a subject's history, if it is one of those that were planned with this book.
    pub(crate) fn closed(&self, subject: &Subject) -> u64 {
        self.subjects.get(subject).map_or(0, |entry| entry.closed)
    }

    /// Takes in what was read of a subject.
    pub(crate) fn learn(&mut self, subject: Subject, stored: Option<Stored>) {
        let has_chapters = stored.as_ref().is_some_and(|stored| stored.tail.chapters > 0);
        let entry = Entry {
            stored,
            carried: 0,
            closed: 0,
            chapters: if has_chapters {
                Chapters::default()
            } else {
                Chapters::of(Vec::new())
            },
        };
        let bytes = entry.bytes();
        self.subjects.put(subject, entry, bytes);
    }

    /// An event, if it was one of a late commit.
    pub(crate) fn told(&mut self, event: &EventId) -> Option<&Event> {
        if !self.events.uses(event) {
            return None;
        }
        self.events.get(event).map(|told| &told.sent[told.at])
    }

    /// Forgets what was longest not used, so that little more than `limit` bytes are kept. What is not carried by a commit
    /// until `durable` stays: nobody could read it elsewhere. Says whether it forgot subjects.
    pub(crate) fn shrink(&mut self, limit: usize, durable: u64) -> bool {
        self.events.shrink(limit / 16, |told| told.commit > durable);
        self.corrections.shrink(limit, durable);
        self.subjects
            .shrink((limit / 16 * 15).saturating_sub(self.corrections.bytes()), |entry| {
                entry.carried > durable
            })
    }

    /// Whether the next commit, with so many events, has to carry the state of subjects. What is due may take `limit` bytes.
    pub(crate) fn has_to_carry(&self, events: usize, limit: usize) -> bool {
        self.planned < TRIED
            || self.due.events + events > CARRIED_EVENTS
            || self.due.bytes > limit
            || self.due.since.elapsed() >= CARRIED_EVERY
    }

    /// Of how many subjects commits have yet to carry the state.
    pub(crate) fn due(&self) -> usize {
        self.due.subjects.len()
    }

    /// When what commits have yet to carry is to be written at the latest; none when there is nothing.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        (!self.due.subjects.is_empty()).then(|| self.due.since + CARRIED_EVERY)
    }

    /// Takes over what the next commit changes.
    ///
    /// # Errors
    /// When something has no stored form.
    pub(crate) fn take_over(&mut self, new: &[Sent<'_>], changes: &mut Changes) -> Result<(), Error> {
        let commit = self.base.last_commit + 1;
        for sent in new {
            let told = Told {
                sent: Arc::clone(sent.together),
                at: sent.at,
                commit,
            };
            self.corrections.take_over(sent.event, commit);
            self.events
                .put(sent.event.id.clone(), told, size_of::<Event>() + sent.data.len());
        }
        self.take_in(new.len(), changes)?;
        self.base.last_commit = commit;
        self.planned += 1;
        Ok(())
    }

    /// Takes in what so many events of the log change, which no commit has carried.
    ///
    /// # Errors
    /// When something has no stored form.
    pub(crate) fn take_in(&mut self, events: usize, changes: &mut Changes) -> Result<(), Error> {
        for (subject, record) in std::mem::take(&mut changes.records) {
            self.change(&subject, |stored| {
                stored.record = record;
                Ok(())
            })?;
        }
        for (subject, key) in &changes.removed {
            self.change(subject, |stored| stored.tail.remove(key))?;
        }
        for (subject, occurrence) in &changes.added {
            self.change(subject, |stored| stored.tail.add(occurrence))?;
        }
        self.due.events += events;
        Ok(())
    }

    fn change(
        &mut self,
        subject: &Subject,
        change: impl FnOnce(&mut Stored) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !self.knows(subject) {
            return Err(Error::Fold(format!("{subject} changed, and was not asked for")));
        }
        let (mut changed, due) = (Ok(()), &mut self.due);
        self.subjects.change(subject, |entry| {
            if entry.carried == NOT_YET {
                due.bytes = due.bytes.saturating_sub(entry.written_bytes());
            } else {
                entry.carried = NOT_YET;
                due.subjects.push(subject.clone());
            }
            changed = change(entry.stored.get_or_insert_default());
            due.bytes += entry.written_bytes();
            entry.bytes()
        });
        changed
    }

    /// Lets the last planned commit carry all that is due, in the order of the subjects' keys.
    ///
    /// # Errors
    /// When a subject has no state.
    pub(crate) fn carry(&mut self) -> Result<State, Error> {
        let commit = self.base.last_commit;
        self.base.state_commit = commit;
        let mut due = std::mem::replace(&mut self.due, Due::nothing()).subjects;
        due.sort_unstable();
        let mut state = State {
            rows: Vec::with_capacity(due.len()),
            closed: Vec::new(),
        };
        for subject in due {
            let mut stored = None;
            self.subjects.uses(&subject);
            self.subjects.change(&subject, |entry| {
                entry.carried = commit;
                if let Some(stored) = &mut entry.stored
                    && let Some((number, lines)) = stored.tail.close_chapter()
                {
                    entry.chapters.add(&lines);
                    state.closed.push((subject.clone(), number, lines));
                    entry.closed = commit;
                }
                stored.clone_from(&entry.stored);
                entry.bytes()
            });
            match stored {
                Some(stored) if !stored.record.is_empty() => state.rows.push((subject, stored)),
                _ => return Err(Error::Fold(format!("{subject} has a history and no state"))),
            }
        }
        Ok(state)
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        self.written_bytes() + self.chapters.bytes
    }

    /// Those that a commit writes which carries it.
    fn written_bytes(&self) -> usize {
        let stored = self.stored.as_ref();
        stored.map_or(0, |stored| stored.record.capacity() + stored.tail.recent.capacity())
    }
}

impl Chapters {
    /// All that there are.
    fn of(known: Vec<Vec<u8>>) -> Self {
        Self {
            bytes: known.iter().map(Vec::capacity).sum(),
            known: Some(known),
        }
    }

    /// One more is closed.
    fn add(&mut self, lines: &[u8]) {
        if let Some(known) = &mut self.known {
            known.push(lines.to_vec());
            self.bytes += lines.len();
            self.keep_few();
        }
    }

    fn keep_few(&mut self) {
        if self.bytes > CHAPTERS_KEPT {
            *self = Self::default();
        }
    }
}

impl Due {
    fn nothing() -> Self {
        Self {
            subjects: Vec::new(),
            bytes: 0,
            events: 0,
            since: Instant::now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use scoreline_core::fold::{
        Key,
        batch::{Body, StoredOccurrence},
    };

    use super::{super::history::Tail, *};

    fn book() -> Book {
        let base = Base {
            last_commit: 7,
            state_commit: 7,
            revision: 0,
        };
        Book::new(base, Arc::default(), Corrections::new(false), 0)
    }

    fn subject(at: usize) -> Subject {
        Subject::parse(&format!("lead:{at}")).expect("a subject")
    }

    fn record(book: &mut Book, at: usize) {
        change(book, at);
        book.carry().expect("a state");
    }

    fn change(book: &mut Book, at: usize) {
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
    fn commits_carry_state_at_first_and_when_much_is_due() {
        let mut book = book();
        for at in 0..TRIED as usize {
            assert!(book.has_to_carry(1, usize::MAX));
            change(&mut book, at);
        }
        assert!(!book.has_to_carry(1, usize::MAX));
        assert!(book.has_to_carry(1, 100 * TRIED as usize - 1));
        assert!(book.has_to_carry(CARRIED_EVENTS + 1, usize::MAX));
        assert!(book.due_at().is_some());
        let state = book.carry().expect("a state");
        assert_eq!(state.rows.len(), TRIED as usize);
        assert!(state.rows.is_sorted_by(|(one, _), (other, _)| one < other));
        assert_eq!(book.base.state_commit, book.base.last_commit);
        assert!(book.due_at().is_none());
        assert!(!book.has_to_carry(1, 0));
    }

    #[test]
    fn what_no_commit_carried_is_never_forgotten() {
        let mut book = book();
        for at in 0..100 {
            change(&mut book, at);
            book.shrink(1_000, u64::MAX - 1);
        }
        assert!((0..100).all(|at| book.knows(&subject(at))));
    }

    #[test]
    fn chapters_are_read_once_and_closed_ones_kept() {
        let mut book = book();
        let line = |at: usize| StoredOccurrence {
            key: Key {
                at: Timestamp::from_second(at as i64).expect("an instant"),
                id: format!("event-{at}").into(),
            },
            body: Body::Event {
                body_event: EventId::new(format!("event-{at}")).expect("an id"),
            },
        };
        // A chapter of events 0 to 99 is stored, and the line of event 100.
        let mut tail = Tail::default();
        (0..100).for_each(|at| tail.add(&line(at)).expect("a line"));
        let (_, first) = tail.close_chapter().expect("enough for one");
        tail.add(&line(100)).expect("a line");
        let record = vec![1; 100];
        book.learn(
            subject(1),
            Some(Stored {
                record: record.clone(),
                tail,
            }),
        );
        assert_eq!(book.unread(&[subject(1), subject(2)]), [(subject(1), 1)]);
        book.read_chapters(&subject(1), vec![first]);
        let mut changes = Changes {
            records: vec![(subject(1), record)],
            added: (101..200).map(|at| (subject(1), line(at))).collect(),
            ..Changes::default()
        };
        book.take_over(&[], &mut changes).expect("a stored form");
        assert_eq!(book.carry().expect("a state").closed.len(), 1);
        assert_eq!(book.unread(&[subject(1)]), []);
        assert_eq!(book.standing(&subject(1)).expect("sound").len(), 200);
        assert!(book.bytes() > 2 * 1_000);
        // Those of a long history are told once, and read again the next time.
        let many = vec![vec![0; 1_000]; CHAPTERS_KEPT / 1_000 + 1];
        book.read_chapters(&subject(1), many);
        assert_eq!(book.unread(&[subject(1)]), []);
        assert!(book.standing(&subject(1)).is_err(), "no lines begin with zeros");
        assert_eq!(book.unread(&[subject(1)]), [(subject(1), 2)]);
        assert!(book.bytes() < CHAPTERS_KEPT);
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

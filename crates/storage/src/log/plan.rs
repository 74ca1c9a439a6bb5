//! Working a commit out: which events are new, and what they change, before anything is written.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use scoreline_core::{
    event::Event,
    fold::{
        Occurrence,
        batch::{Batch, Changes, Family, Needs, Progress},
    },
    id::{EventId, TenantId},
    subject::Subject,
};
use sea_orm::ConnectionTrait;

use super::{
    Disposition, Position,
    book::Book,
    corrections::Corrections,
    dedupe::{self, Known, Sorted},
    lane::{Lane, Place},
    needs::{self, Locked},
    prepare::{Parcel, size},
    read,
    write::{self, Added},
};
use crate::{Database, Error, inserts::Base};

/// A commit that is worked out.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The state on which it builds.
    pub(crate) base: Base,
    /// The failures of the lane with which it holds.
    pub(crate) opened_at: u64,
    pub(crate) dispositions: Vec<Vec<Disposition>>,
    /// What it writes. None when no event is new.
    pub(crate) added: Option<Added<'a>>,
}

/// What became of planning a commit ahead.
pub(crate) enum Ahead<'a> {
    /// It is planned, with a book that has taken it over.
    Planned(Book, Box<Plan<'a>>),
    /// It can't be; the book is of use if there is one.
    Not(Option<Book>),
}

/// Who plans, and where.
pub(crate) struct Planner<'a, C> {
    pub(crate) db: &'a C,
    pub(crate) tenant: &'a TenantId,
    pub(crate) lane: &'a Lane,
    /// Held when all that was planned before is written, or has failed.
    pub(crate) writing: &'a mut Option<Place>,
}

/// What was read for a batch. What is not supplied does not exist.
#[derive(Default)]
struct Supplies {
    needs: Needs,
    families: Vec<(EventId, Family)>,
    histories: Vec<(Subject, Vec<Occurrence>)>,
}

impl<C: ConnectionTrait> Planner<'_, C> {
    /// Plans a commit ahead: as if none of its events were stored, which shows when it is written.
    ///
    /// # Errors
    /// When the database fails, something stored is damaged, or the fold refuses.
    pub(crate) async fn ahead<'p>(
        &mut self,
        mut book: Book,
        parcels: &'p [Parcel],
        now: Timestamp,
    ) -> Result<Ahead<'p>, Error> {
        let known = Known::new();
        let sorted = Database::aside(size(parcels), || dedupe::sort(&book.policies, &known, parcels));
        if sorted.has_others() || sorted.new.is_empty() {
            return Ok(Ahead::Not(Some(book)));
        }
        let carries = book.has_to_carry(sorted.new.len(), self.lane.share() / 4);
        let plan = self.plan(&mut book, sorted, now, carries).await?;
        Ok(plan.map_or(Ahead::Not(None), |plan| Ahead::Planned(book, Box::new(plan))))
    }

    /// Plans a commit on what is stored. Its turn to be written has come, and the tenant's row is locked.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn settled<'p>(
        &mut self,
        book: &mut Book,
        parcels: &'p [Parcel],
        now: Timestamp,
    ) -> Result<Plan<'p>, Error> {
        let known = dedupe::known(self.db, self.tenant, parcels).await?;
        let sorted = Database::aside(size(parcels), || dedupe::sort(&book.policies, &known, parcels));
        book.wary = !known.is_empty();
        let plan = self.plan(book, sorted, now, true).await?;
        plan.ok_or_else(waits_for_none)
    }

    /// Opens a tenant's book: on the state of subjects that a commit carried last, and on what the log has since, from which
    /// the rest of it follows. That is one batch, as the corrections in it are found in the log from its beginning on. The
    /// tenant's row is locked, or what is read is of one moment.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn open(&mut self, locked: Locked) -> Result<Book, Error> {
        self.lane.forget();
        let base = locked.base;
        let corrections = Corrections::new(needs::has_corrections(self.db, self.tenant).await?);
        let mut book = Book::new(base, Arc::new(locked.policies), corrections, self.lane.failures());
        if base.state_commit < base.last_commit {
            let after = Position {
                commit: base.state_commit,
                ordinal: u32::MAX,
            };
            let logged = read::events(self.db, self.tenant, after, u32::MAX).await?;
            let events: Vec<Event> = logged.into_iter().map(|logged| logged.event).collect();
            let size = events.len();
            let mut changes = self.fold(&mut book, events).await?.ok_or_else(waits_for_none)?;
            book.take_in(size, &mut changes)?;
        }
        Ok(book)
    }

    async fn plan<'p>(
        &mut self,
        book: &mut Book,
        sorted: Sorted<'p>,
        now: Timestamp,
        carries: bool,
    ) -> Result<Option<Plan<'p>>, Error> {
        let Sorted { dispositions, new } = sorted;
        let mut plan = Plan {
            base: book.base,
            opened_at: book.opened_at,
            dispositions,
            added: None,
        };
        if new.is_empty() {
            return Ok(Some(plan));
        }
        if book.corrections.note_coming(new.len()) {
            // Those on their way can't be read.
            if !self.settle(book).await {
                return Ok(None);
            }
            let share = self.lane.share();
            book.corrections.read_targets(self.db, self.tenant, share).await?;
        }
        let events = Database::aside(new.len(), || new.iter().map(|sent| sent.event.clone()).collect());
        let Some(changes) = self.fold(book, events).await? else {
            return Ok(None);
        };
        let added = Database::aside(new.len(), || write::take_over(book, new, changes, now, carries))?;
        plan.added = Some(added);
        Ok(Some(plan))
    }

    async fn fold(&mut self, book: &mut Book, events: Vec<Event>) -> Result<Option<Changes>, Error> {
        let size = events.len();
        let (ids, mut batch) = Database::aside(size, || {
            let ids = events.iter().map(|event| &event.id);
            let ids: HashSet<EventId> = ids.filter(|id| book.corrections.may_concern(id)).cloned().collect();
            let batch = Batch::new(Arc::clone(&book.policies), events, |id| ids.contains(id));
            (ids, batch)
        });
        let mut supplies = Supplies::default();
        loop {
            let progress = Database::aside(size, || {
                supplies.give(book, &mut batch)?;
                batch.advance().map_err(|error| Error::Fold(error.to_string()))
            })?;
            let needs = match progress {
                Progress::Done(changes) => return Ok(Some(changes)),
                Progress::Needs(needs) => needs,
            };
            supplies = match self.find(book, needs, &ids).await? {
                Some(found) => found,
                None => return Ok(None),
            };
        }
    }

    /// Reads what is stored of subjects of which that is not known.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn learn(&self, book: &mut Book, subjects: &[Subject]) -> Result<(), Error> {
        let unknown = subjects.iter().filter(|subject| !book.knows(subject));
        let unknown: Vec<_> = unknown.cloned().collect();
        for (subject, stored) in needs::subjects(self.db, self.tenant, unknown).await? {
            book.learn(subject, stored);
        }
        Ok(())
    }

    /// Reads the ids of the events in the histories of those of some subjects that have one, in the order of their times.
    ///
    /// # Errors
    /// When the database fails, or something stored is damaged.
    pub(crate) async fn events_of(
        &self,
        book: &mut Book,
        subjects: &[Subject],
    ) -> Result<HashMap<Subject, Vec<EventId>>, Error> {
        self.learn(book, subjects).await?;
        let unread = book.unread(subjects);
        self.read_chapters(book, unread).await?;
        let mut found = HashMap::new();
        for subject in subjects {
            if book.stored(subject).is_some() && !found.contains_key(subject) {
                found.insert(subject.clone(), needs::events_in(book.standing(subject)?)?);
            }
        }
        Ok(found)
    }

    async fn read_chapters(&self, book: &mut Book, unread: Vec<(Subject, i32)>) -> Result<(), Error> {
        for (subject, chapters) in needs::chapters(self.db, self.tenant, unread).await? {
            book.read_chapters(&subject, chapters);
        }
        Ok(())
    }

    /// Reads what is needed and not known. None when what it was planned on has failed.
    async fn find(
        &mut self,
        book: &mut Book,
        mut needs: Needs,
        new: &HashSet<EventId>,
    ) -> Result<Option<Supplies>, Error> {
        self.learn(book, &needs.records).await?;
        let families = std::mem::take(&mut needs.families);
        // Chapters of histories that are on their way can't be read.
        let durable = self.lane.durable();
        let unread = book.unread(&needs.histories);
        let is_open = unread.iter().any(|(subject, _)| book.closed(subject) > durable);
        if is_open && !self.settle(book).await {
            return Ok(None);
        }
        let families = needs::families(self.db, self.tenant, book, families, new).await?;
        self.read_chapters(book, unread).await?;
        let standing = needs.histories.iter();
        let standing = standing.map(|subject| Ok((subject.clone(), book.standing(subject)?)));
        let standing = standing.collect::<Result<_, Error>>()?;
        let histories = needs::histories(self.db, self.tenant, book, standing).await?;
        Ok(Some(Supplies {
            needs,
            families,
            histories,
        }))
    }

    /// Waits until what was planned before is written. Says whether it was written as planned.
    async fn settle(&mut self, book: &Book) -> bool {
        let writing = self.writing.get_or_insert_with(|| self.lane.writing());
        writing.come().await;
        self.lane.failures() == book.opened_at
    }
}

impl Supplies {
    fn give(&mut self, book: &Book, batch: &mut Batch) -> Result<(), Error> {
        for (id, family) in self.families.drain(..) {
            batch.supply_family(&id, family);
        }
        for subject in self.needs.records.drain(..) {
            let record = book.stored(&subject).map(|stored| stored.record.as_slice());
            batch
                .supply_record(&subject, record)
                .map_err(|error| Error::damaged(format!("the record of {subject}"), error))?;
        }
        for (subject, history) in self.histories.drain(..) {
            batch.supply_history(&subject, history);
        }
        Ok(())
    }
}

fn waits_for_none() -> Error {
    Error::Fold("a commit waits for another, and there is none".to_owned())
}

//! One commit: new events, what they count for, and the tenant's next commit number, in one transaction.

use jiff::Timestamp;
use scoreline_core::id::TenantId;
use sea_orm::SqlErr;

use super::{
    Disposition, Receipt, Submission,
    book::Book,
    carry, dedupe,
    early::{self, Early},
    lane::{Lane, Place, Turn},
    needs,
    plan::{Ahead, Plan, Planner},
    prepare::{self, Parcel},
    write::Added,
};
use crate::{Database, Error, inserts::Inserts};

/// Commits submissions when their turn has come.
pub(crate) async fn commit(
    database: &Database,
    turn: Turn,
    tenant: &TenantId,
    submissions: Vec<Submission>,
    now: Timestamp,
) -> Result<Vec<Receipt>, Error> {
    let size = submissions.iter().map(|submission| submission.events.len()).sum();
    let parcels = Database::aside(size, || prepare::prepare(submissions));
    let early = early::read(database, tenant, turn.lane(), &parcels).await;
    let (lane, at_desk) = turn.come().await;
    let mut desk = lane.desk.lock().await;
    let book = desk.take().filter(|book| book.opened_at == lane.failures());
    let mut commit = Commit {
        database,
        tenant,
        lane: &lane,
        parcels: &parcels,
        now,
        early,
        writing: None,
    };
    match commit.ahead(book).await? {
        (Ahead::Planned(book, plan), writing) => {
            carry::see_to(database, tenant, &lane, &book);
            *desk = Some(book);
            drop((desk, at_desk));
            commit.write(*plan, writing).await
        }
        (Ahead::Not(book), writing) => {
            let (book, receipts) = commit.settle(book, writing).await?;
            carry::see_to(database, tenant, &lane, &book);
            *desk = Some(book);
            Ok(receipts)
        }
    }
}

/// A commit that is made.
struct Commit<'a> {
    database: &'a Database,
    tenant: &'a TenantId,
    lane: &'a Lane,
    parcels: &'a [Parcel],
    now: Timestamp,
    early: Option<Early>,
    writing: Option<Place>,
}

impl<'a> Commit<'a> {
    /// Plans the commit while those before it are put into rows and written, if there is a book to plan it with; with its place
    /// among those that are written. If that is not how it can be planned, its turn to be written has come.
    async fn ahead(&mut self, book: Option<Book>) -> Result<(Ahead<'a>, Place), Error> {
        let ahead = match book {
            Some(mut book) if !book.wary => {
                self.lane.shrink(&mut book);
                self.learn_early(&mut book);
                let mut planner = Planner {
                    db: self.database.reader(),
                    tenant: self.tenant,
                    lane: self.lane,
                    writing: &mut self.writing,
                };
                match planner.ahead(book, self.parcels, self.now).await {
                    Ok(ahead) => ahead,
                    Err(error) if error.is_transient() => return Err(error),
                    // What was read may be of different moments, as when the state is rebuilt meanwhile.
                    Err(_) => Ahead::Not(None),
                }
            }
            book => Ahead::Not(book),
        };
        self.lane.note_ahead(matches!(ahead, Ahead::Planned(..)));
        let mut writing = self.writing.take().unwrap_or_else(|| self.lane.writing());
        Ok(match ahead {
            Ahead::Planned(..) => (ahead, writing),
            Ahead::Not(book) => {
                writing.come().await;
                let is_of_use = |book: &Book| book.opened_at == self.lane.failures();
                (Ahead::Not(book.filter(is_of_use)), writing)
            }
        })
    }

    /// Takes in what was read while the commit waited, as far as it holds.
    fn learn_early(&mut self, book: &mut Book) {
        let early = self.early.take();
        if let Some(early) = early.filter(|early| early.forgotten == self.lane.forgotten()) {
            for (subject, stored) in early.found {
                if !book.knows(&subject) {
                    book.learn(subject, stored);
                }
            }
        }
    }

    /// Writes what was planned ahead, if the tenant is in the state on which it was planned and all its events are new.
    /// Otherwise plans it on what is stored.
    async fn write(&self, plan: Plan<'_>, mut writing: Place) -> Result<Vec<Receipt>, Error> {
        let Plan {
            base,
            opened_at,
            dispositions,
            added,
        } = plan;
        let bind =
            |added: Added<'_>| Database::aside(added.events(), || added.bind(self.database.backend(), self.tenant));
        let inserts = added.map(bind).transpose();
        writing.come().await;
        // Whoever planned on this commit has to learn that it failed before his turn comes.
        if self.lane.failures() == opened_at {
            let may_fail = self.lane.may_fail();
            if self.try_to_write(inserts?).await? {
                let number = base.last_commit + 1;
                may_fail.written(number);
                return Ok(receipts(dispositions, number));
            }
        }
        let (_, receipts) = self.settle(None, writing).await?;
        Ok(receipts)
    }

    /// The transaction `commit` of what was planned ahead. Says whether it was written.
    async fn try_to_write(&self, inserts: Option<Inserts>) -> Result<bool, Error> {
        let Some(inserts) = inserts else { return Ok(false) };
        match self.database.write(inserts).await {
            Ok(written) => Ok(written),
            // Something of it is there already.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The transaction `commit` of what is planned within it.
    async fn settle(&self, book: Option<Book>, writing: Place) -> Result<(Book, Vec<Receipt>), Error> {
        let mut writing = Some(writing);
        let may_fail = self.lane.may_fail();
        let transaction = self.database.begin_write().await?;
        let locked = needs::lock_tenant(&transaction, self.tenant).await?;
        let base = locked.base;
        let mut planner = Planner {
            db: &transaction,
            tenant: self.tenant,
            lane: self.lane,
            writing: &mut writing,
        };
        let mut book = match book.filter(|book| book.base == base) {
            Some(book) => book,
            None => planner.open(locked).await?,
        };
        self.lane.shrink(&mut book);
        let plan = planner.settled(&mut book, self.parcels, self.now).await?;
        let commit = match plan.added {
            None => {
                transaction.rollback().await?;
                base.last_commit
            }
            Some(added) => {
                transaction
                    .run(added.bind(self.database.backend(), self.tenant)?)
                    .await?;
                transaction.commit().await?;
                base.last_commit + 1
            }
        };
        may_fail.written(commit);
        Ok((book, receipts(plan.dispositions, commit)))
    }
}

/// The same without a change: what would become of the events.
pub(crate) async fn classify(
    database: &Database,
    tenant: &TenantId,
    submission: &Submission,
) -> Result<Receipt, Error> {
    let transaction = database.begin_read().await?;
    let stored = crate::tenancy::read_tenant(&transaction, tenant)
        .await?
        .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))?;
    let parcels = prepare::prepare(vec![submission.clone()]);
    let known = dedupe::known(&transaction, tenant, &parcels).await?;
    let sorted = dedupe::sort(&stored.policies, &known, &parcels);
    transaction.rollback().await?;
    Ok(Receipt {
        dispositions: sorted.dispositions.into_iter().flatten().collect(),
        commit: stored.last_commit,
    })
}

fn receipts(dispositions: Vec<Vec<Disposition>>, commit: u64) -> Vec<Receipt> {
    dispositions
        .into_iter()
        .map(|dispositions| Receipt { dispositions, commit })
        .collect()
}

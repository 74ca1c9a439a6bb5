//! What no commit has carried yet of the state of subjects: written when a tenant has gone quiet, or when a process begins
//! after one that had no time for it; and told from the log to those who ask meanwhile.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use scoreline_core::{
    id::{EventId, TenantId},
    subject::Subject,
};

use super::{
    book::Book,
    lane::{Lane, Turn},
    needs,
    plan::Planner,
};
use crate::{
    Database, Error,
    inserts::{Inserts, Move},
};

/// How many seconds it is waited after a failure.
const PAUSES: [u64; 4] = [5, 20, 60, 300];

/// Sees to it that what a book has yet to write of subjects is written in time, also when no further commit comes.
pub(crate) fn see_to(database: &Database, tenant: &TenantId, lane: &Arc<Lane>, book: &Book) {
    let Some(due) = book.due_at() else { return };
    if !lane.begin_watch() {
        return;
    }
    let (database, tenant, lane) = (database.clone(), tenant.clone(), Arc::clone(lane));
    tokio::spawn(async move {
        let mut due = Some(due);
        while let Some(at) = due {
            tokio::time::sleep_until(at.into()).await;
            due = match watch(&database, database.lanes().turn(&tenant), &tenant).await {
                Ok(due) => due,
                Err(error) => return again(&database, &tenant, error).await,
            };
        }
        // A lane that somebody holds is not forgotten.
        drop(lane);
    });
}

/// Writes what is due. Says when to look again if something is due later; otherwise whoever makes something due sees to it.
async fn watch(database: &Database, turn: Turn, tenant: &TenantId) -> Result<Option<Instant>, Error> {
    let (lane, _at_desk) = turn.come().await;
    let mut desk = lane.desk.lock().await;
    if let Some(later) = desk.as_ref().and_then(Book::due_at)
        && later > Instant::now()
    {
        return Ok(Some(later));
    }
    lane.end_watch();
    if let Some(book) = desk.take() {
        *desk = from_book(database, tenant, &lane, book).await?;
    }
    Ok(None)
}

/// Tries again some times after a failure. Nothing depends on it: what is not written follows from the log, which the next
/// commit or the next process folds. But so does whoever asks for a history until then.
async fn again(database: &Database, tenant: &TenantId, mut error: Error) {
    for pause in PAUSES {
        warn(tenant, &error);
        tokio::time::sleep(Duration::from_secs(pause)).await;
        match carry(database, database.lanes().turn(tenant), tenant).await {
            Ok(()) => return,
            Err(next) => error = next,
        }
    }
}

/// Tells that what is due could not be written.
pub(crate) fn warn(tenant: &TenantId, error: &Error) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(%tenant, error, "the state of subjects could not be written");
}

/// Writes what no commit has carried, if there is something.
///
/// # Errors
/// When the tenant does not exist, the database fails, or something stored is damaged.
pub(crate) async fn carry(database: &Database, turn: Turn, tenant: &TenantId) -> Result<(), Error> {
    let (lane, _at_desk) = turn.come().await;
    let mut desk = lane.desk.lock().await;
    if let Some(book) = desk.take() {
        *desk = from_book(database, tenant, &lane, book).await?;
    }
    if !is_carried(database, tenant).await? {
        *desk = from_log(database, tenant, &lane).await?;
    }
    Ok(())
}

/// Whether commits have carried everything.
///
/// # Errors
/// When the tenant does not exist or the database fails.
pub(crate) async fn is_carried(database: &Database, tenant: &TenantId) -> Result<bool, Error> {
    let seen = needs::see_tenant(database.reader(), tenant).await?;
    Ok(seen.base.state_commit >= seen.base.last_commit)
}

/// Writes what a book has, which nobody plans with meanwhile. Gives it back if it is of use still.
async fn from_book(database: &Database, tenant: &TenantId, lane: &Lane, mut book: Book) -> Result<Option<Book>, Error> {
    let mut writing = lane.writing();
    writing.come().await;
    if book.opened_at != lane.failures() {
        return Ok(None);
    }
    if book.due_at().is_none() {
        return Ok(Some(book));
    }
    let may_fail = lane.may_fail();
    let inserts = bound(database, tenant, &mut book)?;
    if !database.write(inserts).await? {
        return Ok(None);
    }
    may_fail.written(book.base.last_commit);
    lane.shrink(&mut book);
    Ok(Some(book))
}

/// Writes what follows from the log. Gives the book that is open then.
async fn from_log(database: &Database, tenant: &TenantId, lane: &Lane) -> Result<Option<Book>, Error> {
    let mut writing = lane.writing();
    writing.come().await;
    let may_fail = lane.may_fail();
    let transaction = database.begin_write().await?;
    let locked = needs::lock_tenant(&transaction, tenant).await?;
    let mut planner = Planner {
        db: &transaction,
        tenant,
        lane,
        writing: &mut Some(writing),
    };
    let mut book = planner.open(locked).await?;
    transaction.run(bound(database, tenant, &mut book)?).await?;
    transaction.commit().await?;
    may_fail.written(book.base.last_commit);
    Ok(Some(book))
}

fn bound(database: &Database, tenant: &TenantId, book: &mut Book) -> Result<Inserts, Error> {
    let moves = Move {
        from: book.base,
        to: book.base.last_commit,
        carries: true,
    };
    let mut inserts = Inserts::moving(database.backend(), tenant, moves)?;
    Database::aside(book.due(), || book.carry()?.bind(&mut inserts, tenant))?;
    Ok(inserts)
}

/// The ids of the events in the histories of subjects, in the order of their times, as of one moment.
///
/// # Errors
/// When the tenant does not exist, the database fails, or something stored is damaged.
pub(crate) async fn events_of(
    database: &Database,
    tenant: &TenantId,
    subjects: &[Subject],
) -> Result<HashMap<Subject, Vec<EventId>>, Error> {
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let transaction = database.begin_read().await?;
    let seen = needs::see_tenant(&transaction, tenant).await?;
    let mut planner = Planner {
        db: &transaction,
        tenant,
        lane: &Lane::default(),
        writing: &mut None,
    };
    let mut book = planner.open(seen).await?;
    let found = planner.events_of(&mut book, subjects).await?;
    transaction.rollback().await?;
    Ok(found)
}

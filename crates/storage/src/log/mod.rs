//! The log: what was sent, stored once, and folded in the same transaction.

mod book;
mod carry;
mod codec;
mod commit;
mod corrections;
mod dedupe;
mod early;
mod generations;
mod history;
mod lane;
mod needs;
mod page;
mod plan;
mod prepare;
mod read;
mod state;
mod write;

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use scoreline_core::{
    event::Event,
    id::{EventId, TenantId},
    policy::Violation,
    subject::Subject,
};

pub(crate) use self::{
    carry::{carry, is_carried, warn},
    lane::Lanes,
    needs::lock_tenant,
    page::{Pages, Spot, spots},
    read::events,
    state::State,
    write::{Recorded, record},
};
use crate::{Database, Error, Log};

/// Events that were sent together.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The events.
    pub events: Arc<[Event]>,
    /// Whether either all of them are stored, or none. A duplicate is no hindrance: it is stored already.
    pub all_or_nothing: bool,
}

/// What became of the events of one submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// One for each event, in order.
    pub dispositions: Vec<Disposition>,
    /// The tenant's newest commit: a query that has seen it has seen all that is accepted or duplicate here.
    pub commit: u64,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// It is stored, and durable.
    Accepted,
    /// It was stored before, with the same content.
    Duplicate,
    /// Its id was stored before, with other content. Nothing is changed.
    Conflict,
    /// It does not fit the tenant's settings.
    Rejected(Vec<Violation>),
    /// It was fine, but another event of an all-or-nothing submission was not.
    NotStored,
}

/// A place in the log; events are after it when their commit or, within the commit, their ordinal is higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The commit.
    pub commit: u64,
    /// The place within the commit.
    pub ordinal: u32,
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self { commit: 0, ordinal: 0 };
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Where it stands.
    pub position: Position,
    /// The event.
    pub event: Event,
}

#[async_trait]
impl Log for Database {
    async fn commit(
        &self,
        tenant: &TenantId,
        submissions: Vec<Submission>,
        now: Timestamp,
    ) -> Result<Vec<Receipt>, Error> {
        let (database, tenant, turn) = (self.clone(), tenant.clone(), self.lanes().turn(tenant));
        Self::detached(async move { commit::commit(&database, turn, &tenant, submissions, now).await }).await
    }

    async fn classify(&self, tenant: &TenantId, submission: &Submission) -> Result<Receipt, Error> {
        commit::classify(self, tenant, submission).await
    }

    async fn events(&self, tenant: &TenantId, after: Position, limit: u32) -> Result<Vec<LoggedEvent>, Error> {
        read::events(self.reader(), tenant, after, limit).await
    }

    async fn find_events(&self, tenant: &TenantId, ids: &[EventId]) -> Result<Vec<LoggedEvent>, Error> {
        read::find_events(self.reader(), tenant, ids).await
    }

    async fn events_of(
        &self,
        tenant: &TenantId,
        subjects: &[Subject],
        limit: u32,
    ) -> Result<HashMap<Subject, Vec<EventId>>, Error> {
        let mut found = carry::events_of(self, tenant, subjects).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        found.values_mut().for_each(|events| events.truncate(limit));
        Ok(found)
    }
}

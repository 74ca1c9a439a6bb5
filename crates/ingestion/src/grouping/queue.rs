//! What waits to be stored for one tenant.

use std::{collections::VecDeque, sync::Arc};

use scoreline_storage::{Receipt, Submission};
use tokio::sync::{Notify, oneshot};

use super::Error;

/// A submission and who waits for its answer.
pub(super) struct Waiting {
    pub(super) submission: Submission,
    pub(super) answer: oneshot::Sender<Result<Receipt, Error>>,
}

impl Waiting {
    fn events(&self) -> usize {
        self.submission.events.len()
    }
}

/// A tenant's queue. It exists as long as its worker runs.
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    events: usize,
    /// Something came.
    pub(super) came: Arc<Notify>,
}

impl Queue {
    pub(super) fn of(first: Waiting) -> Self {
        Self {
            events: first.events(),
            waiting: VecDeque::from([first]),
            came: Arc::default(),
        }
    }

    /// Appends, or gives the submission back when more than `limit` events would wait. What finds nothing waiting is
    /// always taken.
    pub(super) fn push(&mut self, next: Waiting, limit: usize) -> Result<(), Submission> {
        let events = self.events.saturating_add(next.events());
        if !self.waiting.is_empty() && events > limit {
            return Err(next.submission);
        }
        self.events = events;
        self.waiting.push_back(next);
        self.came.notify_one();
        Ok(())
    }

    /// The next group: as many submissions as fit, at least one. Empty when nothing waits.
    pub(super) fn take(&mut self, max_events: usize) -> Vec<Waiting> {
        let mut group = Vec::new();
        let mut events = 0;
        while let Some(next) = self
            .waiting
            .pop_front_if(|next| events == 0 || events + next.events() <= max_events)
        {
            events += next.events();
            group.push(next);
        }
        self.events -= events;
        group
    }

    /// How many events wait.
    pub(super) fn events(&self) -> usize {
        self.events
    }

    /// Whether a group of so many submissions, or a full one, waits.
    pub(super) fn has(&self, submissions: usize, max_events: usize) -> bool {
        self.waiting.len() >= submissions || self.events >= max_events
    }
}

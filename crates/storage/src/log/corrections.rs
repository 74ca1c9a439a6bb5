//! What a book knows of corrections: which events stored ones name, and those of late commits, which cannot be read yet.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

use scoreline_core::{
    event::Event,
    fold::correction::target,
    id::{EventId, TenantId},
};
use sea_orm::ConnectionTrait;

use super::{book::Told, generations::Generations};
use crate::{Error, sql};

/// As many targets are kept. Of a tenant who has corrected more it is asked for each event whether a correction names it.
const MOST_TARGETS: usize = 1 << 18;

/// Since the book was opened it was asked for so many events: from there on it is sooner done to read all targets.
const WORTH_IT: usize = 4_096;

/// What a target takes, roughly.
const TARGET_BYTES: usize = 16;

/// What is known of corrections.
#[derive(Debug)]
pub(crate) struct Corrections {
    targets: Targets,
    /// Those of late commits, by what they correct.
    late: Generations<EventId, Vec<Told>>,
}

/// The events that corrections name.
#[derive(Debug)]
enum Targets {
    /// By hashes, as nothing depends on it: who is taken for one is asked for in vain.
    Known(HashSet<u64>, RandomState),
    /// There are some. For so many events it was asked whether they are among them.
    Unknown(usize),
    /// They are too many to be kept.
    Many,
}

impl Corrections {
    /// Of a tenant whose log has some, or none.
    pub(crate) fn new(has_some: bool) -> Self {
        Self {
            targets: if has_some {
                Targets::Unknown(0)
            } else {
                Targets::Known(HashSet::new(), RandomState::new())
            },
            late: Generations::default(),
        }
    }

    /// Roughly, the memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        let targets = match &self.targets {
            Targets::Known(targets, _) => targets.capacity() * TARGET_BYTES,
            Targets::Unknown(_) | Targets::Many => 0,
        };
        targets + self.late.bytes()
    }

    /// Whether a correction that names an event may be stored, or on its way.
    pub(crate) fn may_concern(&self, event: &EventId) -> bool {
        match &self.targets {
            Targets::Known(targets, state) => !targets.is_empty() && targets.contains(&state.hash_one(event)),
            Targets::Unknown(_) | Targets::Many => true,
        }
    }

    /// Whether it is worth reading all targets before so many more events come.
    pub(crate) fn are_worth_reading(&mut self, events: usize) -> bool {
        if let Targets::Unknown(asked) = &mut self.targets {
            *asked += events;
            return *asked > WORTH_IT;
        }
        false
    }

    /// Reads the targets, none of which may be on its way: all that was planned is written.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn read_targets(&mut self, db: &impl ConnectionTrait, tenant: &TenantId) -> Result<(), Error> {
        let sql = format!(
            "SELECT target_id FROM correction WHERE tenant_id = $1 LIMIT {}",
            MOST_TARGETS + 1
        );
        let rows = sql::select(db, &sql, tenant.as_str(), []).await?;
        if rows.len() > MOST_TARGETS {
            self.targets = Targets::Many;
            return Ok(());
        }
        let state = RandomState::new();
        let mut targets = HashSet::with_capacity(rows.len());
        for row in &rows {
            let target: String = row.try_get_by_index(0)?;
            targets.insert(state.hash_one(super::read::parse_event_id(&target)?));
        }
        self.targets = Targets::Known(targets, state);
        Ok(())
    }

    /// Takes over an event of a planned commit, if it is a correction.
    pub(crate) fn take_over(&mut self, event: &Event, told: impl FnOnce() -> Told, bytes: usize) {
        let Some(target) = target(&event.payload) else { return };
        if let Targets::Known(targets, state) = &mut self.targets {
            targets.insert(state.hash_one(target));
            if targets.len() > MOST_TARGETS {
                self.targets = Targets::Many;
            }
        }
        let told = told();
        if !self.late.uses(target) {
            self.late.put(target.clone(), Vec::new(), 0);
        }
        self.late.change(target, |all| {
            all.push(told);
            all.len() * bytes
        });
    }

    /// The corrections of late commits that name an event.
    pub(crate) fn late(&mut self, target: &EventId) -> impl Iterator<Item = &Event> {
        let late = if self.late.uses(target) {
            self.late.get(target)
        } else {
            None
        };
        late.into_iter().flatten().map(Told::event)
    }

    /// Forgets late ones that were longest not used and have been durable for as long, so that they take little more than
    /// `limit` bytes. They can be read.
    pub(crate) fn shrink(&mut self, limit: usize, durable: u64) {
        let is_on_its_way = |all: &Vec<Told>| all.iter().any(|told| told.commit > durable);
        self.late.shrink(limit, is_on_its_way);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use scoreline_core::{
        event::{EventVoided, Payload},
        id::SourceId,
    };

    use super::*;

    fn id(at: usize) -> EventId {
        EventId::new(format!("event-{at}")).expect("an id")
    }

    fn void(corrections: &mut Corrections, at: usize, commit: u64) {
        let event = Event {
            id: EventId::new(format!("void-{at}")).expect("an id"),
            source: SourceId::new("crm").expect("a source"),
            occurred_at: Timestamp::UNIX_EPOCH,
            payload: Payload::from(EventVoided {
                event: id(at),
                reason: None,
            }),
        };
        let sent: Arc<[Event]> = [event.clone()].into();
        let told = || Told { sent, at: 0, commit };
        corrections.take_over(&event, told, 100);
    }

    #[test]
    fn only_what_a_correction_names_may_be_corrected() {
        let mut corrections = Corrections::new(false);
        assert!(!corrections.may_concern(&id(1)));
        void(&mut corrections, 1, 8);
        assert!(corrections.may_concern(&id(1)) && !corrections.may_concern(&id(2)));
        assert_eq!(corrections.late(&id(1)).count(), 1);
        assert_eq!(corrections.late(&id(2)).count(), 0);
        void(&mut corrections, 1, 9);
        assert_eq!(corrections.late(&id(1)).count(), 2);
    }

    #[test]
    fn what_is_not_known_may_be_and_is_read_when_that_is_worth_it() {
        let mut corrections = Corrections::new(true);
        assert!(corrections.may_concern(&id(1)));
        assert!(!corrections.are_worth_reading(WORTH_IT));
        assert!(corrections.are_worth_reading(1));
        assert!(!Corrections::new(false).are_worth_reading(WORTH_IT + 1));
    }

    #[test]
    fn late_ones_stay_until_they_are_durable() {
        let mut corrections = Corrections::new(false);
        for at in 0..100 {
            void(&mut corrections, at, at as u64);
            corrections.shrink(1_000, 50);
        }
        assert!((51..100).all(|at| corrections.late(&id(at)).count() == 1));
        assert_eq!(corrections.late(&id(1)).count(), 0);
        assert!(corrections.may_concern(&id(1)), "it is stored");
    }

    #[test]
    fn more_than_are_kept_are_asked_for() {
        let mut corrections = Corrections::new(false);
        for at in 0..=MOST_TARGETS {
            void(&mut corrections, at, 1);
            corrections.shrink(1_000, 1);
        }
        assert!(corrections.may_concern(&id(MOST_TARGETS + 1)));
        assert!(corrections.bytes() < 100_000);
    }
}

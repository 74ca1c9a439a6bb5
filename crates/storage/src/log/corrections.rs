//! What a book knows of corrections: which events stored ones name, and those on their way, which cannot be read yet.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
};

use scoreline_core::{
    event::Event,
    fold::correction::target,
    id::{EventId, TenantId},
};
use sea_orm::ConnectionTrait;

use crate::{Database, Error, sql};

/// Of so many events it is kept at most that a correction names them, and of one for so many bytes of the lane's share. Of a
/// tenant who has corrected more it is asked for each event.
const MOST_TARGETS: usize = 1 << 20;
const BYTES_FOR_ONE: usize = 64;

/// From so many events on it is sooner done to read all targets than to ask for each event.
const WORTH_IT: usize = 4_096;

/// How many targets are read at a time.
const PAGE: usize = 16_384;

/// What a target takes, roughly.
const TARGET_BYTES: usize = 16;

/// What is known of corrections.
#[derive(Debug)]
pub(crate) struct Corrections {
    targets: Targets,
    /// Those of commits that may not be durable, by what they correct.
    on_their_way: HashMap<EventId, Vec<Coming>>,
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

/// A correction of a planned commit.
#[derive(Debug)]
struct Coming {
    commit: u64,
    event: Event,
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
            on_their_way: HashMap::new(),
        }
    }

    /// Roughly, the memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        match &self.targets {
            Targets::Known(targets, _) => targets.capacity() * TARGET_BYTES,
            Targets::Unknown(_) | Targets::Many => 0,
        }
    }

    /// Whether a correction that names an event may be stored, or on its way.
    pub(crate) fn may_concern(&self, event: &EventId) -> bool {
        match &self.targets {
            Targets::Known(targets, state) => !targets.is_empty() && targets.contains(&state.hash_one(event)),
            Targets::Unknown(_) | Targets::Many => true,
        }
    }

    /// Notes that so many events come. Says whether it is worth reading all targets before they do.
    pub(crate) fn note_coming(&mut self, events: usize) -> bool {
        if let Targets::Unknown(asked) = &mut self.targets {
            *asked += events;
            return *asked > WORTH_IT;
        }
        false
    }

    /// Reads the targets, of which none may be on its way: all that was planned is written. `share` is the memory of the lane.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn read_targets(
        &mut self,
        db: &impl ConnectionTrait,
        tenant: &TenantId,
        share: usize,
    ) -> Result<(), Error> {
        let sql = format!(
            "SELECT DISTINCT target_id FROM correction WHERE tenant_id = $1 AND target_id > $2 ORDER BY target_id LIMIT {PAGE}"
        );
        let (mut targets, state, mut last) = (HashSet::new(), RandomState::new(), String::new());
        loop {
            let rows = sql::select(db, &sql, tenant.as_str(), [last.as_str().into()]).await?;
            Database::aside(rows.len(), || {
                rows.iter().try_for_each(|row| {
                    last = row.try_get_by_index(0)?;
                    targets.insert(state.hash_one(super::read::parse_event_id(&last)?));
                    Ok::<_, Error>(())
                })
            })?;
            if targets.len() > most(share) {
                self.targets = Targets::Many;
                return Ok(());
            }
            if rows.len() < PAGE {
                self.targets = Targets::Known(targets, state);
                return Ok(());
            }
        }
    }

    /// Takes over an event of a planned commit, if it is a correction.
    pub(crate) fn take_over(&mut self, event: &Event, commit: u64) {
        let Some(target) = target(&event.payload) else { return };
        if let Targets::Known(targets, state) = &mut self.targets {
            targets.insert(state.hash_one(target));
        }
        let coming = Coming {
            commit,
            event: event.clone(),
        };
        self.on_their_way.entry(target.clone()).or_default().push(coming);
    }

    /// The corrections that name an event and may not be stored yet.
    pub(crate) fn on_their_way(&self, target: &EventId) -> impl Iterator<Item = &Event> {
        let coming = self.on_their_way.get(target).into_iter().flatten();
        coming.map(|coming| &coming.event)
    }

    /// Forgets those that are durable: they can be read. `share` is the memory of the lane.
    pub(crate) fn shrink(&mut self, share: usize, durable: u64) {
        self.on_their_way.retain(|_, coming| {
            coming.retain(|coming| coming.commit > durable);
            !coming.is_empty()
        });
        if let Targets::Known(targets, _) = &self.targets
            && targets.len() > most(share)
        {
            self.targets = Targets::Many;
        }
    }
}

/// As many targets are kept in a lane's share of the memory.
fn most(share: usize) -> usize {
    MOST_TARGETS.min(share / BYTES_FOR_ONE)
}

#[cfg(test)]
mod tests {
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
        corrections.take_over(&event, commit);
    }

    #[test]
    fn only_what_a_correction_names_may_be_corrected() {
        let mut corrections = Corrections::new(false);
        assert!(!corrections.may_concern(&id(1)));
        void(&mut corrections, 1, 8);
        assert!(corrections.may_concern(&id(1)) && !corrections.may_concern(&id(2)));
        assert_eq!(corrections.on_their_way(&id(1)).count(), 1);
        assert_eq!(corrections.on_their_way(&id(2)).count(), 0);
        void(&mut corrections, 1, 9);
        assert_eq!(corrections.on_their_way(&id(1)).count(), 2);
    }

    #[test]
    fn what_is_not_known_may_be_and_is_read_when_that_is_worth_it() {
        let mut corrections = Corrections::new(true);
        assert!(corrections.may_concern(&id(1)));
        assert!(!corrections.note_coming(WORTH_IT));
        assert!(corrections.note_coming(1));
        assert!(!Corrections::new(false).note_coming(WORTH_IT + 1));
    }

    #[test]
    fn those_on_their_way_are_known_until_they_are_durable() {
        let mut corrections = Corrections::new(false);
        for commit in 1..=100 {
            void(&mut corrections, 0, commit);
            void(&mut corrections, commit as usize, commit);
        }
        corrections.shrink(1 << 20, 60);
        assert_eq!(corrections.on_their_way(&id(0)).count(), 40);
        assert_eq!(corrections.on_their_way(&id(60)).count(), 0);
        assert_eq!(corrections.on_their_way(&id(61)).count(), 1);
        assert!(corrections.may_concern(&id(60)), "it is stored");
    }

    #[test]
    fn more_than_are_kept_are_asked_for() {
        let mut corrections = Corrections::new(false);
        for at in 0..100 {
            void(&mut corrections, at, 1);
        }
        corrections.shrink(100 * BYTES_FOR_ONE, 1);
        assert!(!corrections.may_concern(&id(100)));
        corrections.shrink(100 * BYTES_FOR_ONE - 1, 1);
        assert!(corrections.may_concern(&id(100)));
        assert_eq!(corrections.bytes(), 0);
    }
}

//! What questions have been told by blocks that will not change: a question that is asked again reads only what is new.
//!
//! Nothing here has to be invalidated: an entry is used only where its very blocks, and its very dimension tables, are still
//! part of what is asked, and until a row's time comes that was in the future. Under a budget of bytes the entries that were
//! asked longest ago make room.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use jiff::Timestamp;
use scoreline_core::{
    dimension::Tables,
    id::TenantId,
    ledger::Block,
    query::{AggregateQuery, Answer, Holds, Partial},
};

/// One entry takes at most this part of the budget.
const LARGEST: u64 = 4;

/// Whose question it is, in which zone his days lie, and which it is.
pub(super) type Key = (TenantId, String, AggregateQuery);

/// What was kept, in this process. Clones share it.
#[derive(Clone)]
pub(crate) struct Kept {
    budget: u64,
    entries: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Key, Entry>,
    bytes: u64,
    uses: u64,
}

struct Entry {
    tables: Weak<Tables>,
    partial: Option<(Reach, Arc<Partial>)>,
    answer: Option<(Reach, Holds, Arc<Answer>)>,
    bytes: u64,
    used: u64,
}

/// How far into a list of blocks something reaches. Lists only change at their end, so the last block stands for all.
#[derive(Clone)]
pub(super) struct Reach {
    blocks: usize,
    last: Weak<Block>,
}

impl Reach {
    /// To the end of a list; `None` when it is empty.
    pub(super) fn over(blocks: &[Arc<Block>]) -> Option<Self> {
        let last = Arc::downgrade(blocks.last()?);
        Some(Self {
            blocks: blocks.len(),
            last,
        })
    }

    /// Whether the beginning of a list is what this reaches over.
    fn begins(&self, blocks: &[Arc<Block>]) -> bool {
        let last = blocks.get(self.blocks - 1);
        last.is_some_and(|last| std::ptr::eq(Arc::as_ptr(last), self.last.as_ptr()))
    }
}

/// What is known of a question.
#[derive(Default)]
pub(super) struct Known {
    /// The whole answer.
    pub(super) answer: Option<Arc<Answer>>,
    /// What so many of its blocks say.
    pub(super) partial: Option<(usize, Arc<Partial>)>,
}

impl Kept {
    /// Keeps up to so many bytes; 0: nothing.
    pub(crate) fn new(budget: u64) -> Self {
        Self {
            budget,
            entries: Arc::default(),
        }
    }

    pub(super) fn is_off(&self) -> bool {
        self.budget == 0
    }

    /// What is known of a question over some blocks.
    pub(super) fn find(&self, key: &Key, tables: &Arc<Tables>, blocks: &[Arc<Block>], now: Timestamp) -> Known {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.uses += 1;
        let used = entries.uses;
        let Some(entry) = entries.by_key.get_mut(key) else {
            return Known::default();
        };
        if !std::ptr::eq(entry.tables.as_ptr(), Arc::as_ptr(tables)) {
            return Known::default();
        }
        entry.used = used;
        let whole = |reach: &Reach| reach.blocks == blocks.len() && reach.begins(blocks);
        Known {
            answer: entry
                .answer
                .as_ref()
                .filter(|(reach, holds, _)| whole(reach) && holds.at(now))
                .map(|(_, _, answer)| Arc::clone(answer)),
            partial: (entry.partial.as_ref())
                .filter(|(reach, partial)| reach.begins(blocks) && partial.holds().at(now))
                .map(|(reach, partial)| (reach.blocks, Arc::clone(partial))),
        }
    }

    /// Whether a partial is small enough to be kept.
    pub(super) fn has_room_for(&self, partial: &Partial) -> bool {
        partial.bytes() as u64 <= self.budget / LARGEST
    }

    /// Keeps what is known of a question now; what is not told anew stays.
    pub(super) fn keep(
        &self,
        key: Key,
        tables: &Arc<Tables>,
        partial: Option<(Reach, Arc<Partial>)>,
        answer: (Reach, Holds, Arc<Answer>),
    ) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let before = entries.by_key.remove(&key);
        entries.bytes -= before.as_ref().map_or(0, |entry| entry.bytes);
        let same_tables = |entry: &Entry| std::ptr::eq(entry.tables.as_ptr(), Arc::as_ptr(tables));
        let partial = partial.or_else(|| before.filter(same_tables)?.partial);
        let bytes = partial.as_ref().map_or(0, |(_, partial)| partial.bytes()) + size(&answer.2);
        if bytes as u64 > self.budget {
            return;
        }
        let entry = Entry {
            tables: Arc::downgrade(tables),
            partial,
            answer: Some(answer),
            bytes: bytes as u64,
            used: entries.uses,
        };
        entries.bytes += entry.bytes;
        entries.by_key.insert(key, entry);
        entries.make_room(self.budget);
    }
}

impl Entries {
    fn make_room(&mut self, budget: u64) {
        if self.bytes <= budget {
            return;
        }
        let mut by_use: Vec<(u64, Key)> = self
            .by_key
            .iter()
            .map(|(key, entry)| (entry.used, key.clone()))
            .collect();
        by_use.sort_unstable_by_key(|(used, _)| *used);
        // Some more than needed, so that not every answer has to look for room.
        for (_, key) in by_use {
            if self.bytes <= budget / 4 * 3 {
                return;
            }
            self.bytes -= self.by_key.remove(&key).map_or(0, |entry| entry.bytes);
        }
    }
}

/// About how many bytes an answer takes.
fn size(answer: &Answer) -> usize {
    // What stands in a group itself is no list of its own.
    let spilled = answer.groups.iter().filter(|group| group.cells.spilled());
    let cells: usize = spilled.map(|group| size_of_val(group.cells.as_slice())).sum();
    size_of_val(answer.groups.as_slice()) + cells + 512
}

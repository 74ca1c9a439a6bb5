//! How long queries took the last time. Of several that are answered together the longest are begun first: a long one that is
//! begun last is waited for by all who have nothing left to do.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// So many queries are remembered; then it begins anew.
const MOST: usize = 1 << 12;

/// What is known of queries, by their fingerprints. Clones share it. No answer depends on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Costs(Arc<Mutex<HashMap<u64, Duration>>>);

impl Costs {
    /// The places of some queries, the longest first; those of which nothing is known before all others.
    pub(crate) fn longest_first(&self, prints: &[u64]) -> Vec<usize> {
        let known = self.known();
        let mut places: Vec<usize> = (0..prints.len()).collect();
        places.sort_by_cached_key(|at| std::cmp::Reverse(known.get(&prints[*at]).copied().unwrap_or(Duration::MAX)));
        places
    }

    /// Notes how long a query took.
    pub(crate) fn note(&self, print: u64, took: Duration) {
        let mut known = self.known();
        if known.len() >= MOST && !known.contains_key(&print) {
            known.clear();
        }
        known.insert(print, took);
    }

    /// Nothing panics while it holds the lock.
    fn known(&self) -> MutexGuard<'_, HashMap<u64, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_are_first_and_strangers_before_them() {
        let costs = Costs::default();
        for (print, millis) in [(1, 5), (2, 9), (3, 1), (1, 20)] {
            costs.note(print, Duration::from_millis(millis));
        }
        assert_eq!(costs.longest_first(&[3, 7, 2, 1, 8]), [1, 4, 3, 2, 0]);
        assert_eq!(costs.longest_first(&[]), [] as [usize; 0]);
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let costs = Costs::default();
        for print in 0..=MOST as u64 {
            costs.note(print, Duration::ZERO);
        }
        assert_eq!(costs.known().len(), 1);
    }
}

//! What was lately used, within a limit of bytes: what is longest not used is forgotten.

use std::{borrow::Borrow, collections::HashMap, hash::Hash};

use foldhash::fast::RandomState;

/// What an entry takes beside its own bytes.
const ENTRY_BYTES: usize = 200;

/// Entries in two generations: what was used since the last turn, and what was not.
#[derive(Debug)]
pub(crate) struct Generations<K, V> {
    used: Generation<K, V>,
    unused: Generation<K, V>,
}

#[derive(Debug)]
struct Generation<K, V> {
    /// With the bytes that they take.
    entries: HashMap<K, (V, usize), RandomState>,
    bytes: usize,
}

impl<K, V> Default for Generations<K, V> {
    fn default() -> Self {
        Self {
            used: Generation::default(),
            unused: Generation::default(),
        }
    }
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::default(),
            bytes: 0,
        }
    }
}

impl<K: Eq + Hash, V> Generations<K, V> {
    /// Roughly, the memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.used.bytes + self.unused.bytes
    }

    /// Whether something is known. It counts as used then.
    pub(crate) fn uses<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        if let Some((key, (value, bytes))) = self.unused.entries.remove_entry(key) {
            self.unused.bytes -= bytes;
            self.used.put(key, value, bytes);
            return true;
        }
        self.used.entries.contains_key(key)
    }

    /// What is known and [was used](Self::uses).
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.used.entries.get(key).map(|(value, _)| value)
    }

    /// Changes what is known and [was used](Self::uses), which takes as many bytes afterwards as `change` says.
    pub(crate) fn change<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, change: impl FnOnce(&mut V) -> usize) -> bool
    where
        K: Borrow<Q>,
    {
        let Some((value, bytes)) = self.used.entries.get_mut(key) else {
            return false;
        };
        let before = std::mem::replace(bytes, change(value) + ENTRY_BYTES);
        self.used.bytes = self.used.bytes - before + *bytes;
        true
    }

    /// Puts something in, which takes so many bytes.
    pub(crate) fn put(&mut self, key: K, value: V, bytes: usize) {
        self.used.put(key, value, bytes + ENTRY_BYTES);
    }

    /// Forgets what was longest not used, so that little more than `limit` bytes are kept, and what has to be kept. Says
    /// whether it forgot something.
    pub(crate) fn shrink(&mut self, limit: usize, has_to_be_kept: impl Fn(&V) -> bool) -> bool {
        if self.used.bytes <= limit / 2 {
            return false;
        }
        let forgotten = std::mem::replace(&mut self.unused, std::mem::take(&mut self.used));
        let before = forgotten.entries.len();
        for (key, (value, bytes)) in forgotten.entries {
            if has_to_be_kept(&value) {
                self.used.put(key, value, bytes);
            }
        }
        self.used.entries.len() < before
    }
}

impl<K: Eq + Hash, V> Generation<K, V> {
    fn put(&mut self, key: K, value: V, bytes: usize) {
        self.bytes += bytes;
        if let Some((_, before)) = self.entries.insert(key, (value, bytes)) {
            self.bytes -= before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_is_forgotten_and_what_is_used_stays() {
        let mut known = Generations::<String, u32>::default();
        for at in 0..100 {
            known.put(at.to_string(), at, 100);
            known.put("always".to_owned(), at, 100);
            known.shrink(3_000, |_| false);
            assert!(known.bytes() <= 4_000, "{} bytes", known.bytes());
        }
        assert!(known.uses("always") && known.get("always") == Some(&99));
        assert!(known.uses("99"));
        assert!(!known.uses("1"));
    }

    #[test]
    fn what_has_to_be_kept_is_never_forgotten() {
        let mut known = Generations::<u32, u32>::default();
        for at in 0..100 {
            known.put(at, at, 100);
            known.shrink(1_000, |value| *value < 50);
        }
        assert!((0..50).all(|at| known.uses(&at)));
        assert!(!known.uses(&50));
    }
}

//! Maps whose keys are short texts of ours: hashed eight bytes at a time, always alike, so that what is done in the order
//! of a map is done in the same order again.
//!
//! Whoever chooses the keys could make them collide. These maps hold a batch or a segment, of bounded size, so that all
//! that is won by it is some time of one's own commit.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use crate::ledger::interner;

pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Folding>>;

/// Folds what it is given into a word.
#[derive(Debug, Default)]
pub(crate) struct Folding(u64);

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = interner::fold(self.0 ^ interner::hash(bytes));
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(5) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        interner::fold(self.0)
    }
}

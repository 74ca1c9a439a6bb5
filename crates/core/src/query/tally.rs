//! Net counts of pairs: how often a subject stands in a cell.

use crate::ledger::interner::fold;

/// For each pair of a cell and a code, how many rows there are, less those taken back.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Pair and count; the pair `u64::MAX` is free. The size is a power of two, at most half are taken.
    slots: Vec<(u64, i64)>,
    taken: usize,
}

const FREE: u64 = u64::MAX;

impl Tally {
    #[inline]
    pub(super) fn add(&mut self, cell: u32, code: u32, count: i64) {
        if self.taken * 2 >= self.slots.len() {
            self.grow();
        }
        self.add_pair(u64::from(cell) << 32 | u64::from(code), count);
    }

    #[inline]
    fn add_pair(&mut self, pair: u64, count: i64) {
        let mask = self.slots.len() - 1;
        let mut at = fold(pair) as usize & mask;
        loop {
            let (known, total) = &mut self.slots[at];
            if *known == pair {
                *total += count;
                return;
            }
            if *known == FREE {
                (*known, *total) = (pair, count);
                self.taken += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let before = std::mem::replace(&mut self.slots, vec![(FREE, 0); size]);
        self.taken = 0;
        for (pair, count) in before {
            if pair != FREE {
                self.add_pair(pair, count);
            }
        }
    }

    /// All pairs with their counts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32, i64)> + '_ {
        let taken = self.slots.iter().filter(|(pair, _)| *pair != FREE);
        taken.map(|(pair, count)| ((pair >> 32) as u32, *pair as u32, *count))
    }
}

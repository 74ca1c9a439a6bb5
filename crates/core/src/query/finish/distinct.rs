//! How many distinct codes stand in each cell.

use super::grouped::Grouped;
use crate::query::{partial::Signed, values::Values};

/// For each cell, how many codes there are more often than they were taken back.
pub(super) fn counts(cells: usize, codes: &Signed<u32>) -> Vec<i64> {
    let mut seen = Seen::over(&codes.plus);
    let (mut plus, mut minus) = (Grouped::new(cells, &codes.plus), Grouped::new(cells, &codes.minus));
    (0..cells)
        .map(|cell| match (plus.of(cell), minus.of(cell)) {
            (plus, []) => seen.count(plus),
            (plus, minus) => net(plus, minus),
        })
        .collect()
}

/// A bit for each code that there may be.
struct Seen {
    least: u32,
    bits: Vec<u64>,
}

impl Seen {
    fn over(codes: &Values<u32>) -> Self {
        let codes = || codes.pieces().flat_map(|(_, codes)| codes.iter().copied());
        let least = codes().min().unwrap_or(0);
        let greatest = codes().max().unwrap_or(0);
        let bits = vec![0; (greatest - least) as usize / 64 + 1];
        Self { least, bits }
    }

    fn place(&self, code: u32) -> (usize, u64) {
        let offset = (code - self.least) as usize;
        (offset / 64, 1 << (offset % 64))
    }

    /// How many distinct codes there are. Leaves no bit behind.
    fn count(&mut self, codes: &[u32]) -> i64 {
        let mut count = 0;
        for code in codes {
            let (word, bit) = self.place(*code);
            count += i64::from(self.bits[word] & bit == 0);
            self.bits[word] |= bit;
        }
        for code in codes {
            let (word, _) = self.place(*code);
            self.bits[word] = 0;
        }
        count
    }
}

/// How many distinct codes are left.
fn net(plus: &mut [u32], minus: &mut [u32]) -> i64 {
    plus.sort_unstable();
    minus.sort_unstable();
    let mut minus = &*minus;
    let mut count = 0;
    for same in plus.chunk_by(|left, right| left == right) {
        minus = &minus[minus.partition_point(|code| *code < same[0])..];
        let taken_back = minus.partition_point(|code| *code == same[0]);
        count += i64::from(same.len() > taken_back);
    }
    count
}

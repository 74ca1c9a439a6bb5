//! How many distinct codes stand in each cell.

use super::grouped::by_cell;
use crate::{
    crew::Crew,
    query::{partial::Signed, sums::Totals, values::Values},
};

/// For each cell, how many codes there are more often than they were taken back. Sums are as for [`by_cell`].
pub(super) fn counts(cells: usize, sums: (&Totals, bool), codes: &Signed<u32>, crew: &dyn Crew) -> Vec<i64> {
    let none = Seen::over(&codes.plus);
    let begin = || none.clone();
    by_cell(crew, cells, sums, codes, begin, |seen, plus, minus| match minus {
        [] => seen.count(plus),
        minus => net(plus, minus),
    })
}

/// A bit for each code that there may be.
#[derive(Clone)]
struct Seen {
    least: u32,
    bits: Vec<u64>,
}

impl Seen {
    fn over(codes: &Values<u32>) -> Self {
        let least = codes.all().min().copied().unwrap_or(0);
        let greatest = codes.all().max().copied().unwrap_or(0);
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

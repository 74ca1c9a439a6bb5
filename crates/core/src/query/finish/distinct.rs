//! How many distinct codes stand in each cell.

use super::grouped::by_cell;
use crate::{
    crew::Crew,
    query::{lists::Lists, sums::Totals},
};

/// For each cell, how many codes there are more often than they were taken back. Sums are as for [`by_cell`].
pub(super) fn counts(cells: usize, sums: (&Totals, bool), codes: &Lists<u32, i64>, crew: &dyn Crew) -> Vec<i64> {
    by_cell(
        crew,
        cells,
        sums,
        codes,
        Seen::default,
        |seen, plus, minus| match minus {
            [] => seen.count(plus),
            minus => net(plus, minus),
        },
    )
}

/// A bit for each code that was seen so far, up to the greatest.
#[derive(Default)]
struct Seen(Vec<u64>);

impl Seen {
    /// How many distinct codes there are. Leaves no bit behind.
    fn count(&mut self, codes: &[u32]) -> i64 {
        let place = |code: &u32| (*code as usize / 64, 1_u64 << (code % 64));
        let greatest = codes.iter().max().map_or(0, |code| place(code).0);
        if greatest >= self.0.len() {
            self.0.resize(greatest + 1, 0);
        }
        let mut count = 0;
        for (word, bit) in codes.iter().map(place) {
            count += i64::from(self.0[word] & bit == 0);
            self.0[word] |= bit;
        }
        for (word, _) in codes.iter().map(place) {
            self.0[word] = 0;
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

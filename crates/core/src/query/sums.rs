//! Exact sums of cells.
//!
//! Rows of many cells are first added up *tightly*: one 64-bit word a cell holds the count above and the sum of the column's
//! 32-bit offsets below. Before a word could overflow, words are settled into 128-bit sums.

use super::scan::{Amounts, Cells, Targets};
use crate::ledger::packed::Affine;

/// Squares of smaller values are below 2^96.
const LARGE: u64 = 1 << 48;
/// Words are settled after so many rows: |Σ offset| < 2^15 · 2^32 = 2^47, and a count fits the 16 bits above.
const SETTLE: usize = 1 << 15;
/// What a row adds to a word beside its offset.
const ONE: u64 = 1 << 48;
/// With more cells than this, settling costs more than it saves.
const MAX_TIGHT: usize = 1 << 13;
/// Rows side by side go to different banks, so that none waits for what the last one stored.
const BANKS: usize = 2;

/// Signed count and sum of a cell's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) count: i64,
    pub(super) sum: i128,
}

impl Sums {
    fn is_empty(&self) -> bool {
        self.count == 0 && self.sum == 0
    }

    // No overflow: 2^63 rows of at most 2^63 each stay below 2^126.
    #[inline(always)]
    fn add(&mut self, value: i64, sign: i64) {
        self.count = self.count.wrapping_add(sign);
        self.sum = self.sum.wrapping_add(i128::from(value).wrapping_mul(i128::from(sign)));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
    }
}

/// Signed sum of the squares of a cell's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Squares {
    /// Of what lies above 2^96 in each square, in units of 2^96.
    high: i64,
    /// Modulo 2^128.
    all: i128,
}

impl Squares {
    #[inline(always)]
    fn add(&mut self, value: i64, sign: i64) {
        let square = i128::from(value).wrapping_mul(i128::from(value));
        self.all = self.all.wrapping_add(square.wrapping_mul(i128::from(sign)));
        self.high = self.high.wrapping_add((square >> 96) as i64 * sign);
    }

    /// Adds a sum of squares that are all below 2^96.
    fn add_sum(&mut self, sum: i128) {
        self.all = self.all.wrapping_add(sum);
    }

    fn merge(&mut self, other: &Self) {
        self.high += other.high;
        self.all = self.all.wrapping_add(other.all);
    }

    /// The sum, if it fits. The parts below 2^96 of fewer than 2^31 squares sum to less than 2^127, so their sum can be
    /// told from the whole modulo 2^128 and the high parts.
    fn sum(&self) -> Option<i128> {
        let low = self.all.wrapping_sub(i128::from(self.high) << 96);
        let high = i128::from(self.high) + (low >> 96);
        let fits = (-(1_i128 << 31)..1 << 31).contains(&high);
        fits.then(|| (high << 96) + (low & ((1 << 96) - 1)))
    }
}

/// The sums of all cells.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    cells: Vec<Sums>,
    /// As many as cells where squares are asked for, else none.
    squares: Option<Vec<Squares>>,
    tight: Tight,
}

/// Sums in words that are not settled yet.
#[derive(Debug, Clone, Default)]
struct Tight {
    words: Vec<u64>,
    /// Of the squares of offsets.
    squares: Vec<i128>,
    cells: usize,
    rows: usize,
    affine: Option<Affine>,
}

impl Totals {
    pub(super) fn new(squares: bool) -> Self {
        Self {
            squares: squares.then(Vec::new),
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether anything has come to a cell and stayed.
    pub(super) fn has(&self, cell: usize) -> bool {
        self.cells.get(cell).is_some_and(|sums| !sums.is_empty())
    }

    pub(super) fn of(&self, cell: usize) -> &Sums {
        &self.cells[cell]
    }

    /// The sum of a cell's squares, where they are asked for and it fits.
    pub(super) fn squares_of(&self, cell: usize) -> Option<i128> {
        self.squares.as_ref()?[cell].sum()
    }

    pub(super) fn bytes(&self) -> usize {
        let squares = self.squares.as_ref().map_or(0, Vec::len);
        size_of_val(self.cells.as_slice()) + squares * size_of::<Squares>() + size_of_val(self.tight.words.as_slice())
    }

    /// Makes room for so many cells.
    pub(super) fn grow(&mut self, cells: usize) {
        if cells > self.cells.len() {
            self.cells.resize(cells, Sums::default());
            if let Some(squares) = &mut self.squares {
                squares.resize(cells, Squares::default());
            }
        }
    }

    /// Adds a cell of others.
    pub(super) fn merge(&mut self, cell: usize, others: &Self, other: usize) {
        self.cells[cell].merge(&others.cells[other]);
        if let (Some(squares), Some(others)) = (&mut self.squares, &others.squares) {
            squares[cell].merge(&others[other]);
        }
    }

    /// Adds a run. Until [`Totals::settle`] is called, sums are not whole.
    pub(super) fn add(&mut self, to: Targets<'_>, amounts: Amounts<'_>) {
        match amounts {
            Amounts::Unread => self.add_offsets(to, None, Affine { base: 0, scale: 0 }),
            Amounts::Same(value) => self.add_offsets(to, None, Affine { base: value, scale: 0 }),
            Amounts::Offsets(offsets, affine) => self.add_offsets(to, Some(offsets), affine),
            Amounts::Read(values) => self.add_values(to, values),
        }
    }

    fn add_offsets(&mut self, to: Targets<'_>, offsets: Option<&[u32]>, affine: Affine) {
        match to.cells {
            Cells::One(cell) => {
                let (count, sum) = one(offsets, to);
                self.cells[cell as usize].merge(&affine.sums(count, sum));
                if let Some(squares) = &mut self.squares {
                    squares[cell as usize].add_sum(affine.squares(count, sum, one_squares(offsets, to.signs)));
                }
            }
            Cells::Many(cells) if self.cells.len() <= MAX_TIGHT => {
                let room = self.tight.rows + cells.len() <= SETTLE && self.tight.cells >= self.cells.len();
                if !room || self.tight.affine.is_some_and(|other| other != affine) {
                    self.settle();
                }
                self.tight.begin(self.cells.len(), self.squares.is_some(), affine);
                self.tight.add(cells, offsets, to.signs);
            }
            Cells::Many(cells) => {
                let value = |place: usize| affine.value(offsets.map_or(0, |offsets| offsets[place]));
                for (place, cell) in cells.iter().enumerate() {
                    self.cells[*cell as usize].add(value(place), to.sign(place));
                }
                if let Some(squares) = &mut self.squares {
                    for (place, cell) in cells.iter().enumerate() {
                        squares[*cell as usize].add(value(place), to.sign(place));
                    }
                }
            }
        }
    }

    fn add_values(&mut self, to: Targets<'_>, values: &[i64]) {
        let Self { cells, squares, .. } = self;
        for (place, value) in values.iter().enumerate() {
            cells[to.cells.at(place) as usize].add(*value, to.sign(place));
        }
        let Some(squares) = squares else { return };
        for (place, value) in values.iter().enumerate() {
            squares[to.cells.at(place) as usize].add(*value, to.sign(place));
        }
    }

    /// Moves what was added tightly to where it is exact for ever.
    pub(super) fn settle(&mut self) {
        let Some(affine) = self.tight.affine.take() else { return };
        let (banks, cells) = (&mut self.tight.words, self.tight.cells);
        for cell in 0..cells {
            let (mut count, mut sum) = (0, 0);
            for bank in 0..BANKS {
                let word = std::mem::take(&mut banks[bank * cells + cell]);
                let low = (word << 16) as i64 >> 16;
                sum += low;
                count += word.wrapping_sub(low as u64) as i64 >> 48;
            }
            self.cells[cell].merge(&affine.sums(count, sum));
            if let Some(squares) = &mut self.squares {
                let offsets = std::mem::take(&mut self.tight.squares[cell]);
                squares[cell].add_sum(affine.squares(count, sum, offsets));
            }
        }
        self.tight.rows = 0;
    }
}

impl Tight {
    fn begin(&mut self, cells: usize, squares: bool, affine: Affine) {
        if self.affine.is_none() && self.cells < cells {
            self.cells = cells;
            self.words.resize(cells * BANKS, 0);
            self.squares.resize(if squares { cells } else { 0 }, 0);
        }
        self.affine = Some(affine);
    }

    fn add(&mut self, cells: &[u32], offsets: Option<&[u32]>, signs: Option<&[i8]>) {
        self.rows += cells.len();
        let (left, right) = self.words.split_at_mut(self.cells);
        match (offsets, signs) {
            (None, None) => scatter(left, right, cells.iter().map(|cell| (*cell, ONE))),
            (Some(offsets), None) => {
                let rows = cells.iter().zip(offsets);
                scatter(
                    left,
                    right,
                    rows.map(|(cell, offset)| (*cell, ONE + u64::from(*offset))),
                );
            }
            (None, Some(signs)) => {
                let rows = cells.iter().zip(signs);
                scatter(left, right, rows.map(|(cell, sign)| (*cell, signed(ONE, *sign))));
            }
            (Some(offsets), Some(signs)) => {
                let rows = cells.iter().zip(offsets).zip(signs);
                let word = |offset: u32, sign: i8| signed(ONE + u64::from(offset), sign);
                scatter(
                    left,
                    right,
                    rows.map(|((cell, offset), sign)| (*cell, word(*offset, *sign))),
                );
            }
        }
        if let (false, Some(offsets)) = (self.squares.is_empty(), offsets) {
            for (place, (cell, offset)) in cells.iter().zip(offsets).enumerate() {
                let square = i128::from(u64::from(*offset) * u64::from(*offset));
                let sign = signs.map_or(1, |signs| signs[place]);
                self.squares[*cell as usize] += square * i128::from(sign);
            }
        }
    }
}

impl Affine {
    #[inline(always)]
    fn value(self, offset: u32) -> i64 {
        self.base.wrapping_add(i64::from(offset).wrapping_mul(self.scale))
    }

    /// The sums of rows whose signs and signed offsets sum to these.
    fn sums(self, count: i64, offsets: i64) -> Sums {
        Sums {
            count,
            sum: i128::from(self.base) * i128::from(count) + i128::from(self.scale) * i128::from(offsets),
        }
    }

    /// The sum of the squares of such rows. Only for values below [`LARGE`].
    fn squares(self, count: i64, offsets: i64, squares: i128) -> i128 {
        let (base, scale) = (i128::from(self.base), i128::from(self.scale));
        base * base * i128::from(count) + 2 * base * scale * i128::from(offsets) + scale * scale * squares
    }
}

/// Whether the squares of a column's values can be summed by their offsets.
pub(super) fn squares_by_offsets(min: i64, max: i64) -> bool {
    min.unsigned_abs() < LARGE && max.unsigned_abs() < LARGE
}

/// Signs and signed offsets of a run, summed. A run has some thousand rows.
fn one(offsets: Option<&[u32]>, to: Targets<'_>) -> (i64, i64) {
    let signs = to.signs;
    let count = signs.map_or(to.rows as i64, |signs| {
        signs.iter().fold(0, |sum, sign| sum + i64::from(*sign))
    });
    let sum = match (offsets, signs) {
        (None, _) => 0,
        (Some(offsets), None) => offsets
            .iter()
            .fold(0, |sum: u64, offset| sum.wrapping_add((*offset).into())) as i64,
        (Some(offsets), Some(signs)) => {
            let signed = offsets
                .iter()
                .zip(signs)
                .map(|(offset, sign)| i64::from(*offset) * i64::from(*sign));
            signed.fold(0, i64::wrapping_add)
        }
    };
    (count, sum)
}

fn one_squares(offsets: Option<&[u32]>, signs: Option<&[i8]>) -> i128 {
    let square = |offset: &u32| i128::from(u64::from(*offset) * u64::from(*offset));
    match (offsets, signs) {
        (None, _) => 0,
        (Some(offsets), None) => offsets.iter().map(square).sum(),
        (Some(offsets), Some(signs)) => {
            let signed = offsets
                .iter()
                .zip(signs)
                .map(|(offset, sign)| square(offset) * i128::from(*sign));
            signed.sum()
        }
    }
}

#[inline(always)]
fn signed(word: u64, sign: i8) -> u64 {
    let mask = i64::from(sign >> 7) as u64;
    // A sign of 0 leaves a row out.
    (word ^ mask).wrapping_sub(mask) & u64::from(sign != 0).wrapping_neg()
}

/// Adds each word to its cell, one row to the left bank and the next to the right.
#[inline(always)]
fn scatter(left: &mut [u64], right: &mut [u64], rows: impl Iterator<Item = (u32, u64)>) {
    let mut rows = rows;
    while let Some((cell, word)) = rows.next() {
        let place = &mut left[cell as usize];
        *place = place.wrapping_add(word);
        let Some((cell, word)) = rows.next() else { break };
        let place = &mut right[cell as usize];
        *place = place.wrapping_add(word);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn squares(values: &[(i64, i64)]) -> Option<i128> {
        let mut sums = Squares::default();
        for (value, sign) in values {
            sums.add(*value, *sign);
        }
        sums.sum()
    }

    #[test]
    fn squares_are_exact_or_absent_and_never_wrapped() {
        assert_eq!(squares(&[(3, 1), (-4, 1), (4, -1)]), Some(9));
        assert_eq!(squares(&[(i64::MIN, 1)]), Some(1 << 126));
        assert_eq!(squares(&[(i64::MIN, 1), (i64::MIN, 1)]), None);
        assert_eq!(squares(&[(i64::MIN, 1); 9]), None);
        // What went over the edge comes back.
        assert_eq!(
            squares(&[(i64::MIN, 1), (i64::MIN, 1), (i64::MIN, -1), (5, -1)]),
            Some((1 << 126) - 25)
        );
        assert_eq!(
            squares(&[(i64::MAX, 1), (i64::MIN, 1)]),
            None.or(i128::from(i64::MAX).pow(2).checked_add(1 << 126))
        );
    }

    proptest! {
        #[test]
        fn words_settle_to_the_sums_of_their_rows(
            rows in prop::collection::vec((0_u32..3, prop_oneof![Just(0), Just(u32::MAX), any::<u32>()], -1_i8..=1), 1..50),
            base in -1_000_000_000_i64..1_000_000_000,
            scale in 1_i64..30,
            times in prop_oneof![Just(1_usize), Just(SETTLE / 40), Just(3_000)],
        ) {
            let cells: Vec<u32> = rows.iter().map(|row| row.0).collect();
            let offsets: Vec<u32> = rows.iter().map(|row| row.1).collect();
            let signs: Vec<i8> = rows.iter().map(|row| row.2).collect();
            let affine = Affine { base, scale };
            let mut totals = Totals::new(true);
            totals.grow(3);
            for _ in 0..times {
                let to = Targets { cells: Cells::Many(&cells), rows: cells.len(), signs: Some(&signs) };
                totals.add_offsets(to, Some(&offsets), affine);
            }
            totals.settle();
            for cell in 0..3 {
                let own = || rows.iter().filter(move |row| row.0 as usize == cell);
                let value = |row: &(u32, u32, i8)| i128::from(base) + i128::from(scale) * i128::from(row.1);
                let times = times as i128;
                let expected = Sums {
                    count: own().map(|row| i64::from(row.2)).sum::<i64>() * times as i64,
                    sum: own().map(|row| value(row) * i128::from(row.2)).sum::<i128>() * times,
                };
                prop_assert_eq!(*totals.of(cell), expected);
                let squares = own().map(|row| value(row).pow(2) * i128::from(row.2)).sum::<i128>() * times;
                prop_assert_eq!(totals.squares_of(cell), Some(squares));
            }
        }
    }
}

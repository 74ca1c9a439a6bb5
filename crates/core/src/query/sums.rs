//! Exact sums of cells.
//!
//! Rows of many cells are first added up *tightly*: one 64-bit word a cell holds the count above and the sum of the column's
//! 32-bit offsets below. Where values are wider, or cells so many that settling words would cost more than it saves, a cell has
//! a *pair* of 64-bit count and sum. Before a word or a pair could overflow, they are settled into 128-bit sums.

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
/// Rows side by side go to different banks, so that none waits for what the last one stored: into this many banks where
/// cells are few, and neighbours likely to meet in one …
const MANY_BANKS: usize = 8;
const FEW_CELLS: usize = 1 << 9;
/// … and into this many where all banks together would not fit the fastest cache.
const BANKS: usize = 2;
/// Pairs hold values smaller than this, as long as the magnitudes of all their rows sum to no more than [`PAIR_ROOM`].
const PAIR_VALUE: u64 = 1 << 47;
const PAIR_ROOM: u64 = 1 << 62;

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
    pub(super) fn add(&mut self, value: i64, sign: i64) {
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

    /// The same for a value whose square is below 2^96.
    #[inline(always)]
    fn add_small(&mut self, value: i64, sign: i64) {
        let magnitude = u128::from(value.unsigned_abs());
        let square = magnitude.wrapping_mul(magnitude) as i128;
        self.all = match sign {
            1 => self.all.wrapping_add(square),
            sign => self.all.wrapping_add(square.wrapping_mul(i128::from(sign))),
        };
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
    pairs: Pairs,
}

/// Sums in words that are not settled yet.
#[derive(Debug, Clone, Default)]
struct Tight {
    words: Vec<u64>,
    /// Of the squares of offsets.
    squares: Vec<i128>,
    cells: usize,
    banks: usize,
    rows: usize,
    affine: Option<Affine>,
}

/// Counts and sums in pairs that are not settled yet.
#[derive(Debug, Clone, Default)]
struct Pairs {
    cells: Vec<[i64; 2]>,
    /// What the magnitudes of all rows sum to, at most.
    used: u64,
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

    /// About how many rows have come to a cell.
    pub(super) fn rows_of(&self, cell: usize) -> usize {
        let count = self.cells.get(cell).map_or(0, |sums| sums.count);
        usize::try_from(count).unwrap_or(0)
    }

    /// The sum of a cell's squares, where they are asked for and it fits.
    pub(super) fn squares_of(&self, cell: usize) -> Option<i128> {
        self.squares.as_ref()?[cell].sum()
    }

    pub(super) fn bytes(&self) -> usize {
        let squares = self.squares.as_ref().map_or(0, Vec::len);
        let unsettled = size_of_val(self.tight.words.as_slice()) + size_of_val(self.pairs.cells.as_slice());
        size_of_val(self.cells.as_slice()) + squares * size_of::<Squares>() + unsettled
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
            Amounts::Neighbours(column, affine, first) => {
                let sums = affine.sums(to.count(), column.sum_offsets(first, to.rows) as i64);
                self.cells[to.cells.at(0) as usize].merge(&sums);
            }
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
            Cells::Streaks(_, streaks) => {
                for (rows, part) in to.parts(streaks) {
                    self.add_offsets(part, offsets.map(|offsets| &offsets[rows]), affine);
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
            Cells::Many(cells) => self.add_scattered(cells, to, offsets, affine),
        }
    }

    /// Adds offsets of more cells than words are worth it for.
    fn add_scattered(&mut self, cells: &[u32], to: Targets<'_>, offsets: Option<&[u32]>, affine: Affine) {
        let row = |place: usize| {
            let offset = offsets.map_or(0, |offsets| offsets[place]);
            (cells[place], to.sign(place), affine.value(offset))
        };
        if self.has_pairs(cells.len(), affine.magnitude()) {
            match (offsets, to.signs) {
                (None, None) => self.pairs.add(cells.iter().map(|cell| (*cell, 1, affine.base))),
                (Some(offsets), None) => {
                    let rows = cells.iter().zip(offsets);
                    self.pairs
                        .add(rows.map(|(cell, offset)| (*cell, 1, affine.value(*offset))));
                }
                (_, Some(_)) => self.pairs.add((0..cells.len()).map(row)),
            }
        } else {
            for (cell, sign, value) in (0..cells.len()).map(row) {
                self.cells[cell as usize].add(value, sign);
            }
        }
        if let Some(squares) = &mut self.squares {
            for (cell, sign, value) in (0..cells.len()).map(row) {
                squares[cell as usize].add(value, sign);
            }
        }
    }

    fn add_values(&mut self, to: Targets<'_>, values: &[i64]) {
        if let Cells::Streaks(_, streaks) = to.cells {
            to.parts(streaks)
                .for_each(|(rows, part)| self.add_values(part, &values[rows]));
            return;
        }
        let magnitudes = values.iter().map(|value| (value ^ (value >> 63)) as u64);
        let most = magnitudes.fold(0, |all, magnitude| all | magnitude) + 1;
        match (to.cells, to.signs) {
            (Cells::One(cell), _) if fits_pairs(values.len(), most) => {
                let signed = |(place, value): (usize, &i64)| value.wrapping_mul(to.sign(place));
                let sum = values.iter().enumerate().map(signed).fold(0, i64::wrapping_add);
                self.cells[cell as usize].merge(&Sums {
                    count: to.count(),
                    sum: sum.into(),
                });
            }
            (Cells::Many(cells), signs) if self.has_pairs(values.len(), most) => {
                let rows = cells.iter().zip(values);
                match signs {
                    None => self.pairs.add(rows.map(|(cell, value)| (*cell, 1, *value))),
                    Some(signs) => {
                        let rows = rows.zip(signs);
                        self.pairs
                            .add(rows.map(|((cell, value), sign)| (*cell, i64::from(*sign), *value)));
                    }
                }
            }
            (cells, _) => {
                for (place, value) in values.iter().enumerate() {
                    self.cells[cells.at(place) as usize].add(*value, to.sign(place));
                }
            }
        }
        let Some(squares) = &mut self.squares else { return };
        match (to.cells, to.signs) {
            (Cells::One(cell), None) if most <= PAIR_VALUE => squares[cell as usize].add_sum(small_squares(values)),
            _ if most <= PAIR_VALUE => {
                for (place, value) in values.iter().enumerate() {
                    squares[to.cells.at(place) as usize].add_small(*value, to.sign(place));
                }
            }
            _ => {
                for (place, value) in values.iter().enumerate() {
                    squares[to.cells.at(place) as usize].add(*value, to.sign(place));
                }
            }
        }
    }

    /// Whether so many rows of at most this magnitude may be added to pairs. Makes room for them.
    fn has_pairs(&mut self, rows: usize, most: u64) -> bool {
        if !fits_pairs(rows, most) {
            return false;
        }
        let more = rows as u64 * most;
        if self.pairs.used + more > PAIR_ROOM {
            self.settle_pairs();
        }
        self.pairs.used += more;
        if self.pairs.cells.len() < self.cells.len() {
            self.pairs.cells.resize(self.cells.len(), [0; 2]);
        }
        true
    }

    fn settle_pairs(&mut self) {
        if std::mem::take(&mut self.pairs.used) == 0 {
            return;
        }
        for (sums, pair) in self.cells.iter_mut().zip(&mut self.pairs.cells) {
            let [count, sum] = std::mem::take(pair);
            sums.count += count;
            sums.sum += i128::from(sum);
        }
    }

    /// Moves what was added tightly to where it is exact for ever.
    pub(super) fn settle(&mut self) {
        self.settle_pairs();
        let Some(affine) = self.tight.affine.take() else { return };
        let (words, cells, banks) = (&mut self.tight.words, self.tight.cells, self.tight.banks);
        for cell in 0..cells {
            let (mut count, mut sum) = (0, 0);
            for word in &mut words[cell * banks..(cell + 1) * banks] {
                let word = std::mem::take(word);
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
            self.banks = if cells <= FEW_CELLS { MANY_BANKS } else { BANKS };
            self.words.clear();
            self.words.resize(cells * self.banks, 0);
            self.squares.resize(if squares { cells } else { 0 }, 0);
        }
        self.affine = Some(affine);
    }

    fn add(&mut self, cells: &[u32], offsets: Option<&[u32]>, signs: Option<&[i8]>) {
        self.rows += cells.len();
        let word = |offset: u32| ONE.wrapping_add(offset.into());
        match (offsets, signs) {
            (None, None) => self.scatter(cells, cells, |_| ONE),
            (Some(offsets), None) => self.scatter(cells, offsets, |offset| word(*offset)),
            (None, Some(signs)) => self.scatter(cells, signs, |sign| signed(ONE, *sign)),
            (Some(offsets), Some(signs)) => {
                let rows = offsets.iter().zip(signs);
                let words: Vec<u64> = rows.map(|(offset, sign)| signed(word(*offset), *sign)).collect();
                self.scatter(cells, &words, |word| *word);
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

    #[inline(always)]
    fn scatter<R>(&mut self, cells: &[u32], rows: &[R], word: impl Fn(&R) -> u64) {
        if self.banks == MANY_BANKS {
            scatter::<MANY_BANKS, R>(&mut self.words, cells, rows, word);
        } else {
            scatter::<BANKS, R>(&mut self.words, cells, rows, word);
        }
    }
}

impl Pairs {
    /// Adds rows by their cells, signs and values.
    #[inline(always)]
    fn add(&mut self, rows: impl Iterator<Item = (u32, i64, i64)>) {
        for (cell, sign, value) in rows {
            let [count, sum] = &mut self.cells[cell as usize];
            *count = count.wrapping_add(sign);
            *sum = sum.wrapping_add(value.wrapping_mul(sign));
        }
    }
}

impl Affine {
    /// More than the magnitude of every value that it stands for.
    fn magnitude(self) -> u64 {
        let farthest = self.scale.unsigned_abs().saturating_mul(u32::MAX.into());
        self.base.unsigned_abs().saturating_add(farthest).saturating_add(1)
    }

    #[inline(always)]
    pub(super) fn value(self, offset: u32) -> i64 {
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

/// Whether the sum of so many rows of at most this magnitude fits 64 bits with room to spare.
fn fits_pairs(rows: usize, most: u64) -> bool {
    most <= PAIR_VALUE && rows <= SETTLE
}

/// Whether the squares of a column's values can be summed by their offsets.
pub(super) fn squares_by_offsets(min: i64, max: i64) -> bool {
    min.unsigned_abs() < LARGE && max.unsigned_abs() < LARGE
}

/// Signs and signed offsets of a run, summed. A run has some thousand rows.
fn one(offsets: Option<&[u32]>, to: Targets<'_>) -> (i64, i64) {
    let sum = match (offsets, to.signs) {
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
    (to.count(), sum)
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

/// The sum of the squares of a run's values, each below 2^94.
fn small_squares(values: &[i64]) -> i128 {
    let square = |value: &i64| u128::from(value.unsigned_abs()).pow(2);
    values
        .iter()
        .fold(0, |sum: u128, value| sum.wrapping_add(square(value))) as i128
}

#[inline(always)]
fn signed(word: u64, sign: i8) -> u64 {
    let mask = i64::from(sign >> 7) as u64;
    // A sign of 0 leaves a row out.
    (word ^ mask).wrapping_sub(mask) & u64::from(sign != 0).wrapping_neg()
}

/// Adds the word of each row to its cell, in one bank after the other.
#[inline(always)]
fn scatter<const BANKS: usize, R>(words: &mut [u64], cells: &[u32], rows: &[R], word: impl Fn(&R) -> u64) {
    let (words, _) = words.as_chunks_mut::<BANKS>();
    let ((cells, last_cells), (rows, last_rows)) = (cells.as_chunks::<BANKS>(), rows.as_chunks::<BANKS>());
    let mut add = |bank: usize, cell: u32, row: &R| {
        let place = &mut words[cell as usize][bank];
        *place = place.wrapping_add(word(row));
    };
    for (cells, rows) in cells.iter().zip(rows) {
        for bank in 0..BANKS {
            add(bank, cells[bank], &rows[bank]);
        }
    }
    for (cell, row) in last_cells.iter().zip(last_rows) {
        add(0, *cell, row);
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
        fn pairs_settle_to_the_sums_of_their_rows(
            rows in prop::collection::vec((0_u32..3, any::<i64>(), -1_i8..=1), 1..50),
            narrow in 0_u32..20,
            one in any::<bool>(),
            times in prop_oneof![Just(1_usize), Just(3_000)],
        ) {
            // Around 2^47, where pairs give way to 128 bits.
            let values: Vec<i64> = rows.iter().map(|row| row.1 >> (narrow + 8)).collect();
            let cells: Vec<u32> = rows.iter().map(|row| row.0).collect();
            let signs: Vec<i8> = rows.iter().map(|row| row.2).collect();
            let to = Targets {
                cells: if one { Cells::One(1) } else { Cells::Many(&cells) },
                rows: cells.len(),
                signs: Some(&signs),
            };
            let mut totals = Totals::new(false);
            totals.grow(3);
            for _ in 0..times {
                totals.add_values(to, &values);
            }
            totals.settle();
            for cell in 0..3_u32 {
                let own = || (0..rows.len()).filter(|at| to.cells.at(*at) == cell);
                let sum = own().map(|at| i128::from(values[at]) * i128::from(to.sign(at))).sum::<i128>();
                let expected = Sums {
                    count: own().map(|at| to.sign(at)).sum::<i64>() * times as i64,
                    sum: sum * times as i128,
                };
                prop_assert_eq!(*totals.of(cell as usize), expected);
            }
        }

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

//! Exact sums of a cell.

use super::scan::{Cells, Run};

/// Squares of smaller values are below 2^96.
const LARGE: u64 = 1 << 48;
/// A run of smaller values sums in 64 bits.
const SMALL: u64 = 1 << 48;

/// Signed count, sum and sum of squares of a cell's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) count: i64,
    /// Of what lies above 2^96 in each square, in units of 2^96.
    high: i64,
    pub(super) sum: i128,
    /// Modulo 2^128.
    squares: i128,
}

impl Sums {
    #[inline(always)]
    fn add<const SQUARES: bool, const HIGH: bool>(&mut self, value: i64, sign: i64) {
        // No overflow: 2^63 rows of at most 2^63 each stay below 2^126.
        let signed = i128::from(value).wrapping_mul(i128::from(sign));
        self.count = self.count.wrapping_add(sign);
        self.sum = self.sum.wrapping_add(signed);
        if SQUARES {
            self.squares = self.squares.wrapping_add(signed.wrapping_mul(i128::from(value)));
        }
        if HIGH {
            let square = i128::from(value).wrapping_mul(i128::from(value));
            self.high = self.high.wrapping_add((square >> 96) as i64 * sign);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.high += other.high;
        self.sum += other.sum;
        self.squares = self.squares.wrapping_add(other.squares);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.sum == 0
    }

    /// The sum of squares, if it fits. The parts below 2^96 of fewer than 2^31 squares sum to less than 2^127, so their
    /// sum can be told from the whole modulo 2^128 and the high parts.
    pub(super) fn sum_squares(&self) -> Option<i128> {
        let low = self.squares.wrapping_sub(i128::from(self.high) << 96);
        let high = i128::from(self.high) + (low >> 96);
        let fits = (-(1_i128 << 31)..1 << 31).contains(&high);
        fits.then(|| (high << 96) + (low & ((1 << 96) - 1)))
    }
}

/// Adds a run to the cells; squares only where they are asked for.
pub(super) fn add(sums: &mut [Sums], run: &Run<'_>, squares: bool) {
    let bits = run.values.iter().fold(0, |bits, value| bits | value.unsigned_abs());
    match (squares, bits >= LARGE) {
        (false, _) => add_run::<false, false>(sums, run, bits),
        (true, false) => add_run::<true, false>(sums, run, bits),
        (true, true) => add_run::<true, true>(sums, run, bits),
    }
}

fn add_run<const SQUARES: bool, const HIGH: bool>(sums: &mut [Sums], run: &Run<'_>, bits: u64) {
    match (run.cells, run.signs) {
        (Cells::One(cell), None) if !HIGH && bits < SMALL => one::<SQUARES>(&mut sums[cell as usize], run.values),
        (Cells::One(cell), signs) => {
            let total = &mut sums[cell as usize];
            for (place, value) in run.values.iter().enumerate() {
                total.add::<SQUARES, HIGH>(*value, signs.map_or(1, |signs| i64::from(signs[place])));
            }
        }
        (Cells::Many(cells), None) => {
            for (cell, value) in cells.iter().zip(run.values) {
                sums[*cell as usize].add::<SQUARES, HIGH>(*value, 1);
            }
        }
        (Cells::Many(cells), Some(signs)) => {
            for ((cell, value), sign) in cells.iter().zip(run.values).zip(signs) {
                sums[*cell as usize].add::<SQUARES, HIGH>(*value, i64::from(*sign));
            }
        }
    }
}

/// A run of small values into one cell. A run has some thousand rows: their sum fits 64 bits.
fn one<const SQUARES: bool>(total: &mut Sums, values: &[i64]) {
    total.count += values.len() as i64;
    total.sum += i128::from(values.iter().fold(0_i64, |sum, value| sum.wrapping_add(*value)));
    if SQUARES {
        let square = |value: &i64| i128::from(*value).wrapping_mul(i128::from(*value));
        let squares = values.iter().fold(0_i128, |sum, value| sum.wrapping_add(square(value)));
        total.squares = total.squares.wrapping_add(squares);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(values: &[(i64, i64)]) -> Option<i128> {
        let mut sums = Sums::default();
        for (value, sign) in values {
            sums.add::<true, true>(*value, *sign);
        }
        sums.sum_squares()
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
}

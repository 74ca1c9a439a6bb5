//! A column as runs of equal offsets: where rows are sorted, one entry stands for many rows.

use super::packed::Rows;

/// The most rows that runs are made of: a row's place fits 16 bits.
const MAX_ROWS: usize = 1 << 16;
/// So many rows have to stand in a run on average. Below, reading run by run costs more than reading row by row.
const MIN_AVERAGE: usize = 8;

/// Offsets by runs of rows that have the same.
#[derive(Debug, Clone)]
pub(super) struct Runs {
    /// The last row of each run.
    lasts: Box<[u16]>,
    offsets: Box<[u16]>,
}

impl Runs {
    /// The runs of some offsets, if they are few.
    pub(super) fn new(rows: usize, offset: impl Fn(usize) -> u16) -> Option<Self> {
        if rows == 0 || rows > MAX_ROWS {
            return None;
        }
        let most = rows / MIN_AVERAGE;
        let (mut lasts, mut offsets) = (Vec::new(), Vec::new());
        let mut current = offset(0);
        for row in 1..rows {
            let next = offset(row);
            if next != current {
                if lasts.len() + 1 >= most {
                    return None;
                }
                lasts.push((row - 1) as u16);
                offsets.push(current);
                current = next;
            }
        }
        lasts.push((rows - 1) as u16);
        offsets.push(current);
        Some(Self {
            lasts: lasts.into(),
            offsets: offsets.into(),
        })
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.lasts) + size_of_val(&*self.offsets)
    }

    /// The offset of one row.
    pub(super) fn at(&self, row: usize) -> u16 {
        self.offsets[self.run_of(row)]
    }

    fn run_of(&self, row: usize) -> usize {
        self.lasts.partition_point(|last| usize::from(*last) < row)
    }

    /// Appends what becomes of the offsets of some rows. Picked rows have to ascend.
    #[inline(always)]
    pub(super) fn select<T: Copy>(&self, rows: Rows<'_>, out: &mut Vec<T>, value: impl Fn(i64) -> T) {
        match rows {
            Rows::Run(first, count) => self.pieces(first, count, |offset, rows| {
                out.extend(std::iter::repeat_n(value(offset.into()), rows));
            }),
            Rows::Picked(picked) => {
                let Some(first) = picked.first() else { return };
                let mut run = self.run_of(*first as usize);
                out.extend(picked.iter().map(|row| {
                    while u32::from(self.lasts[run]) < *row {
                        run += 1;
                    }
                    value(self.offsets[run].into())
                }));
            }
        }
    }

    /// Tells the offset of each run, and how many of the rows asked for are in it.
    #[inline(always)]
    pub(super) fn pieces(&self, first: usize, count: usize, mut tell: impl FnMut(u16, usize)) {
        let (mut at, end) = (first, first + count);
        let mut run = self.run_of(first);
        while at < end {
            let next = end.min(usize::from(self.lasts[run]) + 1);
            tell(self.offsets[run], next - at);
            (at, run) = (next, run + 1);
        }
    }
}

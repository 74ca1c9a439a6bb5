//! A column of integers in as few bytes as its spread needs: `base + scale · offset`.

use arrow_buffer::ScalarBuffer;

use super::runs::Runs;

/// Which rows of a block are read.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// So many rows from a first one on.
    Run(usize, usize),
    /// These rows, in ascending order.
    Picked(&'a [u32]),
}

impl Rows<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Run(_, count) => *count,
            Self::Picked(rows) => rows.len(),
        }
    }
}

/// A type that a column is read into. What was packed from it fits it again.
pub(crate) trait Lane: Copy {
    fn wide(self) -> i64;
    fn narrow(wide: i64) -> Self;
}

macro_rules! lanes {
    (|$it:ident| $wide:expr => $($lane:ty),*) => {$(
        impl Lane for $lane {
            #[inline(always)]
            fn wide(self) -> i64 {
                let $it = self;
                $wide
            }

            #[inline(always)]
            fn narrow(wide: i64) -> Self {
                wide as Self
            }
        }
    )*};
}

lanes!(|lane| i64::from(lane) => i8, i32, u32);
lanes!(|lane| lane => i64);
lanes!(|lane| lane as i64 => u64);

/// A column's offsets, as narrow as they can be. They may be a part of a segment's bytes.
#[derive(Debug, Clone)]
pub(super) enum Offsets {
    None,
    /// Below 2^16, with a scale of 1.
    Runs(Runs),
    Byte(ScalarBuffer<u8>),
    Short(ScalarBuffer<u16>),
    Word(ScalarBuffer<u32>),
    /// The values themselves, where even scaled offsets do not fit 32 bits.
    Whole(ScalarBuffer<i64>),
}

/// How values come from offsets: `base + scale · offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Affine {
    pub(crate) base: i64,
    pub(crate) scale: i64,
}

/// An immutable column.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    min: i64,
    max: i64,
    base: i64,
    scale: i64,
    offsets: Offsets,
}

impl Packed {
    pub(crate) fn constant(value: i64) -> Self {
        Self {
            min: value,
            max: value,
            base: value,
            scale: 1,
            offsets: Offsets::None,
        }
    }

    pub(crate) fn new<T: Lane>(values: &[T]) -> Self {
        let Some(first) = values.first().map(|value| value.wide()) else {
            return Self::constant(0);
        };
        let ends = values.iter().fold((first, first), |(min, max), value| {
            (min.min(value.wide()), max.max(value.wide()))
        });
        let (min, max) = ends;
        let spread = max.wrapping_sub(min) as u64;
        let offset = |row: usize| values[row].wide().wrapping_sub(min) as u16;
        if (1..=0xffff).contains(&spread)
            && let Some(runs) = Runs::new(values.len(), offset)
        {
            return Self {
                min,
                max,
                base: min,
                scale: 1,
                offsets: Offsets::Runs(runs),
            };
        }
        Self::row_by_row(values, (min, max))
    }

    /// The column with an offset for each row, as it is stored.
    pub(crate) fn without_runs<T: Lane>(values: &[T]) -> Self {
        let Some(first) = values.first().map(|value| value.wide()) else {
            return Self::constant(0);
        };
        let ends = values.iter().fold((first, first), |(min, max), value| {
            (min.min(value.wide()), max.max(value.wide()))
        });
        Self::row_by_row(values, ends)
    }

    fn row_by_row<T: Lane>(values: &[T], (min, max): (i64, i64)) -> Self {
        let spread = max.wrapping_sub(min) as u64;
        if spread <= u64::from(u32::MAX) {
            // Without a division for each value.
            return Self::narrow(values, (min, max), (spread, 1), |offset| offset);
        }
        let scale = step(values, min);
        Self::narrow(values, (min, max), (spread / scale, scale), |offset| offset / scale)
    }

    /// Offsets of the width that the greatest one needs.
    fn narrow<T: Lane>(
        values: &[T],
        (min, max): (i64, i64),
        (most, scale): (u64, u64),
        scaled: impl Fn(u64) -> u64,
    ) -> Self {
        let offset = |value: &T| scaled(value.wide().wrapping_sub(min) as u64);
        let offsets = match most {
            0 => Offsets::None,
            1..=0xff => Offsets::Byte(values.iter().map(|value| offset(value) as u8).collect()),
            0x100..=0xffff => Offsets::Short(values.iter().map(|value| offset(value) as u16).collect()),
            0x1_0000..=0xffff_ffff => Offsets::Word(values.iter().map(|value| offset(value) as u32).collect()),
            _ => {
                return Self {
                    min,
                    max,
                    base: 0,
                    scale: 1,
                    offsets: Offsets::Whole(values.iter().map(|value| value.wide()).collect()),
                };
            }
        };
        Self {
            min,
            max,
            base: min,
            scale: scale as i64,
            offsets,
        }
    }

    /// A column as it was stored; `None` when [`Packed::new`] makes no such column.
    pub(super) fn restore(base: i64, scale: i64, offsets: Offsets) -> Option<Self> {
        let (least, most) = match &offsets {
            Offsets::None => (0, 0),
            Offsets::Runs(_) => return None,
            Offsets::Byte(offsets) => ends(offsets)?,
            Offsets::Short(offsets) => ends(offsets)?,
            Offsets::Word(offsets) => ends(offsets)?,
            Offsets::Whole(values) => ends(values)?,
        };
        let (min, max) = match &offsets {
            Offsets::Whole(_) => ((base, scale) == (0, 1)).then_some((least, most))?,
            _ if least != 0 || scale == 0 => return None,
            // A scale is unsigned: values may be further apart than the greatest one.
            _ => {
                let max = i128::from(base) + i128::from(scale as u64) * i128::from(most);
                (base, i64::try_from(max).ok()?)
            }
        };
        Some(Self {
            min,
            max,
            base,
            scale,
            offsets,
        })
    }

    /// How it is stored.
    pub(super) fn stored(&self) -> (Affine, &Offsets) {
        let affine = Affine {
            base: self.base,
            scale: self.scale,
        };
        (affine, &self.offsets)
    }

    /// The same in memory of its own, so that the segment that it came from can be let go.
    pub(crate) fn owned(&self) -> Self {
        let offsets = match &self.offsets {
            Offsets::None => Offsets::None,
            Offsets::Runs(runs) => Offsets::Runs(runs.clone()),
            Offsets::Byte(offsets) => Offsets::Byte(offsets.to_vec().into()),
            Offsets::Short(offsets) => Offsets::Short(offsets.to_vec().into()),
            Offsets::Word(offsets) => Offsets::Word(offsets.to_vec().into()),
            Offsets::Whole(values) => Offsets::Whole(values.to_vec().into()),
        };
        Self { offsets, ..*self }
    }

    /// Some of its rows, in memory of their own.
    pub(crate) fn part(&self, rows: std::ops::Range<usize>) -> Self {
        let mut values: Vec<i64> = Vec::with_capacity(rows.len());
        self.read(Rows::Run(rows.start, rows.len()), &mut values);
        Self::new(&values)
    }

    /// What a table says to each of its values, which have to be places in the table; in memory of its own.
    pub(crate) fn mapped(&self, table: &[u32], rows: usize) -> Self {
        let span = &table[self.min as usize..=self.max as usize];
        let first = span[0];
        // Dictionaries that were filled in the order of a segment's texts only shift its codes.
        if span
            .iter()
            .enumerate()
            .all(|(at, code)| *code == first.wrapping_add(at as u32))
        {
            let shift = i64::from(first) - self.min;
            return Self {
                min: self.min + shift,
                max: self.max + shift,
                base: self.base + shift,
                ..self.owned()
            };
        }
        let mut codes: Vec<u32> = Vec::with_capacity(rows);
        match self.spread() {
            Some(_) => self.look_up(Rows::Run(0, rows), span, &mut codes),
            None => {
                self.read(Rows::Run(0, rows), &mut codes);
                codes.iter_mut().for_each(|code| *code = table[*code as usize]);
            }
        }
        Self::new(&codes)
    }

    pub(crate) fn min(&self) -> i64 {
        self.min
    }

    pub(crate) fn max(&self) -> i64 {
        self.max
    }

    /// The one value of all rows, if it is one.
    pub(crate) fn single(&self) -> Option<i64> {
        (self.min == self.max).then_some(self.min)
    }

    /// Appends the values of some rows.
    pub(crate) fn read<T: Lane>(&self, rows: Rows<'_>, out: &mut Vec<T>) {
        let (base, scale) = (self.base, self.scale);
        let one = |offset: i64| T::narrow(base.wrapping_add(offset));
        let scaled = |offset: i64| T::narrow(base.wrapping_add(offset.wrapping_mul(scale)));
        match &self.offsets {
            Offsets::None => out.extend(std::iter::repeat_n(T::narrow(base), rows.len())),
            Offsets::Runs(runs) => runs.select(rows, out, one),
            Offsets::Byte(offsets) if scale == 1 => select(offsets, rows, out, one),
            Offsets::Short(offsets) if scale == 1 => select(offsets, rows, out, one),
            Offsets::Word(offsets) if scale == 1 => select(offsets, rows, out, one),
            Offsets::Byte(offsets) => select(offsets, rows, out, scaled),
            Offsets::Short(offsets) => select(offsets, rows, out, scaled),
            Offsets::Word(offsets) => select(offsets, rows, out, scaled),
            Offsets::Whole(values) => select(values, rows, out, T::narrow),
        }
    }

    /// The values of rows by an affine map of 32-bit offsets; `None` when an offset does not fit them, or the scale is too large.
    pub(crate) fn affine(&self) -> Option<Affine> {
        // A scale beyond the greatest signed number is none that sums can be made with.
        let fits = !matches!(self.offsets, Offsets::Whole(_)) && self.scale > 0;
        fits.then_some(Affine {
            base: self.base,
            scale: self.scale,
        })
    }

    /// Appends the offsets of some rows, for a column that is [`Packed::affine`].
    pub(crate) fn read_offsets(&self, rows: Rows<'_>, out: &mut Vec<u32>) {
        match &self.offsets {
            Offsets::None => out.extend(std::iter::repeat_n(0, rows.len())),
            Offsets::Runs(runs) => runs.select(rows, out, |offset| offset as u32),
            Offsets::Byte(offsets) => select(offsets, rows, out, |offset| offset as u32),
            Offsets::Short(offsets) => select(offsets, rows, out, |offset| offset as u32),
            Offsets::Word(offsets) => select(offsets, rows, out, |offset| offset as u32),
            Offsets::Whole(_) => unreachable!("asked of columns with offsets only"),
        }
    }

    /// The sum of the offsets of so many rows from a first one on, for a column that is [`Packed::affine`].
    pub(crate) fn sum_offsets(&self, first: usize, count: usize) -> u64 {
        match &self.offsets {
            Offsets::None => 0,
            Offsets::Runs(runs) => {
                let mut sum = 0;
                runs.pieces(first, count, |offset, rows| sum += u64::from(offset) * rows as u64);
                sum
            }
            Offsets::Byte(offsets) => sum(&offsets[first..first + count]),
            Offsets::Short(offsets) => sum(&offsets[first..first + count]),
            Offsets::Word(offsets) => sum(&offsets[first..first + count]),
            Offsets::Whole(_) => unreachable!("asked of columns with offsets only"),
        }
    }

    /// How many values lie from the least to the greatest, where they are few and every whole number is one.
    pub(crate) fn spread(&self) -> Option<usize> {
        let narrow = matches!(
            self.offsets,
            Offsets::None | Offsets::Runs(_) | Offsets::Byte(_) | Offsets::Short(_)
        );
        (narrow && self.scale == 1).then(|| (self.max - self.min) as usize + 1)
    }

    /// Appends what a table says to the values of some rows. Its first entry is for the least value; the column has to
    /// have a [`Packed::spread`], and the table as many entries.
    pub(crate) fn look_up(&self, rows: Rows<'_>, table: &[u32], out: &mut Vec<u32>) {
        match &self.offsets {
            Offsets::None => out.extend(std::iter::repeat_n(table[0], rows.len())),
            Offsets::Runs(runs) => runs.select(rows, out, |offset| table[offset as usize]),
            Offsets::Byte(offsets) => select(offsets, rows, out, |offset| table[offset as usize]),
            Offsets::Short(offsets) => select(offsets, rows, out, |offset| table[offset as usize]),
            Offsets::Word(_) | Offsets::Whole(_) => unreachable!("asked of columns with a spread only"),
        }
    }

    /// The value of one row.
    pub(crate) fn at(&self, row: usize) -> i64 {
        let offset = match &self.offsets {
            Offsets::None => 0,
            Offsets::Runs(runs) => i64::from(runs.at(row)),
            Offsets::Byte(offsets) => i64::from(offsets[row]),
            Offsets::Short(offsets) => i64::from(offsets[row]),
            Offsets::Word(offsets) => i64::from(offsets[row]),
            Offsets::Whole(values) => values[row],
        };
        self.base.wrapping_add(offset.wrapping_mul(self.scale))
    }

    /// How many bytes the values take.
    pub(crate) fn bytes(&self) -> usize {
        match &self.offsets {
            Offsets::None => 0,
            Offsets::Runs(runs) => runs.bytes(),
            Offsets::Byte(offsets) => offsets.len(),
            Offsets::Short(offsets) => offsets.len() * 2,
            Offsets::Word(offsets) => offsets.len() * 4,
            Offsets::Whole(values) => values.len() * 8,
        }
    }
}

/// Of at most 2^16 rows, so that it does not overflow.
fn sum<O: Copy + Into<u64>>(offsets: &[O]) -> u64 {
    offsets.iter().fold(0, |sum, offset| sum.wrapping_add((*offset).into()))
}

trait Offset: Copy + Ord {
    fn wide(self) -> i64;
}

macro_rules! offsets {
    ($($offset:ty),*) => {$(
        impl Offset for $offset {
            #[inline(always)]
            fn wide(self) -> i64 {
                i64::from(self)
            }
        }
    )*};
}

offsets!(u8, u16, u32, i64);

/// The least and the greatest.
fn ends<O: Offset>(offsets: &[O]) -> Option<(i64, i64)> {
    let first = *offsets.first()?;
    let ends = offsets.iter().fold((first, first), |(least, most), offset| {
        (least.min(*offset), most.max(*offset))
    });
    Some((ends.0.wide(), ends.1.wide()))
}

#[inline(always)]
fn select<O: Offset, T: Lane>(offsets: &[O], rows: Rows<'_>, out: &mut Vec<T>, value: impl Fn(i64) -> T) {
    match rows {
        Rows::Run(first, count) => out.extend(offsets[first..first + count].iter().map(|offset| value(offset.wide()))),
        Rows::Picked(rows) => out.extend(rows.iter().map(|row| value(offsets[*row as usize].wide()))),
    }
}

/// The largest number that divides every distance from the smallest value: whole seconds, whole cents.
fn step<T: Lane>(values: &[T], min: i64) -> u64 {
    let mut step = 0;
    for value in values {
        let offset = value.wide().wrapping_sub(min) as u64;
        if step == 0 || !offset.is_multiple_of(step) {
            step = greatest_common_divisor(offset, step);
        }
        if step == 1 {
            break;
        }
    }
    step.max(1)
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_cents_over_a_wide_range_take_four_bytes_each() {
        let amounts: Vec<i64> = [0, 3, 5, 1_000_000_007].map(|cents| cents * 10_000).into();
        assert_eq!(Packed::new(&amounts).bytes(), 4 * 4);
        assert_eq!(Packed::new(&[7_i64; 100]).bytes(), 0);
    }

    #[test]
    fn values_farther_apart_than_the_greatest_number_have_no_offsets_to_sum() {
        let packed = Packed::new(&[5_074_419_583_719_158_341_i64, -4_148_952_453_135_617_467]);
        assert_eq!((packed.affine(), packed.at(1)), (None, -4_148_952_453_135_617_467));
        assert!(Packed::new(&[1_i64 << 61, 0]).affine().is_some());
    }

    #[test]
    fn long_runs_take_four_bytes_each() {
        let codes: Vec<u32> = (0..65_536).map(|row| row / 64).collect();
        assert_eq!(Packed::new(&codes).bytes(), 1_024 * 4);
        assert_eq!(Packed::new(&codes).at(65_535), 1_023);
    }

    fn repeated(runs: Vec<(i64, usize)>) -> Vec<i64> {
        let values = runs
            .into_iter()
            .flat_map(|(value, times)| std::iter::repeat_n(value, times));
        values.collect()
    }

    proptest! {
        #[test]
        fn what_is_packed_is_read_again(
            values in prop_oneof![
                prop::collection::vec(any::<i64>(), 0..40),
                prop::collection::vec((0..5_i64).prop_map(|n| n * 1_000_000_000_000), 0..40),
                prop::collection::vec(-100..100_000_i64, 0..40),
                prop::collection::vec(7..9_i64, 0..40),
                prop::collection::vec((7..9_i64, 1..30_usize), 1..20).prop_map(repeated),
                prop::collection::vec((-9..70_000_i64, 1..30_usize), 1..20).prop_map(repeated),
            ],
            every in 1_usize..5,
        ) {
            let packed = Packed::new(&values);
            let mut read: Vec<i64> = Vec::new();
            packed.read(Rows::Run(0, values.len()), &mut read);
            prop_assert_eq!(&read, &values);
            let picked: Vec<u32> = (0..values.len() as u32).step_by(every).collect();
            let mut read: Vec<i64> = Vec::new();
            packed.read(Rows::Picked(&picked), &mut read);
            prop_assert_eq!(read, picked.iter().map(|row| values[*row as usize]).collect::<Vec<_>>());
            for first in 0..values.len() {
                let mut part: Vec<i64> = Vec::new();
                packed.read(Rows::Run(first, (values.len() - first).min(every * 7)), &mut part);
                prop_assert_eq!(&part, &values[first..first + part.len()]);
                if let Some(affine) = packed.affine() {
                    let sum = part.len() as i128 * i128::from(affine.base)
                        + i128::from(affine.scale) * i128::from(packed.sum_offsets(first, part.len()));
                    prop_assert_eq!(sum, part.iter().map(|value| i128::from(*value)).sum::<i128>());
                }
            }
            if let Some(spread) = packed.spread() {
                let table: Vec<u32> = (0..spread as u32).map(|offset| offset * 3).collect();
                let mut found = Vec::new();
                packed.look_up(Rows::Picked(&picked), &table, &mut found);
                let expected = |row: &u32| (values[*row as usize] - packed.min()) as u32 * 3;
                prop_assert_eq!(found, picked.iter().map(expected).collect::<Vec<_>>());
            }
            for (row, value) in values.iter().enumerate() {
                prop_assert_eq!(packed.at(row), *value);
                prop_assert!((packed.min()..=packed.max()).contains(value));
            }
            let flat = Packed::without_runs(&values);
            let (affine, offsets) = flat.stored();
            let stored = Packed::restore(affine.base, affine.scale, offsets.clone()).expect("as it was packed");
            let mut read: Vec<i64> = Vec::new();
            stored.owned().read(Rows::Run(0, values.len()), &mut read);
            prop_assert_eq!(&read, &values);
            prop_assert_eq!((stored.min(), stored.max()), (packed.min(), packed.max()));
            let half = values.len() / 2;
            let mut read: Vec<i64> = Vec::new();
            packed.part(half..values.len()).read(Rows::Run(0, values.len() - half), &mut read);
            prop_assert_eq!(&read, &values[half..]);
        }

        #[test]
        fn what_is_mapped_is_what_the_table_says(
            codes in prop_oneof![prop::collection::vec(0..9_u32, 1..40), prop::collection::vec(0..70_000_u32, 1..40)],
            shift in prop::option::of(0..9_u32),
        ) {
            let table: Vec<u32> = (0..70_000)
                .map(|code: u32| shift.map_or(code.wrapping_mul(2_654_435_761) >> 3, |shift| code + shift))
                .collect();
            let mapped = Packed::new(&codes).mapped(&table, codes.len());
            let mut read: Vec<u32> = Vec::new();
            mapped.read(Rows::Run(0, codes.len()), &mut read);
            let expected: Vec<u32> = codes.iter().map(|code| table[*code as usize]).collect();
            prop_assert_eq!(Some(mapped.min()), expected.iter().min().map(|code| i64::from(*code)));
            prop_assert_eq!(Some(mapped.max()), expected.iter().max().map(|code| i64::from(*code)));
            prop_assert_eq!(read, expected);
        }
    }
}

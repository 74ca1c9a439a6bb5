//! Values of rows with the cells that they come to.

use std::sync::Arc;

use super::scan::{Cells, Streak};

/// The most values of a piece.
const PIECE: usize = 1 << 14;
/// The first piece has room for so many.
const FIRST: usize = 1 << 8;

/// Values with their cells, in pieces that stay where they are when more values come. Copies share the pieces that they
/// have: what either gets later comes to pieces of its own.
#[derive(Debug)]
pub(super) struct Values<T> {
    whole: Vec<Arc<Piece<T>>>,
    last: Option<Piece<T>>,
}

#[derive(Debug, Clone)]
struct Piece<T> {
    cells: Of,
    values: Vec<T>,
}

/// The cells of a piece's values.
#[derive(Debug, Clone)]
enum Of {
    Each(Vec<u32>),
    /// Where neighbours mostly have the same.
    Streaks(Vec<Streak>),
}

/// How far values reach: those that come later come to other pieces when a copy was made there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Places {
    pieces: usize,
    /// Of the last piece.
    values: usize,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self {
            whole: Vec::new(),
            last: None,
        }
    }
}

impl<T: Clone> Clone for Values<T> {
    fn clone(&self) -> Self {
        let last = self.last.iter().map(|last| Arc::new(last.clone()));
        Self {
            whole: self.whole.iter().cloned().chain(last).collect(),
            last: None,
        }
    }
}

impl<T: Copy> Values<T> {
    #[inline]
    pub(super) fn push(&mut self, cell: u32, value: T) {
        let piece = self.piece(false);
        piece.cells.push(cell, 1);
        piece.values.push(value);
    }

    /// Adds values of these cells, one for each value.
    pub(super) fn extend(&mut self, cells: Cells<'_>, values: &[T]) {
        match cells {
            Cells::One(cell) => self.extend_streak(cell, values),
            Cells::Streaks(_, streaks) => {
                let mut rest = values;
                for streak in streaks {
                    let own;
                    (own, rest) = rest.split_at(streak.rows as usize);
                    self.extend_streak(streak.cell, own);
                }
            }
            Cells::Many(cells) => {
                let mut done = 0;
                while done < values.len() {
                    let piece = self.piece(false);
                    let next = values.len().min(done + piece.room());
                    match &mut piece.cells {
                        Of::Each(each) => each.extend_from_slice(&cells[done..next]),
                        streaks @ Of::Streaks(_) => cells[done..next].iter().for_each(|cell| streaks.push(*cell, 1)),
                    }
                    piece.values.extend_from_slice(&values[done..next]);
                    done = next;
                }
            }
        }
    }

    fn extend_streak(&mut self, cell: u32, values: &[T]) {
        let mut rest = values;
        while !rest.is_empty() {
            let piece = self.piece(true);
            let now;
            (now, rest) = rest.split_at(rest.len().min(piece.room()));
            piece.cells.push(cell, now.len());
            piece.values.extend_from_slice(now);
        }
    }

    /// A piece with room: the last one, or a new one for streaks or for single values. Streaks may come to a piece that is
    /// there for single values.
    #[inline]
    fn piece(&mut self, streaks: bool) -> &mut Piece<T> {
        let fits = |last: &Piece<T>| last.room() > 0 && (streaks || matches!(last.cells, Of::Each(_)));
        if !self.last.as_ref().is_some_and(fits) {
            self.next_piece(streaks);
        }
        self.last.as_mut().expect("there is one with room")
    }

    fn next_piece(&mut self, streaks: bool) {
        let before = self.last.take();
        let room = before
            .as_ref()
            .map_or(FIRST, |last| (last.values.capacity() * 4).min(PIECE));
        self.whole.extend(before.map(Arc::new));
        self.last = Some(Piece {
            cells: if streaks {
                Of::Streaks(Vec::new())
            } else {
                Of::Each(Vec::with_capacity(room))
            },
            values: Vec::with_capacity(room),
        });
    }

    /// Adds what others have, whose cells have the same numbers.
    pub(super) fn append(&mut self, mut others: Self) {
        others.whole.extend(others.last.take().map(Arc::new));
        self.whole.extend(self.last.take().map(Arc::new));
        self.whole.append(&mut others.whole);
    }

    /// Adds what others have, whose cells have these numbers here.
    pub(super) fn merge(&mut self, cells: &[u32], mut others: Self) {
        let is_same = cells.iter().zip(0..).all(|(here, there)| *here == there);
        if !is_same {
            others
                .whole
                .iter_mut()
                .for_each(|piece| Arc::make_mut(piece).cells.rename(cells));
            others.last.iter_mut().for_each(|piece| piece.cells.rename(cells));
        }
        self.append(others);
    }

    /// Tells cells and the values that come to them, those of neighbours of one cell together where that is known.
    #[inline(always)]
    pub(super) fn tell(&self, to: impl FnMut(u32, &[T])) {
        self.tell_since(Places::default(), to);
    }

    /// The same of those that came since a copy was made, or since the beginning.
    #[inline(always)]
    pub(super) fn tell_since(&self, since: Places, mut to: impl FnMut(u32, &[T])) {
        for piece in self.pieces().skip(since.pieces) {
            match &piece.cells {
                Of::Each(cells) => {
                    let values = piece.values.iter().map(std::slice::from_ref);
                    cells.iter().zip(values).for_each(|(cell, value)| to(*cell, value));
                }
                Of::Streaks(streaks) => {
                    let mut rest = piece.values.as_slice();
                    for streak in streaks {
                        let own;
                        (own, rest) = rest.split_at(streak.rows as usize);
                        to(streak.cell, own);
                    }
                }
            }
        }
    }
}

impl<T> Piece<T> {
    fn room(&self) -> usize {
        self.values.capacity() - self.values.len()
    }
}

impl Of {
    #[inline]
    fn push(&mut self, cell: u32, rows: usize) {
        match self {
            Self::Each(each) if rows == 1 => each.push(cell),
            Self::Each(each) => each.resize(each.len() + rows, cell),
            Self::Streaks(streaks) => match streaks.last_mut().filter(|last| last.cell == cell) {
                Some(last) => last.rows += rows as u32,
                None => streaks.push(Streak {
                    cell,
                    rows: rows as u32,
                }),
            },
        }
    }

    fn rename(&mut self, names: &[u32]) {
        let rename = |cell: &mut u32| *cell = names[*cell as usize];
        match self {
            Self::Each(each) => each.iter_mut().for_each(rename),
            Self::Streaks(streaks) => streaks.iter_mut().map(|streak| &mut streak.cell).for_each(rename),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Each(each) => each.capacity() * size_of::<u32>(),
            Self::Streaks(streaks) => streaks.capacity() * size_of::<Streak>(),
        }
    }
}

impl<T> Values<T> {
    fn pieces(&self) -> impl Iterator<Item = &Piece<T>> {
        self.whole.iter().map(Arc::as_ref).chain(&self.last)
    }

    pub(super) fn len(&self) -> usize {
        self.pieces().map(|piece| piece.values.len()).sum()
    }

    /// How far they reach.
    pub(super) fn places(&self) -> Places {
        Places {
            pieces: self.pieces().count(),
            values: self.pieces().last().map_or(0, |piece| piece.values.len()),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let piece = |piece: &Piece<T>| piece.cells.bytes() + piece.values.capacity() * size_of::<T>();
        self.pieces().map(piece).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(values: &Values<u32>) -> Vec<(u32, u32)> {
        let mut told = Vec::new();
        values.tell(|cell, values| told.extend(values.iter().map(|value| (cell, *value))));
        told
    }

    proptest! {
        /// Whatever way values come, they are told in the order in which they came, with their cells.
        #[test]
        fn values_keep_their_cells(parts in prop::collection::vec((0_u8..4, prop::collection::vec(0_u32..3, 1..600)), 1..8)) {
            let (mut values, mut expected) = (Values::default(), Vec::new());
            for (way, cells) in parts {
                let numbers: Vec<u32> = (expected.len() as u32..).take(cells.len()).collect();
                let streaks: Vec<Streak> = cells
                    .chunk_by(|left, right| left == right)
                    .map(|same| Streak { cell: same[0], rows: same.len() as u32 })
                    .collect();
                let cells = if way == 0 { vec![cells[0]; cells.len()] } else { cells };
                match way {
                    0 => values.extend(Cells::One(cells[0]), &numbers),
                    1 => values.extend(Cells::Many(&cells), &numbers),
                    2 => values.extend(Cells::Streaks(&cells, &streaks), &numbers),
                    _ => cells.iter().zip(&numbers).for_each(|(cell, number)| values.push(*cell, *number)),
                }
                expected.extend(cells.into_iter().zip(numbers));
            }
            prop_assert_eq!(told(&values), expected.clone());
            prop_assert_eq!(values.len(), expected.len());
            let mut whole = Values::default();
            whole.merge(&[2, 0, 1], values);
            let renamed: Vec<_> = expected.into_iter().map(|(cell, number)| ([2, 0, 1][cell as usize], number)).collect();
            prop_assert_eq!(told(&whole), renamed);
        }
    }
}

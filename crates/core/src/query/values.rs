//! Values of rows with the cells that they come to.

use super::scan::Cells;

/// The most values of a piece.
const PIECE: usize = 1 << 14;
/// The first piece has room for so many.
const FIRST: usize = 1 << 8;

/// Values with their cells, in pieces that stay where they are when more values come.
#[derive(Debug, Clone)]
pub(super) struct Values<T> {
    pieces: Vec<Piece<T>>,
}

#[derive(Debug, Clone)]
struct Piece<T> {
    cells: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T: Copy> Values<T> {
    #[inline]
    pub(super) fn push(&mut self, cell: u32, value: T) {
        let piece = match self.pieces.last_mut() {
            Some(last) if last.room() > 0 => last,
            _ => self.next_piece(),
        };
        piece.cells.push(cell);
        piece.values.push(value);
    }

    /// Adds values of these cells, one for each value.
    pub(super) fn extend(&mut self, cells: Cells<'_>, values: &[T]) {
        let mut done = 0;
        while done < values.len() {
            let piece = match self.pieces.last_mut() {
                Some(last) if last.room() > 0 => last,
                _ => self.next_piece(),
            };
            let next = values.len().min(done + piece.room());
            match cells {
                Cells::One(cell) => piece.cells.resize(piece.cells.len() + next - done, cell),
                Cells::Many(cells) => piece.cells.extend_from_slice(&cells[done..next]),
            }
            piece.values.extend_from_slice(&values[done..next]);
            done = next;
        }
    }

    fn next_piece(&mut self) -> &mut Piece<T> {
        let room = |last: &Piece<T>| (last.values.capacity() * 4).min(PIECE);
        let room = self.pieces.last().map_or(FIRST, room);
        self.pieces.push(Piece {
            cells: Vec::with_capacity(room),
            values: Vec::with_capacity(room),
        });
        self.pieces.last_mut().expect("just pushed")
    }

    /// Adds what others have, whose cells have these numbers here.
    pub(super) fn merge(&mut self, cells: &[u32], mut others: Self) {
        let is_same = cells.iter().zip(0..).all(|(here, there)| *here == there);
        if !is_same {
            for cell in others.pieces.iter_mut().flat_map(|piece| &mut piece.cells) {
                *cell = cells[*cell as usize];
            }
        }
        self.pieces.append(&mut others.pieces);
    }
}

impl<T> Piece<T> {
    fn room(&self) -> usize {
        self.values.capacity().min(self.cells.capacity()) - self.values.len()
    }
}

impl<T> Values<T> {
    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.values.len()).sum()
    }

    /// Cells and values, piece by piece.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&[u32], &[T])> {
        self.pieces
            .iter()
            .map(|Piece { cells, values }| (cells.as_slice(), values.as_slice()))
    }

    pub(super) fn bytes(&self) -> usize {
        let piece = |piece: &Piece<T>| piece.cells.capacity() * 4 + piece.values.capacity() * size_of::<T>();
        self.pieces.iter().map(piece).sum()
    }
}

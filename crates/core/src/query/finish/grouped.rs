//! Values by cell.

use std::ops::Range;

use crate::{
    crew::{self, Crew},
    query::{
        lists::{Lists, NOT_WANTED, of_cells},
        partial::Signed,
        sums::Totals,
        values::Values,
    },
};

/// The values of some neighbouring cells, those of one cell side by side.
#[derive(Debug)]
pub(super) struct Grouped<T> {
    first: usize,
    ends: Vec<usize>,
    values: Vec<T>,
}

impl<T: Copy + Default> Grouped<T> {
    /// A counting sort by cell.
    pub(super) fn new(cells: &Range<usize>, values: &Values<T>) -> Self {
        if values.len() == 0 {
            return Self {
                first: cells.start,
                ends: Vec::new(),
                values: Vec::new(),
            };
        }
        let mut counts = vec![0; cells.len()];
        values.tell(|cell, values| {
            if let Some(count) = counts.get_mut(place(cells, cell)) {
                *count += values.len();
            }
        });
        Self::counted(cells, values, counts)
    }

    /// The same where it is known how many values each of the cells has.
    pub(super) fn counted(cells: &Range<usize>, values: &Values<T>, counts: Vec<usize>) -> Self {
        let (mut ends, mut start) = (counts, 0);
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut sorted = vec![T::default(); start];
        values.tell(|cell, values| match (ends.get_mut(place(cells, cell)), values) {
            (None, _) => {}
            (Some(next), [value]) => {
                sorted[*next] = *value;
                *next += 1;
            }
            (Some(next), values) => {
                sorted[*next..*next + values.len()].copy_from_slice(values);
                *next += values.len();
            }
        });
        Self {
            first: cells.start,
            ends,
            values: sorted,
        }
    }

    pub(super) fn of(&mut self, cell: usize) -> &mut [T] {
        let range = self.range(cell);
        &mut self.values[range]
    }

    /// The same, to be read.
    pub(super) fn get(&self, cell: usize) -> &[T] {
        &self.values[self.range(cell)]
    }

    fn range(&self, cell: usize) -> Range<usize> {
        let at = cell - self.first;
        let Some(end) = self.ends.get(at) else { return 0..0 };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..*end
    }

    /// The first cell.
    pub(super) fn first(&self) -> usize {
        self.first
    }
}

/// Where a cell stands in a range. One before the first wraps round to far behind the last.
fn place(cells: &Range<usize>, cell: u32) -> usize {
    (cell as usize).wrapping_sub(cells.start)
}

/// The values that count and those that were taken back. Where none was, sums tell how many there are of each cell: `all`
/// says that every row has its value among them.
fn both<T: Copy + Default>(
    cells: &Range<usize>,
    (sums, all): (&Totals, bool),
    values: &Signed<T>,
) -> (Grouped<T>, Grouped<T>) {
    let plus = if all && values.minus.len() == 0 {
        let counts = cells.clone().map(|cell| sums.rows_of(cell)).collect();
        Grouped::counted(cells, &values.plus, counts)
    } else {
        Grouped::new(cells, &values.plus)
    };
    (plus, Grouped::new(cells, &values.minus))
}

/// Works on each cell: on the values of it that count, and on those that were taken back; the results in order. Whoever of a
/// crew takes some cells begins with a state of his own. Sums are as for [`both`]. What is known of cells from before is not
/// worked out again.
pub(super) fn by_cell<T: Copy + Default + Send + Sync, S, R: Clone + Send + Sync>(
    crew: &dyn Crew,
    cells: usize,
    sums: (&Totals, bool),
    lists: &Lists<T, R>,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &mut [T], &mut [T]) -> R + Sync,
) -> Vec<R> {
    if let Some(known) = lists.came_of_unchanged() {
        return with_known(cells, &lists.values, known, begin, work);
    }
    let of_range = |cells: Range<usize>| -> Vec<R> {
        let (mut plus, mut minus) = both(&cells, sums, &lists.values);
        let mut state = begin();
        cells
            .map(|cell| work(&mut state, plus.of(cell), minus.of(cell)))
            .collect()
    };
    let parts = by_ranges(crew, cells, |cell| sums.0.rows_of(cell), of_range);
    let came: Vec<R> = parts.into_iter().flatten().collect();
    lists.keep(&came);
    came
}

/// The same where something is known of most cells.
fn with_known<T: Copy + Default, S, R>(
    cells: usize,
    values: &Signed<T>,
    mut known: Vec<Option<R>>,
    begin: impl Fn() -> S,
    work: impl Fn(&mut S, &mut [T], &mut [T]) -> R,
) -> Vec<R> {
    known.resize_with(cells, || None);
    let (mut places, mut wanted) = (vec![NOT_WANTED; cells], 0);
    for (place, _) in places.iter_mut().zip(&known).filter(|(_, known)| known.is_none()) {
        *place = wanted;
        wanted += 1;
    }
    let all = 0..wanted as usize;
    let [mut plus, mut minus] =
        [&values.plus, &values.minus].map(|values| Grouped::new(&all, &of_cells(values, &places)));
    let (mut state, mut next) = (begin(), all);
    let work = |known: Option<R>| {
        known.unwrap_or_else(|| {
            let cell = next.next().expect("as many as are not known");
            work(&mut state, plus.of(cell), minus.of(cell))
        })
    };
    known.into_iter().map(work).collect()
}

/// Works on cells in ranges, which a crew shares out by how many values each has; the results in order.
pub(super) fn by_ranges<T: Send>(
    crew: &dyn Crew,
    cells: usize,
    values: impl Fn(usize) -> usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Vec<T> {
    crew::map(crew, crew::cut(crew, cells, values), work)
}

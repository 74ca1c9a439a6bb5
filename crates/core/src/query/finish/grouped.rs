//! Values by cell.

use crate::query::values::Values;

/// Values, those of one cell side by side.
pub(super) struct Grouped<T> {
    ends: Vec<usize>,
    values: Vec<T>,
}

impl<T: Copy + Default> Grouped<T> {
    /// A counting sort by cell.
    pub(super) fn new(cells: usize, values: &Values<T>) -> Self {
        let count = values.len();
        if count == 0 {
            return Self {
                ends: Vec::new(),
                values: Vec::new(),
            };
        }
        let mut ends = vec![0; cells];
        for cell in values.pieces().flat_map(|(cells, _)| cells) {
            ends[*cell as usize] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut sorted = vec![T::default(); count];
        for (cells, values) in values.pieces() {
            for (cell, value) in cells.iter().zip(values) {
                let place = &mut ends[*cell as usize];
                sorted[*place] = *value;
                *place += 1;
            }
        }
        Self { ends, values: sorted }
    }

    pub(super) fn of(&mut self, cell: usize) -> &mut [T] {
        let Some(end) = self.ends.get(cell) else { return &mut [] };
        let start = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
        &mut self.values[start..*end]
    }
}

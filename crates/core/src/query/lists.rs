//! Values by cell that are listed until an answer is put together, and what came of them.
//!
//! A copy goes on from lists that others hold too. What comes of the lists of one cell is kept for all copies: only cells that
//! got more values since are worked on again.

use std::sync::{Arc, OnceLock};

use super::{
    partial::Signed,
    values::{Places, Values},
};

/// What is known of cells is of use where no more than this part of them is unknown.
const FEW: usize = 8;

/// Lists of values by cell, and what came of those with which a copy began.
#[derive(Debug)]
pub(super) struct Lists<T, R> {
    pub(super) values: Signed<T>,
    /// How far the lists reached when this began as a copy, where nothing did they reach nowhere.
    begun: (Places, Places),
    /// By cell, what came of those that had no more values then. Copies that began with the same lists share it.
    came: Arc<OnceLock<Vec<Option<R>>>>,
}

impl<T, R> Default for Lists<T, R> {
    fn default() -> Self {
        Self {
            values: Signed::default(),
            begun: <(Places, Places)>::default(),
            came: Arc::default(),
        }
    }
}

impl<T: Copy, R: Clone> Clone for Lists<T, R> {
    fn clone(&self) -> Self {
        let values = self.values.clone();
        let begun = (values.plus.places(), values.minus.places());
        let has_more = self.begun != (self.values.plus.places(), self.values.minus.places());
        let came = if has_more {
            Arc::new(self.came_of_unchanged().map_or_else(OnceLock::new, OnceLock::from))
        } else {
            Arc::clone(&self.came)
        };
        Self { values, begun, came }
    }
}

impl<T: Copy, R: Clone> Lists<T, R> {
    /// By cell, what came of the lists of those that have no more values since. None where too little is known: all cells
    /// together are sooner done.
    pub(super) fn came_of_unchanged(&self) -> Option<Vec<Option<R>>> {
        let mut came = self.came.get()?.clone();
        self.each_changed(|cell| {
            if let Some(known) = came.get_mut(cell) {
                *known = None;
            }
        });
        let unknown = came.iter().filter(|known| known.is_none()).count();
        (unknown <= came.len() / FEW).then_some(came)
    }

    /// Keeps what came of the lists, by cell, if there is a copy that it may help.
    pub(super) fn keep(&self, came: &[R]) {
        if self.came.get().is_some() || Arc::strong_count(&self.came) == 1 {
            return;
        }
        let mut known: Vec<Option<R>> = came.iter().cloned().map(Some).collect();
        self.each_changed(|cell| known[cell] = None);
        // Another copy may have been faster: what it keeps is the same.
        drop(self.came.set(known));
    }

    fn each_changed(&self, mut changed: impl FnMut(usize)) {
        for (values, begun) in [(&self.values.plus, self.begun.0), (&self.values.minus, self.begun.1)] {
            values.tell_since(begun, |cell, _| changed(cell as usize));
        }
    }
}

impl<T, R> Lists<T, R> {
    /// About how many bytes they take, with what comes of so many cells.
    pub(super) fn bytes(&self, cells: usize) -> usize {
        let lists = self.values.plus.bytes() + self.values.minus.bytes();
        if lists == 0 {
            return 0;
        }
        // Some have lists of their own for more than one quantile.
        lists + 2 * cells * size_of::<Option<R>>()
    }
}

/// The values of some cells only, whose numbers are given anew in the order of the list.
pub(super) fn of_cells<T: Copy>(values: &Values<T>, places: &[u32]) -> Values<T> {
    let mut some = Values::default();
    values.tell(|cell, values| {
        if let Some(place) = places.get(cell as usize).filter(|place| **place != NOT_WANTED) {
            values.iter().for_each(|value| some.push(*place, *value));
        }
    });
    some
}

/// The place of a cell of whom nothing is wanted.
pub(super) const NOT_WANTED: u32 = u32::MAX;

//! Groups, and where the rows of a table are among them.

use std::cmp::Ordering;

use super::table::Key;

/// A group: its key, and which row of the table it is, if it is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupAt<'a> {
    pub(super) key: &'a Key,
    pub(super) row: Option<usize>,
}

/// For each row of the table its place in a list of groups: texts are compared once for a list, not for each number.
#[derive(Debug, Clone)]
pub(super) struct RowPlaces(Vec<u32>);

impl RowPlaces {
    const NONE: u32 = u32::MAX;

    /// Both rows and groups are in the order of their keys.
    pub(super) fn new<'a>(rows: &[Key], groups: impl Iterator<Item = &'a Key>) -> Self {
        let mut groups = groups.zip(0..).peekable();
        let place = |row: &Key| loop {
            let Some((key, place)) = groups.peek() else {
                return Self::NONE;
            };
            match (*key).cmp(row) {
                Ordering::Less => {
                    groups.next();
                }
                Ordering::Equal => return *place,
                Ordering::Greater => return Self::NONE,
            }
        };
        Self(rows.iter().map(place).collect())
    }

    pub(super) fn get(&self, row: usize) -> Option<usize> {
        let place = self.0.get(row).copied().filter(|place| *place != Self::NONE)?;
        usize::try_from(place).ok()
    }
}

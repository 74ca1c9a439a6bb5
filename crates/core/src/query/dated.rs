//! Which value a code has on which day.

use std::borrow::Cow;

/// For each code, values by the day from which they hold. The first holds from the beginning of time.
#[derive(Debug, Clone, Default)]
pub(super) struct Dated {
    /// Where each code's values end.
    ends: Vec<u32>,
    starts: Vec<i32>,
    values: Vec<u32>,
}

impl Dated {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds the next code's values, in ascending order of days. Before the first of them it has the value 0.
    pub(super) fn push(&mut self, steps: impl IntoIterator<Item = (i32, u32)>) {
        let first = self.values.len();
        for (start, value) in std::iter::once((i32::MIN, 0)).chain(steps) {
            if self.values.len() > first && self.starts.last() == Some(&start) {
                self.starts.pop();
                self.values.pop();
            }
            if self.values.len() == first || self.values.last() != Some(&value) {
                self.starts.push(start);
                self.values.push(value);
            }
        }
        self.ends.push(self.values.len() as u32);
    }

    fn steps(&self, code: u32) -> std::ops::Range<usize> {
        let first = (code as usize)
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        first..self.ends[code as usize] as usize
    }

    /// The value of a code on a day.
    #[inline]
    pub(super) fn at(&self, code: u32, day: i32) -> u32 {
        let steps = self.steps(code);
        if steps.len() == 1 {
            return self.values[steps.start];
        }
        let later = self.starts[steps.clone()]
            .iter()
            .take_while(|start| **start <= day)
            .count();
        self.values[steps.start + later.max(1) - 1]
    }

    /// The values of all codes, if none changes between two days.
    pub(super) fn flat(&self, from: i32, to: i32) -> Option<Cow<'_, [u32]>> {
        if self.values.len() == self.ends.len() {
            return Some(Cow::Borrowed(&self.values));
        }
        let mut flat = Vec::with_capacity(self.ends.len());
        for code in 0..self.ends.len() as u32 {
            let steps = self.steps(code);
            let place = |day: i32| self.starts[steps.clone()].partition_point(|start| *start <= day).max(1) - 1;
            let (before, after) = (place(from), place(to));
            if before != after {
                return None;
            }
            flat.push(self.values[steps.start + before]);
        }
        Some(Cow::Owned(flat))
    }
}

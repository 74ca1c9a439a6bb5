//! From the keys of a row to the number of its cell.

use crate::{ledger::interner::fold, rational::wide::divide};

/// Up to so many combinations every one has its cell from the start.
const DIRECT: u128 = 1 << 14;
/// Up to so many combinations cells are found in a table; beyond, by hashing.
const TABLE: u128 = 1 << 23;

/// One key of a run of rows.
pub(super) enum Key<'a> {
    Constant(u32),
    Codes(&'a [u32]),
}

#[derive(Debug, Clone)]
enum Mode {
    Direct,
    Table(Vec<u32>),
    Hash(Vec<u32>),
}

/// Numbers the combinations of keys that occur: 0, 1, 2, …
#[derive(Debug, Clone)]
pub(super) struct Index {
    sizes: Vec<u64>,
    strides: Vec<u128>,
    mode: Mode,
    /// By number: the combination. Not used when every combination is its own number.
    combinations: Vec<u128>,
    cells: usize,
    wide: Vec<u128>,
}

impl Index {
    /// An index over keys of these sizes. `None` when their combinations are more than 128 bits can number.
    pub(super) fn new(sizes: &[u64], grows: bool) -> Option<Self> {
        let (strides, all) = strides(sizes)?;
        let mut index = Self {
            sizes: sizes.into(),
            strides,
            mode: Mode::Direct,
            combinations: Vec::new(),
            cells: 0,
            wide: Vec::new(),
        };
        if all <= DIRECT && !grows {
            index.cells = all as usize;
        } else {
            index.mode = lookup_mode(all, 0);
        }
        Some(index)
    }

    pub(super) fn len(&self) -> usize {
        self.cells
    }

    pub(super) fn bytes(&self) -> usize {
        let slots = match &self.mode {
            Mode::Direct => 0,
            Mode::Table(slots) | Mode::Hash(slots) => slots.len() * 4,
        };
        slots + size_of_val(self.combinations.as_slice())
    }

    /// Makes room for larger keys. Numbers stay. `None` as for [`Index::new`].
    pub(super) fn grow(&mut self, sizes: &[u64]) -> Option<()> {
        if self.sizes == sizes || self.lengthen(sizes) {
            return Some(());
        }
        let known: Vec<Vec<u32>> = (0..self.cells).map(|cell| self.codes(cell)).collect();
        // With room to spare, so that a stream of new texts does not renumber at each block.
        let roomy: Vec<u64> = sizes.iter().map(|size| size.saturating_mul(2)).collect();
        let sizes = if strides(&roomy).is_some() {
            roomy
        } else {
            sizes.to_vec()
        };
        let (strides, all) = strides(&sizes)?;
        (self.sizes, self.strides, self.combinations, self.cells) = (sizes, strides, Vec::new(), 0);
        self.mode = lookup_mode(all, known.len());
        for codes in known {
            self.id(&codes);
        }
        Some(())
    }

    /// Makes room where only the first key has got larger: then all combinations are what they were.
    fn lengthen(&mut self, sizes: &[u64]) -> bool {
        let Some((strides, all)) = strides(sizes) else {
            return false;
        };
        if strides != self.strides || sizes.first() < self.sizes.first() {
            return false;
        }
        match &mut self.mode {
            Mode::Direct if all <= DIRECT => self.cells = all as usize,
            Mode::Table(table) if all <= TABLE => table.resize(all as usize, 0),
            Mode::Hash(_) => {}
            _ => return false,
        }
        self.sizes = sizes.to_vec();
        true
    }

    pub(super) fn fits(&self, sizes: &[u64]) -> bool {
        self.sizes.iter().zip(sizes).all(|(room, size)| size <= room)
    }

    /// The number of one combination.
    pub(super) fn id(&mut self, codes: &[u32]) -> u32 {
        let combination = codes
            .iter()
            .zip(&self.strides)
            .map(|(code, stride)| u128::from(*code) * stride)
            .sum();
        self.number(combination)
    }

    /// The numbers of another index's combinations, in the order of its own numbers.
    pub(super) fn ids_of(&mut self, other: &Self) -> Vec<u32> {
        if self.strides == other.strides {
            return (0..other.cells)
                .map(|cell| self.number(other.combination(cell)))
                .collect();
        }
        (0..other.cells).map(|cell| self.id(&other.codes(cell))).collect()
    }

    /// The codes of a number.
    pub(super) fn codes(&self, cell: usize) -> Vec<u32> {
        self.codes_of(self.combination(cell))
    }

    /// The codes of a combination.
    pub(super) fn codes_of(&self, combination: u128) -> Vec<u32> {
        let mut codes = Vec::with_capacity(self.strides.len());
        self.codes_into(combination, &mut codes);
        codes
    }

    /// The codes of a combination, in place of what was there.
    pub(super) fn codes_into(&self, combination: u128, codes: &mut Vec<u32>) {
        let mut rest = combination;
        codes.clear();
        codes.extend(self.strides.iter().map(|stride| {
            let (code, left) = divide(rest, *stride);
            rest = left;
            code as u32
        }));
    }

    /// A combination without its last key, as if that were 0, and the code of the last key.
    pub(super) fn split_last(&self, combination: u128) -> (u128, u32) {
        let size = self.sizes.last().map_or(1, |size| u128::from((*size).max(1)));
        let (_, last) = divide(combination, size);
        (combination - last, last as u32)
    }

    /// The combination of a number. Combinations sort like their codes.
    pub(super) fn combination(&self, cell: usize) -> u128 {
        if let Mode::Direct = self.mode {
            cell as u128
        } else {
            self.combinations[cell]
        }
    }

    /// All combinations with their numbers, in order.
    pub(super) fn in_order(&self) -> Vec<(u128, u32)> {
        match &self.mode {
            // Reading the whole table is faster than sorting, unless next to nothing is in it.
            Mode::Table(table) if self.cells * 64 > table.len() => {
                let known = table.iter().enumerate().filter(|(_, known)| **known != 0);
                known
                    .map(|(combination, known)| (combination as u128, known - 1))
                    .collect()
            }
            mode => {
                let cells = 0..self.cells as u32;
                let mut cells: Vec<_> = cells.map(|cell| (self.combination(cell as usize), cell)).collect();
                if !matches!(mode, Mode::Direct) {
                    cells.sort_unstable();
                }
                cells
            }
        }
    }

    /// The numbers of a run of rows; or the one number of them all.
    pub(super) fn ids(&mut self, keys: &[Key<'_>], rows: usize, out: &mut Vec<u32>) -> Option<u32> {
        let constant: u128 = keys
            .iter()
            .zip(&self.strides)
            .map(|(key, stride)| match key {
                Key::Constant(code) => u128::from(*code) * stride,
                Key::Codes(_) => 0,
            })
            .sum();
        if keys.iter().all(|key| matches!(key, Key::Constant(_))) {
            return Some(self.number(constant));
        }
        out.clear();
        if let Mode::Hash(_) = self.mode {
            self.hashed(keys, rows, constant, out);
            return None;
        }
        out.resize(rows, constant as u32);
        for (key, stride) in keys.iter().zip(&self.strides) {
            if let Key::Codes(codes) = key {
                let stride = *stride as u32;
                for (cell, code) in out.iter_mut().zip(*codes) {
                    *cell = cell.wrapping_add(code.wrapping_mul(stride));
                }
            }
        }
        if let Mode::Table(table) = &mut self.mode {
            for cell in out {
                let known = &mut table[*cell as usize];
                if *known == 0 {
                    self.combinations.push(u128::from(*cell));
                    self.cells += 1;
                    *known = self.cells as u32;
                }
                *cell = *known - 1;
            }
        }
        None
    }

    fn hashed(&mut self, keys: &[Key<'_>], rows: usize, constant: u128, out: &mut Vec<u32>) {
        let mut wide = std::mem::take(&mut self.wide);
        wide.clear();
        wide.resize(rows, constant);
        for (key, stride) in keys.iter().zip(&self.strides) {
            if let Key::Codes(codes) = key {
                for (combination, code) in wide.iter_mut().zip(*codes) {
                    *combination += u128::from(*code) * stride;
                }
            }
        }
        let mut last = None;
        for combination in &wide {
            let cell = match last {
                Some((same, cell)) if same == *combination => cell,
                _ => self.number(*combination),
            };
            last = Some((*combination, cell));
            out.push(cell);
        }
        self.wide = wide;
    }

    fn number(&mut self, combination: u128) -> u32 {
        match &mut self.mode {
            Mode::Direct => combination as u32,
            Mode::Table(table) => {
                let known = &mut table[combination as usize];
                if *known == 0 {
                    self.combinations.push(combination);
                    self.cells += 1;
                    *known = self.cells as u32;
                }
                *known - 1
            }
            Mode::Hash(slots) => {
                if self.combinations.len() * 2 >= slots.len() {
                    *slots = rehashed(&self.combinations, slots.len() * 2);
                }
                let slot = slot(slots, &self.combinations, combination);
                if slots[slot] == 0 {
                    self.combinations.push(combination);
                    self.cells += 1;
                    slots[slot] = self.cells as u32;
                }
                slots[slot] - 1
            }
        }
    }
}

/// The last key moves fastest.
fn strides(sizes: &[u64]) -> Option<(Vec<u128>, u128)> {
    let mut strides = vec![1_u128; sizes.len()];
    let mut all = 1_u128;
    for (stride, size) in strides.iter_mut().zip(sizes).rev() {
        *stride = all;
        all = all.checked_mul(u128::from((*size).max(1)))?;
    }
    Some((strides, all))
}

fn lookup_mode(all: u128, known: usize) -> Mode {
    if all <= TABLE {
        Mode::Table(vec![0; all as usize])
    } else {
        Mode::Hash(vec![0; (known * 4).next_power_of_two().max(1 << 10)])
    }
}

fn slot(slots: &[u32], combinations: &[u128], combination: u128) -> usize {
    let mask = slots.len() - 1;
    let mut at = fold(combination as u64 ^ fold((combination >> 64) as u64)) as usize & mask;
    while slots[at] != 0 && combinations[slots[at] as usize - 1] != combination {
        at = (at + 1) & mask;
    }
    at
}

fn rehashed(combinations: &[u128], size: usize) -> Vec<u32> {
    let mut slots = vec![0; size];
    for (cell, combination) in combinations.iter().enumerate() {
        let at = slot(&slots, combinations, *combination);
        slots[at] = cell as u32 + 1;
    }
    slots
}

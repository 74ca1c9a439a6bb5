//! Blocks: up to 65 536 rows of one measure, as packed columns.

use std::collections::BTreeMap;

use super::{
    packed::{Packed, Rows},
    subjects::SubjectColumn,
    zone::{Zone, zones},
};
use crate::dimension::Dimension;

/// The most rows of a block, unless a caller wants smaller ones.
pub const BLOCK_ROWS: usize = 1 << 16;

/// Immutable rows of one measure. Codes are those of the tenant's dictionaries.
#[derive(Debug, Clone)]
pub struct Block {
    rows: usize,
    pub(crate) date: Packed,
    pub(crate) origin: Packed,
    pub(crate) instant: Packed,
    pub(crate) commit: Packed,
    pub(crate) subject: SubjectColumn,
    pub(crate) value: Packed,
    pub(crate) count: Packed,
    /// Only dimensions of which at least one row has a value, in order.
    dimensions: Vec<(Dimension, Packed)>,
    zones: Box<[Zone]>,
}

impl Block {
    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// A dimension's codes; `None` when no row has a value.
    pub(crate) fn dimension(&self, dimension: &Dimension) -> Option<&Packed> {
        self.dimensions
            .iter()
            .find(|(other, _)| other == dimension)
            .map(|(_, codes)| codes)
    }

    /// Its rows in pieces, all of them and in order.
    pub(crate) fn zones(&self) -> &[Zone] {
        &self.zones
    }

    pub(crate) fn dimensions(&self) -> impl Iterator<Item = (&Dimension, &Packed)> {
        self.dimensions.iter().map(|(dimension, codes)| (dimension, codes))
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let fixed = [
            &self.date,
            &self.origin,
            &self.instant,
            &self.commit,
            self.subject.packed(),
            &self.value,
            &self.count,
        ];
        let columns = fixed.into_iter().chain(self.dimensions.iter().map(|(_, codes)| codes));
        columns.map(Packed::bytes).sum::<usize>()
            + size_of::<Self>()
            + self.dimensions.len() * size_of::<(Dimension, Packed)>()
            + size_of_val(&*self.zones)
    }
}

/// Rows on their way into a block.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    pub(crate) date: Vec<i32>,
    pub(crate) origin: Vec<i32>,
    pub(crate) instant: Vec<i64>,
    pub(crate) commit: Vec<u64>,
    pub(crate) subject: Vec<u32>,
    pub(crate) value: Vec<i64>,
    pub(crate) count: Vec<i8>,
    /// Each as long as the others, once it occurs.
    pub(crate) dimensions: BTreeMap<Dimension, Vec<u32>>,
}

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.date.len()
    }

    /// The rows of a block again.
    pub(crate) fn unpack(block: &Block) -> Self {
        let mut columns = Self::default();
        columns.extend(block);
        columns
    }

    /// Appends a block's rows.
    pub(crate) fn extend(&mut self, block: &Block) {
        let (before, all) = (self.len(), Rows::Run(0, block.rows));
        block.date.read(all, &mut self.date);
        block.origin.read(all, &mut self.origin);
        block.instant.read(all, &mut self.instant);
        block.commit.read(all, &mut self.commit);
        block.subject.read(all, &mut self.subject);
        block.value.read(all, &mut self.value);
        block.count.read(all, &mut self.count);
        for (dimension, codes) in &block.dimensions {
            let column = self.dimensions.entry(dimension.clone()).or_default();
            column.resize(before, 0);
            codes.read(all, column);
        }
        self.level();
    }

    /// Sets a dimension of the last row.
    pub(crate) fn set(&mut self, dimension: &Dimension, code: u32) {
        let rows = self.len();
        if !self.dimensions.contains_key(dimension) {
            self.dimensions.insert(dimension.clone(), Vec::new());
        }
        let column = self.dimensions.get_mut(dimension).expect("just made");
        column.resize(rows - 1, 0);
        column.push(code);
    }

    /// Fills dimensions that the last rows do not have.
    pub(crate) fn level(&mut self) {
        let rows = self.date.len();
        for column in self.dimensions.values_mut() {
            column.resize(rows, 0);
        }
    }

    pub(crate) fn pack(&self) -> Block {
        let mut fields = Fields {
            instant: Packed::new(&self.instant),
            commit: Packed::new(&self.commit),
            subject: SubjectColumn::coded(Packed::new(&self.subject)),
            value: Packed::new(&self.value),
            count: Packed::new(&self.count),
            ..Fields::default()
        };
        let reps = self
            .dimensions
            .get(&Dimension::Rep)
            .map_or([].as_slice(), Vec::as_slice);
        fields.place(&self.date, &self.origin, reps);
        for (dimension, codes) in &self.dimensions {
            fields.set(dimension, Packed::new(codes));
        }
        fields.into_block()
    }
}

/// The columns of a block to be.
#[derive(Debug)]
pub(super) struct Fields {
    rows: usize,
    date: Packed,
    origin: Packed,
    pub(super) instant: Packed,
    pub(super) commit: Packed,
    pub(super) subject: SubjectColumn,
    pub(super) value: Packed,
    pub(super) count: Packed,
    dimensions: Vec<(Dimension, Packed)>,
    zones: Box<[Zone]>,
}

impl Default for Fields {
    fn default() -> Self {
        let nothing = || Packed::constant(0);
        Self {
            rows: 0,
            date: nothing(),
            origin: nothing(),
            instant: nothing(),
            commit: nothing(),
            subject: SubjectColumn::coded(nothing()),
            value: nothing(),
            count: nothing(),
            dimensions: Vec::new(),
            zones: Box::default(),
        }
    }
}

impl Fields {
    /// Sets the days of its rows, and their zones. No reps: none has one.
    pub(super) fn place(&mut self, dates: &[i32], origins: &[i32], reps: &[u32]) {
        self.rows = dates.len();
        self.date = Packed::new(dates);
        self.origin = Packed::new(origins);
        self.zones = zones(dates, origins, reps);
    }

    /// The same with days that are packed already.
    pub(super) fn place_packed(&mut self, (date, origin): (Packed, Packed), reps: Option<&Packed>, rows: usize) {
        let all = Rows::Run(0, rows);
        let (mut dates, mut origins) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        date.read(all, &mut dates);
        origin.read(all, &mut origins);
        let mut codes = Vec::new();
        if let Some(reps) = reps {
            reps.read(all, &mut codes);
        }
        (self.rows, self.date, self.origin) = (rows, date, origin);
        self.zones = zones(&dates, &origins, &codes);
    }

    /// Sets a dimension, if any row has a value. Dimensions have to come in their order.
    pub(super) fn set(&mut self, dimension: &Dimension, codes: Packed) {
        if codes.max() > 0 {
            self.dimensions.push((dimension.clone(), codes));
        }
    }

    pub(super) fn into_block(self) -> Block {
        Block {
            rows: self.rows,
            date: self.date,
            origin: self.origin,
            instant: self.instant,
            commit: self.commit,
            subject: self.subject,
            value: self.value,
            count: self.count,
            dimensions: self.dimensions,
            zones: self.zones,
        }
    }
}

//! The rows of a measure in the order that questions like.
//!
//! A ledger grows in the order of its commits. Over all blocks of a measure, rows are put in the order of what kind they
//! are (where the measure has kinds), month, rep and date: then a question of a range, a kind or a rep skips most blocks
//! and [zones](super::zone), neighbours come to the same cell, and a column of reps is a few runs. No answer depends on
//! the order of rows.

use std::sync::Arc;

use super::{
    Block,
    block::Fields,
    day,
    packed::{Lane, Packed, Rows},
    subjects::{self, SubjectColumn},
};
use crate::dimension::Dimension;

/// What tells things apart that are rarely asked for together.
const KINDS: [Dimension; 4] = [
    Dimension::ActivityKind,
    Dimension::Stage,
    Dimension::SurveyKind,
    Dimension::CostCategory,
];
/// Codes of kinds and reps that have an order; the few beyond stand in no order.
const KIND_BITS: u32 = 8;
const REP_BITS: u32 = 24;
const MONTH_BITS: u32 = 20;
/// By so many days the first days of two months are apart.
const SHORTEST_MONTH: i32 = 28;

/// The rows of some blocks of one measure, in order.
pub(super) fn clustered(blocks: &[Arc<Block>], block_rows: usize) -> Vec<Arc<Block>> {
    let order = order(blocks);
    let source = Source {
        blocks,
        order: &order,
        block_rows,
    };
    let mut dimensions: Vec<&Dimension> = blocks
        .iter()
        .flat_map(|block| block.dimensions())
        .map(|(dimension, _)| dimension)
        .collect();
    dimensions.sort_unstable();
    dimensions.dedup();
    let count = order.len().div_ceil(block_rows);
    let mut fields: Vec<Fields> = (0..count).map(|_| Fields::default()).collect();
    let dates: Vec<Vec<i32>> = source.parts(|block| Some(&block.date));
    let origins: Vec<Vec<i32>> = source.parts(|block| Some(&block.origin));
    let reps: Vec<Vec<u32>> = source.parts(|block| block.dimension(&Dimension::Rep));
    for (field, ((dates, origins), reps)) in fields.iter_mut().zip(dates.iter().zip(&origins).zip(&reps)) {
        field.place(dates, origins, reps);
    }
    drop((dates, origins, reps));
    let instants = source.packed::<i64>(|block| Some(&block.instant));
    each(&mut fields, instants, |field, column| field.instant = column);
    let commits = source.packed::<u64>(|block| Some(&block.commit));
    each(&mut fields, commits, |field, column| field.commit = column);
    let columns: Vec<&SubjectColumn> = blocks.iter().map(|block| &block.subject).collect();
    let subjects = subjects::joined(&columns, blocks.iter().map(|block| block.rows()));
    each(&mut fields, source.pick(&subjects.places), |field, places| {
        field.subject = SubjectColumn::new(Packed::new(&places), subjects.ids.clone());
    });
    drop(subjects);
    let values = source.packed::<i64>(|block| Some(&block.value));
    each(&mut fields, values, |field, column| field.value = column);
    let counts = source.packed::<i8>(|block| Some(&block.count));
    each(&mut fields, counts, |field, column| field.count = column);
    for dimension in dimensions {
        let codes = source.packed::<u32>(|block| block.dimension(dimension));
        each(&mut fields, codes, |field, column| field.set(dimension, column));
    }
    fields.into_iter().map(|fields| Arc::new(fields.into_block())).collect()
}

/// Gives each block its part of a column.
fn each<T>(fields: &mut [Fields], parts: impl IntoIterator<Item = T>, set: impl Fn(&mut Fields, T)) {
    for (field, part) in fields.iter_mut().zip(parts) {
        set(field, part);
    }
}

/// The rows of all blocks, counted through, in their new order.
fn order(blocks: &[Arc<Block>]) -> Vec<u32> {
    let all: usize = blocks.iter().map(|block| block.rows()).sum();
    let mut keys: Vec<(u64, u32)> = Vec::with_capacity(all);
    let (mut dates, mut reps, mut kinds): (Vec<i32>, Vec<u32>, Vec<u32>) = Default::default();
    let mut month = 0..0;
    let mut month_number = 0;
    for block in blocks {
        read(Some(&block.date), block.rows(), &mut dates);
        read(block.dimension(&Dimension::Rep), block.rows(), &mut reps);
        let kind = KINDS.iter().find_map(|kind| block.dimension(kind));
        read(kind, block.rows(), &mut kinds);
        for ((date, rep), kind) in dates.iter().zip(&reps).zip(&kinds) {
            if !month.contains(date) {
                month = day::month_of(*date);
                month_number = (month.start.div_euclid(SHORTEST_MONTH) + (1 << (MONTH_BITS - 1))) as u64;
            }
            let in_month = (*date - month.start) as u64;
            let kind = u64::from((*kind).min((1 << KIND_BITS) - 1));
            let rep = u64::from((*rep).min((1 << REP_BITS) - 1));
            let key = ((kind << MONTH_BITS | month_number) << REP_BITS | rep) << 5 | in_month;
            keys.push((key, keys.len() as u32));
        }
    }
    // Blocks are sorted runs more often than not.
    keys.sort();
    keys.into_iter().map(|(_, row)| row).collect()
}

/// A column's values, or zeros where a block does not have it.
fn read<T: Lane>(column: Option<&Packed>, rows: usize, out: &mut Vec<T>) {
    out.clear();
    extend(column, rows, out);
}

fn extend<T: Lane>(column: Option<&Packed>, rows: usize, out: &mut Vec<T>) {
    match column {
        Some(column) => column.read(Rows::Run(0, rows), out),
        None => out.resize(out.len() + rows, T::narrow(0)),
    }
}

/// Where rows come from, and in which order they come.
struct Source<'a> {
    blocks: &'a [Arc<Block>],
    order: &'a [u32],
    block_rows: usize,
}

impl Source<'_> {
    /// A column in its new order, block by block.
    fn parts<T: Lane>(&self, column: impl Fn(&Block) -> Option<&Packed>) -> Vec<Vec<T>> {
        let flat = self.flat(column);
        self.pick(&flat).collect()
    }

    /// The same, packed.
    fn packed<T: Lane>(&self, column: impl Fn(&Block) -> Option<&Packed>) -> Vec<Packed> {
        let single = |block: &Arc<Block>| column(block).map_or(Some(0), Packed::single);
        let first = self.blocks.first().and_then(single);
        if let Some(value) = first
            && self.blocks.iter().all(|block| single(block) == first)
        {
            return vec![Packed::constant(value); self.order.len().div_ceil(self.block_rows)];
        }
        let flat: Vec<T> = self.flat(column);
        self.pick(&flat).map(|part| Packed::new(&part)).collect()
    }

    fn flat<T: Lane>(&self, column: impl Fn(&Block) -> Option<&Packed>) -> Vec<T> {
        let mut flat = Vec::with_capacity(self.order.len());
        for block in self.blocks {
            extend(column(block), block.rows(), &mut flat);
        }
        flat
    }

    fn pick<T: Lane>(&self, flat: &[T]) -> impl Iterator<Item = Vec<T>> {
        let parts = self.order.chunks(self.block_rows);
        parts.map(|rows| rows.iter().map(|row| flat[*row as usize]).collect())
    }
}

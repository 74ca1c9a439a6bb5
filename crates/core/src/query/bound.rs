//! A lookup on one block.

use std::borrow::Cow;

use super::{
    dated::Dated,
    lookup::{Lookup, Own},
};
use crate::{
    dimension::Dimension,
    ledger::{
        Block,
        packed::{Packed, Rows},
    },
};

/// A lookup on one block: constant where it can be known to be.
pub(super) enum Bound<'a> {
    Constant(u32),
    Mapped(&'a Packed, Option<Cow<'a, [u32]>>),
    Dated(&'a Packed, &'a Dated),
    Either(Box<(Bound<'a>, Bound<'a>)>),
}

impl<'a> Bound<'a> {
    pub(super) fn new(lookup: &'a Lookup, block: &'a Block) -> Self {
        let own = lookup
            .own
            .as_ref()
            .map_or(Self::Constant(0), |own| Self::own(own, block));
        let rep = lookup
            .rep
            .as_ref()
            .map_or(Self::Constant(0), |dated| Self::rep(dated, block));
        match (own, rep) {
            (Self::Constant(0), other) | (other, Self::Constant(0)) => other,
            (Self::Constant(code), _) => Self::Constant(code),
            both => Self::Either(Box::new(both)),
        }
    }

    fn own(own: &'a Own, block: &'a Block) -> Self {
        match block.dimension(&own.dimension) {
            None => Self::Constant(own.map.as_ref().map_or(0, |map| map[0])),
            Some(column) => Self::mapped(column, own.map.as_deref().map(Cow::Borrowed)),
        }
    }

    fn rep(dated: &'a Dated, block: &'a Block) -> Self {
        let Some(column) = block.dimension(&Dimension::Rep) else {
            return Self::Constant(0);
        };
        // For a few rows it is not worth going through all reps.
        let flat = if block.rows() * 4 < dated.len() {
            None
        } else {
            dated.flat(block.date.min() as i32, block.date.max() as i32)
        };
        match flat {
            Some(flat) => Self::mapped(column, Some(flat)),
            None => Self::Dated(column, dated),
        }
    }

    fn mapped(column: &'a Packed, map: Option<Cow<'a, [u32]>>) -> Self {
        match (column.single(), &map) {
            (Some(code), Some(map)) => Self::Constant(map[code as usize]),
            (Some(code), None) => Self::Constant(code as u32),
            (None, _) => Self::Mapped(column, map),
        }
    }

    /// Reads the codes of some rows.
    pub(super) fn read(&self, block: &Block, rows: Rows<'_>, out: &mut Vec<u32>) {
        out.clear();
        match self {
            Self::Constant(code) => out.resize(rows.len(), *code),
            Self::Mapped(column, None) => column.read(rows, out),
            Self::Mapped(column, Some(map)) if column.spread().is_some() => {
                column.look_up(rows, &map[column.min() as usize..], out);
            }
            Self::Mapped(column, Some(map)) => {
                column.read(rows, out);
                for code in out {
                    *code = map[*code as usize];
                }
            }
            Self::Dated(column, dated) => {
                column.read(rows, out);
                let mut days: Vec<i32> = Vec::with_capacity(rows.len());
                block.date.read(rows, &mut days);
                for (code, day) in out.iter_mut().zip(days) {
                    *code = dated.at(*code, day);
                }
            }
            Self::Either(both) => {
                let mut second = Vec::with_capacity(rows.len());
                both.0.read(block, rows, out);
                both.1.read(block, rows, &mut second);
                for (code, other) in out.iter_mut().zip(second) {
                    *code = if *code == 0 { other } else { *code };
                }
            }
        }
    }

    /// Whether its codes are those of the rows' reps.
    pub(super) fn is_of_reps(&self, block: &Block) -> bool {
        let reps = block.dimension(&Dimension::Rep);
        matches!(self, Self::Mapped(column, None) if reps.is_some_and(|reps| std::ptr::eq(*column, reps)))
    }

    /// The codes that rows of the block can have, where that is known and they are few.
    pub(super) fn candidates(&self) -> Option<impl Iterator<Item = u32> + '_> {
        let (range, map) = match self {
            Self::Constant(code) => (*code..=*code, None),
            Self::Mapped(column, map) if column.max() - column.min() < 256 => {
                (column.min() as u32..=column.max() as u32, map.as_deref())
            }
            _ => return None,
        };
        Some(range.map(move |code| map.map_or(code, |map| map[code as usize])))
    }
}

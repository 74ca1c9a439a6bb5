//! Segments: immutable columnar bytes of ledger rows, as they are stored.
//!
//! A segment is an Arrow IPC stream of one record batch, followed by 16 bytes that seal it (`SCRLSEG1` or `SCRLSEG2`,
//! and a checksum). Arrow readers stop at the stream's end and never see the seal.
//!
//! A commit writes a *flat* one (`SCRLSEG1`), which is also what is exported: a row each. Its columns are `measure`,
//! `date`, `origin_date`, `instant`, `commit`, `subject_kind`, `subject`, `value`, `count`, and one nullable column for
//! each stored dimension that occurs, under the dimension's name. A merge writes a *settled* one (`SCRLSEG2`), see
//! [`settled`]: a fifth of the bytes, in the order and the widths that an image holds.

mod decode;
mod encode;
mod merge;
mod order;
mod rows;
mod seal;
mod settled;
#[cfg(test)]
mod tests;

use arrow_buffer::Buffer;
use jiff::civil::Date;

pub use self::{
    encode::{encode, encode_commit},
    merge::{merge, settle},
    rows::SegmentRows,
};
pub(crate) use self::{
    rows::{DimensionColumn, pick},
    settled::{Settled, SettledBlock},
};
use super::Error;

/// The most rows of one segment: their texts fit the 2 GiB that an Arrow dictionary can hold.
pub const MAX_SEGMENT_ROWS: usize = 1 << 23;

/// Refuses more rows than a segment may have.
fn bounded(rows: usize) -> Result<(), Error> {
    let limit = MAX_SEGMENT_ROWS;
    if rows > limit {
        return Err(Error::TooManyRows { rows, limit });
    }
    Ok(())
}

/// What is known of a segment without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// The smallest commit of its rows.
    pub first_commit: u64,
    /// The greatest.
    pub last_commit: u64,
    /// The smallest date of its rows.
    pub min_date: Date,
    /// The greatest.
    pub max_date: Date,
    /// How many rows it has.
    pub rows: usize,
}

/// A segment and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What is known of it; `None` when it has no rows.
    pub meta: Option<Meta>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A segment that was opened and checked, in whichever form.
#[derive(Debug, Clone)]
pub struct OpenSegment(pub(crate) Form);

#[derive(Debug, Clone)]
pub(crate) enum Form {
    Flat(Box<SegmentRows>),
    Settled(Settled),
}

impl OpenSegment {
    /// The greatest commit of its rows; 0 when it has none.
    pub(crate) fn last_commit(&self) -> u64 {
        match &self.0 {
            Form::Flat(rows) => rows.commit.iter().copied().max().unwrap_or(0),
            Form::Settled(settled) => {
                let commits = settled.blocks.iter().map(|block| block.commit.max() as u64);
                commits.max().unwrap_or(0)
            }
        }
    }
}

/// Opens a segment.
///
/// # Errors
/// When the bytes are damaged or say something that a ledger cannot hold; never a panic.
pub fn open(bytes: Vec<u8>) -> Result<OpenSegment, Error> {
    let (form, stream) = seal::open(&bytes)?;
    Ok(OpenSegment(match form {
        seal::Form::Flat => Form::Flat(Box::new(decode::rows(stream)?)),
        seal::Form::Settled => {
            let length = stream.len();
            Form::Settled(settled::open(Buffer::from_vec(bytes).slice_with_length(0, length))?)
        }
    }))
}

/// The rows of a segment, one by one.
///
/// # Errors
/// As for [`open`].
pub fn decode(bytes: &[u8]) -> Result<SegmentRows, Error> {
    match seal::open(bytes)? {
        (seal::Form::Flat, stream) => decode::rows(stream),
        (seal::Form::Settled, stream) => Ok(settled::open(Buffer::from(stream))?.rows()),
    }
}

/// Whether each row of a segment is a row of its Arrow table.
#[must_use]
pub fn is_flat(bytes: &[u8]) -> bool {
    seal::form(bytes) == Some(seal::Form::Flat)
}

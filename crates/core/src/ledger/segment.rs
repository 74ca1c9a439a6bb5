//! Segments: immutable columnar bytes of ledger rows, as they are stored.
//!
//! A segment is an Arrow IPC stream of one record batch, followed by 16 bytes that seal it (`SCRLSEG1` and a
//! checksum). Arrow readers stop at the stream's end and never see the seal. Columns: `measure`, `date`,
//! `origin_date`, `instant`, `commit`, `subject_kind`, `subject`, `value`, `count`, and one nullable column for each
//! stored dimension that occurs, under the dimension's name.

mod decode;
mod encode;
mod merge;
mod rows;
mod seal;
#[cfg(test)]
mod tests;

use jiff::civil::Date;

pub(crate) use self::rows::DimensionColumn;
pub use self::{encode::encode, merge::merge, rows::SegmentRows};
use super::Error;

/// The most rows of one segment: their texts fit the 2 GiB that an Arrow dictionary can hold.
pub const MAX_SEGMENT_ROWS: usize = 1 << 23;

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

/// Opens a segment.
///
/// # Errors
/// When the bytes are damaged or say something that a ledger cannot hold; never a panic.
pub fn decode(bytes: &[u8]) -> Result<SegmentRows, Error> {
    decode::rows(seal::open(bytes)?)
}

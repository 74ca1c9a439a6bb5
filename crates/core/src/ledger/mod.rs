//! The ledger: an append-only multiset of measurements, as immutable columnar segments and as an image in memory.

mod block;
mod cluster;
pub(crate) mod day;
mod dictionary;
mod entry;
mod error;
mod image;
pub(crate) mod interner;
mod load;
pub(crate) mod packed;
mod runs;
mod segment;
mod source;
mod subjects;
pub(crate) mod zone;

pub(crate) use self::dictionary::{Texts, TextsOf};
pub use self::{
    block::{BLOCK_ROWS, Block},
    dictionary::Dictionaries,
    entry::Entry,
    error::Error,
    image::{Image, ImageBlocks, Ordered},
    segment::{
        MAX_SEGMENT_ROWS, Meta, OpenSegment, Segment, SegmentRows, decode, encode, encode_commit, is_flat, merge, open,
        settle,
    },
    source::{BlockSource, SegmentStream, Wanted},
};

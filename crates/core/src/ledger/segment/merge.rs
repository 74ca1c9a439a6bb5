//! Several segments to one, for the compactor.

use arrow_buffer::Buffer;

use super::{Error, Segment, bounded, decode, encode, order, seal, settled};
use crate::ledger::Entry;

/// The rows of all segments as one settled segment, the same whichever of them were merged before: no commit may be in
/// two of them. No row is ever cancelled against another: what was known at an earlier commit must stay answerable.
///
/// # Errors
/// When a segment is damaged, or all together have more than [`MAX_SEGMENT_ROWS`](super::MAX_SEGMENT_ROWS) rows.
pub fn merge(segments: impl IntoIterator<Item = Vec<u8>>) -> Result<Segment, Error> {
    let parts = segments.into_iter().map(settled).collect::<Result<Vec<_>, _>>()?;
    bounded(parts.iter().map(settled::Settled::len).sum())?;
    settled::write(&settled::merged(&parts))
}

/// Rows as the settled segment that they would be merged to.
///
/// # Errors
/// When there are more than [`MAX_SEGMENT_ROWS`](super::MAX_SEGMENT_ROWS).
pub fn settle(entries: &[Entry]) -> Result<Segment, Error> {
    bounded(entries.len())?;
    let rows = encode::gather(entries.iter().map(encode::Row::of));
    settled::write(&settled::packed(&order::arranged(rows)))
}

fn settled(bytes: Vec<u8>) -> Result<settled::Settled, Error> {
    let (form, stream) = seal::open(&bytes)?;
    match form {
        seal::Form::Flat => Ok(settled::packed(&order::arranged(decode::rows(stream)?))),
        seal::Form::Settled => {
            let length = stream.len();
            settled::open(Buffer::from_vec(bytes).slice_with_length(0, length))
        }
    }
}

//! Several segments to one, for the compactor.

use super::{Error, Form, Segment, bounded, encode, open, order, settled};
use crate::ledger::Entry;

/// The rows of all segments as one settled segment, the same whichever of them were merged before: no commit may be in
/// two of them. No row is ever cancelled against another: what was known at an earlier commit must stay answerable.
///
/// # Errors
/// When a segment is damaged, or all together have more than [`MAX_SEGMENT_ROWS`](super::MAX_SEGMENT_ROWS) rows or 2 GiB of
/// texts.
pub fn merge(segments: impl IntoIterator<Item = Vec<u8>>) -> Result<Segment, Error> {
    let parts = segments.into_iter().map(settled).collect::<Result<Vec<_>, _>>()?;
    bounded(parts.iter().map(settled::Settled::len).sum())?;
    settled::bounded_texts(&parts)?;
    settled::write(&settled::merged(&parts))
}

/// Rows as the settled segment that they would be merged to.
///
/// # Errors
/// When there are more than [`MAX_SEGMENT_ROWS`](super::MAX_SEGMENT_ROWS), or 2 GiB of texts.
pub fn settle(entries: &[Entry]) -> Result<Segment, Error> {
    bounded(entries.len())?;
    let rows = encode::gather(entries.iter().map(encode::Row::of));
    let settled = settled::packed(&order::arranged(rows));
    settled::bounded_texts(std::slice::from_ref(&settled))?;
    settled::write(&settled)
}

fn settled(bytes: Vec<u8>) -> Result<settled::Settled, Error> {
    Ok(match open(bytes)?.0 {
        Form::Flat(rows) => settled::packed(&order::arranged(*rows)),
        Form::Settled(settled) => settled,
    })
}

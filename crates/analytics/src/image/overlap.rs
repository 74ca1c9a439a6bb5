//! Segments that were merged over a border between commits.

use std::ops::RangeInclusive;

use scoreline_core::ledger::{self, Entry, Error};
use scoreline_storage::Segment;

/// The entries of a segment that were recorded by some commits; `None`: all of them were.
///
/// # Errors
/// When the segment is damaged.
pub(crate) fn within(segment: &Segment, commits: &RangeInclusive<u64>) -> Result<Option<Vec<Entry>>, Error> {
    if commits.contains(&segment.first_commit) && commits.contains(&segment.last_commit) {
        return Ok(None);
    }
    let rows = ledger::decode(&segment.data)?;
    Ok(Some(
        rows.entries().filter(|entry| commits.contains(&entry.commit)).collect(),
    ))
}

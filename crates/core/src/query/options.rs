//! What a question may cost, and where days begin.

use jiff::tz::TimeZone;

/// The most dimensions of a group.
pub const MAX_GROUP: usize = 8;

/// What a question may cost, and where days begin.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most groups × buckets of an answer.
    pub max_cells: usize,
    /// The tenant's time zone: the day of `now`, and the last day of a bucket of instants, are days in it.
    pub zone: TimeZone,
}

impl Default for Options {
    /// A million cells, days of UTC.
    fn default() -> Self {
        Self {
            max_cells: 1_000_000,
            zone: TimeZone::UTC,
        }
    }
}

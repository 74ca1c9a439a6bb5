//! One row of the ledger.

use crate::measure::Measurement;

/// A measurement that one commit added (+1) or took back (−1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The tenant's commit that recorded it.
    pub commit: u64,
    /// The measurement.
    pub measurement: Measurement,
    /// +1 or −1.
    pub count: i8,
}

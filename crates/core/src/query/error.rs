//! Why a question has no answer.

use crate::ledger;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer would be larger than the caller allows.
    #[error("the answer has more than {limit} cells (groups × buckets)")]
    TooManyCells {
        /// The limit.
        limit: usize,
    },
    /// The question makes no sense.
    #[error("{0}")]
    Unsupported(&'static str),
    /// A bucket that ends before it starts, or starts before the one before it ends.
    #[error("bucket {at} is not after the one before it, or ends before it starts")]
    Buckets {
        /// Its place.
        at: usize,
    },
    /// An amount does not fit 64 bits of micro-units once it is converted.
    #[error("an amount of {amount} micro-units of {from} does not fit once it is converted")]
    Overflow {
        /// The amount.
        amount: i64,
        /// Its currency.
        from: String,
    },
    /// An amount that must be converted is in no currency that exists.
    #[error("an amount to be converted has the currency {0:?}, which does not exist")]
    UnknownCurrency(String),
    /// The rows could not be read.
    #[error("the ledger cannot be read")]
    Ledger(#[from] ledger::Error),
}

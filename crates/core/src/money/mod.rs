//! Money: a currency and a whole number of micro-units of it.
//!
//! Every ledger amount is an `i64` of micro-units (millionths of the currency's unit), whatever the currency: six places
//! hold the minor units of every ISO 4217 currency and two to six places more for unit prices. Sums are whole numbers,
//! so the order of events never changes a digit. Rounding happens in two places only, both half to even or exact by
//! construction: [`convert`] and [`split`].

mod amount;
mod currency;
mod decimal;
mod rate;
mod share;

pub use amount::{Micros, PER_UNIT};
pub use currency::{Currency, currencies};
pub use rate::{Rate, convert};
pub use share::split;

/// Why a text or an operation gives no money.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not one of the ISO 4217 alphabetic codes.
    #[error("currency `{code}` is not an ISO 4217 code, such as `EUR`")]
    UnknownCurrency {
        /// The code as it was given.
        code: String,
    },
    /// The text is not a plain decimal number.
    #[error("`{text}` is not a decimal number, such as `-1234.50`")]
    NotADecimal {
        /// The text as it was given, cut after 64 characters.
        text: String,
    },
    /// The decimal has more places than can be kept exactly.
    #[error("`{text}` has more than {limit} decimal places")]
    TooManyPlaces {
        /// The text as it was given, cut after 64 characters.
        text: String,
        /// How many places are kept.
        limit: u32,
    },
    /// The amount does not fit.
    #[error("the amount is outside ±9 223 372 036 854.775807")]
    Overflow,
    /// An exchange rate must be above zero.
    #[error("an exchange rate must be greater than 0")]
    RateNotPositive,
    /// The rate, or a product of rates, does not fit.
    #[error("the exchange rate does not fit: at most 9223372 with 12 decimal places")]
    RateOverflow,
    /// Units and nanos disagree in sign.
    #[error("units {units} and nanos {nanos} must have the same sign")]
    SignsDisagree {
        /// Whole units.
        units: i64,
        /// Billionths.
        nanos: i32,
    },
    /// Nanos outside ±999 999 999.
    #[error("nanos {nanos} must lie within ±999999999")]
    NanosOutOfRange {
        /// Billionths.
        nanos: i32,
    },
    /// Nanos finer than a micro-unit.
    #[error("nanos {nanos} must be a multiple of 1000: amounts are kept in millionths")]
    FinerThanMicros {
        /// Billionths.
        nanos: i32,
    },
    /// There is nothing to share by.
    #[error("the weights of a split sum to 0")]
    NoWeight,
}

//! How much time passed.

use jiff::{Timestamp, civil::Date};

use crate::calendar::day_number;

/// Calendar days from one business date to another; negative when the other is earlier.
pub(super) fn days(from: Date, to: Date) -> i64 {
    i64::from(day_number(to)) - i64::from(day_number(from))
}

/// Milliseconds from one instant to another; negative when the other is earlier.
pub(super) fn millis(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.duration_since(from).as_millis()).expect("all of expressible time is 6·10¹⁴ ms")
}

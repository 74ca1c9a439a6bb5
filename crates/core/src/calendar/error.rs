//! What can be wrong with a calendar, a zone or a period.

use jiff::civil::Date;

use super::Grain;

/// Why a value is no zone, calendar, period or bucket.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not a name of the IANA time zone database.
    #[error("time zone `{name}` is not in the IANA database; expected a name such as `Europe/Berlin` or `UTC`")]
    UnknownTimeZone {
        /// The name as it was given, cut after 64 characters.
        name: String,
    },
    /// A fiscal year starts in month 1 to 12.
    #[error("fiscal year start month {month} must be 1 (January) to 12 (December)")]
    FiscalStartMonth {
        /// The month as it was given.
        month: u8,
    },
    /// Not an English weekday name.
    #[error("`{name}` is not a weekday; expected `monday` to `sunday`")]
    UnknownWeekday {
        /// The name as it was given, cut after 64 characters.
        name: String,
    },
    /// Not a grain.
    #[error("`{name}` is not a grain; expected hour, day, week, month, quarter, year or total")]
    UnknownGrain {
        /// The name as it was given, cut after 64 characters.
        name: String,
    },
    /// Not an ISO 8601 date.
    #[error("`{text}` is not a date; expected year-month-day such as `2026-03-31`")]
    NotADate {
        /// The text as it was given, cut after 64 characters.
        text: String,
    },
    /// A period holds at least one day.
    #[error("a period's end {end} must be after its start {start} (the end is not part of it)")]
    EmptyPeriod {
        /// The first day.
        start: Date,
        /// The first day after.
        end: Date,
    },
    /// A date far outside of business.
    #[error(
        "{date} is outside the supported dates, {} to {}",
        super::Period::EARLIEST,
        super::Period::LATEST
    )]
    DateOutOfRange {
        /// The offending date.
        date: Date,
    },
    /// More buckets than an answer may hold.
    #[error(
        "the range has {count} buckets by {grain}; at most {limit} are answered: choose a coarser grain or a shorter range"
    )]
    TooManyBuckets {
        /// The grain asked for.
        grain: Grain,
        /// How many it would be, at least.
        count: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// Hours are cut from instants, not from dates.
    #[error("hour buckets need a time zone: dates alone do not say when their hours are")]
    HoursNeedAZone,
    /// Not the name of a period on this calendar.
    #[error("`{name}` is not a period of this calendar; expected a name such as {expected}")]
    UnknownPeriod {
        /// The name as it was given, cut after 64 characters.
        name: String,
        /// Names this calendar uses.
        expected: String,
    },
    /// A span of business hours is not within one day.
    #[error("business hours {start}–{end} on {weekday} must satisfy start < end ≤ 1440 (minutes after midnight)")]
    BusinessSpan {
        /// The weekday.
        weekday: &'static str,
        /// First minute.
        start: u16,
        /// First minute after.
        end: u16,
    },
    /// Two spans of one day overlap or are out of order.
    #[error("business hours on {weekday} overlap or are not in order at minute {minute}")]
    BusinessOverlap {
        /// The weekday.
        weekday: &'static str,
        /// Where the later span starts.
        minute: u16,
    },
}

/// A client's text, short enough to repeat in an error.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

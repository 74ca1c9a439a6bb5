//! Business time: zones, days, fiscal and retail calendars, the buckets of a report, what a period is compared with,
//! and business hours.
//!
//! - An *instant* is a [`jiff::Timestamp`]; a *business date* is the [`jiff::civil::Date`] that an instant has in a
//!   [`TimeZone`]. Zones come from the IANA data that is compiled in, never from the machine, so that the same events
//!   have the same dates everywhere.
//! - A [`Period`] is a half-open range of dates. A [`Calendar`] says where weeks, months, quarters and years begin, what
//!   they are called, and which period another one is compared with.
//! - Instants are bucketed by hour with [`hour_buckets`], dates by everything longer with [`Calendar::buckets`].

mod buckets;
mod business;
mod comparison;
mod day;
mod days;
mod error;
mod grain;
mod hours;
mod name;
mod period;
mod retail;
mod rules;
mod units;
mod zone;
#[cfg(test)]
mod zones_test;

pub use buckets::{Bucket, MAX_BUCKETS};
pub use business::{BusinessHours, business_millis_between};
pub use day::{date_of_day_number, day_number};
pub use days::Days;
pub use error::Error;
pub use grain::Grain;
pub use hours::{HourBucket, hour_buckets, hour_buckets_between};
pub use jiff::civil::{Date, Weekday};
pub use period::Period;
pub use retail::{RetailAnchor, RetailPattern, RetailYear};
pub use rules::{Calendar, parse_weekday, weekday_name};
pub use zone::TimeZone;

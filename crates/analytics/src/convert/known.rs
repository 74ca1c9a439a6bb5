//! States of knowledge.

use jiff::Timestamp;
use scoreline_proto::{Reason, analytics::v1 as wire, reader::Reader};

/// A state of knowledge as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Now,
    Commit(u64),
    Instant(Timestamp),
}

pub(crate) fn known_at(reader: &mut Reader, field: &'static str, known: Option<&wire::KnownAt>) -> Known {
    reader.within(field, |reader| match known.and_then(|known| known.point.as_ref()) {
        None => Known::Now,
        Some(wire::known_at::Point::Commit(commit)) => match u64::try_from(*commit) {
            Ok(commit) => Known::Commit(commit),
            Err(_) => {
                reader.fault("commit", Reason::OutOfRange, format!("{commit} is negative"));
                Known::Now
            }
        },
        Some(wire::known_at::Point::Instant(instant)) => reader
            .required_instant("instant", Some(instant))
            .map_or(Known::Now, Known::Instant),
    })
}

pub(crate) fn at_least(reader: &mut Reader, field: &'static str, commit: i64) -> u64 {
    u64::try_from(commit).unwrap_or_else(|_| {
        reader.fault(field, Reason::OutOfRange, format!("{commit} is negative"));
        0
    })
}

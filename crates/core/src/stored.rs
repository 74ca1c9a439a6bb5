//! How instants and days are stored: as text where people read it (the log's JSON), as numbers where only we do (the
//! states of subjects). `#[serde(with = "crate::stored::instant")]` on a field says so.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::ledger::day;

/// Seconds and nanoseconds since 1970, of one sign.
#[derive(Serialize, Deserialize)]
struct Instant(i64, i32);

/// Days since 1970.
#[derive(Serialize, Deserialize)]
struct Day(i32);

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at.as_second(), at.subsec_nanosecond())
    }
}

impl TryFrom<Instant> for Timestamp {
    type Error = jiff::Error;

    fn try_from(Instant(second, nanosecond): Instant) -> Result<Self, jiff::Error> {
        Self::new(second, nanosecond)
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(day::to_day(date))
    }
}

impl TryFrom<Day> for Date {
    type Error = &'static str;

    fn try_from(Day(number): Day) -> Result<Self, &'static str> {
        day::from_day(number).ok_or("the number is not that of a day")
    }
}

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident, $optional:ident: $value:ty => $number:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) mod $name {
            use super::*;

            pub(crate) fn serialize<S: Serializer>(value: &$value, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return value.serialize(serializer);
                }
                $number::from(*value).serialize(serializer)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$value, D::Error> {
                if deserializer.is_human_readable() {
                    return <$value>::deserialize(deserializer);
                }
                <$value>::try_from($number::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }

        /// The same, where there may be none.
        pub(crate) mod $optional {
            use super::*;

            pub(crate) fn serialize<S: Serializer>(value: &Option<$value>, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return value.serialize(serializer);
                }
                value.map($number::from).serialize(serializer)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$value>, D::Error> {
                if deserializer.is_human_readable() {
                    return Option::deserialize(deserializer);
                }
                let stored = Option::<$number>::deserialize(deserializer)?;
                stored.map(<$value>::try_from).transpose().map_err(D::Error::custom)
            }
        }
    )*};
}

forms! {
    /// An instant.
    instant, optional_instant: Timestamp => Instant;
    /// A day.
    date, optional_date: Date => Day;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Stored {
        #[serde(with = "instant")]
        at: Timestamp,
        #[serde(with = "optional_instant", default)]
        due_at: Option<Timestamp>,
        #[serde(with = "date")]
        on: Date,
        #[serde(with = "optional_date", default)]
        until: Option<Date>,
    }

    fn stored(at: Timestamp, on: Date) -> [Stored; 2] {
        [(Some(at), Some(on)), (None, None)].map(|(due_at, until)| Stored { at, due_at, on, until })
    }

    #[test]
    fn the_ends_of_time_and_all_between_survive_their_bytes() {
        for (at, on) in [
            (Timestamp::MIN, Date::MIN),
            (Timestamp::MAX, Date::MAX),
            (Timestamp::UNIX_EPOCH, jiff::civil::date(2024, 2, 29)),
            (
                Timestamp::from_nanosecond(-1).expect("an instant"),
                jiff::civil::date(1969, 12, 31),
            ),
        ] {
            for stored in stored(at, on) {
                let bytes = postcard::to_allocvec(&stored).expect("bytes");
                assert_eq!(postcard::from_bytes(&bytes), Ok(stored));
            }
        }
    }

    #[test]
    fn people_read_text() {
        let [stored, _] = stored(Timestamp::UNIX_EPOCH, jiff::civil::date(2024, 2, 29));
        let text =
            r#"{"at":"1970-01-01T00:00:00Z","due_at":"1970-01-01T00:00:00Z","on":"2024-02-29","until":"2024-02-29"}"#;
        assert_eq!(serde_json::to_string(&stored).expect("text"), text);
        assert_eq!(serde_json::from_str::<Stored>(text).expect("it is read"), stored);
    }

    #[test]
    fn numbers_of_no_instant_and_no_day_are_refused() {
        assert!(
            postcard::from_bytes::<Stored>(
                &postcard::to_allocvec(&(i64::MAX, 0, None::<()>, 0, None::<()>)).expect("bytes")
            )
            .is_err()
        );
        assert!(
            postcard::from_bytes::<Stored>(
                &postcard::to_allocvec(&(0_i64, 0, None::<()>, i32::MAX, None::<()>)).expect("bytes")
            )
            .is_err()
        );
    }
}

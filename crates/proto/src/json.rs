//! Events as the canonical JSON of protobuf: one object with camelCase names (snake_case is read too), times as RFC 3339
//! text, enumerations by name, 64-bit integers as text. A name that the contracts do not know is refused.

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};

use crate::{FILE_DESCRIPTOR_SET, events::v1::Event};

/// Why a text is not an event.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not JSON, or not that of an event.
    #[error("line {line}, column {column}: {description}")]
    Malformed {
        /// The line of the fault, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
        /// What is wrong.
        description: String,
    },
    /// It is an event in JSON but does not fit one on the wire.
    #[error("the event cannot be brought into its wire form")]
    Transcode(#[source] prost::DecodeError),
}

static EVENT: LazyLock<MessageDescriptor> =
    LazyLock::new(|| message("scoreline.events.v1.Event").expect("the contracts have events"));

/// The description of a message of the contracts, by its full name.
#[must_use]
pub fn message(name: &str) -> Option<MessageDescriptor> {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the contracts were compiled with this crate")
    });
    POOL.get_message_by_name(name)
}

/// Reads an event from its canonical JSON.
///
/// # Errors
/// When the text is not JSON, has a name or a value that does not belong there, or has something after the event.
pub fn read(text: &str) -> Result<Event, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(EVENT.clone(), &mut deserializer, &options)
        .and_then(|message| deserializer.end().map(|()| message))
        .map_err(|error| malformed(&error))?;
    message.transcode_to().map_err(Error::Transcode)
}

/// Writes an event as its canonical JSON, on one line.
#[must_use]
pub fn write(event: &Event) -> String {
    let message = DynamicMessage::decode(EVENT.clone(), event.encode_to_vec().as_slice())
        .expect("an event that was encoded here is read back");
    serde_json::to_string(&message).expect("a message has text keys only, and a string takes everything")
}

fn malformed(error: &serde_json::Error) -> Error {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let description = error.to_string();
    let description = description.strip_suffix(&place).unwrap_or(&description).to_owned();
    Error::Malformed {
        line: error.line(),
        column: error.column(),
        description,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use scoreline_core::event::Payload;

    use super::*;
    use crate::{drawn, encode, events::v1::event::Payload as Wire};

    const LEAD: &str = r#"{"eventId":"e1","source":"crm","occurredAt":"2026-03-01T09:30:00.000001Z",
        "leadCreated":{"leadId":"l1","leadSource":"web","attributes":[{"name":"age","value":"30-39"}]}}"#;

    #[test]
    fn an_event_is_read_from_its_canonical_json() {
        let event = read(LEAD).expect("an event");
        assert_eq!(event.event_id, "e1");
        assert_eq!(
            event.occurred_at.map(|at| (at.seconds, at.nanos)),
            Some((1_772_357_400, 1_000))
        );
        let Some(Wire::LeadCreated(lead)) = event.payload else {
            panic!("another payload")
        };
        assert_eq!((lead.lead_source.as_str(), lead.attributes.len()), ("web", 1));
    }

    #[test]
    fn snake_case_and_numbers_of_enumerations_are_read_too() {
        let text =
            r#"{"event_id":"e1","activity_logged":{"kind":"ACTIVITY_KIND_CALL","direction":1,"duration":"90.5s"}}"#;
        let Some(Wire::ActivityLogged(call)) = read(text).expect("an event").payload else {
            panic!("another payload")
        };
        assert_eq!((call.kind, call.direction), (1, 1));
        assert_eq!(
            call.duration.map(|length| (length.seconds, length.nanos)),
            Some((90, 500_000_000))
        );
    }

    #[test]
    fn what_does_not_belong_there_is_refused_with_its_place() {
        let refused = |text: &str| read(text).expect_err(text).to_string();
        let unknown = refused("{\"eventId\":\"e1\",\n\"leadCreated\":{\"leadID\":\"l1\"}}");
        assert!(
            unknown.starts_with("line 2, column ") && unknown.contains("leadID"),
            "{unknown}"
        );
        assert!(refused(r#"{"eventId":7}"#).starts_with("line 1, column 12"));
        assert!(refused(r#"{"occurredAt":"yesterday"}"#).starts_with("line 1, column 25"));
        for time in [
            "2026-02-30T00:00:00Z",
            "2026-01-01T00:00:00",
            "10000-01-01T00:00:00Z",
            "-1",
            "1e99",
        ] {
            refused(&format!(r#"{{"occurredAt":"{time}"}}"#));
        }
        for length in ["NaNs", "1e5s", "9999999999999999999s", "1", "--1s", "s", ""] {
            refused(&format!(r#"{{"timeSpent":{{"duration":"{length}"}}}}"#));
        }
        assert!(refused(r#"{"eventId":"e1"} {}"#).contains("trailing"));
        assert!(refused(r#"{"leadCreated":{},"leadQualified":{}}"#).contains("line 1"));
        for hostile in ["", "null", "[]", "{", "{\"eventId\":\"\\ud800\"}", "NaN"] {
            refused(hostile);
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
        let deep = r#"{"eventAmended":{"replacement":"#.repeat(10_000);
        assert!(read(&deep).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seed: u64, kind in 0..Payload::NAMES.len()) {
            let event = encode::event(&drawn::event(&mut drawn::Source::new(seed), kind));
            let text = write(&event);
            prop_assert!(!text.contains('\n'));
            prop_assert_eq!(read(&text).map_err(|error| error.to_string()), Ok(event));
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = read(&text);
        }
    }
}

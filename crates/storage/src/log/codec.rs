//! Events as stored: JSON, which an operator can read and a later version of ours can still take in.

use scoreline_core::event::Event;

use crate::Error;

pub(crate) fn encode(event: &Event) -> Vec<u8> {
    event.to_json()
}

pub(crate) fn decode(data: &[u8]) -> Result<Event, Error> {
    serde_json::from_slice(data).map_err(|error| Error::damaged("an event of the log", error))
}

/// Whether a stored form says what an event says, which a former version may have written otherwise.
pub(crate) fn says(stored: &[u8], event: &Event, encoded: &[u8]) -> bool {
    stored == encoded || decode(stored).is_ok_and(|stored| stored == *event)
}

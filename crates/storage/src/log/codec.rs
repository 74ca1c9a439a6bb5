//! Events as stored: JSON, which an operator can read and a later version of ours can still take in.

use scoreline_core::event::Event;
use sha2::{Digest as _, Sha256};

use crate::Error;

pub(crate) fn encode(event: &Event) -> Vec<u8> {
    event.to_json()
}

pub(crate) fn decode(data: &[u8]) -> Result<Event, Error> {
    serde_json::from_slice(data).map_err(|error| Error::damaged("an event of the log", error))
}

/// What tells a duplicate from a conflict.
pub(crate) fn content_hash(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

//! Corrections: both versions stay in the log, every metric follows.

use serde::{Deserialize, Serialize};

use super::Payload;
use crate::id::EventId;

/// An earlier event is replaced by another version. Of several, the one that is last by
/// (`occurred_at`, event id) of the amendment holds. Amending a correction has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventAmended {
    /// The event that is replaced.
    pub event: EventId,
    /// When it happened, as is known now; as it was where none is named.
    #[serde(with = "crate::stored::optional_instant", default)]
    pub occurred_at: Option<jiff::Timestamp>,
    /// What happened, as is known now.
    pub payload: Box<Payload>,
}

/// An earlier event is taken back. Taking back a correction undoes it, when the voiding is the later of the two by
/// (`occurred_at`, event id).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventVoided {
    /// The event that is taken back.
    pub event: EventId,
    /// Why.
    pub reason: Option<String>,
}

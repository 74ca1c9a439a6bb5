//! Identifiers and names.

use scoreline_core::id::{self, Error};

use super::Reader;
use crate::violation::Reason;

/// A checked text of the core.
pub trait Identifier: Sized {
    /// Checks a text.
    ///
    /// # Errors
    /// When it is empty, too long, or has a control character.
    fn read(text: &str) -> Result<Self, Error>;
}

macro_rules! identifiers {
    ($($name:ident),* $(,)?) => {$(
        impl Identifier for id::$name {
            fn read(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }
    )*};
}

identifiers! {
    Name, TenantId, EventId, SourceId, LeadId, OpportunityId, AccountId, OrderId, SubscriptionId, MeetingId,
    InquiryId, ActivityId, IssueId, RepId, TeamId, ProductId, TerritoryId, ReferralId, TargetId,
}

impl Reader {
    /// Reads an identifier that must be given.
    pub fn required<I: Identifier>(&mut self, field: &'static str, text: &str) -> Option<I> {
        I::read(text).map_err(|error| self.refuse(field, &error)).ok()
    }

    /// Reads an identifier; empty: none.
    pub fn optional<I: Identifier>(&mut self, field: &'static str, text: &str) -> Option<I> {
        if text.is_empty() {
            None
        } else {
            self.required(field, text)
        }
    }

    fn refuse(&mut self, field: &'static str, error: &Error) {
        let reason = match error {
            Error::Empty => Reason::Required,
            Error::TooLong { .. } => Reason::TooLong,
            Error::Control { .. } => Reason::ControlCharacter,
        };
        self.fault(field, reason, error.to_string());
    }
}

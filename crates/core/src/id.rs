//! Typed identifiers: non-empty names given by the systems that send us events.

use std::{borrow::Borrow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

/// The most bytes that an identifier may have.
pub const MAX_ID_BYTES: usize = 128;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is empty.
    #[error("must not be empty")]
    Empty,
    /// The text is longer than [`MAX_ID_BYTES`].
    #[error("has {bytes} bytes, the limit is {MAX_ID_BYTES}")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
    /// The text has a control character.
    #[error("has the control character U+{code:04X} at byte {at}")]
    Control {
        /// The character's code point.
        code: u32,
        /// Where it stands.
        at: usize,
    },
}

/// A checked text: 1 to 128 bytes of UTF-8 without control characters. Cheap to clone: up to 23 bytes, as most have,
/// stand in place, longer ones are shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(SmolStr);

impl Name {
    /// Checks and keeps a text.
    ///
    /// # Errors
    /// When the text is empty, too long, or has a control character.
    pub fn new(text: impl AsRef<str>) -> Result<Self, Error> {
        let text = text.as_ref();
        Self::check(text)?;
        Ok(Self(SmolStr::new(text)))
    }

    /// Checks a text without keeping it.
    ///
    /// # Errors
    /// When the text is empty, too long, or has a control character.
    pub fn check(text: &str) -> Result<(), Error> {
        if text.is_empty() {
            return Err(Error::Empty);
        }
        if text.len() > MAX_ID_BYTES {
            return Err(Error::TooLong { bytes: text.len() });
        }
        // Control characters are below U+00A0: a text of other ASCII characters, as almost all are, has none.
        let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let control = || text.char_indices().find(|(_, found)| found.is_control());
        if let Some((at, found)) = (!plain).then(control).flatten() {
            return Err(Error::Control {
                code: u32::from(found),
                at,
            });
        }
        Ok(())
    }

    /// A word of ours, which keeps the rules. It is never copied.
    pub(crate) const fn fixed(word: &'static str) -> Self {
        assert!(!word.is_empty() && word.len() <= MAX_ID_BYTES);
        Self(SmolStr::new_static(word))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as keys hold it.
    #[must_use]
    pub fn text(&self) -> &SmolStr {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.as_str().to_owned()
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Reads a name from the text as it lies there, without a copy in between.
struct Text;

impl de::Visitor<'_> for Text {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
        Name::new(text).map_err(E::custom)
    }
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Name);

        impl $name {
            /// Checks and keeps a text.
            ///
            /// # Errors
            /// When the text is empty, too long, or has a control character.
            pub fn new(text: impl AsRef<str>) -> Result<Self, Error> {
                Name::new(text).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The checked text, shared.
            #[must_use]
            pub fn name(&self) -> &Name {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

identifiers! {
    /// A tenant: an organisation whose sales are measured.
    TenantId,
    /// An event, unique in its tenant for ever.
    EventId,
    /// The system that sent an event.
    SourceId,
    /// A lead.
    LeadId,
    /// An opportunity (a deal).
    OpportunityId,
    /// An account (a customer organisation or person).
    AccountId,
    /// An order.
    OrderId,
    /// A subscription.
    SubscriptionId,
    /// A meeting.
    MeetingId,
    /// An inquiry of a customer.
    InquiryId,
    /// A logged activity.
    ActivityId,
    /// A support issue.
    IssueId,
    /// A sales rep.
    RepId,
    /// A sales team.
    TeamId,
    /// A product.
    ProductId,
    /// A territory.
    TerritoryId,
    /// A referral.
    ReferralId,
    /// A quota or target.
    TargetId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_empty_nor_long_nor_unprintable() {
        assert_eq!(Name::new(""), Err(Error::Empty));
        assert_eq!(Name::new("x".repeat(129)), Err(Error::TooLong { bytes: 129 }));
        assert_eq!(Name::new("a\u{7}"), Err(Error::Control { code: 7, at: 1 }));
        assert_eq!(
            Name::new("Zürich").map(|name| name.to_string()),
            Ok("Zürich".to_owned())
        );
    }
}

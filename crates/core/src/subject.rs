//! Subjects: what events are about, and whose events are folded together.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::id::{Error as NameError, Name};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $code:literal, $name:literal;)*) => {
        /// The kind of a subject. Its number and its name are stored: never change either.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum SubjectKind {
            $($(#[$doc])* $kind = $code,)*
        }

        impl SubjectKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The stored number.
            #[must_use]
            pub fn code(self) -> u8 {
                self as u8
            }

            /// The kind with a stored number.
            #[must_use]
            pub fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$kind),)* _ => None }
            }

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }

        impl FromStr for SubjectKind {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($name => Ok(Self::$kind),)* _ => Err(()) }
            }
        }
    };
}

kinds! {
    /// A lead.
    Lead => 1, "lead";
    /// An opportunity.
    Opportunity => 2, "opportunity";
    /// An account.
    Account => 3, "account";
    /// An order.
    Order => 4, "order";
    /// A subscription.
    Subscription => 5, "subscription";
    /// A meeting.
    Meeting => 6, "meeting";
    /// An inquiry.
    Inquiry => 7, "inquiry";
    /// A support issue.
    Issue => 8, "issue";
    /// Who answers surveys of one kind.
    Respondent => 9, "respondent";
    /// An event that is about nothing but itself.
    Event => 10, "event";
}

/// One subject of a tenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Its id, unique in its kind.
    pub id: Name,
}

impl Subject {
    /// A subject of a kind.
    pub fn new(kind: SubjectKind, id: &Name) -> Self {
        Self { kind, id: id.clone() }
    }

    /// Reads `kind:id`, as [`fmt::Display`] writes it. `None` when it is no such text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        Some(Self {
            kind: kind.parse().ok()?,
            id: Name::new(id).ok()?,
        })
    }

    /// A subject whose id is put together from parts.
    ///
    /// # Errors
    /// When the id is too long.
    pub fn compose(kind: SubjectKind, parts: &[&str]) -> Result<Self, NameError> {
        Ok(Self {
            kind,
            id: Name::new(parts.join("/"))?,
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

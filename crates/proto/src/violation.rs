//! What can be wrong with a message.

use std::fmt;

use crate::types::v1::FieldViolation;

/// One thing that is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a path from the message: `payload.order_placed.lines[2].amount`.
    pub field: String,
    /// What is wrong, with the value and the limit.
    pub description: String,
    /// What is wrong, for programs.
    pub reason: Reason,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.description)
    }
}

impl From<Violation> for FieldViolation {
    fn from(violation: Violation) -> Self {
        Self {
            field: violation.field,
            description: violation.description,
            reason: violation.reason.as_str().to_owned(),
        }
    }
}

/// As a detail of a gRPC status.
impl From<Violation> for tonic_types::FieldViolation {
    fn from(violation: Violation) -> Self {
        Self {
            field: violation.field,
            description: violation.description,
            reason: violation.reason.as_str().to_owned(),
            ..Self::default()
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident => $wire:literal),* $(,)?) => {
        /// A kind of fault. Once on the wire, a name stays.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// The name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }
        }
    };
}

reasons! {
    /// It is missing or empty.
    Required => "REQUIRED",
    /// The text has too many bytes.
    TooLong => "TOO_LONG",
    /// The text has a control character.
    ControlCharacter => "CONTROL_CHARACTER",
    /// The list has too many elements.
    TooMany => "TOO_MANY",
    /// The list has too few elements.
    TooFew => "TOO_FEW",
    /// Another element says the same.
    Repeated => "REPEATED",
    /// The number, time or date is outside its range.
    OutOfRange => "OUT_OF_RANGE",
    /// The text is not a plain decimal number.
    NotADecimal => "NOT_A_DECIMAL",
    /// The number is finer than what is kept.
    TooManyPlaces => "TOO_MANY_PLACES",
    /// The parts of an amount or a duration disagree in sign.
    SignsDisagree => "SIGNS_DISAGREE",
    /// The number stands for no value of the enumeration.
    UnknownValue => "UNKNOWN_VALUE",
    /// There is no such currency.
    UnknownCurrency => "UNKNOWN_CURRENCY",
    /// The currency is not the one of its neighbours.
    CurrencyMismatch => "CURRENCY_MISMATCH",
    /// There is no such day.
    NotADate => "NOT_A_DATE",
    /// The end does not lie after the start.
    EmptyRange => "EMPTY_RANGE",
    /// The shares do not sum to 1.
    SharesDoNotSum => "SHARES_DO_NOT_SUM",
    /// It has no place here.
    NotAllowed => "NOT_ALLOWED",
    /// The tenant's settings do not declare it.
    NotDeclared => "NOT_DECLARED",
    /// It contradicts another field.
    Mismatch => "MISMATCH",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

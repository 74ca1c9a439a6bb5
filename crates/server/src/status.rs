//! The one table from what went wrong to what the caller is told.
//!
//! A caller gets a gRPC code, a sentence, a machine-readable reason, and what it needs to act: the fields to mend or the
//! time to wait. Causes stay in the log.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::layers::RequestId;

/// The domain of every reason.
pub const DOMAIN: &str = "scoreline.dev";
/// A reason for [`Kind::Internal`] that says nothing about the inside.
pub const INTERNAL: &str = "INTERNAL";
/// Violations told at once. Details travel in a trailer, and proxies cut trailers at 8 KiB.
const MAX_VIOLATIONS: usize = 50;
const MAX_DETAIL_BYTES: usize = 4096;
const MAX_MESSAGE_CHARACTERS: usize = 512;
const MAX_TEXT_CHARACTERS: usize = 256;

/// A field that the caller has to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field in the request, such as `events[3].order.amount`.
    pub field: String,
    /// What is wrong with it, with the value and the limit.
    pub description: String,
}

impl Violation {
    /// A violation of one field.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            description: description.into(),
        }
    }
}

/// What kind of thing went wrong; each has one gRPC code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The request can never succeed as it is.
    InvalidArgument(Vec<Violation>),
    /// There is no such thing, or it is not the caller's.
    NotFound,
    /// It is there already.
    AlreadyExists,
    /// Someone else was faster; read again and retry.
    Aborted,
    /// It would work once something else has been done.
    FailedPrecondition,
    /// The caller is known and may not.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// The caller's share is used up; retry after this time.
    ResourceExhausted(Option<Duration>),
    /// The service cannot answer now; retry after this time.
    Unavailable(Option<Duration>),
    /// Time ran out.
    DeadlineExceeded,
    /// A position past the end.
    OutOfRange,
    /// There is no such method or feature.
    Unimplemented,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// The gRPC code.
    pub fn code(&self) -> Code {
        match self {
            Self::InvalidArgument(_) => Code::InvalidArgument,
            Self::NotFound => Code::NotFound,
            Self::AlreadyExists => Code::AlreadyExists,
            Self::Aborted => Code::Aborted,
            Self::FailedPrecondition => Code::FailedPrecondition,
            Self::PermissionDenied => Code::PermissionDenied,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::ResourceExhausted(_) => Code::ResourceExhausted,
            Self::Unavailable(_) => Code::Unavailable,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::OutOfRange => Code::OutOfRange,
            Self::Unimplemented => Code::Unimplemented,
            Self::Internal => Code::Internal,
        }
    }
}

/// Something went wrong, in terms a caller may see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What kind of thing.
    pub kind: Kind,
    /// Which thing exactly, in `UPPER_SNAKE_CASE`; part of the contract.
    pub reason: &'static str,
    /// One sentence for a person.
    pub message: String,
    /// Values that belong to the reason, such as the limit that was passed.
    pub metadata: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem without metadata.
    pub fn new(kind: Kind, reason: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(
            reason
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
            "{reason}"
        );
        Self {
            kind,
            reason,
            message: message.into(),
            metadata: Vec::new(),
        }
    }

    /// One wrong field.
    pub fn invalid(reason: &'static str, field: impl Into<String>, description: impl Into<String>) -> Self {
        let violation = Violation::new(field, description);
        let message = format!("{}: {}", violation.field, violation.description);
        Self::new(Kind::InvalidArgument(vec![violation]), reason, message)
    }

    /// Adds a value that belongs to the reason.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.metadata.push((key, format!("{value}")));
        self
    }

    /// A fault of ours: the cause goes to the log here, and the caller learns only the request id to quote.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(cause), "internal error");
        Self::new(
            Kind::Internal,
            INTERNAL,
            "an internal error; quote the request id when you report it",
        )
    }

    /// The status that the caller gets.
    pub fn into_status(self) -> Status {
        let mut details = ErrorDetails::new();
        let metadata: HashMap<String, String> = self
            .metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), shortened(value, MAX_TEXT_CHARACTERS)))
            .collect();
        details.set_error_info(self.reason, DOMAIN, metadata);
        let code = self.kind.code();
        match self.kind {
            Kind::InvalidArgument(violations) if !violations.is_empty() => {
                details.set_bad_request(field_violations(violations));
            }
            Kind::ResourceExhausted(after) | Kind::Unavailable(after) => {
                after.map(|delay| details.set_retry_info(Some(delay)));
            }
            _ => {}
        }
        if let Some(id) = RequestId::current() {
            details.set_request_info(id.as_str(), "");
        }
        Status::with_error_details(code, shortened(self.message, MAX_MESSAGE_CHARACTERS), details)
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        problem.into_status()
    }
}

/// As many violations as fit, in order.
fn field_violations(violations: Vec<Violation>) -> Vec<FieldViolation> {
    let mut room = MAX_DETAIL_BYTES;
    violations
        .into_iter()
        .take(MAX_VIOLATIONS)
        .map(|v| {
            FieldViolation::new(
                shortened(v.field, MAX_TEXT_CHARACTERS),
                shortened(v.description, MAX_TEXT_CHARACTERS),
            )
        })
        .take_while(|v| {
            let left = room.checked_sub(v.field.len() + v.description.len());
            room = left.unwrap_or(0);
            left.is_some()
        })
        .collect()
}

fn shortened(text: String, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// An error with its causes, for one log line.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let causes = std::iter::successors(self.0.source(), |cause| cause.source());
        causes.into_iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_code_and_says_why() {
        let kinds = [
            (Kind::InvalidArgument(vec![]), Code::InvalidArgument),
            (Kind::NotFound, Code::NotFound),
            (Kind::AlreadyExists, Code::AlreadyExists),
            (Kind::Aborted, Code::Aborted),
            (Kind::FailedPrecondition, Code::FailedPrecondition),
            (Kind::PermissionDenied, Code::PermissionDenied),
            (Kind::Unauthenticated, Code::Unauthenticated),
            (Kind::ResourceExhausted(None), Code::ResourceExhausted),
            (Kind::Unavailable(None), Code::Unavailable),
            (Kind::DeadlineExceeded, Code::DeadlineExceeded),
            (Kind::OutOfRange, Code::OutOfRange),
            (Kind::Unimplemented, Code::Unimplemented),
            (Kind::Internal, Code::Internal),
        ];
        for (kind, code) in kinds {
            let status = Problem::new(kind, "SOME_REASON", "a sentence")
                .with("limit", 3)
                .into_status();
            assert_eq!((status.code(), status.message()), (code, "a sentence"));
            let details = status.get_error_details();
            let info = details.error_info().expect("every status has a reason");
            assert_eq!(
                (info.reason.as_str(), info.domain.as_str()),
                ("SOME_REASON", "scoreline.dev")
            );
            assert_eq!(info.metadata["limit"], "3");
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        let details = Problem::invalid("BAD_DATE", "events[3].occurred_at", "year 12000 is after 9999").into_status();
        let request = details.get_error_details();
        let violations = &request.bad_request().expect("violations").field_violations;
        assert_eq!(violations[0].field, "events[3].occurred_at");
        assert_eq!(violations[0].description, "year 12000 is after 9999");
    }

    #[test]
    fn thousands_of_violations_fit_into_a_trailer() {
        let violations = (0..5000)
            .map(|i| Violation::new(format!("events[{i}]"), "é".repeat(1000)))
            .collect();
        let status = Problem::new(Kind::InvalidArgument(violations), "MANY", "x".repeat(100_000)).into_status();
        assert!(status.details().len() < 6000, "{}", status.details().len());
        let short = (0..5000)
            .map(|i| Violation::new(format!("events[{i}]"), "no"))
            .collect();
        let status = Problem::new(Kind::InvalidArgument(short), "MANY", "many").into_status();
        assert_eq!(
            status
                .get_error_details()
                .bad_request()
                .expect("violations")
                .field_violations
                .len(),
            50
        );
    }

    #[test]
    fn a_caller_is_told_when_to_come_back() {
        let status = Problem::new(Kind::Unavailable(Some(Duration::from_millis(250))), "BUSY", "busy").into_status();
        let retry = status
            .get_error_details()
            .retry_info()
            .expect("a time to wait")
            .retry_delay;
        assert_eq!(retry, Some(Duration::from_millis(250)));
    }

    #[test]
    fn causes_stay_inside() {
        let cause = std::io::Error::other("password=hunter2");
        let status = Problem::internal(&cause).into_status();
        assert!(!format!("{status:?}").contains("hunter2"));
    }
}

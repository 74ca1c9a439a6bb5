//! What a caller is told when the store fails.

use std::time::Duration;

use scoreline_server::status::{Kind, Problem, Violation};
use scoreline_storage::Error;

/// When to come back after the store was not there.
pub(crate) const RETRY_AFTER: Duration = Duration::from_millis(250);

/// The problem behind an error of the store. What is ours to mend is logged here, once.
pub(crate) fn problem(error: &Error) -> Problem {
    match error {
        Error::UnknownTenant(tenant) => unknown_tenant(tenant),
        Error::Exists { .. } => Problem::new(Kind::AlreadyExists, "ALREADY_EXISTS", error.to_string()),
        Error::Stale { .. } => Problem::new(Kind::Aborted, "ETAG_STALE", error.to_string()),
        Error::Invalid(violations) => {
            let violations = violations
                .iter()
                .map(|found| Violation::new(&found.field, &found.problem));
            Problem::new(
                Kind::InvalidArgument(violations.collect()),
                "SETTINGS_INVALID",
                error.to_string(),
            )
        }
        error if error.is_transient() => {
            tracing::warn!(error = error as &dyn std::error::Error, "the store is not available");
            unavailable()
        }
        error => Problem::internal(error),
    }
}

/// There is no such tenant.
pub(crate) fn unknown_tenant(tenant: &str) -> Problem {
    Problem::new(
        Kind::NotFound,
        "TENANT_UNKNOWN",
        format!("there is no tenant {tenant:?}"),
    )
}

/// The store does not answer now.
pub(crate) fn unavailable() -> Problem {
    Problem::new(
        Kind::Unavailable(Some(RETRY_AFTER)),
        "STORE_UNAVAILABLE",
        "nothing can be stored now; send it again, a repeat does no harm",
    )
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn every_error_has_its_code() {
        let stale = Error::Stale {
            kind: "settings of tenant",
            id: "acme".to_owned(),
            expected: "a".to_owned(),
            actual: "b".to_owned(),
        };
        let damaged = Error::Damaged {
            what: "the tenant".to_owned(),
            problem: "secret".to_owned(),
        };
        for (error, code) in [
            (Error::UnknownTenant("acme".to_owned()), Code::NotFound),
            (
                Error::Exists {
                    kind: "tenant",
                    id: "acme".to_owned(),
                },
                Code::AlreadyExists,
            ),
            (stale, Code::Aborted),
            (Error::Invalid(Vec::new()), Code::InvalidArgument),
            (Error::Stopped, Code::Unavailable),
            (damaged, Code::Internal),
        ] {
            let status = problem(&error).into_status();
            assert_eq!(status.code(), code, "{error:?}");
            assert!(!status.message().contains("secret"));
        }
    }
}

//! What a caller is told when something fails.

use std::time::Duration;

use scoreline_core::{calendar, metric::evaluate, query};
use scoreline_proto::Violation as Wire;
use scoreline_server::status::{Kind, Problem, Violation};
use scoreline_storage::Error;

use crate::answers::Stopped;

const RETRY_AFTER: Duration = Duration::from_millis(250);

/// The problem behind an error of the store. What is ours to mend is logged here, once.
pub(crate) fn stored(error: &Error) -> Problem {
    match error {
        Error::UnknownTenant(tenant) => unknown_tenant(tenant),
        Error::Exists { .. } => Problem::new(Kind::AlreadyExists, "ALREADY_EXISTS", error.to_string()),
        Error::Stale { .. } => Problem::new(Kind::Aborted, "ETAG_STALE", error.to_string()),
        error if error.is_transient() => {
            tracing::warn!(error = error as &dyn std::error::Error, "the store is not available");
            let message = "the store does not answer now; ask again";
            Problem::new(Kind::Unavailable(Some(RETRY_AFTER)), "STORE_UNAVAILABLE", message)
        }
        error => Problem::internal(error),
    }
}

pub(crate) fn unknown_tenant(tenant: &str) -> Problem {
    Problem::new(
        Kind::NotFound,
        "TENANT_UNKNOWN",
        format!("there is no tenant {tenant:?}"),
    )
}

/// Everything that is wrong with a request.
pub(crate) fn invalid(found: Vec<Wire>) -> Problem {
    let first = found.first().map(ToString::to_string).unwrap_or_default();
    let reason = found.first().map_or("INVALID", |first| first.reason.as_str());
    let violations = found
        .into_iter()
        .map(|found| Violation::new(found.field, found.description))
        .collect();
    Problem::new(Kind::InvalidArgument(violations), reason, first)
}

/// The problem behind a question that has no answer; `prefix` is where the question stands in the request.
pub(crate) fn unanswered(error: evaluate::Error, prefix: &str) -> Problem {
    use evaluate::Error::{Calendar, Definition, Invalid, Parameter, Source, UnknownMetric};
    let at = |field: &str| {
        if prefix.is_empty() {
            field.to_owned()
        } else {
            format!("{prefix}.{field}")
        }
    };
    match error {
        UnknownMetric(_) => Problem::invalid("METRIC_UNKNOWN", at("metrics"), error.to_string()),
        Parameter { ref error, .. } => {
            let field = at(&format!("metrics.parameters[{}]", error.name));
            Problem::invalid("PARAMETER_INVALID", field, error.problem.clone())
        }
        Definition(error) => Problem::new(Kind::FailedPrecondition, "METRIC_INVALID", error.to_string()),
        Calendar(error @ calendar::Error::TooManyBuckets { .. }) => {
            Problem::invalid("TOO_MANY_BUCKETS", at("grain"), error.to_string())
        }
        Calendar(error) => Problem::invalid("RANGE_INVALID", at("range"), error.to_string()),
        Invalid { field, problem } => Problem::invalid("QUERY_INVALID", at(field), problem),
        Source(error) => match error.downcast::<Stopped>() {
            Ok(stopped) => stopped_early(*stopped, prefix),
            Err(error) => Problem::internal(error.as_ref()),
        },
    }
}

/// The problem behind an answer that was given up.
pub(crate) fn stopped_early(stopped: Stopped, prefix: &str) -> Problem {
    let at = |field: &str| {
        if prefix.is_empty() {
            field.to_owned()
        } else {
            format!("{prefix}.{field}")
        }
    };
    match stopped {
        Stopped::Deadline => Problem::new(
            Kind::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            "the call took longer than it may",
        ),
        Stopped::Cancelled => Problem::new(Kind::Unavailable(None), "CANCELLED", "the caller is gone"),
        Stopped::TooManyBuckets { buckets, limit } => {
            let problem =
                format!("makes {buckets} periods, the limit is {limit}: choose a coarser grain or a shorter range");
            Problem::invalid("TOO_MANY_BUCKETS", at("grain"), problem)
        }
        Stopped::Query(error @ query::Error::TooManyCells { .. }) => too_many_cells(error.to_string(), prefix),
        Stopped::Query(error @ query::Error::Unsupported(_)) => {
            Problem::invalid("QUERY_UNSUPPORTED", at("metrics"), error.to_string())
        }
        Stopped::Query(error) => Problem::internal(&error),
    }
}

/// The answer would be too large.
pub(crate) fn too_many_cells(problem: String, prefix: &str) -> Problem {
    let field = if prefix.is_empty() {
        "dimensions".to_owned()
    } else {
        format!("{prefix}.dimensions")
    };
    Problem::invalid("TOO_MANY_CELLS", field, problem)
}

//! Who calls, and until when the caller waits.

use std::time::Duration;

use scoreline_core::id::TenantId;
use scoreline_server::{
    layers::deadline::Deadline,
    principal::Principal,
    status::{INTERNAL, Kind, Problem},
};
use tokio::time::Instant;
use tonic::Request;

/// The patience of a stream, which has no deadline of its own, for one answer.
const STREAM_PATIENCE: Duration = Duration::from_secs(30);

/// The sender of a call.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: TenantId,
    pub(crate) deadline: Instant,
}

impl Caller {
    pub(crate) fn of<T>(request: &Request<T>) -> Result<Self, Problem> {
        let Some(principal) = request.extensions().get::<Principal>() else {
            tracing::error!("a call reached the service without a principal");
            return Err(Problem::new(Kind::Internal, INTERNAL, "the caller is not known"));
        };
        let tenant = TenantId::new(&principal.tenant)
            .map_err(|error| Problem::invalid("TENANT_INVALID", "tenant_id", error.to_string()))?;
        let deadline = request.extensions().get::<Deadline>();
        let deadline = deadline.map_or_else(|| Instant::now() + STREAM_PATIENCE, |deadline| deadline.0);
        Ok(Self { tenant, deadline })
    }

    /// The same with a stream's patience from now on.
    pub(crate) fn again(&self) -> Self {
        Self {
            tenant: self.tenant.clone(),
            deadline: Instant::now() + STREAM_PATIENCE,
        }
    }

    /// When to stop waiting for something, so that there is time left to say so.
    pub(crate) fn patience(&self) -> Instant {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.deadline - (left / 5).min(Duration::from_millis(200))
    }
}

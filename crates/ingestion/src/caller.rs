//! Who calls: the principal that the layers found, and its tenant.

use scoreline_core::id::TenantId;
use scoreline_server::{
    principal::Principal,
    status::{INTERNAL, Kind, Problem},
};
use tonic::Request;

/// The sender of a call.
pub(crate) fn principal<T>(request: &Request<T>) -> Result<Principal, Problem> {
    let principal = request.extensions().get::<Principal>().cloned();
    principal.ok_or_else(|| {
        tracing::error!("a call reached the service without a principal");
        Problem::new(Kind::Internal, INTERNAL, "the caller is not known")
    })
}

/// The tenant of a sender.
pub(crate) fn tenant(principal: &Principal) -> Result<TenantId, Problem> {
    TenantId::new(&principal.tenant).map_err(|error| Problem::invalid("TENANT_INVALID", "tenant_id", error.to_string()))
}

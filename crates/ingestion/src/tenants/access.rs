//! Whose tenant a call may be about.
//!
//! A key belongs to one tenant, and reaches nothing else. Without keys every caller is an administrator of the
//! installation.

use scoreline_core::id::TenantId;
use scoreline_server::{
    auth::is_tenant_name,
    principal::Principal,
    status::{Kind, Problem},
};

use crate::caller;

/// The tenant that a request names, or the caller's own. The answer says nothing about which others exist.
pub(super) fn tenant(caller: &Principal, named: &str) -> Result<TenantId, Problem> {
    if named.is_empty() || named == caller.tenant {
        return caller::tenant(caller);
    }
    if caller.key_id.is_some() {
        return Err(Problem::new(
            Kind::PermissionDenied,
            "TENANT_NOT_YOURS",
            "the API key belongs to another tenant",
        ));
    }
    TenantId::new(named).map_err(|error| Problem::invalid("TENANT_INVALID", "tenant_id", error.to_string()))
}

/// Refuses whoever is not an administrator of the installation.
pub(super) fn installation(caller: &Principal) -> Result<(), Problem> {
    match &caller.key_id {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            Kind::PermissionDenied,
            "INSTALLATION_ONLY",
            "an API key belongs to one tenant; tenants are added and listed with the command line on the database",
        )),
    }
}

/// The id of a tenant to be.
pub(super) fn new_tenant(id: &str) -> Result<TenantId, Problem> {
    let refused = || {
        let rule = "must be 1 to 64 letters, digits, '.', '_' or '-'";
        Problem::invalid("TENANT_INVALID", "tenant_id", rule)
    };
    if !is_tenant_name(id) {
        return Err(refused());
    }
    TenantId::new(id).map_err(|_| refused())
}

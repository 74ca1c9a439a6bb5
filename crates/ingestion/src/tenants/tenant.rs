//! Tenants.

use jiff::Timestamp;
use scoreline_core::id::TenantId;
use scoreline_proto::{encode, tenants::v1 as wire};
use scoreline_server::{principal::Principal, status::Problem};
use scoreline_storage::Tenant;

use super::{Tenants, access, failed, page::page, settings};
use crate::failure;

pub(super) async fn create(
    tenants: &Tenants,
    caller: &Principal,
    request: wire::CreateTenantRequest,
) -> Result<wire::CreateTenantResponse, Problem> {
    access::installation(caller)?;
    let id = access::new_tenant(&request.tenant_id)?;
    let policies = settings::read(&request.settings.unwrap_or_default())?;
    let created = tenants
        .tenancy
        .create_tenant(&id, &policies, Timestamp::now())
        .await
        .map_err(|error| failed(&error))?;
    Ok(wire::CreateTenantResponse {
        tenant: Some(encoded(&created)),
    })
}

pub(super) async fn get(
    tenants: &Tenants,
    caller: &Principal,
    request: &wire::GetTenantRequest,
) -> Result<wire::GetTenantResponse, Problem> {
    let found = find(tenants, &access::tenant(caller, &request.tenant_id)?).await?;
    Ok(wire::GetTenantResponse {
        tenant: Some(encoded(&found)),
    })
}

pub(super) async fn list(
    tenants: &Tenants,
    caller: &Principal,
    request: &wire::ListTenantsRequest,
) -> Result<wire::ListTenantsResponse, Problem> {
    access::installation(caller)?;
    let all = tenants.tenancy.tenants().await.map_err(|error| failed(&error))?;
    let (found, next_page_token) = page(all, |tenant| tenant.id.as_str(), request.page_size, &request.page_token)?;
    Ok(wire::ListTenantsResponse {
        tenants: found.iter().map(encoded).collect(),
        next_page_token,
    })
}

pub(super) async fn settings(
    tenants: &Tenants,
    caller: &Principal,
    request: &wire::GetSettingsRequest,
) -> Result<wire::GetSettingsResponse, Problem> {
    let found = find(tenants, &access::tenant(caller, &request.tenant_id)?).await?;
    Ok(wire::GetSettingsResponse {
        settings: Some(settings::write(&found.policies, &found.etag)),
    })
}

/// The tenant with an id.
pub(super) async fn find(tenants: &Tenants, id: &TenantId) -> Result<Tenant, Problem> {
    let found = tenants.tenancy.tenant(id).await.map_err(|error| failed(&error))?;
    found.ok_or_else(|| failure::unknown_tenant(id.as_str()))
}

fn encoded(tenant: &Tenant) -> wire::Tenant {
    wire::Tenant {
        tenant_id: tenant.id.to_string(),
        create_time: Some(encode::instant(tenant.created_at)),
        commit: i64::try_from(tenant.last_commit).expect("commit numbers are stored as i64"),
    }
}

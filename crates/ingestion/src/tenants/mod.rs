//! The tenants service: tenants, what they state once, and their keys.

mod access;
mod key;
mod page;
pub mod settings;
mod tenant;
mod update;

use std::sync::Arc;

use scoreline_proto::tenants::v1::{self as wire, tenants_service_server::TenantsService};
use scoreline_server::{secrecy::SecretString, status::Problem};
use scoreline_storage::{Error, Tenancy};
use tonic::{Request, Response, Status};

use crate::{caller, failure};

/// Keeps tenants.
#[derive(Clone)]
pub(crate) struct Tenants {
    tenancy: Arc<dyn Tenancy>,
    pepper: Option<SecretString>,
}

impl Tenants {
    /// Tenants in this store, with keys hashed under this pepper.
    pub(crate) fn new(tenancy: Arc<dyn Tenancy>, pepper: Option<SecretString>) -> Self {
        Self { tenancy, pepper }
    }
}

fn failed(error: &Error) -> Problem {
    failure::problem(error)
}

fn answer<T>(result: Result<T, Problem>) -> Result<Response<T>, Status> {
    Ok(Response::new(result?))
}

#[tonic::async_trait]
impl TenantsService for Tenants {
    async fn create_tenant(
        &self,
        request: Request<wire::CreateTenantRequest>,
    ) -> Result<Response<wire::CreateTenantResponse>, Status> {
        let caller = caller::principal(&request)?;
        answer(tenant::create(self, &caller, request.into_inner()).await)
    }

    async fn get_tenant(
        &self,
        request: Request<wire::GetTenantRequest>,
    ) -> Result<Response<wire::GetTenantResponse>, Status> {
        let caller = caller::principal(&request)?;
        answer(tenant::get(self, &caller, &request.into_inner()).await)
    }

    async fn list_tenants(
        &self,
        request: Request<wire::ListTenantsRequest>,
    ) -> Result<Response<wire::ListTenantsResponse>, Status> {
        let caller = caller::principal(&request)?;
        answer(tenant::list(self, &caller, &request.into_inner()).await)
    }

    async fn get_settings(
        &self,
        request: Request<wire::GetSettingsRequest>,
    ) -> Result<Response<wire::GetSettingsResponse>, Status> {
        let caller = caller::principal(&request)?;
        answer(tenant::settings(self, &caller, &request.into_inner()).await)
    }

    async fn update_settings(
        &self,
        request: Request<wire::UpdateSettingsRequest>,
    ) -> Result<Response<wire::UpdateSettingsResponse>, Status> {
        let caller = caller::principal(&request)?;
        answer(update::update(self, &caller, request.into_inner()).await)
    }

    async fn create_api_key(
        &self,
        request: Request<wire::CreateApiKeyRequest>,
    ) -> Result<Response<wire::CreateApiKeyResponse>, Status> {
        let caller = caller::principal(&request)?;
        answer(key::create(self, &caller, &request.into_inner()).await)
    }

    async fn list_api_keys(
        &self,
        request: Request<wire::ListApiKeysRequest>,
    ) -> Result<Response<wire::ListApiKeysResponse>, Status> {
        let caller = caller::principal(&request)?;
        answer(key::list(self, &caller, &request.into_inner()).await)
    }

    async fn revoke_api_key(
        &self,
        request: Request<wire::RevokeApiKeyRequest>,
    ) -> Result<Response<wire::RevokeApiKeyResponse>, Status> {
        let caller = caller::principal(&request)?;
        answer(key::revoke(self, &caller, &request.into_inner()).await)
    }
}

//! Who calls, by the keys that the store holds.

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use futures::future::{BoxFuture, FutureExt as _};
use jiff::Timestamp;
use scoreline_core::id::TenantId;
use scoreline_server::{
    api_key::KeyHash,
    auth::{Authenticator, LoopbackAuthenticator},
    config,
    stored_keys::{LookUpError, StoredKey, StoredKeys},
};
use scoreline_storage::{ApiKey, Tenancy};

/// Tells callers by their keys; where keys are switched off, everyone has every right in the tenant that they name.
///
/// # Panics
/// When keys are switched on without a pepper, which the settings refuse.
pub fn authenticator(tenancy: Arc<dyn Tenancy>, settings: &config::Auth) -> Arc<dyn Authenticator> {
    if !settings.enabled {
        return Arc::new(LoopbackAuthenticator);
    }
    let pepper = settings
        .pepper
        .clone()
        .expect("settings with keys and without a pepper are refused");
    let (finding, noting) = (Arc::clone(&tenancy), tenancy);
    Arc::new(StoredKeys::new(
        pepper,
        Box::new(move |id| find(Arc::clone(&finding), id).boxed()),
        Box::new(move |tenant, id| -> BoxFuture<'static, ()> { note(Arc::clone(&noting), tenant, id).boxed() }),
    ))
}

async fn find(tenancy: Arc<dyn Tenancy>, id: String) -> Result<Option<StoredKey>, LookUpError> {
    let found = tenancy.find_key(&id).await?;
    found.map(stored).transpose()
}

async fn note(tenancy: Arc<dyn Tenancy>, tenant: String, id: String) {
    let Ok(tenant) = TenantId::new(&tenant) else { return };
    if let Err(error) = tenancy.touch_key(&tenant, &id, Timestamp::now()).await {
        tracing::warn!(
            key_id = id,
            error = &error as &dyn std::error::Error,
            "the use of an api key could not be noted"
        );
    }
}

fn stored(key: ApiKey) -> Result<StoredKey, LookUpError> {
    let digest: [u8; 32] = key
        .record
        .digest
        .try_into()
        .map_err(|_| "the digest of an api key has not 32 bytes")?;
    let scopes = key.record.scopes.iter().map(|scope| scope.parse());
    Ok(StoredKey {
        tenant: key.tenant.to_string(),
        digest: KeyHash(digest),
        role: key.record.role.parse()?,
        scopes: scopes.collect::<Result<BTreeSet<_>, _>>()?,
        expires_at: key.record.expires_at.map(SystemTime::from),
        revoked: key.revoked_at.is_some(),
    })
}

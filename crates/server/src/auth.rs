//! Who is it? Stored keys answer that in their own crate; here are the question and the answer without keys.

use tonic::Status;

use crate::principal::{Principal, Role};
use crate::status::{Kind, Problem};

/// The metadata key that names the tenant when keys are off.
pub const TENANT_HEADER: &str = "x-scoreline-tenant";
const DEFAULT_TENANT: &str = "default";
const MAX_TENANT_CHARACTERS: usize = 64;

/// What a call shows of its sender.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The token of `authorization: Bearer <token>`.
    pub bearer: Option<&'a str>,
    /// The value of `x-scoreline-tenant`.
    pub tenant: Option<&'a str>,
}

/// Tells who calls. Whether they may is decided from the answer and the method table.
#[tonic::async_trait]
pub trait Authenticator: Send + Sync {
    /// The sender of a call to `method`.
    ///
    /// # Errors
    /// UNAUTHENTICATED when the credentials are missing or wrong; UNAVAILABLE when that cannot be told now.
    async fn authenticate(&self, credentials: Credentials<'_>, method: &str) -> Result<Principal, Status>;
}

/// Auth is off and the service listens on loopback: everyone has every right in the tenant they name.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoopbackAuthenticator;

#[tonic::async_trait]
impl Authenticator for LoopbackAuthenticator {
    async fn authenticate(&self, credentials: Credentials<'_>, _method: &str) -> Result<Principal, Status> {
        let tenant = credentials.tenant.unwrap_or(DEFAULT_TENANT);
        if !is_tenant_name(tenant) {
            let rule = format!("must be 1 to {MAX_TENANT_CHARACTERS} letters, digits, '.', '_' or '-'");
            return Err(Problem::invalid("TENANT_INVALID", TENANT_HEADER, rule).into());
        }
        Ok(Principal {
            tenant: tenant.to_owned(),
            key_id: None,
            role: Role::Admin,
            scopes: [].into(),
        })
    }
}

/// Whether a text may name a tenant: 1 to 64 letters, digits, dots, underscores and hyphens.
pub fn is_tenant_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_TENANT_CHARACTERS).contains(&name.len()) && name.bytes().all(allowed)
}

/// The refusal of a caller that showed no key.
pub fn missing_key() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "KEY_MISSING",
        "send an API key as the metadata \"authorization: Bearer sk_…\"",
    )
}

/// The refusal of a key, the same whether it never existed, was revoked or has expired.
pub fn invalid_key() -> Problem {
    Problem::new(Kind::Unauthenticated, "KEY_INVALID", "the API key is not valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn tenant(name: Option<&str>) -> Result<String, Status> {
        let credentials = Credentials {
            bearer: None,
            tenant: name,
        };
        LoopbackAuthenticator
            .authenticate(credentials, "/a.B/C")
            .await
            .map(|principal| principal.tenant)
    }

    #[tokio::test]
    async fn without_keys_the_caller_names_the_tenant() {
        assert_eq!(tenant(None).await.expect("allowed"), "default");
        assert_eq!(tenant(Some("acme-eu")).await.expect("allowed"), "acme-eu");
        for bad in ["", "a b", "../x", &"x".repeat(65)] {
            assert_eq!(
                tenant(Some(bad)).await.expect_err("refused").code(),
                tonic::Code::InvalidArgument,
                "{bad}"
            );
        }
    }
}

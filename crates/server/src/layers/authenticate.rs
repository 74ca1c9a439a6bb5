//! Who calls, and may they? Services find the answer as a [`Principal`] in the extensions of the request.

use std::sync::Arc;

use http::{HeaderMap, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tracing::Span;

use super::middleware::{Inner, Middleware, ask};
use crate::auth::{Authenticator, Credentials, TENANT_HEADER};
use crate::methods::{Method, MethodPolicy, MethodTable};
use crate::principal::Principal;
use crate::status::{Kind, Problem};

/// The layer.
#[derive(Clone)]
pub struct Authenticate {
    methods: MethodTable,
    authenticator: Arc<dyn Authenticator>,
}

impl Authenticate {
    /// The table says what a method needs, the authenticator who calls it.
    pub fn new(methods: MethodTable, authenticator: Arc<dyn Authenticator>) -> Self {
        Self { methods, authenticator }
    }

    async fn principal(&self, headers: &HeaderMap, policy: MethodPolicy) -> Result<Principal, Status> {
        let principal = self
            .authenticator
            .authenticate(credentials(headers), policy.path)
            .await?;
        let span = Span::current();
        span.record("tenant", &principal.tenant);
        principal.key_id.as_ref().map(|id| span.record("key_id", id));
        if principal.may(policy.scope) {
            return Ok(principal);
        }
        tracing::warn!(role = %principal.role, scope = %policy.scope, "call refused");
        let message = format!("the API key lacks the scope {} that this method needs", policy.scope);
        Err(Problem::new(Kind::PermissionDenied, "SCOPE_MISSING", message)
            .with("scope", policy.scope)
            .into())
    }
}

impl Middleware for Authenticate {
    async fn handle<S: Inner>(self, mut request: Request<Body>, inner: S) -> Response<Body> {
        let policy = match self.methods.look_up(request.uri().path()) {
            Method::Health | Method::Reflection => return ask(inner, request).await,
            Method::Unknown => return unknown_method().into_http(),
            Method::Known(policy) => policy,
        };
        match self.principal(request.headers(), policy).await {
            Ok(principal) => {
                request.extensions_mut().insert(principal);
                ask(inner, request).await
            }
            Err(status) => status.into_http(),
        }
    }
}

fn unknown_method() -> Status {
    Problem::new(Kind::Unimplemented, "METHOD_UNKNOWN", "there is no such method").into()
}

fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Credentials {
        bearer: text("authorization").and_then(bearer),
        tenant: text(TENANT_HEADER),
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::invalid_key;
    use crate::principal::{Role, Scope};

    /// Knows one key, of a reader.
    struct OneKey;

    #[tonic::async_trait]
    impl Authenticator for OneKey {
        async fn authenticate(&self, credentials: Credentials<'_>, _method: &str) -> Result<Principal, Status> {
            match credentials.bearer {
                Some("good") => Ok(Principal {
                    tenant: "acme".to_owned(),
                    key_id: Some("k1".to_owned()),
                    role: Role::Reader,
                    scopes: [].into(),
                }),
                _ => Err(invalid_key().into()),
            }
        }
    }

    async fn call(path: &str, authorization: &str) -> (String, Option<Principal>) {
        let methods = MethodTable::new([
            MethodPolicy::unary("/a.B/Ask", Scope::MetricsRead),
            MethodPolicy::unary("/a.B/Send", Scope::EventsWrite),
        ]);
        let echo = tower::service_fn(|request: Request<Body>| async move {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().extend(request.extensions().clone());
            Ok(response)
        });
        let request = Request::builder()
            .uri(path)
            .header("authorization", authorization)
            .body(Body::empty());
        let layer = Authenticate::new(methods, Arc::new(OneKey));
        let response = layer.handle(request.expect("a request"), echo).await;
        let code = response
            .headers()
            .get("grpc-status")
            .map_or("reached", |code| code.to_str().expect("digits"));
        (code.to_owned(), response.extensions().get().cloned())
    }

    #[tokio::test]
    async fn a_good_key_reaches_what_its_role_allows() {
        let (outcome, principal) = call("/a.B/Ask", "Bearer good").await;
        assert_eq!(
            (outcome.as_str(), principal.expect("known").tenant.as_str()),
            ("reached", "acme")
        );
        assert_eq!(call("/a.B/Send", "bearer good").await.0, "7", "PERMISSION_DENIED");
    }

    #[tokio::test]
    async fn without_a_good_key_nothing_of_ours_is_reached() {
        for wrong in ["", "good", "Basic good", "Bearer bad", "Bearer"] {
            assert_eq!(call("/a.B/Ask", wrong).await.0, "16", "UNAUTHENTICATED for {wrong:?}");
        }
    }

    #[tokio::test]
    async fn health_and_reflection_need_no_key_and_unknown_methods_do_not_exist() {
        assert_eq!(call("/grpc.health.v1.Health/Check", "").await.0, "reached");
        assert_eq!(
            call("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "")
                .await
                .0,
            "reached"
        );
        assert_eq!(call("/a.B/Nothing", "Bearer good").await.0, "12", "UNIMPLEMENTED");
    }
}

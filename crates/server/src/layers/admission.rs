//! No more calls at once than the process can bear. Who comes too many is told when to come back, at once and cheaply.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::body::Body;

use super::middleware::{Inner, Middleware, ask};
use crate::config::Limits;
use crate::methods::{Method, MethodTable};
use crate::status::{Kind, Problem};

const RETRY_AFTER: Duration = Duration::from_millis(250);

/// The layer. Streams are counted apart, since they stay; health is always let in.
#[derive(Debug, Clone)]
pub struct Admit {
    methods: MethodTable,
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl Admit {
    /// The numbers come from the limits.
    pub fn new(methods: MethodTable, limits: &Limits) -> Self {
        let [requests, streams] =
            [limits.max_requests, limits.max_streams].map(|permits| Arc::new(Semaphore::new(permits)));
        Self {
            methods,
            requests,
            streams,
        }
    }

    fn admit(&self, method: Method) -> Result<OwnedSemaphorePermit, Problem> {
        let (class, reason) = if method.is_streaming() {
            (&self.streams, "TOO_MANY_STREAMS")
        } else {
            (&self.requests, "TOO_MANY_REQUESTS")
        };
        Arc::clone(class).try_acquire_owned().map_err(|_| {
            Problem::new(
                Kind::Unavailable(Some(RETRY_AFTER)),
                reason,
                "the service has as many calls in flight as it takes",
            )
        })
    }
}

impl Middleware for Admit {
    async fn handle<S: Inner>(self, request: Request<Body>, inner: S) -> Response<Body> {
        let method = self.methods.look_up(request.uri().path());
        if method == Method::Health {
            return ask(inner, request).await;
        }
        match self.admit(method) {
            Ok(permit) => held(ask(inner, request).await, permit),
            Err(problem) => problem.into_status().into_http(),
        }
    }
}

/// The call counts until its last byte has been sent.
fn held(response: Response<Body>, permit: OwnedSemaphorePermit) -> Response<Body> {
    if http_body::Body::is_end_stream(response.body()) {
        return response;
    }
    response.map(|body| Body::new(Held { body, _permit: permit }))
}

struct Held {
    body: Body,
    _permit: OwnedSemaphorePermit,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::MethodPolicy;
    use crate::principal::Scope;
    use http_body_util::{BodyExt as _, Full};

    const ASK: &str = "/a.B/Ask";
    const WATCH: &str = "/a.B/Watch";

    fn one_of_each() -> Admit {
        let methods = MethodTable::new([
            MethodPolicy::unary(ASK, Scope::MetricsRead),
            MethodPolicy::streaming(WATCH, Scope::MetricsRead),
        ]);
        Admit {
            methods,
            requests: Arc::new(Semaphore::new(1)),
            streams: Arc::new(Semaphore::new(1)),
        }
    }

    async fn call(layer: &Admit, path: &str) -> Response<Body> {
        let answers = tower::service_fn(|_: Request<Body>| async {
            let body = Full::new(Bytes::from_static(b"x")).map_err(|never| match never {});
            Ok(Response::new(Body::new(body)))
        });
        let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
        layer.clone().handle(request, answers).await
    }

    fn is_refused(response: &Response<Body>) -> bool {
        response.headers().get("grpc-status").is_some_and(|code| code == "14")
    }

    #[tokio::test]
    async fn a_call_takes_its_place_until_its_body_is_gone() {
        let layer = one_of_each();
        let first = call(&layer, ASK).await;
        assert!(!is_refused(&first));
        let second = call(&layer, ASK).await;
        assert!(is_refused(&second));
        assert!(
            second.headers().contains_key("grpc-status-details-bin"),
            "it says when to come back"
        );
        drop(first);
        assert!(!is_refused(&call(&layer, ASK).await));
    }

    #[tokio::test]
    async fn streams_and_health_have_their_own_places() {
        let layer = one_of_each();
        let _request = call(&layer, ASK).await;
        let _stream = call(&layer, WATCH).await;
        assert!(is_refused(&call(&layer, WATCH).await));
        assert!(!is_refused(&call(&layer, "/grpc.health.v1.Health/Check").await));
    }
}

//! A panic in one call is one INTERNAL answer, not the end of the connection that other calls share.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use tonic::Status;
use tonic::body::Body;

use super::middleware::{Inner, Middleware, ask};
use crate::status::{INTERNAL, Kind, Problem};

/// How many panics there have been. Anything above zero is a bug to report.
#[derive(Debug, Clone, Default)]
pub struct PanicCount(Arc<AtomicU64>);

impl PanicCount {
    /// The number so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn record(&self) -> Status {
        let panics = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::error!(panics, "a call ended in a panic");
        Problem::new(
            Kind::Internal,
            INTERNAL,
            "an internal error; quote the request id when you report it",
        )
        .into()
    }
}

/// The layer.
#[derive(Debug, Clone)]
pub struct CatchPanic {
    count: PanicCount,
}

impl CatchPanic {
    /// Counts into `count`.
    pub fn new(count: PanicCount) -> Self {
        Self { count }
    }
}

impl Middleware for CatchPanic {
    /// State that a panic left half-changed is dropped with the call: nothing of it is looked at again.
    async fn handle<S: Inner>(self, request: Request<Body>, inner: S) -> Response<Body> {
        match AssertUnwindSafe(ask(inner, request)).catch_unwind().await {
            Ok(response) if http_body::Body::is_end_stream(response.body()) => response,
            Ok(response) => response.map(|body| {
                Body::new(Guarded {
                    body: Some(body),
                    count: self.count,
                })
            }),
            Err(_) => self.count.record().into_http(),
        }
    }
}

/// A response stream that ends in a status when it panics.
struct Guarded {
    body: Option<Body>,
    count: PanicCount,
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        match std::panic::catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(context))) {
            Ok(polled) => polled,
            Err(_) => {
                this.body = None;
                Poll::Ready(Some(trailers(&this.count.record())))
            }
        }
    }
}

fn trailers(status: &Status) -> Result<Frame<Bytes>, Status> {
    let mut trailers = HeaderMap::new();
    status.add_header(&mut trailers)?;
    Ok(Frame::trailers(trailers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[derive(Debug)]
    struct Explodes;

    impl http_body::Body for Explodes {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            panic!("in the middle of a stream")
        }
    }

    #[tokio::test]
    async fn a_panic_before_the_answer() {
        let count = PanicCount::default();
        let service = tower::service_fn(|_: Request<Body>| async { panic!("in a handler") });
        let response = CatchPanic::new(count.clone())
            .handle(Request::new(Body::empty()), service)
            .await;
        assert_eq!(response.headers()["grpc-status"], "13");
        assert_eq!(count.get(), 1);
    }

    #[tokio::test]
    async fn a_panic_in_the_middle_of_a_stream() {
        let count = PanicCount::default();
        let service = tower::service_fn(|_: Request<Body>| async { Ok(Response::new(Body::new(Explodes))) });
        let response = CatchPanic::new(count.clone())
            .handle(Request::new(Body::empty()), service)
            .await;
        let collected = response.into_body().collect().await.expect("the stream ends in order");
        assert_eq!(collected.trailers().expect("a status")["grpc-status"], "13");
        assert_eq!(count.get(), 1);
    }
}

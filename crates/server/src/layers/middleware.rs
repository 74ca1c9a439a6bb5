//! A layer as one async function around the rest of the call.

use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

/// The rest of the call: it always answers, with a status at worst.
pub trait Inner:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> Inner for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

/// What one layer does.
pub trait Middleware: Clone + Send + Sync + 'static {
    /// Answers the request, usually by asking `inner`.
    fn handle<S: Inner>(self, request: Request<Body>, inner: S) -> impl Future<Output = Response<Body>> + Send;
}

/// Asks the rest of the call.
pub(super) async fn ask<S: Inner>(mut inner: S, request: Request<Body>) -> Response<Body> {
    match inner.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Makes a tower layer of a middleware.
#[derive(Debug, Clone)]
pub struct Around<M>(pub M);

/// A service with a middleware around it.
#[derive(Debug, Clone)]
pub struct Wrapped<M, S> {
    middleware: M,
    inner: S,
}

impl<M: Clone, S> Layer<S> for Around<M> {
    type Service = Wrapped<M, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Wrapped {
            middleware: self.0.clone(),
            inner,
        }
    }
}

impl<M: Middleware, S: Inner> Service<Request<Body>> for Wrapped<M, S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The service that was polled ready is the one that must be called.
        let fresh = self.inner.clone();
        let ready = mem::replace(&mut self.inner, fresh);
        self.middleware.clone().handle(request, ready).map(Ok).boxed()
    }
}

//! The service of metrics, whose answers to queries are sent as they were written instead of being made into messages first.

use std::{
    convert::Infallible,
    marker::PhantomData,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use prost::{
    Message,
    bytes::{Buf as _, BufMut},
};
use scoreline_proto::analytics::v1::{
    BatchQueryMetricsRequest, QueryMetricsRequest, metrics_service_server::MetricsServiceServer,
};
use scoreline_server::status::Problem;
use tonic::{
    Request, Response, Status,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{self, http},
    server::{Grpc, NamedService, UnaryService},
};

use super::{Metrics, batch::Answers, query::Page};

const QUERY: &str = "/scoreline.analytics.v1.MetricsService/QueryMetrics";
const BATCH: &str = "/scoreline.analytics.v1.MetricsService/BatchQueryMetrics";

/// A request that can be looked at before it is a message.
pub(super) trait Asking: Message + Default + 'static {
    /// Refuses what would take far more memory as a message than it may.
    ///
    /// # Errors
    /// When it has too many elements.
    fn look(_bytes: &[u8]) -> Result<(), Problem> {
        Ok(())
    }
}

impl Asking for QueryMetricsRequest {}

/// A message that is written where it is made.
pub(super) trait Written: Send + 'static {
    /// How many bytes it has.
    fn len(&self) -> usize;

    /// Writes it, where there is room for it.
    fn write(&self, to: &mut impl BufMut);
}

/// The service, with the largest request and the largest response.
#[derive(Clone)]
pub(crate) struct Service {
    metrics: Metrics,
    others: MetricsServiceServer<Metrics>,
    request: usize,
    response: usize,
}

impl Service {
    pub(crate) fn new(metrics: Metrics, request: usize, response: usize) -> Self {
        let others = MetricsServiceServer::new(metrics.clone())
            .max_decoding_message_size(request)
            .max_encoding_message_size(response);
        Self {
            metrics,
            others,
            request,
            response,
        }
    }

    /// Answers a call by a method whose answer is [`Written`].
    fn answer<R, W>(&self, request: http::Request<Body>) -> BoxFuture<'static, Result<http::Response<Body>, Infallible>>
    where
        R: Asking,
        W: Written,
        Self: UnaryService<R, Response = W>,
        <Self as UnaryService<R>>::Future: Send,
    {
        let service = self.clone();
        Box::pin(async move {
            let codec = AsWritten(PhantomData);
            let mut answering =
                Grpc::new(codec).apply_max_message_size_config(Some(service.request), Some(service.response));
            Ok(answering.unary(service, request).await)
        })
    }
}

impl NamedService for Service {
    const NAME: &'static str = <MetricsServiceServer<Metrics> as NamedService>::NAME;
}

impl codegen::Service<http::Request<Body>> for Service {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        match request.uri().path() {
            QUERY => self.answer::<QueryMetricsRequest, _>(request),
            BATCH => self.answer::<BatchQueryMetricsRequest, _>(request),
            _ => self.others.call(request),
        }
    }
}

impl UnaryService<QueryMetricsRequest> for Service {
    type Response = Page;
    type Future = BoxFuture<'static, Result<Response<Page>, Status>>;

    fn call(&mut self, request: Request<QueryMetricsRequest>) -> Self::Future {
        let metrics = self.metrics.clone();
        Box::pin(async move { metrics.page(request).await })
    }
}

impl UnaryService<BatchQueryMetricsRequest> for Service {
    type Response = Answers;
    type Future = BoxFuture<'static, Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<BatchQueryMetricsRequest>) -> Self::Future {
        let metrics = self.metrics.clone();
        Box::pin(async move { metrics.answers(request).await })
    }
}

/// Requests in, what was written out.
struct AsWritten<R, W>(PhantomData<fn(R) -> W>);

impl<R: Asking, W: Written> Codec for AsWritten<R, W> {
    type Encode = W;
    type Decode = R;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(PhantomData)
    }

    fn decoder(&mut self) -> Self {
        Self(PhantomData)
    }
}

impl<R, W: Written> Encoder for AsWritten<R, W> {
    type Item = W;
    type Error = Status;

    fn encode(&mut self, answer: W, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.reserve(answer.len());
        answer.write(to);
        Ok(())
    }
}

impl<R: Asking, W> Decoder for AsWritten<R, W> {
    type Item = R;
    type Error = Status;

    /// What is no message is told as it is to the callers of all other methods.
    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<R>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        R::look(&bytes)?;
        let request = R::decode(bytes).map_err(|error| Status::internal(error.to_string()))?;
        Ok(Some(request))
    }
}

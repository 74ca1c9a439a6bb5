//! The service of metrics, whose answers to queries are sent as they were written instead of being made into messages first.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use prost::Message as _;
use scoreline_proto::analytics::v1::{QueryMetricsRequest, metrics_service_server::MetricsServiceServer};
use tonic::{
    Request, Response, Status,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{Service, http},
    server::{Grpc, NamedService, UnaryService},
};

use super::{Metrics, query::Page};

const QUERY: &str = "/scoreline.analytics.v1.MetricsService/QueryMetrics";

/// The service, with the largest request and the largest response.
#[derive(Clone)]
pub(crate) struct Written {
    metrics: Metrics,
    others: MetricsServiceServer<Metrics>,
    request: usize,
    response: usize,
}

impl Written {
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
}

impl NamedService for Written {
    const NAME: &'static str = <MetricsServiceServer<Metrics> as NamedService>::NAME;
}

impl Service<http::Request<Body>> for Written {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != QUERY {
            return self.others.call(request);
        }
        let (metrics, limits) = (self.metrics.clone(), (Some(self.request), Some(self.response)));
        Box::pin(async move {
            let mut answering = Grpc::new(Pages).apply_max_message_size_config(limits.0, limits.1);
            Ok(answering.unary(Query(metrics), request).await)
        })
    }
}

struct Query(Metrics);

impl UnaryService<QueryMetricsRequest> for Query {
    type Response = Page;
    type Future = BoxFuture<'static, Result<Response<Page>, Status>>;

    fn call(&mut self, request: Request<QueryMetricsRequest>) -> Self::Future {
        let metrics = self.0.clone();
        Box::pin(async move { metrics.page(request).await })
    }
}

/// Requests in, pages out.
struct Pages;

impl Codec for Pages {
    type Encode = Page;
    type Decode = QueryMetricsRequest;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Pages {
    type Item = Page;
    type Error = Status;

    fn encode(&mut self, page: Page, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.reserve(page.len());
        page.write(to);
        Ok(())
    }
}

impl Decoder for Pages {
    type Item = QueryMetricsRequest;
    type Error = Status;

    /// What is no message is told as it is to the callers of all other methods.
    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<QueryMetricsRequest>, Status> {
        let request = QueryMetricsRequest::decode(from).map_err(|error| Status::internal(error.to_string()))?;
        Ok(Some(request))
    }
}

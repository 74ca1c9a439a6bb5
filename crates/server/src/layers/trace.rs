//! A span around each call, and one line when it has ended: answered, failed, or dropped by the caller.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Status};
use tracing::{Instrument as _, Span, field};

use super::middleware::{Inner, Middleware, ask};
use super::request_id::{RequestId, random_hex};
use crate::methods::{Method, MethodTable};

const GRPC_STATUS: &str = "grpc-status";

/// The layer.
#[derive(Debug, Clone)]
pub struct Trace {
    methods: MethodTable,
}

impl Trace {
    /// Needs the methods to keep health checks quiet and unknown paths out of the log.
    pub fn new(methods: MethodTable) -> Self {
        Self { methods }
    }
}

impl Middleware for Trace {
    fn handle<S: Inner>(self, request: Request<Body>, inner: S) -> impl Future<Output = Response<Body>> + Send {
        let call = Call::begin(&request, self.methods.look_up(request.uri().path()));
        async move {
            let span = call.span.clone();
            observed(ask(inner, request).instrument(span).await, call)
        }
    }
}

/// The trace that a caller says it is in, or a new one. <https://www.w3.org/TR/trace-context/>
fn trace_id(headers: &HeaderMap) -> String {
    let sent = headers.get("traceparent").and_then(|value| value.to_str().ok());
    sent.and_then(parse_traceparent)
        .map_or_else(random_hex::<16>, str::to_owned)
}

fn parse_traceparent(text: &str) -> Option<&str> {
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let ours = parts.next().is_none() || version != "00";
    let sized = is_hex(version, 2) && version != "ff" && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    let present = |id: &str| id.bytes().any(|byte| byte != b'0');
    (ours && sized && present(trace) && present(parent)).then_some(trace)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// One call from its first byte to its last. Dropped before the end, it was cancelled.
struct Call {
    span: Span,
    started: Instant,
    quiet: bool,
    ended: bool,
}

impl Call {
    fn begin(request: &Request<Body>, method: Method) -> Self {
        let peer = request
            .extensions()
            .get::<TcpConnectInfo>()
            .and_then(TcpConnectInfo::remote_addr);
        // Callers can send any path; only known ones are worth a line of their own.
        let path = if method == Method::Unknown {
            "_OTHER"
        } else {
            request.uri().path()
        };
        // At the level of errors, so that no filter takes the ids off the lines inside.
        let span = tracing::error_span!(
            "call",
            method = path,
            request_id = request.extensions().get::<RequestId>().map(RequestId::as_str),
            trace_id = trace_id(request.headers()),
            peer = peer.map(field::display),
            tenant = field::Empty,
            key_id = field::Empty,
        );
        Self {
            span,
            started: Instant::now(),
            quiet: method == Method::Health,
            ended: false,
        }
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let _entered = self.span.enter();
        let duration_ms = self.started.elapsed().as_secs_f64() * 1e3;
        match code {
            Code::Internal | Code::Unknown | Code::DataLoss => tracing::warn!(?code, duration_ms, "call ended"),
            _ if self.quiet => tracing::debug!(?code, duration_ms, "call ended"),
            _ => tracing::info!(?code, duration_ms, "call ended"),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// Ends the call with the status in the headers, or watches the body for the one in the trailers.
fn observed(response: Response<Body>, mut call: Call) -> Response<Body> {
    if let Some(code) = code_in(response.headers()) {
        call.end(code);
        return response;
    }
    if http_body::Body::is_end_stream(response.body()) {
        call.end(Code::Unknown);
        return response;
    }
    response.map(|body| Body::new(Observed { body, call }))
}

fn code_in(headers: &HeaderMap) -> Option<Code> {
    headers.get(GRPC_STATUS).map(|value| Code::from_bytes(value.as_bytes()))
}

struct Observed {
    body: Body,
    call: Call,
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let polled = {
            let _entered = this.call.span.enter();
            Pin::new(&mut this.body).poll_frame(context)
        };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.call.end(code_in(trailers).unwrap_or(Code::Unknown));
                }
            }
            Poll::Ready(Some(Err(status))) => this.call.end(status.code()),
            Poll::Ready(None) => this.call.end(Code::Unknown),
            Poll::Pending => {}
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_when_the_caller_is_in_one() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(parse_traceparent(valid), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        let later_version = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert_eq!(
            parse_traceparent(later_version),
            Some("4bf92f3577b34da6a3ce929d0e0e4736")
        );
    }

    #[test]
    fn what_is_no_trace_is_left_alone() {
        for text in [
            "",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parse_traceparent(text), None, "{text}");
        }
    }
}

//! What tonic refuses before a service sees it, in the terms of our status table.
//!
//! tonic answers a message over the limit with OUT_OF_RANGE and one that is not protobuf with INTERNAL, without a reason.
//! Both are the caller's to mend, so they become RESOURCE_EXHAUSTED and INVALID_ARGUMENT with one.

use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};

use super::middleware::{Inner, Middleware, ask};
use crate::status::{Kind, Problem};

const TOO_LARGE: &str = "message length too large";
const NOT_PROTOBUF: &str = "failed to decode Protobuf message";

/// The layer.
#[derive(Debug, Clone, Copy)]
pub struct TranslateWireFaults;

impl Middleware for TranslateWireFaults {
    async fn handle<S: Inner>(self, request: Request<Body>, inner: S) -> Response<Body> {
        let response = ask(inner, request).await;
        let refusal = Status::from_header_map(response.headers()).and_then(|status| translate(&status));
        refusal.map_or(response, |problem| problem.into_status().into_http())
    }
}

/// The problem behind a status that tonic made of a request message. Services with a stream of requests apply it to the
/// errors of that stream; `None` means that the status is not about the form of a message.
pub fn translate(status: &Status) -> Option<Problem> {
    if !status.details().is_empty() {
        return None;
    }
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if status.message().contains(TOO_LARGE) => {
            let message = format!("the request is too large, split it: {}", status.message());
            Some(Problem::new(
                Kind::ResourceExhausted(None),
                "MESSAGE_TOO_LARGE",
                message,
            ))
        }
        Code::Internal if status.message().contains(NOT_PROTOBUF) => {
            let message = format!("the request is not a valid message: {}", status.message());
            Some(Problem::new(
                Kind::InvalidArgument(Vec::new()),
                "MESSAGE_MALFORMED",
                message,
            ))
        }
        _ => None,
    }
}

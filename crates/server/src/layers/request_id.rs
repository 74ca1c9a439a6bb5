//! A name for each call, the caller's own if it has a sane one; sent back, and found in every status and log line.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use http::{HeaderValue, Request, Response};
use tonic::body::Body;

use super::middleware::{Inner, Middleware, ask};

/// The metadata key that carries it, both ways.
pub const HEADER: &str = "x-request-id";
const MAX_CHARACTERS: usize = 64;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The name of a call; in the extensions of every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The call that this task is answering, if it is answering one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(request: &Request<Body>) -> Self {
        let sent = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        Self(
            sent.filter(|id| is_sane(id))
                .map_or_else(|| random_hex::<16>().into(), Arc::from),
        )
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Short, and made of characters that cannot break a log line.
fn is_sane(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_CHARACTERS).contains(&id.len()) && id.bytes().all(allowed)
}

/// Random bytes in hexadecimal. Without randomness the id is zeros: a poorer log, but the call goes on.
pub(super) fn random_hex<const BYTES: usize>() -> String {
    let mut bytes = [0_u8; BYTES];
    if getrandom::fill(&mut bytes).is_err() {
        bytes = [0; BYTES];
    }
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    let mut text = String::with_capacity(2 * BYTES);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    text
}

/// The layer.
#[derive(Debug, Clone, Copy)]
pub struct AssignRequestId;

impl Middleware for AssignRequestId {
    fn handle<S: Inner>(self, mut request: Request<Body>, inner: S) -> impl Future<Output = Response<Body>> + Send {
        let id = RequestId::of(&request);
        request.extensions_mut().insert(id.clone());
        let echo = HeaderValue::from_str(id.as_str()).expect("a sane id is a header value");
        CURRENT.scope(id, async move {
            let mut response = ask(inner, request).await;
            response.headers_mut().insert(HEADER, echo);
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(sent: &str) -> String {
        let request = Request::builder()
            .header(HEADER, sent)
            .body(Body::empty())
            .expect("a request");
        RequestId::of(&request).as_str().to_owned()
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced() {
        assert_eq!(id_for("order-17.retry_2"), "order-17.retry_2");
        for odd in ["", "a b", "a\tb", &"x".repeat(65), "{\"a\":1}"] {
            let made = id_for(odd);
            assert_ne!(made, odd);
            assert_eq!(made.len(), 32);
        }
        assert_ne!(id_for(""), id_for(""));
    }
}

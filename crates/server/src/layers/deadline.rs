//! No unary call runs longer than its caller wants to wait, or than we allow.
//!
//! tonic has a timeout of its own, which answers CANCELLED and stands outside all layers. Ours fires a little earlier and
//! answers DEADLINE_EXCEEDED. Streams are exempt: they end with their client, or with the process.

use std::time::Duration;

use http::{HeaderMap, Request, Response};
use tokio::time::Instant;
use tonic::body::Body;

use super::middleware::{Inner, Middleware, ask};
use crate::config::Limits;
use crate::methods::MethodTable;
use crate::status::{Kind, Problem};

/// Enough to answer before tonic does when a caller names its deadline.
const HEAD_START: Duration = Duration::from_millis(5);

/// When the caller stops waiting; in the extensions of every unary request.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// The time that is left.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// The layer.
#[derive(Debug, Clone)]
pub struct EnforceDeadline {
    methods: MethodTable,
    default: Duration,
    max: Duration,
}

impl EnforceDeadline {
    /// The default and the longest deadline come from the limits.
    pub fn new(methods: MethodTable, limits: &Limits) -> Self {
        Self {
            methods,
            default: limits.default_deadline,
            max: limits.max_deadline,
        }
    }

    fn budget(&self, headers: &HeaderMap) -> Duration {
        match requested(headers) {
            Some(wanted) if wanted <= self.max => wanted.saturating_sub(HEAD_START).max(wanted / 2),
            Some(_) => self.max,
            None => self.default,
        }
    }
}

impl Middleware for EnforceDeadline {
    async fn handle<S: Inner>(self, mut request: Request<Body>, inner: S) -> Response<Body> {
        if self.methods.look_up(request.uri().path()).is_streaming() {
            return ask(inner, request).await;
        }
        let budget = self.budget(request.headers());
        request.extensions_mut().insert(Deadline(Instant::now() + budget));
        match tokio::time::timeout(budget, ask(inner, request)).await {
            Ok(response) => response,
            Err(_) => Problem::new(
                Kind::DeadlineExceeded,
                "DEADLINE_EXCEEDED",
                "the call took longer than it may",
            )
            .with("deadline_ms", budget.as_millis())
            .into_status()
            .into_http(),
        }
    }
}

/// The `grpc-timeout` header: at most eight digits and a unit. Anything else counts as absent.
fn requested(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::MethodPolicy;
    use crate::principal::Scope;

    fn layer(default: Duration) -> EnforceDeadline {
        let methods = MethodTable::new([
            MethodPolicy::unary("/a.B/Ask", Scope::MetricsRead),
            MethodPolicy::streaming("/a.B/Watch", Scope::MetricsRead),
        ]);
        EnforceDeadline {
            methods,
            default,
            max: Duration::from_secs(120),
        }
    }

    fn request(path: &str, timeout: Option<&str>) -> Request<Body> {
        let builder = Request::builder().uri(path);
        let builder = timeout
            .into_iter()
            .fold(builder, |builder, value| builder.header("grpc-timeout", value));
        builder.body(Body::empty()).expect("a request")
    }

    /// The status of a call that may take a millisecond and takes longer.
    async fn ask_slow(path: &str, needs: Duration) -> Option<String> {
        let slow = tower::service_fn(move |_: Request<Body>| async move {
            tokio::time::sleep(needs).await;
            Ok(Response::new(Body::empty()))
        });
        let response = layer(Duration::from_millis(1)).handle(request(path, None), slow).await;
        response
            .headers()
            .get("grpc-status")
            .map(|code| code.to_str().expect("digits").to_owned())
    }

    #[tokio::test]
    async fn a_unary_call_ends_at_its_deadline_and_a_stream_does_not() {
        assert_eq!(
            ask_slow("/a.B/Ask", Duration::from_secs(3600)).await,
            Some("4".to_owned())
        );
        assert_eq!(ask_slow("/a.B/Watch", Duration::from_millis(20)).await, None);
    }

    #[test]
    fn callers_may_shorten_a_deadline_and_lengthen_it_up_to_the_limit() {
        let layer = layer(Duration::from_secs(30));
        let budget = |timeout| layer.budget(request("/a.B/Ask", timeout).headers());
        assert_eq!(budget(None), Duration::from_secs(30));
        assert_eq!(
            budget(Some("2S")),
            Duration::from_millis(1995),
            "just before tonic's own timeout"
        );
        assert_eq!(budget(Some("4m")), Duration::from_millis(2));
        assert_eq!(budget(Some("60S")), Duration::from_millis(59_995));
        assert_eq!(budget(Some("9H")), Duration::from_secs(120));
    }

    #[test]
    fn timeouts_as_the_protocol_writes_them() {
        let parsed = |text: &str| requested(request("/a.B/Ask", Some(text)).headers());
        assert_eq!(parsed("3H"), Some(Duration::from_secs(10_800)));
        assert_eq!(parsed("1M"), Some(Duration::from_secs(60)));
        assert_eq!(parsed("13m"), Some(Duration::from_millis(13)));
        assert_eq!(parsed("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for odd in ["", "S", "5", "-1S", "999999999S", "1s", "1.5S", "5é"] {
            assert_eq!(parsed(odd), None, "{odd}");
        }
    }
}

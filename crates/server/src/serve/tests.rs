//! Real servers on a port of their own. The service behind them speaks the messages of gRPC health under another name.

use std::io::Write;
use std::sync::Mutex;
use std::task::{Context, Poll};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use http::uri::PathAndQuery;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus as Wire;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::Health as HealthApi;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use super::*;
use crate::auth::LoopbackAuthenticator;
use crate::config::LoadOptions;
use crate::principal::{Principal, Scope};

const CHECK: &str = "/test.v1.Sample/Check";
const WATCH: &str = "/test.v1.Sample/Watch";

fn serving() -> HealthCheckResponse {
    HealthCheckResponse {
        status: Wire::Serving.into(),
    }
}

/// Does what it is asked to by name.
struct Sample {
    shutdown: Shutdown,
}

#[tonic::async_trait]
impl HealthApi for Sample {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        match request.get_ref().service.as_str() {
            "panic" => panic!("as asked"),
            "slow" => tokio::time::sleep(Duration::from_millis(300)).await,
            "who" => {
                let principal: &Principal = request.extensions().get().expect("the layer put it there");
                return Err(Status::already_exists(&principal.tenant));
            }
            _ => {}
        }
        Ok(Response::new(serving()))
    }

    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let first = futures::stream::once(async { Ok(serving()) });
        let shutdown = self.shutdown.clone();
        let stream = match request.get_ref().service.as_str() {
            "stubborn" => first.chain(futures::stream::pending()).boxed(),
            _ => first
                .chain(futures::stream::pending())
                .take_until(async move { shutdown.closing().await })
                .boxed(),
        };
        Ok(Response::new(stream))
    }
}

/// Mounts the sample under its own name, where the health layers do not treat it as health.
#[derive(Clone)]
struct Renamed(HealthServer<Sample>);

impl NamedService for Renamed {
    const NAME: &'static str = "test.v1.Sample";
}

impl tower::Service<http::Request<Body>> for Renamed {
    type Response = http::Response<Body>;
    type Error = std::convert::Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path().replace("test.v1.Sample", "grpc.health.v1.Health");
        *request.uri_mut() = path.parse().expect("a path");
        Box::pin(tower::Service::call(&mut self.0, request))
    }
}

struct Running {
    channel: Channel,
    shutdown: Shutdown,
    panics: PanicCount,
    address: SocketAddr,
    serving: JoinHandle<Result<Ended, Error>>,
}

/// A server with these settings over the defaults.
async fn start(overrides: &[(&str, &str)]) -> Running {
    let overrides = overrides.iter().chain(&[("listen.address", "127.0.0.1:0")]);
    let overrides = overrides
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let settings = Settings::load(&LoadOptions {
        overrides,
        ..LoadOptions::default()
    })
    .expect("valid settings");
    let shutdown = Shutdown::new();
    let sample = HealthServer::new(Sample {
        shutdown: shutdown.clone(),
    })
    .max_decoding_message_size(64);
    let methods = [
        MethodPolicy::unary(CHECK, Scope::MetricsRead),
        MethodPolicy::streaming(WATCH, Scope::MetricsRead),
    ];
    let services = Services::new(Routes::new(Renamed(sample)), methods, Arc::new(LoopbackAuthenticator))
        .with_name("test.v1.Sample")
        .with_shutdown(shutdown.clone());
    let bound = bind(&settings, services).await.expect("the port is free");
    let (address, panics) = (bound.address(), bound.panics());
    let serving = tokio::spawn(bound.serve());
    let channel = connect(address).await.expect("it listens");
    Running {
        channel,
        shutdown,
        panics,
        address,
        serving,
    }
}

async fn connect(address: SocketAddr) -> Result<Channel, tonic::transport::Error> {
    Channel::from_shared(format!("http://{address}"))
        .expect("a URI")
        .connect()
        .await
}

impl Running {
    async fn check(&self, service: &str) -> Result<Response<HealthCheckResponse>, Status> {
        self.call(
            CHECK,
            Request::new(HealthCheckRequest {
                service: service.to_owned(),
            }),
        )
        .await
    }

    async fn call<M>(&self, path: &'static str, request: Request<M>) -> Result<Response<HealthCheckResponse>, Status>
    where
        ProstCodec<M, HealthCheckResponse>: tonic::codec::Codec<Encode = M, Decode = HealthCheckResponse>,
        M: Send + Sync + 'static,
    {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.expect("the connection is open");
        let codec: ProstCodec<M, HealthCheckResponse> = ProstCodec::new();
        client.unary(request, PathAndQuery::from_static(path), codec).await
    }

    /// A stream that has already answered once.
    async fn watch(&self, service: &str) -> tonic::Streaming<HealthCheckResponse> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.expect("the connection is open");
        let codec: ProstCodec<HealthCheckRequest, HealthCheckResponse> = ProstCodec::new();
        let request = Request::new(HealthCheckRequest {
            service: service.to_owned(),
        });
        let response = client
            .server_streaming(request, PathAndQuery::from_static(WATCH), codec)
            .await;
        let mut stream = response.expect("it opens").into_inner();
        stream.message().await.expect("it answers").expect("once");
        stream
    }

    async fn stop(self) -> Ended {
        self.shutdown.begin();
        drop(self.channel);
        self.serving.await.expect("no panic").expect("no failure")
    }
}

fn reason(status: &Status) -> String {
    status
        .get_error_details()
        .error_info()
        .expect("every status of ours has a reason")
        .reason
        .clone()
}

#[tokio::test]
async fn a_call_reaches_its_service_as_its_tenant() {
    let server = start(&[]).await;
    server.check("").await.expect("it answers");
    let mut request = Request::new(HealthCheckRequest {
        service: "who".to_owned(),
    });
    request
        .metadata_mut()
        .insert("x-scoreline-tenant", "acme".parse().expect("ASCII"));
    request
        .metadata_mut()
        .insert("x-request-id", "mine-1".parse().expect("ASCII"));
    let status = server.call(CHECK, request).await.expect_err("it tells who called");
    assert_eq!(status.message(), "acme");
    assert_eq!(status.metadata().get("x-request-id").expect("sent back"), "mine-1");
}

#[tokio::test]
async fn health_is_told_under_every_name() {
    let server = start(&[]).await;
    let mut client = HealthClient::new(server.channel.clone());
    for name in ["", "test.v1.Sample"] {
        let mut told = client
            .watch(HealthCheckRequest {
                service: name.to_owned(),
            })
            .await
            .expect("known")
            .into_inner();
        while told.message().await.expect("it answers").expect("for ever").status() != Wire::Serving {}
    }
    let unknown = client
        .check(HealthCheckRequest {
            service: "other".to_owned(),
        })
        .await;
    assert_eq!(unknown.expect_err("not registered").code(), Code::NotFound);
}

#[tokio::test]
async fn a_panic_is_one_answer_and_the_connection_lives() {
    let server = start(&[]).await;
    let status = server.check("panic").await.expect_err("it panics");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "INTERNAL"));
    let details = status.get_error_details();
    let request_id = status.metadata().get("x-request-id").expect("sent back");
    assert_eq!(
        request_id,
        details.request_info().expect("an id to quote").request_id.as_str()
    );
    assert_eq!(server.panics.get(), 1);
    server.check("").await.expect("the next call is answered");
}

#[tokio::test]
async fn a_slow_call_ends_at_its_deadline() {
    let server = start(&[("limits.default_deadline", "50ms")]).await;
    let status = server.check("slow").await.expect_err("300 ms is too long");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED")
    );
}

#[tokio::test]
async fn too_many_calls_are_told_when_to_come_back() {
    let server = start(&[("limits.max_requests", "1")]).await;
    let (slow, fast) = futures::join!(server.check("slow"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.check("").await
    });
    slow.expect("the first is answered");
    let status = fast.expect_err("the second is not");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unavailable, "TOO_MANY_REQUESTS")
    );
    assert!(status.get_error_details().retry_info().is_some());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_reason() {
    let server = start(&[]).await;
    let large = server.check(&"x".repeat(100)).await.expect_err("above 64 bytes");
    assert_eq!(
        (large.code(), reason(&large).as_str()),
        (Code::ResourceExhausted, "MESSAGE_TOO_LARGE")
    );
    let number = server
        .call(CHECK, Request::new(7_u64))
        .await
        .expect_err("a number where a text belongs");
    assert_eq!(
        (number.code(), reason(&number).as_str()),
        (Code::InvalidArgument, "MESSAGE_MALFORMED")
    );
    let unknown = server
        .call("/test.v1.Sample/Other", Request::new(HealthCheckRequest::default()))
        .await;
    assert_eq!(reason(&unknown.expect_err("no such method")), "METHOD_UNKNOWN");
}

#[tokio::test]
async fn reflection_answers_in_both_versions_and_can_be_turned_off() {
    use tonic_reflection::pb::{v1, v1alpha};
    let server = start(&[]).await;
    let ask = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
    let answers = client
        .server_reflection_info(futures::stream::iter([ask.clone()]))
        .await;
    let answer = answers
        .expect("it is served")
        .into_inner()
        .message()
        .await
        .expect("it answers");
    assert!(format!("{answer:?}").contains("grpc.health.v1.Health"));

    let old = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
    client
        .server_reflection_info(futures::stream::iter([old]))
        .await
        .expect("it is served");

    let closed = start(&[("reflection.enabled", "false")]).await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(closed.channel.clone());
    let refused = client.server_reflection_info(futures::stream::iter([ask])).await;
    assert_eq!(refused.expect_err("turned off").code(), Code::Unimplemented);
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight_and_takes_nothing_new() {
    let server = start(&[]).await;
    let mut stream = server.watch("polite").await;
    let (channel, shutdown, address) = (server.channel.clone(), server.shutdown.clone(), server.address);
    let in_flight = async { server.check("slow").await };
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        shutdown.begin();
        shutdown.closing().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        connect(address).await
    };
    let (answer, late) = futures::join!(in_flight, stop);
    answer.expect("the call in flight is answered");
    late.expect_err("nobody listens any more");
    assert!(stream.message().await.expect("the stream ends in order").is_none());
    drop((channel, stream));
    assert_eq!(server.stop().await, Ended::Drained);
}

#[tokio::test]
async fn a_stream_that_will_not_end_is_cut() {
    let server = start(&[("shutdown.drain", "200ms")]).await;
    let _stream = server.watch("stubborn").await;
    assert_eq!(server.stop().await, Ended::Cut);
}

#[tokio::test]
async fn an_open_address_needs_auth_however_the_settings_were_made() {
    let mut settings = Settings::load(&LoadOptions::default()).expect("valid");
    settings.listen.address = ([0, 0, 0, 0], 0).into();
    let services = Services::new(Routes::default(), [], Arc::new(LoopbackAuthenticator));
    assert!(matches!(bind(&settings, services).await, Err(Error::Open(_))));
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic while writing").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn with(&self, part: &str) -> Vec<String> {
        let bytes = self.0.lock().expect("no panic while writing").clone();
        let text = String::from_utf8(bytes).expect("logs are text");
        text.lines()
            .filter(|line| line.contains(part))
            .map(str::to_owned)
            .collect()
    }
}

#[tokio::test]
async fn every_call_leaves_one_line_that_names_it() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let server = start(&[]).await;
    let mut request = Request::new(HealthCheckRequest::default());
    request
        .metadata_mut()
        .insert("x-request-id", "mine-2".parse().expect("ASCII"));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request
        .metadata_mut()
        .insert("traceparent", trace.parse().expect("ASCII"));
    server.call(CHECK, request).await.expect("it answers");
    server.check("panic").await.expect_err("it panics");
    drop(server.watch("stubborn").await);
    assert_eq!(
        server.stop().await,
        Ended::Drained,
        "a stream that its client has left is over"
    );

    let ok = lines.with("mine-2");
    assert_eq!(ok.len(), 1, "{ok:?}");
    for part in [
        "\"code\":\"Ok\"",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "duration_ms",
        CHECK,
        "\"tenant\":\"default\"",
    ] {
        assert!(ok[0].contains(part), "{part} in {}", ok[0]);
    }
    assert_eq!(lines.with("\"code\":\"Internal\"").len(), 1);
    assert_eq!(lines.with("\"code\":\"Cancelled\"").len(), 1);
}

//! A server with a few deals in it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use scoreline_core::{
    event::{
        ActivityKind, ActivityLogged, Direction, Event, Money, OpportunityLost, OpportunityOpened, OpportunityWon,
        Payload,
    },
    id::{EventId, OpportunityId, RepId, SourceId, TenantId},
    money::Currency,
    policy::Policies,
};
use scoreline_proto::{
    analytics::v1::{
        self as wire, export_service_client::ExportServiceClient, metrics_service_client::MetricsServiceClient,
    },
    encode,
};
use scoreline_server::{
    auth::LoopbackAuthenticator,
    config::{LoadOptions, Settings},
    serve::{self, Services},
    shutdown::Shutdown,
};
use scoreline_storage::{Database, Log as _, Options, Submission, Tenancy as _};
use tonic::{Code, Request, Status, transport::Channel};
use tonic_types::StatusExt as _;

use crate::{Clock, NAMES, Service, methods};

#[derive(Debug)]
struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

pub(super) struct Fixture {
    pub(super) database: Database,
    pub(super) tenant: TenantId,
    pub(super) metrics: MetricsServiceClient<Channel>,
    pub(super) export: ExportServiceClient<Channel>,
    pub(super) shutdown: Shutdown,
    _folder: tempfile::TempDir,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.shutdown.begin();
        self.shutdown.begin();
    }
}

pub(super) async fn fixture() -> Fixture {
    with(|_| {}).await
}

/// With other settings.
pub(super) async fn with(change: impl FnOnce(&mut Settings)) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let overrides = vec![
        ("listen.address".to_owned(), "127.0.0.1:0".to_owned()),
        ("database.url".to_owned(), url.clone()),
    ];
    let mut settings = Settings::load(&LoadOptions {
        overrides,
        ..Default::default()
    })
    .unwrap();
    change(&mut settings);
    let options = Options {
        url,
        max_connections: 4,
        acquire_timeout: Duration::from_secs(5),
    };
    let database = Database::open(&options).await.unwrap();
    scoreline_migrations::up(database.writer()).await.unwrap();
    let tenant = TenantId::new("default").unwrap();
    database
        .create_tenant(&tenant, &Policies::default(), at("2026-01-01"))
        .await
        .unwrap();

    let shutdown = Shutdown::new();
    let clock = Arc::new(Fixed("2026-07-15T12:00:00Z".parse().unwrap()));
    let service = Service::with_clock(Arc::new(database.clone()), &settings, shutdown.clone(), clock);
    let services = Services::new(service.routes(), methods(), Arc::new(LoopbackAuthenticator))
        .with_name(NAMES[0])
        .with_shutdown(shutdown.clone());
    let bound = serve::bind(&settings, services).await.unwrap();
    let channel = Channel::from_shared(format!("http://{}", bound.address()))
        .unwrap()
        .connect_lazy();
    tokio::spawn(bound.serve());
    Fixture {
        database,
        tenant,
        metrics: MetricsServiceClient::new(channel.clone()),
        export: ExportServiceClient::new(channel),
        shutdown,
        _folder: folder,
    }
}

impl Fixture {
    /// Records events in one commit, and gives its number.
    pub(super) async fn commit(&self, events: Vec<Event>, now: &str) -> i64 {
        let submission = Submission {
            events: events.into(),
            all_or_nothing: true,
        };
        let receipts = self
            .database
            .commit(&self.tenant, vec![submission], at(now))
            .await
            .unwrap();
        i64::try_from(receipts[0].commit).unwrap()
    }

    /// Ann won 1000 and lost one in June; Bob won 300 in May and 700 in June. All in commit 1.
    pub(super) async fn deals(&self) -> i64 {
        let mut events = deal("D1", "ann", 1_000, "2026-05-04", Some("2026-06-10"));
        events.extend(deal("D2", "ann", 500, "2026-05-05", None));
        let payload = OpportunityLost {
            opportunity: opportunity("D2"),
            reason: None,
            competitor: None,
        };
        events.push(event("D2-lost", "2026-06-12", payload));
        events.extend(deal("D3", "bob", 300, "2026-05-06", Some("2026-05-20")));
        events.extend(deal("D4", "bob", 700, "2026-06-01", Some("2026-06-25")));
        self.commit(events, "2026-07-01").await
    }

    pub(super) async fn query(&self, request: wire::QueryMetricsRequest) -> Result<wire::QueryMetricsResponse, Status> {
        self.metrics
            .clone()
            .query_metrics(request)
            .await
            .map(tonic::Response::into_inner)
    }

    /// With a deadline of so many milliseconds.
    pub(super) async fn query_within(&self, request: wire::QueryMetricsRequest, millis: u64) -> Status {
        let mut request = Request::new(request);
        request.set_timeout(Duration::from_millis(millis));
        self.metrics.clone().query_metrics(request).await.unwrap_err()
    }
}

pub(super) fn at(day: &str) -> Timestamp {
    format!("{day}T12:00:00Z").parse().unwrap()
}

pub(super) fn event(id: &str, day: &str, payload: impl Into<Payload>) -> Event {
    Event {
        id: EventId::new(id).unwrap(),
        source: SourceId::new("crm").unwrap(),
        occurred_at: at(day),
        payload: payload.into(),
    }
}

fn opportunity(id: &str) -> OpportunityId {
    OpportunityId::new(id).unwrap()
}

/// A deal that is opened, and maybe won.
pub(super) fn deal(id: &str, rep: &str, amount: i64, opened: &str, won: Option<&str>) -> Vec<Event> {
    let payload = OpportunityOpened {
        opportunity: opportunity(id),
        owner: Some(RepId::new(rep).unwrap()),
        account: None,
        lead: None,
        pipeline: None,
        stage: None,
        amount: Some(Money {
            currency: Currency::new("USD").unwrap(),
            micros: amount * 1_000_000,
        }),
        close_date: None,
        kind: None,
        product: None,
        lead_source: None,
        campaign: None,
        channel: None,
        territory: None,
        splits: Vec::new(),
        attributes: Vec::new(),
    };
    let mut events = vec![event(&format!("{id}-opened"), opened, payload)];
    if let Some(day) = won {
        let payload = OpportunityWon {
            opportunity: opportunity(id),
            amount: None,
            reason: None,
            competitor: None,
        };
        events.push(event(&format!("{id}-won"), day, payload));
    }
    events
}

/// A call, which no deal depends on.
pub(super) fn call(id: &str, day: &str) -> Event {
    let payload = ActivityLogged {
        activity: None,
        kind: ActivityKind::Call,
        rep: Some(RepId::new("bob").unwrap()),
        direction: Direction::Outbound,
        duration_ms: None,
        outcome: None,
        lead: None,
        opportunity: None,
        account: None,
        campaign: None,
        channel: None,
        territory: None,
        attributes: Vec::new(),
    };
    event(id, day, payload)
}

pub(super) fn selection(metric: &str) -> wire::MetricSelection {
    wire::MetricSelection {
        metric_id: metric.to_owned(),
        parameters: [].into(),
    }
}

pub(super) fn days(start: &str, end: &str) -> scoreline_proto::types::v1::DateRange {
    encode::range(start.parse().unwrap(), end.parse().unwrap())
}

/// Metrics over June, which includes a commit.
pub(super) fn june(metrics: &[&str], at_least_commit: i64) -> wire::QueryMetricsRequest {
    wire::QueryMetricsRequest {
        metrics: metrics.iter().map(|metric| selection(metric)).collect(),
        range: Some(days("2026-06-01", "2026-07-01")),
        at_least_commit,
        ..Default::default()
    }
}

pub(super) fn by_rep(mut query: wire::QueryMetricsRequest) -> wire::QueryMetricsRequest {
    query.dimensions = vec!["rep".to_owned()];
    query
}

/// A cell in short: its number, or why there is none.
pub(super) fn shown(cell: &wire::Cell) -> String {
    match &cell.result {
        Some(wire::cell::Result::Value(value)) => value.decimal.clone(),
        Some(wire::cell::Result::Undefined(undefined)) => undefined.reason().as_str_name().to_owned(),
        None => "nothing".to_owned(),
    }
}

/// A row in short: its period, its group, its cells.
pub(super) fn line(row: &wire::Row) -> String {
    let bucket = row
        .bucket
        .as_ref()
        .map(|bucket| bucket.label.clone())
        .unwrap_or_default();
    let values = row.dimensions.iter().map(|value| value.value.clone());
    let parts: Vec<_> = std::iter::once(bucket)
        .chain(values)
        .chain(row.cells.iter().map(shown))
        .collect();
    parts.join(" ")
}

pub(super) fn lines(answer: &wire::QueryMetricsResponse) -> Vec<String> {
    answer.rows.iter().map(line).collect()
}

/// A refusal in short: its code, its reason, and the fields that it names.
pub(super) fn refusal(status: &Status) -> (Code, String, Vec<String>) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let fields = details
        .bad_request()
        .map(|request| request.field_violations.clone())
        .unwrap_or_default();
    (
        status.code(),
        reason,
        fields.into_iter().map(|violation| violation.field).collect(),
    )
}

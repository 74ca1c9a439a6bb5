//! Requests that mean harm get a status with a reason, and nothing breaks.

use scoreline_proto::{
    analytics::v1 as wire,
    types::v1::{Date, DateRange},
};
use tonic::Code;

use super::fixture::{days, fixture, june, refusal, selection};

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_query_is_refused_with_its_fields() {
    let fixture = fixture().await;
    let commit = fixture.deals().await;
    let good = june(&["bookings"], commit);
    let far = Date {
        year: i32::MAX,
        month: -1,
        day: 99,
    };
    let cases: Vec<(wire::QueryMetricsRequest, &str, &[&str])> = vec![
        (
            wire::QueryMetricsRequest {
                metrics: vec![selection("bookings"); 10_000],
                ..good.clone()
            },
            "TOO_MANY",
            &["metrics"],
        ),
        (
            wire::QueryMetricsRequest {
                metrics: vec![],
                range: None,
                ..good.clone()
            },
            "TOO_FEW",
            &["metrics", "range"],
        ),
        (
            wire::QueryMetricsRequest {
                range: Some(DateRange {
                    start: Some(far),
                    end: None,
                }),
                ..good.clone()
            },
            "NOT_A_DATE",
            &["range.start", "range.end"],
        ),
        (
            wire::QueryMetricsRequest {
                range: Some(days("2026-06-02", "2026-06-01")),
                ..good.clone()
            },
            "EMPTY_RANGE",
            &["range.end"],
        ),
        (
            wire::QueryMetricsRequest {
                dimensions: vec!["rep".into(), "shoe_size".into(), "attribute.age".into(), "rep".into()],
                ..good.clone()
            },
            "UNKNOWN_VALUE",
            &["dimensions[1]", "dimensions[2]", "dimensions[3]"],
        ),
        (
            wire::QueryMetricsRequest {
                grain: 99,
                limit: -1,
                page_size: 0,
                time_zone: "Mars/Base".into(),
                ..good.clone()
            },
            "UNKNOWN_VALUE",
            &["grain", "limit", "time_zone"],
        ),
        (
            wire::QueryMetricsRequest {
                filters: vec![wire::Filter {
                    dimension: "team".into(),
                    values: vec![],
                    exclude: false,
                }],
                order_by: vec![wire::OrderBy {
                    by: None,
                    descending: false,
                }],
                ..good.clone()
            },
            "TOO_FEW",
            &["filters[0].values", "order_by[0]"],
        ),
        (
            wire::QueryMetricsRequest {
                range: Some(days("1970-01-01", "2200-01-01")),
                grain: wire::Grain::Hour.into(),
                ..good.clone()
            },
            "TOO_MANY_BUCKETS",
            &["grain"],
        ),
        (
            wire::QueryMetricsRequest {
                range: Some(days("1970-01-01", "2200-01-01")),
                grain: wire::Grain::Day.into(),
                ..good.clone()
            },
            "TOO_MANY_BUCKETS",
            &["grain"],
        ),
        (
            wire::QueryMetricsRequest {
                metrics: vec![wire::MetricSelection {
                    metric_id: "win_rate".into(),
                    parameters: [("weight".to_owned(), "feathers".to_owned())].into(),
                }],
                ..good.clone()
            },
            "PARAMETER_INVALID",
            &["metrics.parameters[weight]"],
        ),
        (
            wire::QueryMetricsRequest {
                page_token: "💣".into(),
                ..good.clone()
            },
            "PAGE_TOKEN_INVALID",
            &["page_token"],
        ),
        (
            wire::QueryMetricsRequest {
                page_token: "00".repeat(40),
                ..good.clone()
            },
            "PAGE_TOKEN_INVALID",
            &["page_token"],
        ),
        (
            wire::QueryMetricsRequest {
                page_size: i32::MIN,
                ..good.clone()
            },
            "OUT_OF_RANGE",
            &["page_size"],
        ),
        (
            wire::QueryMetricsRequest {
                at_least_commit: -1,
                ..good.clone()
            },
            "OUT_OF_RANGE",
            &["at_least_commit"],
        ),
    ];
    for (query, reason, fields) in cases {
        let status = fixture.query(query.clone()).await.expect_err(reason);
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        assert_eq!(
            refusal(&status),
            (Code::InvalidArgument, reason.to_owned(), fields),
            "{}",
            status.message()
        );
    }
    assert!(fixture.query(good).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_calls_refuse_too() {
    let fixture = fixture().await;
    let commit = fixture.deals().await;
    let mut client = fixture.metrics.clone();
    let status = client
        .list_contributions(wire::ListContributionsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refusal(&status).2, ["metric", "range"]);
    let status = client
        .compare_knowledge(wire::CompareKnowledgeRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refusal(&status).2, ["query"]);
    let query = Some(june(&["bookings"], commit));
    let status = client
        .compare_knowledge(wire::CompareKnowledgeRequest {
            query,
            ..Default::default()
        })
        .await
        .unwrap_err();
    assert_eq!(refusal(&status).2, ["before"]);
    let query = Some(june(&["no_such"], commit));
    let status = client
        .watch_metrics(wire::WatchMetricsRequest { query })
        .await
        .unwrap_err();
    assert_eq!(refusal(&status).2, ["query.metrics[0].metric_id"]);
    let status = client
        .get_metric(wire::GetMetricRequest {
            metric_id: "x".repeat(10_000),
        })
        .await
        .unwrap_err();
    assert_eq!(refusal(&status).1, "METRIC_UNKNOWN");
    let request = wire::ListMetricsRequest {
        page_size: 1,
        page_token: "ff".repeat(30),
    };
    assert_eq!(
        refusal(&client.list_metrics(request).await.unwrap_err()).2,
        ["page_token"]
    );
    let request = wire::ExportEventsRequest {
        after_commit: -1,
        up_to_commit: 0,
    };
    assert_eq!(
        refusal(&fixture.export.clone().export_events(request).await.unwrap_err()).2,
        ["after_commit"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tenant_is_not_found_and_not_remembered() {
    let fixture = fixture().await;
    let mut request = tonic::Request::new(june(&["bookings"], 0));
    request
        .metadata_mut()
        .insert("x-scoreline-tenant", "nobody".parse().unwrap());
    let status = fixture.metrics.clone().query_metrics(request).await.unwrap_err();
    assert_eq!(
        (status.code(), refusal(&status).1.as_str()),
        (Code::NotFound, "TENANT_UNKNOWN")
    );
}

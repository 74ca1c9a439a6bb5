//! Metrics of the tenant's own.

use scoreline_proto::analytics::v1 as wire;
use tonic::{Code, Status};

use super::fixture::{Fixture, fixture, june, refusal, shown};

fn metric(id: &str, expression: &str) -> wire::Metric {
    wire::Metric {
        metric_id: id.to_owned(),
        title: "Mine".to_owned(),
        expression: expression.to_owned(),
        ..Default::default()
    }
}

async fn create(fixture: &Fixture, metric: wire::Metric, validate_only: bool) -> Result<wire::Metric, Status> {
    let request = wire::CreateMetricRequest {
        metric: Some(metric),
        validate_only,
    };
    Ok(fixture
        .metrics
        .clone()
        .create_metric(request)
        .await?
        .into_inner()
        .metric
        .unwrap())
}

async fn update(fixture: &Fixture, metric: wire::Metric, paths: &[&str]) -> Result<wire::Metric, Status> {
    let update_mask = Some(prost_types::FieldMask {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    });
    let request = wire::UpdateMetricRequest {
        metric: Some(metric),
        update_mask,
        validate_only: false,
    };
    Ok(fixture
        .metrics
        .clone()
        .update_metric(request)
        .await?
        .into_inner()
        .metric
        .unwrap())
}

async fn delete(fixture: &Fixture, id: &str, etag: &str) -> Result<(), Status> {
    let request = wire::DeleteMetricRequest {
        metric_id: id.to_owned(),
        etag: etag.to_owned(),
    };
    fixture.metrics.clone().delete_metric(request).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_of_ones_own_is_made_asked_changed_and_removed() {
    let fixture = fixture().await;
    let commit = fixture.deals().await;
    let checked = create(&fixture, metric("deal_size", "ratio(bookings, count(won))"), true)
        .await
        .unwrap();
    assert_eq!(
        (checked.unit.as_str(), checked.version, checked.built_in),
        ("money", 1, false)
    );
    assert_eq!(
        refusal(&fixture.query(june(&["deal_size"], commit)).await.unwrap_err()).2,
        ["metrics[0].metric_id"]
    );
    let created = create(&fixture, metric("deal_size", "ratio(bookings, count(won))"), false)
        .await
        .unwrap();
    let ask = async || shown(&fixture.query(june(&["deal_size"], commit)).await.unwrap().rows[0].cells[0]);
    assert_eq!(ask().await, "850");
    assert_eq!(
        refusal(&create(&fixture, created.clone(), false).await.unwrap_err()).0,
        Code::AlreadyExists
    );

    let changed = wire::Metric {
        expression: "bookings * 2".to_owned(),
        title: "Not this".to_owned(),
        ..created.clone()
    };
    let updated = update(&fixture, changed.clone(), &["expression"]).await.unwrap();
    assert_eq!(
        (updated.version, updated.title.as_str(), updated.etag.as_str()),
        (2, "Mine", "2")
    );
    assert_eq!(ask().await, "3400");
    let stale = update(&fixture, changed, &["expression"]).await.unwrap_err();
    assert_eq!(
        (refusal(&stale).0, refusal(&stale).1.as_str()),
        (Code::Aborted, "ETAG_STALE")
    );

    create(&fixture, metric("twice", "deal_size * 2"), false).await.unwrap();
    let used = delete(&fixture, "deal_size", "").await.unwrap_err();
    assert_eq!(
        (refusal(&used).0, refusal(&used).1.as_str()),
        (Code::FailedPrecondition, "METRIC_IN_USE")
    );
    delete(&fixture, "twice", "1").await.unwrap();
    assert_eq!(
        delete(&fixture, "deal_size", "1").await.unwrap_err().code(),
        Code::Aborted
    );
    delete(&fixture, "deal_size", "2").await.unwrap();
    assert_eq!(
        delete(&fixture, "deal_size", "").await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_is_refused_with_the_place_of_the_fault() {
    let fixture = fixture().await;
    for expression in [
        "sum(bookings) + average(time_to_win)",
        "sum(nonsense)",
        "other * 2",
        "mine + 1",
        "sum(bookings",
    ] {
        let refused = create(&fixture, metric("mine", expression), false).await.unwrap_err();
        assert_eq!(
            (refused.code(), refusal(&refused).2),
            (Code::InvalidArgument, vec!["metric.expression".to_owned()]),
            "{expression}"
        );
        assert!(
            refused.message().contains("line 1, column"),
            "{expression}: {}",
            refused.message()
        );
    }
    let ours = update(&fixture, metric("win_rate", "count(won)"), &[])
        .await
        .unwrap_err();
    assert_eq!(refusal(&ours).1, "METRIC_BUILT_IN");
    let unknown = update(&fixture, metric("mine", "count(won)"), &[]).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_metrics_are_listed_page_by_page() {
    let fixture = fixture().await;
    create(&fixture, metric("zz_last", "count(won)"), false).await.unwrap();
    let (mut ids, mut request) = (
        Vec::new(),
        wire::ListMetricsRequest {
            page_size: 30,
            page_token: String::new(),
        },
    );
    loop {
        let page = fixture
            .metrics
            .clone()
            .list_metrics(request.clone())
            .await
            .unwrap()
            .into_inner();
        ids.extend(page.metrics.into_iter().map(|metric| metric.metric_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert!(ids.is_sorted() && ids.len() > 60, "{}", ids.len());
    assert_eq!(ids.last().map(String::as_str), Some("zz_last"));
    let request = wire::GetMetricRequest {
        metric_id: "win_rate".to_owned(),
    };
    let found = fixture
        .metrics
        .clone()
        .get_metric(request)
        .await
        .unwrap()
        .into_inner()
        .metric
        .unwrap();
    assert!(found.built_in && found.expression.starts_with("ratio("));
}

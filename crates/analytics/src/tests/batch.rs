//! Queries that are answered together.

use scoreline_proto::{analytics::v1 as wire, columns};
use tonic::{Code, Status};

use super::fixture::{Fixture, by_rep, deal, fixture, june, lines, refusal, with};

async fn batch(
    fixture: &Fixture,
    queries: Vec<wire::QueryMetricsRequest>,
) -> Result<Vec<wire::QueryMetricsResponse>, Status> {
    let request = wire::BatchQueryMetricsRequest { queries };
    let answers = fixture.metrics.clone().batch_query_metrics(request).await?;
    Ok(answers.into_inner().answers)
}

fn by_columns(query: wire::QueryMetricsRequest) -> wire::QueryMetricsRequest {
    wire::QueryMetricsRequest {
        layout: wire::Layout::Columns.into(),
        ..query
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_answered_together_as_each_would_be_alone() {
    let fixture = fixture().await;
    let commit = fixture.deals().await;
    let rate = by_rep(june(&["win_rate", "bookings"], 0));
    let first = wire::QueryMetricsRequest {
        grain: wire::Grain::Day.into(),
        limit: 1,
        ..rate.clone()
    };
    let nothing = by_rep(june(&["revenue"], 0));
    let queries = vec![
        rate.clone(),
        by_columns(rate),
        june(&["bookings"], commit),
        first,
        nothing,
    ];
    let answers = batch(&fixture, queries.clone()).await.unwrap();
    let mut alone = Vec::new();
    for query in queries {
        let query = wire::QueryMetricsRequest {
            at_least_commit: commit,
            ..query
        };
        alone.push(fixture.query(query).await.unwrap());
    }
    assert_eq!(answers, alone);
    assert_eq!(lines(&answers[2]), ["2026-06-01/2026-07-01 1700"]);
    assert!(answers[1].rows.is_empty() && answers[1].columnar_rows.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_about_now_is_of_one_commit_and_the_rest_of_its_own() {
    let hour = std::time::Duration::from_secs(3_600);
    let fixture = with(|settings| settings.analytics.tail_interval = hour).await;
    let before = fixture.deals().await;
    fixture.query(june(&["bookings"], before)).await.unwrap();
    let after = fixture
        .commit(deal("D9", "ann", 50, "2026-06-02", Some("2026-06-03")), "2026-07-02")
        .await;
    let then = wire::QueryMetricsRequest {
        known_at: Some(wire::KnownAt {
            point: Some(wire::known_at::Point::Commit(before)),
        }),
        ..june(&["bookings"], 0)
    };
    let answers = batch(&fixture, vec![june(&["bookings"], 0), then, june(&["bookings"], after)])
        .await
        .unwrap();
    let told: Vec<_> = answers
        .iter()
        .map(|answer| (answer.watermark.unwrap().commit, lines(answer).concat()))
        .collect();
    let (now, then) = ("2026-06-01/2026-07-01 1750", "2026-06-01/2026-07-01 1700");
    assert_eq!(
        told,
        [
            (after, now.to_owned()),
            (before, then.to_owned()),
            (after, now.to_owned())
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn further_pages_are_asked_for_alone() {
    let fixture = fixture().await;
    let query = wire::QueryMetricsRequest {
        page_size: 1,
        ..by_rep(june(&["bookings"], fixture.deals().await))
    };
    let answers = batch(&fixture, vec![june(&["bookings"], 0), query.clone()])
        .await
        .unwrap();
    assert_eq!(lines(&answers[1]), ["2026-06-01/2026-07-01 ann 1000"]);
    let next = wire::QueryMetricsRequest {
        page_token: answers[1].next_page_token.clone(),
        ..query
    };
    let rest = fixture.query(next.clone()).await.unwrap();
    assert_eq!(lines(&rest), ["2026-06-01/2026-07-01 bob 700"]);
    let status = batch(&fixture, vec![next]).await.unwrap_err();
    assert_eq!(refusal(&status).2, ["queries[0].page_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_any_query_is_told_with_its_place() {
    let fixture = fixture().await;
    let good = june(&["bookings"], fixture.deals().await);
    let unknown = june(&["no_such"], 0);
    let endless = wire::QueryMetricsRequest {
        range: None,
        ..good.clone()
    };
    let negative = wire::QueryMetricsRequest {
        page_size: -1,
        ..good.clone()
    };
    let cases = [
        (vec![], "TOO_FEW", vec!["queries"]),
        (vec![good.clone(); 51], "TOO_MANY", vec!["queries"]),
        (
            vec![unknown, good.clone(), endless],
            "UNKNOWN_VALUE",
            vec!["queries[0].metrics[0].metric_id", "queries[2].range"],
        ),
        (
            vec![good.clone(), negative],
            "OUT_OF_RANGE",
            vec!["queries[1].page_size"],
        ),
    ];
    for (queries, reason, fields) in cases {
        let status = batch(&fixture, queries).await.expect_err(reason);
        let fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        let expected = (Code::InvalidArgument, reason.to_owned(), fields);
        assert_eq!(refusal(&status), expected, "{}", status.message());
    }
    assert_eq!(batch(&fixture, vec![good; 50]).await.unwrap().len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_large_is_told_with_its_place() {
    let fixture = with(|settings| settings.limits.max_query_cells = 3).await;
    let small = june(&["bookings"], fixture.deals().await);
    let large = by_rep(june(&["bookings", "win_rate"], 0));
    let status = batch(&fixture, vec![small, large]).await.unwrap_err();
    assert_eq!(
        refusal(&status),
        (
            Code::InvalidArgument,
            "TOO_MANY_CELLS".to_owned(),
            vec!["queries[1].dimensions".to_owned()]
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_have_their_share_of_a_response() {
    let fixture = with(|settings| settings.limits.max_response_bytes = 12_000).await;
    let query = wire::QueryMetricsRequest {
        grain: wire::Grain::Day.into(),
        ..by_rep(june(&["bookings"], fixture.deals().await))
    };
    let alone = fixture.query(query.clone()).await.unwrap();
    assert_eq!((alone.rows.len(), alone.next_page_token.as_str()), (60, ""));
    for layout in [wire::Layout::Rows, wire::Layout::Columns] {
        let query = wire::QueryMetricsRequest {
            layout: layout.into(),
            ..query.clone()
        };
        let answers = batch(&fixture, vec![query.clone(); 8]).await.unwrap();
        let mut rows = Vec::new();
        let (mut answer, mut pages) = (answers[7].clone(), 1);
        loop {
            match &answer.columnar_rows {
                Some(told) => rows.extend(columns::rows(told).unwrap()),
                None => rows.extend(answer.rows.clone()),
            }
            if answer.next_page_token.is_empty() {
                break;
            }
            let next = wire::QueryMetricsRequest {
                page_token: answer.next_page_token,
                ..query.clone()
            };
            (answer, pages) = (fixture.query(next).await.unwrap(), pages + 1);
        }
        assert!(pages > 1, "{layout:?} has room for all");
        assert_eq!(rows, alone.rows);
    }
    let status = batch(&fixture, vec![query; 50]).await.unwrap_err();
    let (code, reason, fields) = refusal(&status);
    assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "RESPONSE_TOO_LARGE"));
    assert_eq!(fields, ["queries"]);
}

/// Many threads, a ledger in memory or read from the database at each question, and commits meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_batches_at_once_are_each_of_one_commit() {
    for budget in [0, 1 << 30] {
        let fixture = with(|settings| {
            settings.analytics.query_threads = 8;
            settings.analytics.image_memory_budget_bytes = budget;
        })
        .await;
        fixture.deals().await;
        // So many hours are too many to be answered at once.
        let hours = wire::QueryMetricsRequest {
            grain: wire::Grain::Hour.into(),
            ..june(&["deals_won"], 0)
        };
        let asking = (0..4).map(|_| async {
            for _ in 0..3 {
                let answers = batch(&fixture, vec![hours.clone(); 12]).await.unwrap();
                assert_eq!(answers.len(), 12);
                assert!(answers.iter().all(|answer| *answer == answers[0]));
            }
        });
        let recording = async {
            for at in 0..12 {
                let id = format!("meanwhile-{at}");
                let events = deal(&id, "ann", 50, "2026-06-02", Some("2026-06-03"));
                fixture.commit(events, "2026-07-02").await;
            }
        };
        futures::join!(futures::future::join_all(asking), recording);
    }
}

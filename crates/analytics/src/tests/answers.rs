//! Questions and answers.

use scoreline_proto::{analytics::v1 as wire, columns, encode};
use tonic::Code;

use super::fixture::{by_rep, days, deal, fixture, june, lines, refusal, shown, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_answered_by_month_and_rep_with_what_explains_it() {
    let fixture = fixture().await;
    let commit = fixture.deals().await;
    let mut query = by_rep(june(&["win_rate", "bookings"], commit));
    (query.range, query.grain) = (Some(days("2026-05-01", "2026-07-01")), wire::Grain::Month.into());
    let answer = fixture.query(query).await.unwrap();
    assert_eq!(
        lines(&answer),
        [
            "2026-05 ann UNDEFINED_REASON_ZERO_DENOMINATOR 0",
            "2026-05 bob 1 300",
            "2026-06 ann 0.5 1000",
            "2026-06 bob 1 700",
        ]
    );
    let cell = &answer.rows[2].cells[0];
    assert_eq!(
        (cell.numerator.as_str(), cell.denominator.as_str(), cell.n),
        ("1", "2", 2)
    );
    assert_eq!(cell.interval.as_ref().unwrap().method, "wilson");
    let (rate, money) = (&answer.columns[0], &answer.columns[1]);
    assert_eq!(
        (rate.unit.as_str(), rate.parameters["weight"].as_str()),
        ("rate", "count")
    );
    assert_eq!((money.unit.as_str(), money.currency_code.as_str()), ("money", "USD"));
    assert_eq!(
        (
            money.policies["crediting"].as_str(),
            money.policies["currency_conversion"].as_str()
        ),
        ("splits", "business_date")
    );
    let bucket = answer.rows[2].bucket.as_ref().unwrap();
    assert_eq!(bucket.start, Some(encode::date("2026-06-01".parse().unwrap())));
    assert_eq!(
        bucket.end_time,
        Some(encode::instant("2026-07-01T00:00:00Z".parse().unwrap()))
    );
    assert!(!bucket.partial);
    assert_eq!(
        (
            answer.watermark.unwrap().commit,
            answer.time_zone.as_str(),
            answer.total_rows
        ),
        (commit, "UTC", 4)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_compared_exactly() {
    let fixture = fixture().await;
    let mut query = june(&["bookings", "win_rate"], fixture.deals().await);
    query.grain = wire::Grain::Month.into();
    let with = wire::comparison::With::PreviousPeriod(wire::PreviousPeriod {});
    query.comparison = Some(wire::Comparison { with: Some(with) });
    let answer = fixture.query(query).await.unwrap();
    assert_eq!(lines(&answer), ["2026-06 1700 0.666666666667"]);
    let compared = answer.rows[0].cells[0].comparison.as_ref().unwrap();
    let number = |result: &Option<wire::Result>| match result.as_ref().unwrap().result.as_ref().unwrap() {
        wire::result::Result::Value(value) => value.decimal.clone(),
        wire::result::Result::Undefined(undefined) => undefined.detail.clone(),
    };
    assert_eq!(number(&compared.previous), "300");
    assert_eq!(number(&compared.difference), "1400");
    assert_eq!(number(&compared.relative_change), "4.666666666667");
    assert_eq!(compared.range, Some(days("2026-05-01", "2026-06-01")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cohort_is_followed_wherever_it_ended() {
    let fixture = fixture().await;
    let mut query = june(&["win_rate"], fixture.deals().await);
    (query.range, query.basis) = (Some(days("2026-05-01", "2026-06-01")), wire::Basis::Cohort.into());
    let answer = fixture.query(query).await.unwrap();
    // Of the deals opened in May two were won, in May and in June, and one was lost.
    assert_eq!(shown(&answer.rows[0].cells[0]), "0.666666666667");
    assert_eq!(answer.columns[0].basis(), wire::Basis::Cohort);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_ranked_and_groups_limited() {
    let fixture = fixture().await;
    let mut query = by_rep(june(&["bookings"], fixture.deals().await));
    let by = wire::order_by::By::MetricId("bookings".to_owned());
    query.order_by = vec![wire::OrderBy {
        by: Some(by),
        descending: true,
    }];
    (query.range, query.grain) = (Some(days("2026-05-01", "2026-07-01")), wire::Grain::Month.into());
    let answer = fixture.query(query.clone()).await.unwrap();
    assert_eq!(
        lines(&answer),
        [
            "2026-05 bob 300",
            "2026-05 ann 0",
            "2026-06 ann 1000",
            "2026-06 bob 700"
        ]
    );
    query.limit = 1;
    query.order_by[0].descending = false;
    // Over the whole range both have 1000: the key decides.
    assert_eq!(
        lines(&fixture.query(query).await.unwrap()),
        ["2026-05 ann 0", "2026-06 ann 1000"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_are_of_one_commit() {
    let fixture = fixture().await;
    let mut query = by_rep(june(&["bookings"], fixture.deals().await));
    query.page_size = 1;
    let first = fixture.query(query.clone()).await.unwrap();
    assert_eq!(
        (lines(&first), first.total_rows),
        (vec!["2026-06-01/2026-07-01 ann 1000".to_owned()], 2)
    );
    let newer = fixture
        .commit(deal("D5", "bob", 50, "2026-06-02", Some("2026-06-03")), "2026-07-02")
        .await;
    query.page_token = first.next_page_token;
    let second = fixture.query(query.clone()).await.unwrap();
    assert_eq!(
        (lines(&second), second.next_page_token.as_str()),
        (vec!["2026-06-01/2026-07-01 bob 700".to_owned()], "")
    );
    assert_eq!(second.watermark, first.watermark);
    let again = fixture.query(by_rep(june(&["bookings"], newer))).await.unwrap();
    assert_eq!(lines(&again)[1], "2026-06-01/2026-07-01 bob 750");
    query.metrics.truncate(0);
    query.metrics.push(super::fixture::selection("win_rate"));
    let refused = fixture.query(query).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (
            Code::InvalidArgument,
            "PAGE_TOKEN_MISMATCH".to_owned(),
            vec!["page_token".to_owned()]
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_come_page_by_page_and_say_what_rows_say() {
    let fixture = fixture().await;
    let mut query = by_rep(june(&["win_rate", "bookings"], fixture.deals().await));
    let rows = fixture.query(query.clone()).await.unwrap().rows;
    query.page_size = 1;
    let first_row = fixture.query(query.clone()).await.unwrap();
    query.layout = wire::Layout::Columns.into();
    let mut found = Vec::new();
    for _ in &rows {
        let page = fixture.query(query.clone()).await.unwrap();
        assert!(page.rows.is_empty());
        found.extend(columns::rows(&page.columnar_rows.unwrap()).unwrap());
        query.page_token = page.next_page_token;
    }
    assert_eq!((found, query.page_token.as_str()), (rows, ""));
    // Nothing is missing of columns that have no rows.
    query.range = Some(days("2020-01-01", "2020-02-01"));
    query.filters = vec![wire::Filter {
        dimension: "region".to_owned(),
        values: vec!["nowhere".to_owned()],
        exclude: false,
    }];
    let none = fixture.query(query.clone()).await.unwrap().columnar_rows.unwrap();
    assert_eq!((none.row_count, none.dimensions.len(), none.cells.len()), (0, 1, 2));
    let reason = |query| async { refusal(&fixture.query(query).await.unwrap_err()) };
    let mismatch = wire::QueryMetricsRequest {
        page_token: first_row.next_page_token,
        ..query.clone()
    };
    assert_eq!(reason(mismatch).await.1, "PAGE_TOKEN_MISMATCH");
    let unknown = wire::QueryMetricsRequest { layout: 9, ..query };
    assert_eq!(reason(unknown).await.2, ["layout"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_includes_the_callers_own_writes_or_says_that_it_cannot() {
    let fixture = fixture().await;
    fixture.deals().await;
    for number in 0..5 {
        let id = format!("N{number}");
        let commit = fixture
            .commit(deal(&id, "ann", 1, "2026-06-02", Some("2026-06-03")), "2026-07-02")
            .await;
        let answer = fixture.query(june(&["bookings"], commit)).await.unwrap();
        assert_eq!(shown(&answer.rows[0].cells[0]), (1_701 + number).to_string());
    }
    let refused = fixture.query_within(june(&["bookings"], 99), 400).await;
    assert_eq!(refusal(&refused).0, Code::DeadlineExceeded);
    assert_eq!(refusal(&refused).1, "COMMIT_NOT_REACHED");
    assert!(
        refused.message().contains("99") && refused.message().contains('6'),
        "{}",
        refused.message()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_does_not_fit_gives_the_same_answers() {
    let (held, streamed) = (
        fixture().await,
        with(|settings| settings.analytics.image_memory_budget_bytes = 1).await,
    );
    let metrics = [
        "win_rate",
        "bookings",
        "pipeline_value",
        "sales_cycle_length",
        "opportunities_created",
        "revenue_per_rep",
    ];
    let mut answers = Vec::new();
    for fixture in [&held, &streamed] {
        fixture.deals().await;
        let commit = fixture
            .commit(deal("D5", "bob", 50, "2026-06-02", Some("2026-06-03")), "2026-07-02")
            .await;
        let mut query = by_rep(june(&metrics, commit));
        (query.range, query.grain) = (Some(days("2026-05-01", "2026-08-01")), wire::Grain::Week.into());
        answers.push(fixture.query(query.clone()).await.unwrap());
        query.known_at = Some(wire::KnownAt {
            point: Some(wire::known_at::Point::Commit(1)),
        });
        answers.push(fixture.query(query).await.unwrap());
    }
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[1], answers[3]);
    assert_ne!(answers[0].rows, answers[1].rows);
}

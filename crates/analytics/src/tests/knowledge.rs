//! What was known when, and what lies behind a number.

use scoreline_core::{event::EventVoided, id::EventId};
use scoreline_proto::{analytics::v1 as wire, encode};

use super::fixture::{Fixture, at, by_rep, call, days, deal, event, fixture, june, lines, selection, shown};

fn commit(commit: i64) -> Option<wire::KnownAt> {
    Some(wire::KnownAt {
        point: Some(wire::known_at::Point::Commit(commit)),
    })
}

/// A deal of June that is recorded late, beside a call that has nothing to do with it.
async fn late(fixture: &Fixture) -> (i64, i64) {
    let before = fixture.deals().await;
    let mut events = deal("D5", "ann", 200, "2026-06-02", Some("2026-06-03"));
    events.push(call("C1", "2026-06-04"));
    (before, fixture.commit(events, "2026-07-10").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_past_is_what_was_known_then() {
    let fixture = fixture().await;
    let (before, after) = late(&fixture).await;
    let mut query = june(&["bookings"], after);
    assert_eq!(
        lines(&fixture.query(query.clone()).await.unwrap()),
        ["2026-06-01/2026-07-01 1900"]
    );
    query.known_at = commit(before);
    let past = fixture.query(query.clone()).await.unwrap();
    assert_eq!(lines(&past), ["2026-06-01/2026-07-01 1700"]);
    assert_eq!(
        past.watermark.unwrap().commit_time,
        Some(encode::instant(at("2026-07-01")))
    );
    let instant = wire::known_at::Point::Instant(encode::instant(at("2026-07-09")));
    query.known_at = Some(wire::KnownAt { point: Some(instant) });
    let past = fixture.query(query.clone()).await.unwrap();
    assert_eq!(
        (lines(&past)[0].as_str(), past.watermark.unwrap().commit),
        ("2026-06-01/2026-07-01 1700", before)
    );
    let earlier = wire::known_at::Point::Instant(encode::instant(at("2026-06-20")));
    query.known_at = Some(wire::KnownAt { point: Some(earlier) });
    assert_eq!(fixture.query(query).await.unwrap().watermark.unwrap().commit, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_difference_of_two_states_lists_the_events_that_made_it() {
    let fixture = fixture().await;
    let (before, after) = late(&fixture).await;
    let request = wire::CompareKnowledgeRequest {
        query: Some(by_rep(june(&["bookings", "win_rate"], after))),
        before: commit(before),
        page_size: 1,
        ..Default::default()
    };
    let first = fixture
        .metrics
        .clone()
        .compare_knowledge(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.rows.len(), 1, "Bob's numbers are the same");
    let cell = &first.rows[0].cells[0];
    assert_eq!(first.rows[0].dimensions[0].value, "ann");
    assert_eq!(
        (
            shown(cell.before.as_ref().unwrap()),
            shown(cell.after.as_ref().unwrap())
        ),
        ("1000".into(), "1200".into())
    );
    let Some(wire::result::Result::Value(difference)) = cell.difference.clone().unwrap().result else {
        panic!("no value")
    };
    assert_eq!(difference.decimal, "200");
    assert_eq!((first.total_events, first.events.len()), (2, 1));
    let request = wire::CompareKnowledgeRequest {
        page_token: first.next_page_token,
        ..request
    };
    let second = fixture
        .metrics
        .clone()
        .compare_knowledge(request)
        .await
        .unwrap()
        .into_inner();
    let events: Vec<_> = first
        .events
        .iter()
        .chain(&second.events)
        .map(|event| (event.event_id.as_str(), event.commit))
        .collect();
    assert_eq!(events, [("D5-opened", after), ("D5-won", after)]);
    assert_eq!(second.next_page_token, "");
}

/// A ranking leaves out who has too small a sample; a difference tells of all.
#[tokio::test(flavor = "multi_thread")]
async fn a_difference_has_no_order() {
    let fixture = fixture().await;
    let (before, after) = late(&fixture).await;
    let mut query = by_rep(june(&["win_rate"], after));
    let order = wire::OrderBy {
        by: Some(wire::order_by::By::MetricId("win_rate".to_owned())),
        descending: true,
    };
    for least in 1..5 {
        query.min_sample = least;
        let mut told = Vec::new();
        for order_by in [vec![], vec![order.clone()]] {
            let request = wire::CompareKnowledgeRequest {
                query: Some(wire::QueryMetricsRequest {
                    order_by,
                    ..query.clone()
                }),
                before: commit(before),
                ..Default::default()
            };
            told.push(
                fixture
                    .metrics
                    .clone()
                    .compare_knowledge(request)
                    .await
                    .unwrap()
                    .into_inner(),
            );
        }
        assert_eq!(told[0].rows, told[1].rows, "samples of {least} and more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_taken_back_made_a_difference() {
    let fixture = fixture().await;
    let before = fixture.deals().await;
    let voided = EventVoided {
        event: EventId::new("D4-won").unwrap(),
        reason: None,
    };
    fixture
        .commit(
            vec![event("V1", "2026-07-02", voided), call("C1", "2026-07-02")],
            "2026-07-02",
        )
        .await;
    let request = wire::CompareKnowledgeRequest {
        query: Some(june(&["bookings"], before + 1)),
        before: commit(before),
        after: commit(before + 1),
        ..Default::default()
    };
    let answer = fixture
        .metrics
        .clone()
        .compare_knowledge(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(shown(answer.rows[0].cells[0].after.as_ref().unwrap()), "1000");
    let events: Vec<_> = answer
        .events
        .iter()
        .map(|event| (event.event_id.as_str(), event.r#type.as_str()))
        .collect();
    assert_eq!(events, [("V1", "event_voided")]);
}

async fn contributions(
    fixture: &Fixture,
    metric: &str,
    part: wire::ContributionPart,
) -> wire::ListContributionsResponse {
    let request = wire::ListContributionsRequest {
        metric: Some(selection(metric)),
        range: Some(days("2026-06-01", "2026-07-01")),
        part: part.into(),
        at_least_commit: 1,
        ..Default::default()
    };
    fixture
        .metrics
        .clone()
        .list_contributions(request)
        .await
        .unwrap()
        .into_inner()
}

fn sum(answer: &wire::ListContributionsResponse) -> i64 {
    answer
        .contributions
        .iter()
        .map(|record| record.part_value.parse::<i64>().unwrap())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn contributions_sum_up_to_the_part_that_was_asked_for() {
    let fixture = fixture().await;
    fixture.deals().await;
    let bookings = contributions(&fixture, "bookings", wire::ContributionPart::Numerator).await;
    assert_eq!((sum(&bookings), bookings.total_count), (1_700, 2));
    assert_eq!(shown(bookings.cell.as_ref().unwrap()), "1700");
    let record = &bookings.contributions[0];
    assert_eq!(
        (
            record.subject_kind.as_str(),
            record.subject_id.as_str(),
            record.value.as_str()
        ),
        ("opportunity", "D1", "1000")
    );
    assert_eq!(
        (record.currency_code.as_str(), record.event_ids.as_slice()),
        ("USD", ["D1-opened".to_owned(), "D1-won".to_owned()].as_slice())
    );
    assert_eq!(record.dimensions["rep"], "ann");
    let won = contributions(&fixture, "win_rate", wire::ContributionPart::Numerator).await;
    let closed = contributions(&fixture, "win_rate", wire::ContributionPart::Denominator).await;
    let cell = closed.cell.as_ref().unwrap();
    assert_eq!(
        (sum(&won).to_string(), sum(&closed).to_string()),
        (cell.numerator.clone(), cell.denominator.clone())
    );
    assert_eq!((sum(&won), sum(&closed)), (2, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn contributions_come_in_pages() {
    let fixture = fixture().await;
    fixture.deals().await;
    let mut request = wire::ListContributionsRequest {
        metric: Some(selection("win_rate")),
        range: Some(days("2026-06-01", "2026-07-01")),
        part: wire::ContributionPart::Denominator.into(),
        page_size: 2,
        ..Default::default()
    };
    let mut subjects = Vec::new();
    loop {
        let page = fixture
            .metrics
            .clone()
            .list_contributions(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(page.total_count, 3);
        subjects.extend(page.contributions.into_iter().map(|record| record.subject_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(subjects, ["D1", "D2", "D4"]);
}

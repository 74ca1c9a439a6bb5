//! Streams: watching and exporting.

use std::time::Duration;

use scoreline_proto::{analytics::v1 as wire, columns, decode};
use tokio::time::timeout;

use super::fixture::{call, deal, fixture, june, shown};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_is_told_when_a_commit_changes_the_answer_and_only_then() {
    let fixture = fixture().await;
    let query = Some(june(&["bookings"], fixture.deals().await));
    let mut stream = fixture
        .metrics
        .clone()
        .watch_metrics(wire::WatchMetricsRequest { query })
        .await
        .unwrap()
        .into_inner();
    let mut told = async || {
        let message = timeout(PATIENCE, stream.message()).await.expect("an answer").unwrap();
        message.map(|message| {
            let answer = message.answer.unwrap();
            (shown(&answer.rows[0].cells[0]), answer.watermark.unwrap().commit)
        })
    };
    assert_eq!(told().await, Some(("1700".to_owned(), 1)));
    fixture.commit(vec![call("C1", "2026-06-04")], "2026-07-02").await;
    fixture
        .commit(deal("D5", "ann", 200, "2026-06-02", Some("2026-06-03")), "2026-07-03")
        .await;
    assert_eq!(told().await, Some(("1900".to_owned(), 3)));
    fixture.shutdown.begin();
    fixture.shutdown.begin();
    assert_eq!(told().await, None, "the stream ends with the process");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_is_told_column_by_column_when_he_wants_it_so() {
    let fixture = fixture().await;
    let query = wire::QueryMetricsRequest {
        layout: wire::Layout::Columns.into(),
        ..june(&["bookings"], fixture.deals().await)
    };
    let request = wire::WatchMetricsRequest { query: Some(query) };
    let mut stream = fixture
        .metrics
        .clone()
        .watch_metrics(request)
        .await
        .unwrap()
        .into_inner();
    let mut told = async || {
        let message = timeout(PATIENCE, stream.message()).await.expect("an answer").unwrap();
        let answer = message.unwrap().answer.unwrap();
        assert!(answer.rows.is_empty());
        let rows = columns::rows(&answer.columnar_rows.unwrap()).unwrap();
        shown(&rows[0].cells[0])
    };
    assert_eq!(told().await, "1700");
    fixture.commit(vec![call("C1", "2026-06-04")], "2026-07-02").await;
    fixture
        .commit(deal("D5", "ann", 200, "2026-06-02", Some("2026-06-03")), "2026-07-03")
        .await;
    assert_eq!(told().await, "1900");
    fixture.shutdown.begin();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_out_as_they_went_in() {
    let fixture = fixture().await;
    fixture.deals().await;
    let sent = deal("D5", "ann", 200, "2026-06-02", Some("2026-06-03"));
    fixture.commit(sent.clone(), "2026-07-03").await;
    let request = wire::ExportEventsRequest::default();
    let mut stream = fixture
        .export
        .clone()
        .export_events(request)
        .await
        .unwrap()
        .into_inner();
    let mut events = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        events.extend(message.events);
    }
    assert_eq!(events.len(), 10);
    let last: Vec<_> = events[8..]
        .iter()
        .map(|exported| decode::event(exported.event.as_ref().unwrap()).unwrap())
        .collect();
    assert_eq!(last, sent);
    assert_eq!((events[0].commit, events[9].commit), (1, 2));
    assert_eq!(
        events[9].commit_time.map(|at| at.seconds),
        Some(super::fixture::at("2026-07-03").as_second())
    );
    let request = wire::ExportEventsRequest {
        after_commit: 0,
        up_to_commit: 1,
    };
    let mut stream = fixture
        .export
        .clone()
        .export_events(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().events.len(), 8);
    assert!(stream.message().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_comes_out_segment_by_segment() {
    let fixture = fixture().await;
    fixture.deals().await;
    fixture
        .commit(deal("D5", "ann", 200, "2026-06-02", Some("2026-06-03")), "2026-07-03")
        .await;
    let request = wire::ExportLedgerRequest {
        after_commit: 1,
        up_to_commit: 0,
    };
    let mut stream = fixture
        .export
        .clone()
        .export_ledger(request)
        .await
        .unwrap()
        .into_inner();
    let segment = stream.message().await.unwrap().unwrap();
    assert_eq!((segment.first_commit, segment.last_commit), (2, 2));
    let rows = scoreline_core::ledger::decode(&segment.arrow_ipc).unwrap();
    assert_eq!(rows.len() as i64, segment.row_count);
    assert!(rows.entries().all(|entry| entry.commit == 2));
    assert!(stream.message().await.unwrap().is_none());
}

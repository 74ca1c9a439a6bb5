use scoreline_core::policy::Violation;
use scoreline_proto::{
    events::v1::{EventAmended, EventVoided, OrderPlaced, event::Payload as Wire},
    ingestion::v1::{EventOutcome, EventResult, IngestEventsResponse},
};
use scoreline_storage::Disposition;

use super::*;

fn event(id: &str, payload: Wire) -> wire::Event {
    wire::Event {
        event_id: id.to_owned(),
        source: "crm".to_owned(),
        occurred_at: Some(prost_types::Timestamp {
            seconds: 1_700_000_000,
            nanos: 0,
        }),
        payload: Some(payload),
    }
}

fn voided(id: &str) -> wire::Event {
    event(
        id,
        Wire::EventVoided(EventVoided {
            event_id: "earlier".to_owned(),
            ..EventVoided::default()
        }),
    )
}

/// Without its account and its lines.
fn broken(id: &str) -> wire::Event {
    event(id, Wire::OrderPlaced(OrderPlaced::default()))
}

fn receipt(dispositions: Vec<Disposition>) -> Receipt {
    Receipt {
        dispositions,
        commit: 7,
    }
}

fn outcomes(summary: Summary) -> (Vec<EventOutcome>, i64) {
    let response = IngestEventsResponse::from(summary);
    (
        response.results.iter().map(EventResult::outcome).collect(),
        response.commit,
    )
}

#[test]
fn bad_events_stand_among_the_good_ones_in_order() {
    let (batch, events) = read(vec![voided("a"), broken("b"), voided("c")]);
    assert_eq!(events.len(), 2);
    assert!(batch.has_faults());
    let summary = batch.summary(receipt(vec![Disposition::Accepted, Disposition::Conflict]));
    let response = IngestEventsResponse::from(summary);
    assert_eq!(response.results[1].event_id, "b");
    assert!(
        response.results[1]
            .violations
            .iter()
            .all(|found| found.field.starts_with("payload.order_placed"))
    );
    assert_eq!(
        (
            response.accepted_count,
            response.conflict_count,
            response.rejected_count
        ),
        (1, 1, 1)
    );
    assert_eq!(
        response.results.iter().map(|result| result.index).collect::<Vec<_>>(),
        [0, 1, 2]
    );
}

#[test]
fn a_commit_is_named_only_for_what_is_stored() {
    let commit = |disposition| {
        let (batch, _) = read(vec![voided("a")]);
        outcomes(batch.summary(receipt(vec![disposition]))).1
    };
    assert_eq!(commit(Disposition::Accepted), 7);
    assert_eq!(commit(Disposition::Duplicate), 7);
    assert_eq!(commit(Disposition::Conflict), 0);
    assert_eq!(commit(Disposition::NotStored), 0);
}

#[test]
fn what_is_withheld_is_not_stored_and_neither_are_its_repeats() {
    let (batch, _) = read(vec![
        voided("new"),
        voided("new"),
        voided("old"),
        broken("bad"),
        voided("other"),
    ]);
    let asked = vec![
        Disposition::Accepted,
        Disposition::Duplicate,
        Disposition::Duplicate,
        Disposition::Conflict,
    ];
    let (found, commit) = outcomes(batch.withheld(receipt(asked)));
    let expected = [
        EventOutcome::Rejected,
        EventOutcome::Rejected,
        EventOutcome::Duplicate,
        EventOutcome::Rejected,
        EventOutcome::Conflict,
    ];
    assert_eq!((found.as_slice(), commit), (expected.as_slice(), 7));
}

#[test]
fn what_the_settings_refuse_is_named_from_the_event() {
    let amended = EventAmended {
        event_id: "earlier".to_owned(),
        replacement: Some(Box::new(wire::Event {
            payload: Some(Wire::EventVoided(EventVoided::default())),
            ..wire::Event::default()
        })),
    };
    let (batch, events) = read(vec![event("a", Wire::EventAmended(Box::new(amended)))]);
    assert!(events.is_empty() && batch.has_faults(), "a correction is not corrected");

    let kinds = Kinds {
        payload: "event_amended",
        replacement: Some("order_placed"),
    };
    assert_eq!(kinds.path(), "payload.event_amended.replacement.payload.order_placed");
    let (batch, _) = read(vec![voided("a")]);
    let refused = Disposition::Rejected(vec![Violation::new("stage", "is unknown")]);
    let response = IngestEventsResponse::from(batch.summary(receipt(vec![refused])));
    assert_eq!(response.results[0].violations[0].field, "payload.event_voided.stage");
    assert_eq!(response.results[0].violations[0].reason, "SETTINGS_MISMATCH");
}

#[tokio::test]
async fn a_large_batch_is_read_like_a_small_one() {
    let wire: Vec<_> = (0..LARGE + 1).map(|at| voided(&at.to_string())).collect();
    let (batch, events) = Batch::read(wire).await.expect("it is read");
    assert_eq!((batch.items.len(), events.len()), (LARGE + 1, LARGE + 1));
}

#[test]
fn a_batch_over_the_limit_is_refused_with_the_numbers() {
    assert!(check_size("events", 1_000, 1_000).is_ok());
    let problem = check_size("events", 1_001, 1_000).expect_err("too many");
    assert!(
        problem.message.contains("has 1001 elements, the limit is 1000"),
        "{problem}"
    );
}

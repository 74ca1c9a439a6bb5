//! Batches through a real server.

use std::time::Duration;

use futures::future::join_all;
use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{
        EventOutcome::{Accepted, Conflict, Duplicate, Rejected},
        IngestEventsRequest,
    },
};
use scoreline_server::serve::Ended;
use scoreline_storage::Log as _;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::support::{batch, lead, odd_lead, outcomes, start, tenant};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_has_its_own_outcome() {
    let server = start(&[]).await;
    let mut client = server.ingestion().await;
    let response = client
        .ingest_events(batch(vec![lead("e1", "l1"), lead("e2", "l2")]))
        .await
        .expect("taken")
        .into_inner();
    assert_eq!((outcomes(&response), response.commit), (vec![Accepted, Accepted], 1));

    let mixed = vec![
        lead("e1", "l1"),
        lead("e2", "another"),
        Event::default(),
        odd_lead("e3"),
        lead("e4", "l4"),
        lead("e4", "l4"),
    ];
    let response = client.ingest_events(batch(mixed)).await.expect("taken").into_inner();
    assert_eq!(
        outcomes(&response),
        [Duplicate, Conflict, Rejected, Rejected, Accepted, Duplicate]
    );
    assert_eq!(
        (
            response.accepted_count,
            response.duplicate_count,
            response.conflict_count,
            response.rejected_count
        ),
        (1, 2, 1, 2)
    );
    assert_eq!(response.commit, 2);
    let fields = |at: usize| {
        response.results[at]
            .violations
            .iter()
            .map(|one| one.field.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(2), ["event_id", "source", "occurred_at", "payload"]);
    assert_eq!(fields(3), ["payload.lead_created.attributes[0].name"]);
    let logged = server
        .database
        .events(&tenant("default"), Default::default(), 10)
        .await
        .expect("a log");
    assert_eq!(logged.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_batch_is_fine() {
    let server = start(&[]).await;
    let response = server
        .ingestion()
        .await
        .ingest_events(batch(vec![]))
        .await
        .expect("taken")
        .into_inner();
    assert_eq!(
        (response.results.len(), response.commit, server.commits().await),
        (0, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_or_nothing_means_nothing_after_one_fault() {
    let server = start(&[]).await;
    let mut client = server.ingestion().await;
    client
        .ingest_events(batch(vec![lead("old", "l")]))
        .await
        .expect("taken");
    for bad in [Event::default(), odd_lead("odd"), lead("old", "another")] {
        let events = vec![lead("new", "l"), lead("old", "l"), bad];
        let request = IngestEventsRequest {
            all_or_nothing: true,
            ..batch(events)
        };
        let response = client.ingest_events(request).await.expect("answered").into_inner();
        assert_eq!(outcomes(&response)[..2], [Rejected, Duplicate]);
        assert_eq!(response.results[0].violations[0].reason, "NOT_STORED");
        assert_eq!(response.accepted_count, 0);
    }
    assert_eq!(server.commits().await, 1);
    let request = IngestEventsRequest {
        all_or_nothing: true,
        ..batch(vec![lead("new", "l"), lead("old", "l")])
    };
    let response = client.ingest_events(request).await.expect("answered").into_inner();
    assert_eq!((outcomes(&response), response.commit), (vec![Accepted, Duplicate], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_validated_is_not_stored() {
    let server = start(&[]).await;
    let mut client = server.ingestion().await;
    for _ in 0..2 {
        let request = IngestEventsRequest {
            validate_only: true,
            ..batch(vec![lead("e", "l"), odd_lead("f")])
        };
        let response = client.ingest_events(request).await.expect("answered").into_inner();
        assert_eq!((outcomes(&response), response.commit), (vec![Accepted, Rejected], 0));
    }
    assert_eq!(server.commits().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_clients_share_commits() {
    let server = start(&[("ingestion.group_commit_max_delay", "5ms")]).await;
    let clients = join_all((0..64).map(|_| server.ingestion())).await;
    let sending = clients.into_iter().enumerate().map(|(at, mut client)| async move {
        for round in 0..4 {
            let id = format!("{at}-{round}");
            let response = client
                .ingest_events(batch(vec![lead(&id, &id)]))
                .await
                .expect("taken")
                .into_inner();
            assert_eq!((outcomes(&response), response.commit > 0), (vec![Accepted], true));
        }
    });
    join_all(sending).await;
    let commits = server.commits().await;
    assert!(commits < 64 * 4 / 2, "{commits} commits");
    let logged = server
        .database
        .events(&tenant("default"), Default::default(), 1_000)
        .await
        .expect("a log");
    assert_eq!(logged.len(), 64 * 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_beyond_a_limit_is_refused_with_the_limit() {
    let server = start(&[
        ("limits.max_elements_per_batch", "3"),
        ("limits.max_message_bytes", "2048"),
    ])
    .await;
    let mut client = server.ingestion().await;
    let events = (0..4).map(|at| lead(&at.to_string(), "l")).collect();
    let status = client.ingest_events(batch(events)).await.expect_err("too many");
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    assert_eq!(details.error_info().expect("a reason").metadata["limit"], "3");
    assert_eq!(
        details.bad_request().expect("a field").field_violations[0].field,
        "events"
    );
    let status = client
        .ingest_events(batch(vec![lead("e", &"x".repeat(4_096))]))
        .await
        .expect_err("too large");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(server.commits().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_does_not_exist_is_not_made() {
    let server = start(&[]).await;
    let mut request = tonic::Request::new(batch(vec![lead("e", "l")]));
    request
        .metadata_mut()
        .insert("x-scoreline-tenant", "nobody".parse().expect("ASCII"));
    let status = server
        .ingestion()
        .await
        .ingest_events(request)
        .await
        .expect_err("unknown");
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_give_up_leave_nothing_half_done() {
    let server = start(&[]).await;
    for round in 0..20 {
        let client = server.ingestion().await;
        let events = (0..20)
            .map(|at| lead(&format!("{round}-{at}"), &format!("{round}-{at}")))
            .collect();
        let mut sending = client.clone();
        let call = tokio::spawn(async move { sending.ingest_events(batch(events)).await });
        tokio::time::sleep(Duration::from_micros(200 * round)).await;
        call.abort();
    }
    let mut client = server.ingestion().await;
    for round in 0..20 {
        let events = (0..20)
            .map(|at| lead(&format!("{round}-{at}"), &format!("{round}-{at}")))
            .collect();
        let response = client.ingest_events(batch(events)).await.expect("taken").into_inner();
        assert_eq!(response.accepted_count + response.duplicate_count, 20);
        assert!(
            response.accepted_count == 0 || response.duplicate_count == 0,
            "a batch is stored whole"
        );
    }
    let logged = server
        .database
        .events(&tenant("default"), Default::default(), 1_000)
        .await
        .expect("a log");
    assert_eq!(logged.len(), 400);
    drop(client);
    server.shutdown.begin();
    assert_eq!(server.serving.await.expect("it ends"), Ended::Drained);
}

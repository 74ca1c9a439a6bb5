//! The store on SQLite: what is acknowledged is there, once, and log and ledger agree.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use jiff::Timestamp;
use scoreline_core::{
    event::{Event, EventVoided, LeadCreated, LeadQualified, Payload},
    id::{EventId, LeadId, Name, SourceId, TenantId},
    policy::{Lifecycle, Policies},
};
use scoreline_storage::{
    CompactionPlan, Database, Disposition, Error, Ledger as _, Log as _, Options, Position, Submission, Tenancy as _,
    Upkeep as _,
};
use sea_orm::ConnectionTrait as _;

struct Fixture {
    database: Database,
    tenant: TenantId,
    now: Timestamp,
    _folder: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let options = Options {
        url,
        max_connections: 4,
        acquire_timeout: std::time::Duration::from_secs(5),
    };
    let database = Database::open(&options).await.unwrap();
    scoreline_migrations::up(database.writer()).await.unwrap();
    let tenant = TenantId::new("acme").unwrap();
    let now = "2026-05-01T12:00:00Z".parse().unwrap();
    database
        .create_tenant(&tenant, &Policies::default(), now)
        .await
        .unwrap();
    Fixture {
        database,
        tenant,
        now,
        _folder: folder,
    }
}

fn event(id: &str, at: &str, payload: impl Into<Payload>) -> Event {
    Event {
        id: EventId::new(id).unwrap(),
        source: SourceId::new("test").unwrap(),
        occurred_at: at.parse().unwrap(),
        payload: payload.into(),
    }
}

fn created(id: &str, lead: &str, source: &str) -> Event {
    let payload = LeadCreated {
        lead: LeadId::new(lead).unwrap(),
        owner: None,
        lead_source: Some(Name::new(source).unwrap()),
        campaign: None,
        channel: None,
        account: None,
        territory: None,
        attributes: Vec::new(),
    };
    event(id, "2026-04-01T09:00:00Z", payload)
}

fn qualified(id: &str, lead: &str) -> Event {
    event(
        id,
        "2026-04-03T09:00:00Z",
        LeadQualified {
            lead: LeadId::new(lead).unwrap(),
        },
    )
}

impl Fixture {
    async fn send(&self, events: Vec<Event>) -> Vec<Disposition> {
        self.submit(events, false).await
    }

    async fn submit(&self, events: Vec<Event>, all_or_nothing: bool) -> Vec<Disposition> {
        let submission = Submission {
            events: events.into(),
            all_or_nothing,
        };
        let receipts = self
            .database
            .commit(&self.tenant, vec![submission], self.now)
            .await
            .unwrap();
        receipts.into_iter().flat_map(|receipt| receipt.dispositions).collect()
    }

    async fn rows(&self) -> u64 {
        let tail = self.database.tail(&self.tenant, 0, u64::MAX).await.unwrap();
        tail.segments.iter().map(|segment| segment.rows).sum()
    }

    async fn agrees(&self) {
        let report = self.database.rebuild(&self.tenant, false, self.now).await.unwrap();
        assert_eq!(report.differences, 0, "{:?}", report.named);
        let report = self.database.verify(&self.tenant).await.unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_counts_once_and_its_id_is_taken_for_ever() {
    let fixture = fixture().await;
    assert_eq!(
        fixture.send(vec![created("e1", "L1", "web")]).await,
        [Disposition::Accepted]
    );
    assert_eq!(
        fixture.send(vec![created("e1", "L1", "web")]).await,
        [Disposition::Duplicate]
    );
    assert_eq!(
        fixture.send(vec![created("e1", "L1", "fair")]).await,
        [Disposition::Conflict]
    );
    let twice = vec![
        created("e2", "L2", "web"),
        created("e2", "L2", "web"),
        created("e2", "L2", "fair"),
    ];
    assert_eq!(
        fixture.send(twice).await,
        [Disposition::Accepted, Disposition::Duplicate, Disposition::Conflict]
    );
    assert_eq!(fixture.database.watermark(&fixture.tenant).await.unwrap().0, 2);
    assert_eq!(fixture.rows().await, 2);
    fixture.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_or_nothing_stores_nothing_when_one_is_refused() {
    let fixture = fixture().await;
    fixture.send(vec![created("e1", "L1", "web")]).await;
    let sent = vec![
        created("e1", "L1", "web"),
        created("e2", "L2", "web"),
        created("e2", "L2", "web"),
        created("e1", "L1", "fair"),
    ];
    let outcome = fixture.submit(sent, true).await;
    assert_eq!(
        outcome,
        [
            Disposition::Duplicate,
            Disposition::NotStored,
            Disposition::NotStored,
            Disposition::Conflict
        ]
    );
    assert_eq!(fixture.database.watermark(&fixture.tenant).await.unwrap().0, 1);
    assert_eq!(
        fixture.send(vec![created("e2", "L2", "web")]).await,
        [Disposition::Accepted]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_or_is_taken_back_leaves_log_and_ledger_in_agreement() {
    let fixture = fixture().await;
    fixture
        .send(vec![event(
            "v1",
            "2026-04-05T00:00:00Z",
            EventVoided {
                event: EventId::new("q2").unwrap(),
                reason: None,
            },
        )])
        .await;
    fixture.send(vec![qualified("q1", "L1"), qualified("q2", "L2")]).await;
    fixture
        .send(vec![created("e2", "L2", "web"), created("e1", "L1", "web")])
        .await;
    fixture
        .send(vec![event(
            "v2",
            "2026-04-05T00:00:00Z",
            EventVoided {
                event: EventId::new("e1").unwrap(),
                reason: None,
            },
        )])
        .await;
    fixture.agrees().await;
    let log = fixture
        .database
        .events(&fixture.tenant, Position::START, 100)
        .await
        .unwrap();
    let ids: Vec<_> = log.iter().map(|logged| logged.event.id.as_str()).collect();
    assert_eq!(ids, ["v1", "q1", "q2", "e2", "e1", "v2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_changes_no_row() {
    let fixture = fixture().await;
    for number in 0..40 {
        fixture
            .send(vec![created(&format!("e{number}"), &format!("L{number}"), "web")])
            .await;
    }
    let plan = CompactionPlan {
        fan_in: 8,
        max_rows: 1_000,
    };
    let mut merges = 0;
    while let Some(compacted) = fixture.database.compact(&fixture.tenant, &plan).await.unwrap() {
        assert!(compacted.segments >= 8);
        merges += 1;
    }
    assert!(merges >= 1);
    let tail = fixture.database.tail(&fixture.tenant, 0, u64::MAX).await.unwrap();
    assert!(tail.segments.len() < 40);
    assert_eq!((tail.complete_to, tail.watermark), (40, 40));
    assert_eq!(fixture.rows().await, 40);
    fixture.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_can_be_read_in_pages() {
    let fixture = fixture().await;
    for number in 0..10 {
        fixture
            .send(vec![created(&format!("e{number}"), &format!("L{number}"), "web")])
            .await;
    }
    let (mut after, mut rows, mut pages) = (0, 0, 0);
    loop {
        let tail = fixture.database.tail(&fixture.tenant, after, 1).await.unwrap();
        rows += tail.segments.iter().map(|segment| segment.rows).sum::<u64>();
        pages += 1;
        assert!(tail.complete_to > after);
        after = tail.complete_to;
        if after == tail.watermark {
            break;
        }
    }
    assert_eq!((rows, pages), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_policies_fold_the_log_again() {
    let fixture = fixture().await;
    fixture
        .send(vec![
            created("e1", "L1", "web"),
            event("e2", "2026-04-01T23:30:00Z", created("x", "L2", "web").payload),
        ])
        .await;
    let tenant = fixture.database.tenant(&fixture.tenant).await.unwrap().unwrap();
    let mut policies = tenant.policies.clone();
    policies.time_zone = "Asia/Tokyo".parse().unwrap();
    let updated = fixture
        .database
        .update_policies(&fixture.tenant, &policies, Some(&tenant.etag), fixture.now)
        .await
        .unwrap();
    assert_ne!(updated.etag, tenant.etag);
    assert_eq!(updated.last_commit, 2);
    fixture.agrees().await;
    // Half past eleven at night in UTC is the next morning in Tokyo: one row moved.
    assert_eq!(fixture.rows().await, 4);
    let stale = fixture
        .database
        .update_policies(&fixture.tenant, &policies, Some(&tenant.etag), fixture.now)
        .await;
    assert!(matches!(stale, Err(Error::Stale { .. })));
    policies.lifecycle = Lifecycle::Transactional { window_days: 0 };
    let wrong = fixture
        .database
        .update_policies(&fixture.tenant, &policies, None, fixture.now)
        .await;
    assert!(matches!(wrong, Err(Error::Invalid(violations)) if violations[0].field == "lifecycle.window_days"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_segment_is_named() {
    let fixture = fixture().await;
    fixture.send(vec![created("e1", "L1", "web")]).await;
    fixture
        .database
        .writer()
        .execute_unprepared("UPDATE ledger_segment SET data = x'00'")
        .await
        .unwrap();
    let report = fixture.database.verify(&fixture.tenant).await.unwrap();
    assert_eq!(
        report.problems,
        ["the segment of commits 1 to 1 is damaged: its checksum does not fit"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_on_from_any_place() {
    let fixture = fixture().await;
    // Some have pages of their own, and some stand together.
    for (commit, sizes) in (0_u32..).zip([vec![0_usize; 90], vec![9_000], vec![0, 9_000, 0, 0, 4_000, 4_000, 0]]) {
        let void = |(at, size): (u32, usize)| {
            let payload = EventVoided {
                event: EventId::new("another").unwrap(),
                reason: Some("x\n".repeat(size / 3)),
            };
            event(&format!("v{commit}-{at}"), "2026-04-05T00:00:00Z", payload)
        };
        fixture.send((0_u32..).zip(sizes).map(void).collect::<Vec<_>>()).await;
    }
    let events = |after, limit| fixture.database.events(&fixture.tenant, after, limit);
    let all = events(Position::START, u32::MAX).await.unwrap();
    assert_eq!(all.len(), 98);
    assert!(all.is_sorted_by(|one, other| one.position < other.position));
    for (at, logged) in all.iter().enumerate() {
        for limit in [1, 3, 40, u32::MAX] {
            let rest = events(logged.position, limit).await.unwrap();
            let expected = all[at + 1..].iter().take(limit as usize);
            assert!(rest.iter().eq(expected), "{limit} after {:?}", logged.position);
        }
    }
    let ids: Vec<EventId> = all.iter().rev().map(|logged| logged.event.id.clone()).collect();
    let found = fixture
        .database
        .find_events(&fixture.tenant, &[&ids[..], &ids[..]].concat())
        .await;
    assert_eq!(found.unwrap(), all);
    fixture.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_log_is_named() {
    let fixture = fixture().await;
    fixture
        .send(vec![created("e1", "L1", "web"), created("e2", "L2", "web")])
        .await;
    for (change, problems) in [
        (
            "UPDATE event SET line = 0 WHERE event_id = 'e2'",
            vec!["event \"e2\" stands at line 1 of page 0 of commit 1, where it is not looked for"],
        ),
        (
            "DELETE FROM event WHERE event_id = 'e2'",
            vec![
                "event \"e2\" stands at line 1 of page 0 of commit 1, where it is not looked for",
                "1 events are known by their ids, the pages of the log have 2",
            ],
        ),
        (
            "UPDATE log_page SET data = CAST('{\"id\":\"e1\"}' AS BLOB)",
            vec![
                "page 0 of commit 1 has not the content that its checksum was taken of",
                "commit 1 has 1 events, it counts 2",
            ],
        ),
        (
            "UPDATE log_page SET commit_number = 0",
            vec![
                "page 0 of commit 0 has not the content that its checksum was taken of",
                "page 0 of commit 0 belongs to a commit that is not known",
                "event \"e1\" stands at line 0 of page 0 of commit 0, where it is not looked for",
                "commit 1 has 0 events, it counts 2",
            ],
        ),
        (
            "UPDATE event SET page = -1",
            vec![
                "page 0 of commit 0 has not the content that its checksum was taken of",
                "page 0 of commit 0 belongs to a commit that is not known",
                "a place in the log is damaged: out of range integral type conversion attempted",
                "commit 1 has 0 events, it counts 2",
            ],
        ),
        (
            "UPDATE log_page SET commit_number = 1, data = x'7b'",
            vec![
                "page 0 of commit 1 has not the content that its checksum was taken of",
                "line 0 of page 0 of commit 1 can't be read: EOF while parsing an object at line 1 column 1",
                "commit 1 has 1 events, it counts 2",
            ],
        ),
    ] {
        fixture.database.writer().execute_unprepared(change).await.unwrap();
        let report = fixture.database.verify(&fixture.tenant).await.unwrap();
        assert_eq!(report.problems, problems, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_not_there_is_named() {
    let fixture = fixture().await;
    let nobody = TenantId::new("nobody").unwrap();
    let sent = fixture
        .database
        .commit(
            &nobody,
            vec![Submission {
                events: [].into(),
                all_or_nothing: false,
            }],
            fixture.now,
        )
        .await;
    assert!(matches!(sent, Err(Error::UnknownTenant(id)) if id == "nobody"));
    let again = fixture
        .database
        .create_tenant(&fixture.tenant, &Policies::default(), fixture.now)
        .await;
    assert!(matches!(again, Err(Error::Exists { .. })));
}

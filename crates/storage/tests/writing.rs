//! The write path, told a realistic disorder: whatever is kept in memory, planned ahead or written by another process
//! meanwhile, log, ledger and state of subjects agree.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use std::collections::HashMap;

use jiff::Timestamp;
use scoreline_core::{event::Event, id::TenantId, policy::Policies, subject::Subject};
use scoreline_storage::{Database, Disposition, Log as _, Options, Submission, Tenancy as _, Upkeep as _};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const NOW: &str = "2026-06-01T00:00:00Z";

struct Site {
    tenant: TenantId,
    folder: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        let site = Self {
            tenant: TenantId::new("acme").unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        let database = site.open().await;
        scoreline_migrations::up(database.writer()).await.unwrap();
        database
            .create_tenant(&site.tenant, &Policies::default(), NOW.parse().unwrap())
            .await
            .unwrap();
        site
    }

    /// Opens the database as another process would.
    async fn open(&self) -> Database {
        let options = Options {
            url: format!("sqlite://{}", self.folder.path().join("test.db").display()),
            max_connections: 4,
            acquire_timeout: std::time::Duration::from_secs(30),
        };
        Database::open(&options).await.unwrap()
    }

    async fn send(&self, database: &Database, events: &[Event]) -> Vec<Disposition> {
        let submission = Submission {
            events: events.to_vec().into(),
            all_or_nothing: false,
        };
        let now: Timestamp = NOW.parse().unwrap();
        let receipts = database.commit(&self.tenant, vec![submission], now).await.unwrap();
        receipts.into_iter().flat_map(|receipt| receipt.dispositions).collect()
    }

    /// Sends batches as a stream does: without waiting for one before the next is sent.
    async fn stream(&self, database: &Database, batches: &[&[Event]]) -> Vec<Disposition> {
        let sent = batches.iter().map(|batch| self.send(database, batch));
        futures::future::join_all(sent).await.into_iter().flatten().collect()
    }

    /// Log and ledger agree, and the state of subjects is what the log comes to when it is folded anew.
    async fn agrees(&self, database: &Database) {
        let report = database.verify(&self.tenant).await.unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        database.catch_up(&self.tenant).await.unwrap();
        assert_eq!(lag(database).await, 0);
        let grown = records(database).await;
        let report = database
            .rebuild(&self.tenant, true, NOW.parse().unwrap())
            .await
            .unwrap();
        assert_eq!(report.differences, 0, "{:?}", report.named);
        let built = records(database).await;
        let nothing = |record: &[u8]| record[2..].iter().all(|byte| *byte == 0);
        for (subject, record) in &grown {
            match built.get(subject) {
                Some(built) => assert_eq!(record, built, "{subject:?}"),
                // Where all that was said of a subject was taken back, it depends on the order whether it ever had a state.
                None => assert!(nothing(record), "{subject:?}: {record:?}"),
            }
        }
        assert!(built.keys().all(|subject| grown.contains_key(subject)));
    }
}

/// How many commits came since one carried the state of subjects.
async fn lag(database: &Database) -> i64 {
    let sql = "SELECT last_commit - state_commit FROM tenant";
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let row = database.writer().query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn records(database: &Database) -> HashMap<(i16, String), Vec<u8>> {
    let sql = "SELECT kind, subject_id, record FROM subject";
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let rows = database.writer().query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| {
            let subject = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
            (subject, row.try_get_by_index(2).unwrap())
        })
        .collect()
}

/// A generator of numbers that is good enough for stories.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }
}

fn event(id: &str, minute: usize, name: &str, mut fields: Value) -> Event {
    for list in ["attributes", "splits"] {
        fields[list] = json!([]);
    }
    let at = Timestamp::from_second(1_770_000_000 + minute as i64 * 60).unwrap();
    let event = json!({"id": id, "source": "crm", "occurred_at": at, "payload": {name: fields}});
    serde_json::from_value(event).unwrap()
}

/// Leads that become deals of a few accounts, with activities, orders and corrections; nearly in the order of time.
fn story(seed: u64, leads: usize) -> Vec<Event> {
    let mut dice = Dice(seed);
    let mut told: Vec<(usize, Event)> = Vec::new();
    for lead in 0..leads {
        let (l, o, a) = (format!("L{lead}"), format!("O{lead}"), format!("A{}", lead % 3));
        let mut minute = lead * 7;
        let money = json!({"currency": "EUR", "micros": 1_000_000 * (1 + lead)});
        let mut steps = vec![
            ("lead_created", json!({"lead": l, "lead_source": "web"})),
            ("lead_qualified", json!({"lead": l})),
            ("lead_converted", json!({"lead": l, "account": a, "opportunity": o})),
            (
                "opportunity_opened",
                json!({"opportunity": o, "account": a, "lead": l, "amount": money}),
            ),
        ];
        for at in 0..dice.below(6) {
            let activity = json!({"activity": format!("C{lead}-{at}"), "kind": "call", "direction": "outbound", "rep": "ann", "opportunity": o});
            steps.push(("activity_logged", activity));
        }
        steps.push(if dice.below(2) == 0 {
            ("opportunity_won", json!({"opportunity": o}))
        } else {
            ("opportunity_lost", json!({"opportunity": o}))
        });
        let line = json!({"quantity_milli": 1000, "amount_micros": 5_000_000});
        let order = json!({"order": format!("B{lead}"), "account": a, "currency": "EUR", "lines": [line]});
        steps.push(("order_placed", order));
        for (at, (name, fields)) in steps.into_iter().enumerate() {
            minute += 1 + dice.below(30);
            // Some are told late.
            let told_at = minute + if dice.below(10) == 0 { dice.below(400) } else { 0 };
            told.push((told_at, event(&format!("e{lead}-{at}"), minute, name, fields)));
        }
        if dice.below(4) == 0 {
            let void = json!({"event": format!("e{lead}-{}", dice.below(6))});
            told.push((
                minute.saturating_sub(50),
                event(&format!("v{lead}"), minute, "event_voided", void),
            ));
        }
        if dice.below(4) == 0 {
            let payload = json!({"lead_created": {"lead": l, "lead_source": "fair", "attributes": []}});
            let amended = json!({"event": format!("e{lead}-0"), "payload": payload});
            told.push((
                minute + 20,
                event(&format!("m{lead}"), minute, "event_amended", amended),
            ));
            if dice.below(2) == 0 {
                let void = json!({"event": format!("m{lead}")});
                let (at, late) = (minute + 1, dice.below(60));
                told.push((minute + late, event(&format!("w{lead}"), at, "event_voided", void)));
            }
        }
    }
    told.sort_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, event)| event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_are_planned_ahead_come_to_what_the_log_comes_to() {
    for cache in [usize::MAX, 10_000, 0] {
        let site = Site::new().await;
        let database = site.open().await.with_write_cache(cache);
        let events = story(1, 150);
        let batches: Vec<_> = events.chunks(23).collect();
        let outcome = site.stream(&database, &batches).await;
        assert_eq!(outcome, vec![Disposition::Accepted; events.len()]);
        site.agrees(&database).await;
        // What is kept in memory is of the time before the rebuild: it must not be used.
        let more = story(2, 80);
        let more: Vec<Event> = more
            .into_iter()
            .map(|mut event| {
                event.id = scoreline_core::id::EventId::new(format!("x{}", event.id)).unwrap();
                event
            })
            .collect();
        site.stream(&database, &more.chunks(17).collect::<Vec<_>>()).await;
        site.agrees(&database).await;
    }
}

/// Corrections of late commits are not read but known, and after many events a process knows what others have corrected.
#[tokio::test(flavor = "multi_thread")]
async fn corrections_find_what_they_concern_whenever_either_comes() {
    for cache in [usize::MAX, 20_000] {
        let site = Site::new().await;
        let is_correction = |event: &Event| event.id.as_str().starts_with(['v', 'm', 'w']);
        let (corrections, others): (Vec<Event>, Vec<Event>) = story(13, 800).into_iter().partition(is_correction);
        let (early, late) = corrections.split_at(corrections.len() / 2);
        site.stream(&site.open().await, &early.chunks(31).collect::<Vec<_>>())
            .await;
        let database = site.open().await.with_write_cache(cache);
        let mut batches: Vec<Vec<Event>> = others.chunks(97).map(<[Event]>::to_vec).collect();
        assert!(others.len() > 5_000, "{}", others.len());
        for (at, correction) in late.iter().enumerate() {
            let batch = at * batches.len() / late.len();
            batches[batch].push(correction.clone());
        }
        let batches: Vec<&[Event]> = batches.iter().map(Vec::as_slice).collect();
        let outcome = site.stream(&database, &batches).await;
        assert!(outcome.iter().all(|outcome| *outcome == Disposition::Accepted));
        site.agrees(&database).await;
    }
}

/// What large commits need is read before their turn: while others change it, and while it is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_early_is_not_old() {
    for cache in [usize::MAX, 200_000, 0] {
        let site = Site::new().await;
        let (one, other) = (site.open().await, site.open().await);
        let (one, other) = (one.with_write_cache(cache), other.with_write_cache(cache));
        let events = story(11, 900);
        let batches: Vec<_> = events.chunks(300).collect();
        let (alone, shared) = batches.split_at(batches.len() / 2);
        let outcome = site.stream(&one, alone).await;
        assert!(outcome.iter().all(|outcome| *outcome == Disposition::Accepted));
        let (even, odd): (Vec<_>, Vec<_>) = shared.iter().enumerate().partition(|(at, _)| at % 2 == 0);
        let [even, odd] = [even, odd].map(|batches| batches.into_iter().map(|(_, batch)| *batch).collect::<Vec<_>>());
        let (here, there) = futures::join!(site.stream(&one, &even), site.stream(&other, &odd));
        let outcome = [here, there].concat();
        assert!(outcome.iter().all(|outcome| *outcome == Disposition::Accepted));
        site.agrees(&one).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_twice_counts_once_whoever_is_told() {
    let site = Site::new().await;
    let (one, other) = (site.open().await, site.open().await);
    let events = story(3, 60);
    let batches: Vec<_> = events.chunks(19).collect();
    let (here, there) = futures::join!(site.stream(&one, &batches), site.stream(&other, &batches));
    for (here, there) in here.into_iter().zip(there) {
        let both = [here, there];
        assert!(both.contains(&Disposition::Accepted), "{both:?}");
        assert!(both.contains(&Disposition::Duplicate), "{both:?}");
    }
    site.agrees(&one).await;
    let again = site.stream(&one, &batches).await;
    assert_eq!(again, vec![Disposition::Duplicate; events.len()]);
    let mut changed = events.clone();
    changed
        .iter_mut()
        .for_each(|event| event.occurred_at += jiff::SignedDuration::from_secs(1));
    let conflicts = site.stream(&other, &changed.chunks(19).collect::<Vec<_>>()).await;
    assert_eq!(conflicts, vec![Disposition::Conflict; events.len()]);
    site.agrees(&other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_take_turns() {
    let site = Site::new().await;
    let (one, other) = (site.open().await, site.open().await);
    let events = story(4, 120);
    let batches: Vec<_> = events.chunks(11).collect();
    let (even, odd): (Vec<_>, Vec<_>) = batches.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let [even, odd] = [even, odd].map(|batches| batches.into_iter().map(|(_, batch)| *batch).collect::<Vec<_>>());
    let (here, there) = futures::join!(site.stream(&one, &even), site.stream(&other, &odd));
    assert_eq!([here, there].concat(), vec![Disposition::Accepted; events.len()]);
    site.agrees(&one).await;
}

/// Two processes may know the same state by different lines: one has what came and went, the other what was left of it.
#[tokio::test(flavor = "multi_thread")]
async fn who_carries_after_another_did_leaves_his_be() {
    let site = Site::new().await;
    let (one, other) = (site.open().await, site.open().await);
    let events = story(12, 300);
    for (at, part) in events.chunks_exact(100).enumerate() {
        let (mine, rest) = part.split_at(70);
        let (yours, ours) = rest.split_at(15);
        let accepted = |told: Vec<Disposition>| told.iter().all(|told| *told == Disposition::Accepted);
        assert!(
            accepted(site.stream(&one, &mine.chunks(7).collect::<Vec<_>>()).await),
            "part {at}"
        );
        other.catch_up(&site.tenant).await.unwrap();
        one.catch_up(&site.tenant).await.unwrap();
        assert!(accepted(site.send(&other, yours).await), "part {at}");
        assert!(accepted(site.send(&one, ours).await), "part {at}");
    }
    site.agrees(&other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_settings_hold_from_their_commit_on() {
    let site = Site::new().await;
    let (one, other) = (site.open().await, site.open().await);
    let events = story(5, 60);
    let (early, late) = events.split_at(events.len() / 2);
    site.stream(&one, &early.chunks(13).collect::<Vec<_>>()).await;
    let policies = Policies {
        time_zone: "Asia/Tokyo".parse().unwrap(),
        ..Policies::default()
    };
    other
        .update_policies(&site.tenant, &policies, None, NOW.parse().unwrap())
        .await
        .unwrap();
    site.stream(&one, &late.chunks(13).collect::<Vec<_>>()).await;
    site.agrees(&one).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_commit_carried_follows_from_the_log() {
    let site = Site::new().await;
    let events = story(7, 120);
    let (mut early, mut late) = (events.as_slice(), &events[..0]);
    for part in 1..=3 {
        // Another process each time; the one before it is gone without a word.
        let database = site.open().await;
        (late, early) = early.split_at(early.len() * part / 3);
        site.stream(&database, &late.chunks(9).collect::<Vec<_>>()).await;
        assert!(lag(&database).await > 0, "part {part}");
    }
    assert!(early.is_empty() && !late.is_empty());
    site.agrees(&site.open().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_are_told_whole_whatever_is_carried() {
    let site = Site::new().await;
    let (one, other) = (site.open().await, site.open().await);
    let events = story(8, 60);
    site.stream(&one, &events.chunks(7).collect::<Vec<_>>()).await;
    assert!(lag(&one).await > 0);
    let subjects: Vec<Subject> = ["lead:L3", "lead:L59", "opportunity:O59", "account:A1", "lead:nobody"]
        .iter()
        .map(|text| Subject::parse(text).unwrap())
        .collect();
    let told = other.events_of(&site.tenant, &subjects, 1_000).await.unwrap();
    assert!(lag(&one).await > 0, "who asks writes nothing");
    one.catch_up(&site.tenant).await.unwrap();
    assert_eq!(lag(&one).await, 0);
    let carried = other.events_of(&site.tenant, &subjects, 1_000).await.unwrap();
    assert_eq!(told, carried);
    assert_eq!(told.len(), 4, "{told:?}");
    let folded = {
        other.rebuild(&site.tenant, true, NOW.parse().unwrap()).await.unwrap();
        other.events_of(&site.tenant, &subjects, 1_000).await.unwrap()
    };
    assert_eq!(told, folded);
    let first = other.events_of(&site.tenant, &subjects[..1], 1).await.unwrap();
    assert_eq!(first[&subjects[0]], told[&subjects[0]][..1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_has_gone_quiet_is_written_down() {
    let site = Site::new().await;
    let database = site.open().await;
    let events = story(9, 40);
    let (early, late) = events.split_at(events.len() / 2);
    for events in [early, late] {
        site.stream(&database, &events.chunks(7).collect::<Vec<_>>()).await;
        let began = std::time::Instant::now();
        while lag(&database).await > 0 {
            assert!(began.elapsed().as_secs() < 60, "nobody sees to it");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    site.agrees(&database).await;
    let more = event(
        "last",
        5_000,
        "lead_created",
        json!({"lead": "Z", "lead_source": "web"}),
    );
    site.send(&database, std::slice::from_ref(&more)).await;
    database.close().await.unwrap();
    assert_eq!(lag(&site.open().await).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_again_what_is_stored_does_not_make_others_fold() {
    let site = Site::new().await;
    let database = site.open().await;
    let events = story(10, 60);
    let batches: Vec<_> = events.chunks(9).collect();
    for (at, batch) in batches.iter().enumerate() {
        site.send(&database, batch).await;
        if at % 3 == 2 {
            let again = site.send(&database, batches[at - 1]).await;
            assert_eq!(again, vec![Disposition::Duplicate; batches[at - 1].len()]);
        }
        // Each time the book is opened anew, so that it is never trusted.
        assert!(at < 3 || lag(&database).await == 0, "batch {at}");
    }
    site.agrees(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_of_the_former_layout_are_read_on() {
    let grown = Site::new().await;
    let database = grown.open().await;
    let events = story(6, 1);
    let (first, rest) = events.split_first().unwrap();
    grown.send(&database, std::slice::from_ref(first)).await;
    let record = records(&database).await.remove(&(1, "L0".to_owned())).unwrap();

    let former = Site {
        tenant: grown.tenant.clone(),
        folder: tempfile::tempdir().unwrap(),
    };
    let database = former.open().await;
    let db = database.writer();
    use sea_orm_migration::MigratorTrait as _;
    scoreline_migrations::Migrator::up(db, Some(3)).await.unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let settings = serde_json::to_string(&Policies::default()).unwrap();
    let at = first.occurred_at.as_microsecond();
    let data = serde_json::to_vec(first).unwrap();
    for sql in [
        format!("INSERT INTO tenant VALUES ('acme', '{settings}', 1, 0)"),
        "INSERT INTO commit_log VALUES ('acme', 1, 0, 1)".to_owned(),
        format!(
            "INSERT INTO event VALUES ('acme', '{id}', 1, 0, {at}, x'{hash}', x'{data}')",
            hash = hex(&Sha256::digest(&data)),
            data = hex(&data),
            id = first.id
        ),
        format!("INSERT INTO subject VALUES ('acme', 1, 'L0', x'{}')", hex(&record)),
        format!(
            "INSERT INTO occurrence VALUES ('acme', 1, 'L0', {at}, '{id}', '{id}', x'')",
            id = first.id
        ),
    ] {
        db.execute_unprepared(&sql).await.unwrap();
    }
    scoreline_migrations::up(db).await.unwrap();
    let found = database
        .find_events(&former.tenant, std::slice::from_ref(&first.id))
        .await
        .unwrap();
    assert_eq!(found.iter().map(|logged| &logged.event).collect::<Vec<_>>(), [first]);
    assert_eq!(
        former.send(&database, std::slice::from_ref(first)).await,
        [Disposition::Duplicate]
    );
    assert_eq!(
        database.verify(&former.tenant).await.unwrap().problems,
        Vec::<String>::new()
    );
    // The last first: the history has to be read for those that come before it.
    for event in rest.iter().rev() {
        former.send(&database, std::slice::from_ref(event)).await;
    }
    database.catch_up(&former.tenant).await.unwrap();
    let (grown_up, expected) = (records(&database).await, {
        let database = grown.open().await;
        grown.send(&database, rest).await;
        database.catch_up(&grown.tenant).await.unwrap();
        records(&database).await
    });
    assert_eq!(grown_up, expected);
}

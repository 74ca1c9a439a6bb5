//! Images in memory: who stays, and what a merge in between does to them.

use std::{sync::Arc, time::Duration};

use scoreline_core::{id::TenantId, policy::Policies};
use scoreline_storage::{CompactionPlan, Ledger, Log as _, Submission, Tenancy as _};
use tokio::time::Instant;

use super::fixture::{Fixture, at, deal, fixture};
use crate::{caller::Caller, image::Images};

fn caller(tenant: &TenantId) -> Caller {
    Caller {
        tenant: tenant.clone(),
        deadline: Instant::now() + Duration::from_secs(20),
    }
}

fn images(fixture: &Fixture, budget: u64) -> Images {
    Images::new(
        Arc::new(fixture.database.clone()) as Arc<dyn Ledger>,
        budget,
        Duration::from_millis(25),
    )
}

async fn won(fixture: &Fixture, tenant: &TenantId, id: &str) -> u64 {
    let events = deal(id, "ann", 10, "2026-06-01", Some("2026-06-02"));
    let submission = Submission {
        events: events.into(),
        all_or_nothing: true,
    };
    fixture
        .database
        .commit(tenant, vec![submission], at("2026-07-01"))
        .await
        .unwrap()[0]
        .commit
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_recently_asked_tenant_makes_room() {
    let fixture = fixture().await;
    let other = TenantId::new("other").unwrap();
    fixture
        .database
        .create_tenant(&other, &Policies::default(), at("2026-01-01"))
        .await
        .unwrap();
    for tenant in [&fixture.tenant, &other] {
        won(&fixture, tenant, "D1").await;
    }
    let size = images(&fixture, u64::MAX)
        .get(&caller(&other), 1)
        .await
        .unwrap()
        .bytes();
    let images = images(&fixture, size + size / 2);
    for tenant in [&fixture.tenant, &other, &fixture.tenant] {
        let snapshot = images.get(&caller(tenant), 1).await.unwrap();
        assert!(snapshot.rows.is_some(), "it fits alone");
        assert_eq!((images.held(), snapshot.commit), (vec![tenant.clone()], 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_in_between_counts_nothing_twice() {
    let fixture = fixture().await;
    let images = images(&fixture, u64::MAX);
    for number in 1..=3 {
        won(&fixture, &fixture.tenant, &format!("A{number}")).await;
    }
    images.get(&caller(&fixture.tenant), 3).await.unwrap();
    fixture
        .database
        .commit(&fixture.tenant, Vec::new(), at("2026-07-01"))
        .await
        .unwrap();
    let mut last = 3;
    for number in 1..=6 {
        last = won(&fixture, &fixture.tenant, &format!("B{number}")).await;
    }
    let plan = CompactionPlan {
        fan_in: 2,
        max_rows: 100_000,
    };
    while fixture
        .database
        .compact(&fixture.tenant, &plan)
        .await
        .unwrap()
        .is_some()
    {}
    let grown = images.get(&caller(&fixture.tenant), last).await.unwrap();
    let fresh = self::images(&fixture, u64::MAX)
        .get(&caller(&fixture.tenant), last)
        .await
        .unwrap();
    let rows = |snapshot: &crate::image::Snapshot| snapshot.rows.as_ref().unwrap().rows();
    assert_eq!((rows(&grown), grown.commit), (rows(&fresh), last));
}

#[tokio::test(flavor = "multi_thread")]
async fn first_loads_that_come_together_share_one() {
    let fixture = fixture().await;
    won(&fixture, &fixture.tenant, "D1").await;
    let images = images(&fixture, u64::MAX);
    let caller = caller(&fixture.tenant);
    let loads = futures::future::join_all((0..16).map(|_| images.get(&caller, 1))).await;
    let first = loads[0].as_ref().unwrap();
    assert!(loads.iter().all(|load| Arc::ptr_eq(load.as_ref().unwrap(), first)));
}

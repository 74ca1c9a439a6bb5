//! What was acknowledged survives `kill -9`, of the service and of its database.

use scoreline_tests::{
    faults::{
        self,
        campaign::Campaign,
        findings::Findings,
        front::{Bug, Front},
    },
    postgres::{self, Cluster, Lifetime},
    require,
    server::{Engine, Server, engines},
};

/// How many cycles pass between two looks at everything.
const LOOK_EVERY: usize = 50;

/// Kills a server again and again under load, and looks at what is left.
async fn kill_server(engine: &Engine, usual: usize) -> anyhow::Result<()> {
    let kills = faults::repetitions("SCORELINE_KILLS", usual);
    let seed = faults::seed(&format!("kill -9 of the service on {engine:?}"));
    let mut campaign = Campaign::new(Server::start(engine), seed);
    let mut found = Findings::default();
    for cycle in 1..=kills {
        campaign.kill_server().await?;
        if cycle.is_multiple_of(LOOK_EVERY) || cycle == kills {
            found = campaign.findings().await?;
            assert!(found.is_clean(), "after {cycle} kills, seed {seed}: {found}");
        }
    }
    campaign.own_checks()?;
    faults::say(&format!("kills {kills} on {engine:?}: {}", found.summary()));
    assert!(
        found.acknowledged >= 5 * kills,
        "{} acknowledgements in {kills} cycles prove little",
        found.acknowledged
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_service_loses_nothing_on_sqlite() -> anyhow::Result<()> {
    kill_server(&Engine::Sqlite, 200).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_service_loses_nothing_on_postgres() -> anyhow::Result<()> {
    if engines().contains(&Engine::Postgres) {
        kill_server(&Engine::Postgres, 30).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgres_loses_nothing() -> anyhow::Result<()> {
    let binaries = require::or_say(
        postgres::binaries(),
        "SCORELINE_REQUIRE_POSTGRES",
        "there is no PostgreSQL on this machine",
    );
    let Some(binaries) = binaries else { return Ok(()) };
    let kills = faults::repetitions("SCORELINE_DATABASE_KILLS", 10);
    let seed = faults::seed("kill -9 of PostgreSQL");
    let mut cluster = Cluster::start(&binaries, Lifetime::OfItsOwner, postgres::SMALL);
    let folder = tempfile::Builder::new().prefix("scoreline-test").tempdir()?;
    let quick = [("SCORELINE__DATABASE__ACQUIRE_TIMEOUT", "500ms")];
    let mut campaign = Campaign::new(Server::start_on(folder, cluster.database(), &quick), seed);
    for _ in 0..kills {
        campaign.kill_database(&mut cluster).await?;
    }
    let found = campaign.findings().await?;
    assert!(found.is_clean(), "after {kills} kills, seed {seed}: {found}");
    campaign.own_checks()?;
    faults::say(&format!("kills {kills} of PostgreSQL: {}", found.summary()));
    assert!(
        found.acknowledged >= 5 * kills,
        "{} acknowledgements in {kills} cycles prove little",
        found.acknowledged
    );
    Ok(())
}

/// What the same cycles find when the service has a bug.
async fn planted(bug: Bug) -> anyhow::Result<Findings> {
    let seed = faults::seed(&format!("a service that {bug:?}"));
    let server = Server::start(&Engine::Sqlite);
    let front = Front::start(bug, server.endpoint()).await?;
    let mut campaign = Campaign::behind(front, server, seed);
    for _ in 0..5 {
        campaign.kill_server().await?;
    }
    campaign.findings().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_forgets_is_found() -> anyhow::Result<()> {
    let found = planted(Bug::Forgets).await?;
    assert!(!found.lost.is_empty(), "{found}");
    assert!(
        found.doubled.is_empty() && found.invented.is_empty() && found.changed.is_empty(),
        "{found}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_stores_an_event_twice_is_found() -> anyhow::Result<()> {
    let found = planted(Bug::Copies).await?;
    assert!(!found.doubled.is_empty(), "{found}");
    assert!(found.lost.is_empty() && found.changed.is_empty(), "{found}");
    assert!(found.invented.iter().all(|id| id.ends_with("-copy")), "{found}");
    Ok(())
}

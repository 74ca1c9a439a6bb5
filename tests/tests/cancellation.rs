//! Callers that vanish leave nothing behind: no half event, no stale transaction, no broken connection.

use futures::future::try_join_all;
use scoreline_tests::{
    client::Clients,
    faults::{
        self,
        book::Book,
        campaign,
        findings::{self, Findings},
        front::{Bug, Front},
        vanish::{Caller, Tally},
    },
    server::{Engine, Server, engines},
};

/// Callers at once: more than the pool has connections.
const CALLERS: usize = 8;

/// Cancels calls of several callers at once.
async fn cancel(endpoint: &str, calls: usize, seed: u64, book: &Book, plain: bool) -> anyhow::Result<Tally> {
    let callers = (1..).take(CALLERS).map(|ordinal| async move {
        let caller = Caller::new(
            Clients::connect(endpoint, "default").await?,
            ordinal,
            seed,
            book.clone(),
        );
        let caller = if plain { caller.plain() } else { caller };
        tokio::spawn(caller.run(calls / CALLERS)).await?
    });
    let tallies = try_join_all(callers).await?;
    Ok(tallies.into_iter().fold(Tally::default(), Tally::and))
}

async fn look(server: &Server, book: &Book) -> anyhow::Result<Findings> {
    findings::look(&mut Clients::connect(&server.endpoint(), "default").await?, book).await
}

async fn on(engine: &Engine) -> anyhow::Result<()> {
    let calls = faults::repetitions("SCORELINE_CANCELS", 2_000);
    let seed = faults::seed(&format!("cancelled calls on {engine:?}"));
    let small = [
        ("SCORELINE__DATABASE__MAX_CONNECTIONS", "2"),
        ("SCORELINE__DATABASE__READERS", "2"),
    ];
    let mut server = Server::start_with(engine, &small);
    let book = Book::default();
    let tally = cancel(&server.endpoint(), calls, seed, &book, false).await?;
    let before = look(&server, &book).await?;
    // A commit within a stale transaction would be gone with its connection.
    server.kill();
    server.restart();
    let found = look(&server, &book).await?;
    assert!(found.is_clean(), "seed {seed}, {tally:?}: {found}");
    assert_eq!(before, found, "seed {seed}: the log differs after a kill");
    campaign::own_checks(&server)?;
    faults::say(&format!("{tally:?} on {engine:?}: {}", found.summary()));
    assert!(tally.cut * 4 >= calls, "only {} of {calls} calls were cut", tally.cut);
    assert!(
        tally.kept > 0 && tally.dropped > 0,
        "calls were cut always too early, or always too late: {tally:?}"
    );
    assert!(tally.honest * 4 >= calls, "only {} honest calls", tally.honest);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_calls_leave_nothing_behind_on_sqlite() -> anyhow::Result<()> {
    on(&Engine::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_calls_leave_nothing_behind_on_postgres() -> anyhow::Result<()> {
    if engines().contains(&Engine::Postgres) {
        on(&Engine::Postgres).await?;
    }
    Ok(())
}

/// The planted bug: a service that claims ids before it stores events tells the truth as long as nobody cancels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_not_safe_to_cancel_is_found() -> anyhow::Result<()> {
    let seed = faults::seed("a service that claims first");
    let server = Server::start(&Engine::Sqlite);
    let front = Front::start(Bug::ClaimsFirst, server.endpoint()).await?;
    let book = Book::default();
    cancel(&front.endpoint(), 200, seed, &book, true).await?;
    let found = look(&server, &book).await?;
    assert!(!found.lost.is_empty(), "{found}");
    assert!(
        found.doubled.is_empty() && found.invented.is_empty() && found.changed.is_empty(),
        "{found}"
    );
    Ok(())
}

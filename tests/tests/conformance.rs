//! The conformance corpus, over gRPC, on every engine.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use scoreline_tests::{
    case,
    server::{Engine, Server, engines},
};

/// How many cases run at once.
const AT_ONCE: usize = 4;

async fn run_all(engine: &Engine, settings: &[(&str, &str)]) {
    let server = Server::start_with(engine, settings);
    let cases = case::all();
    let endpoint = server.endpoint();
    let outcomes: Vec<_> = stream::iter(&cases)
        .map(|case| {
            let endpoint = &endpoint;
            async move { (case, case::run(case, endpoint).await) }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let failed: Vec<_> = outcomes
        .iter()
        .filter_map(|(case, outcome)| {
            outcome
                .as_ref()
                .err()
                .map(|error| format!("{} ({})\n    {error:#}", case.id, case.title))
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} cases fail on {engine:?}:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
    assert!(cases.len() >= 60, "only {} cases were found", cases.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_holds_on_sqlite() {
    run_all(&Engine::Sqlite, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_holds_on_postgres() {
    if engines().contains(&Engine::Postgres) {
        run_all(&Engine::Postgres, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_holds_when_no_ledger_fits_in_memory() {
    let nothing = ("SCORELINE__ANALYTICS__IMAGE_MEMORY_BUDGET_BYTES", "0");
    run_all(&Engine::Sqlite, &[nothing]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_holds_when_nothing_is_kept_from_earlier_questions() {
    let nothing = ("SCORELINE__ANALYTICS__KEPT_ANSWERS_BUDGET_BYTES", "0");
    run_all(&Engine::Sqlite, &[nothing]).await;
}

#[test]
fn every_metric_of_the_catalogue_has_a_case_that_asserts_it() {
    let cases = case::all();
    let claimed: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| case.covers.iter().map(String::as_str))
        .collect();
    let registry = scoreline_core::metric::Registry::builtin(&scoreline_core::policy::Policies::default());
    let missing: Vec<_> = registry
        .iter()
        .map(|metric| metric.id.as_str())
        .filter(|id| !claimed.contains(id))
        .collect();
    assert!(missing.is_empty(), "no case covers {missing:?}");
    for case in &cases {
        let hollow: Vec<_> = case.covers.iter().filter(|metric| !case.asserts(metric)).collect();
        assert!(
            hollow.is_empty(),
            "{} covers {hollow:?} but asserts nothing of them",
            case.id
        );
    }
}

//! Bar 15: from the acknowledgement to an answer of another process, and what ingestion does to its answers.

use std::time::{Duration, Instant};

use scoreline_proto::{
    analytics::v1::{MetricSelection, QueryMetricsRequest},
    events::v1::Event,
    types::v1::DateRange,
};
use scoreline_tests::{
    client::Clients,
    server::{Engine, Server},
};

use super::{
    Figure, Options,
    live::{self, Ids},
    percentile, ratio,
    site::Site,
};
use crate::{bar::Bar, dataset::TENANT, events::date, load, queries};

/// Events that are stored first.
const STORED: usize = 100;
/// How often visibility is measured.
const SAMPLES: usize = 100;
/// How long the dashboard is asked for, idle and under load.
const ASKING: Duration = Duration::from_secs(8);

pub(crate) async fn measure(_: &Options, seed: u64) -> anyhow::Result<Vec<Bar>> {
    let mut site = Site::start(&Engine::Postgres).await?;
    let mut batches = live::batches(seed, Ids::Ordered);
    let stored: Vec<_> = batches.by_ref().take(STORED).collect();
    let capacity = load::send(&mut site.clients, load::prepared(stored)).await?;
    let folder = tempfile::Builder::new().prefix("scoreline-bench").tempdir()?;
    let settings = [("SCORELINE__COMPACTION__ENABLED", "false")];
    let other = Server::start_on(folder, site.server.database().to_owned(), &settings);
    let reader = Clients::connect(&other.endpoint(), TENANT).await?;

    let mut latencies = Vec::with_capacity(SAMPLES);
    for event in batches.next().into_iter().flatten().take(SAMPLES) {
        let commit = site.clients.ingest(vec![event]).await?.commit;
        let acknowledged = Instant::now();
        reader.metrics.clone().query_metrics(question(commit)).await?;
        latencies.push(acknowledged.elapsed().as_secs_f64() * 1_000.0);
    }
    let seen = percentile(&mut latencies, 0.99);
    println!(
        "  acknowledged to visible: p50 {:.1} ms, p99 {seen:.1} ms",
        percentile(&mut latencies, 0.5)
    );

    let mut idle = dashboards(&reader).await?;
    let pace = Duration::from_secs_f64(load::BATCH as f64 / (capacity.per_second() / 2.0));
    let writer = site.clients.clone();
    let coming: Vec<Vec<Event>> = batches
        .take((ASKING.as_secs_f64() / pace.as_secs_f64()) as usize + 1)
        .collect();
    let ingesting = tokio::spawn(ingest_at(writer, coming, pace));
    let mut busy = dashboards(&reader).await?;
    ingesting.abort();
    let [idle, busy] = [&mut idle, &mut busy].map(|samples| percentile(samples, 0.99));
    Ok(vec![
        ratio(
            15,
            "acknowledged to visible in another process, p99, PostgreSQL, against 100 ms",
            ("≤ 1", "≤ 0.2"),
            Figure(seen, "ms"),
            Figure(100.0, "ms"),
        ),
        ratio(
            15,
            format!(
                "p99 of a dashboard while {:.0} events/s are ingested, against idle",
                capacity.per_second() / 2.0
            ),
            ("≤ 3", "≤ 1.5"),
            Figure(busy, "ms"),
            Figure(idle, "ms"),
        ),
    ])
}

async fn ingest_at(mut clients: Clients, batches: Vec<Vec<Event>>, pace: Duration) -> anyhow::Result<()> {
    let mut ticks = tokio::time::interval(pace);
    for batch in batches {
        ticks.tick().await;
        clients.ingest(batch).await?;
    }
    Ok(())
}

async fn dashboards(clients: &Clients) -> anyhow::Result<Vec<f64>> {
    let began = Instant::now();
    let mut latencies = Vec::new();
    while began.elapsed() < ASKING {
        latencies.push(queries::dashboard(clients).await?.as_secs_f64() * 1_000.0);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(latencies)
}

fn question(commit: i64) -> QueryMetricsRequest {
    let range = DateRange {
        start: Some(date(18_993)),
        end: Some(date(20_089)),
    };
    QueryMetricsRequest {
        metrics: vec![MetricSelection {
            metric_id: "revenue".to_owned(),
            ..MetricSelection::default()
        }],
        range: Some(range),
        at_least_commit: commit,
        ..QueryMetricsRequest::default()
    }
}

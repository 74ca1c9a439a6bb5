//! Bar 10: many clients, each with one event at a time.

use std::time::Instant;

use scoreline_proto::events::v1::Event;
use scoreline_tests::{client::Clients, server::Engine};

use super::{
    Figure,
    floor::{self, Floor, Row},
    live::{self, Ids},
    median, percentile, ratio,
    site::Site,
};
use crate::{bar::Bar, dataset::TENANT};

const CLIENTS: usize = 64;
const EACH: usize = 400;
const ROUNDS: usize = 3;

pub(crate) async fn measure(seed: u64) -> anyhow::Result<Vec<Bar>> {
    let mut events = live::batches(seed, Ids::Ordered).flatten();
    let rows: Vec<Row> = events.by_ref().take(10_000).map(|event| Row::of(&event)).collect();
    let bare = floor::bare_database().await?;
    let (mut ours, mut theirs, mut our_p99, mut their_p99, mut alone_p99) = (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        theirs.push(
            Floor::open(&Engine::Postgres)
                .await?
                .single_rate(&rows[..5_000])
                .await?,
        );
        alone_p99.push(percentile(&mut floor::bare_commits(&bare, 1, 2_000).await?, 0.99));
        their_p99.push(percentile(&mut floor::bare_commits(&bare, CLIENTS, EACH).await?, 0.99));
        let site = Site::start(&Engine::Postgres).await?;
        let (rate, mut latencies) = ingest(&site, &mut events).await?;
        ours.push(rate);
        our_p99.push(percentile(&mut latencies, 0.99));
        println!(
            "  round {}: ours {rate:.0} events/s, p50 {:.2} ms, p99 {:.2} ms; one by one {:.0} events/s; bare commit p99 {:.2} ms, {:.2} ms of {CLIENTS} at once",
            round + 1,
            percentile(&mut latencies, 0.5),
            our_p99[round],
            theirs[round],
            alone_p99[round],
            their_p99[round],
        );
    }
    println!("  bare commit alone: p99 {:.2} ms", median(alone_p99));
    Ok(vec![
        ratio(
            10,
            format!("single events from {CLIENTS} clients, PostgreSQL, against one by one by hand"),
            ("≥ 3", "≥ 6"),
            Figure(median(ours), "events/s"),
            Figure(median(theirs), "events/s"),
        ),
        ratio(
            10,
            "their p99, against a bare commit of as many clients at once",
            ("≤ 3", "—"),
            Figure(median(our_p99), "ms"),
            Figure(median(their_p99), "ms"),
        ),
    ])
}

async fn ingest(site: &Site, events: &mut impl Iterator<Item = Event>) -> anyhow::Result<(f64, Vec<f64>)> {
    let mut clients = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        let own: Vec<Event> = events.by_ref().take(EACH).collect();
        clients.push((Clients::connect(&site.server.endpoint(), TENANT).await?, own));
    }
    let began = Instant::now();
    let working = clients.into_iter().map(|(mut clients, own)| {
        tokio::spawn(async move {
            let mut latencies = Vec::with_capacity(own.len());
            for event in own {
                let began = Instant::now();
                let answer = clients.ingest(vec![event]).await?;
                anyhow::ensure!(
                    answer.accepted_count == 1,
                    "an event was not accepted: {:?}",
                    answer.results
                );
                latencies.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
            Ok(latencies)
        })
    });
    let mut latencies = Vec::with_capacity(CLIENTS * EACH);
    for done in futures::future::try_join_all(working).await? {
        latencies.extend(done?);
    }
    Ok((latencies.len() as f64 / began.elapsed().as_secs_f64(), latencies))
}

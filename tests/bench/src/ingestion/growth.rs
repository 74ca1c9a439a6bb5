//! Bars 11 and 14: what ingestion costs when much is stored, and when much is stored of one subject.

use std::time::Instant;

use scoreline_proto::{
    events::v1::{ActivityLogged, Event, OpportunityOpened, OrderLine, OrderPlaced, event::Payload},
    types::v1::Money,
};

use super::{
    Figure, Options,
    live::{self, Ids},
    median, ratio,
    site::{self, Site},
};
use crate::{bar::Bar, dataset, load};

/// Tells the n-th event of a subject.
type Tell = fn(usize) -> Payload;

/// Rates of which the median counts.
const RATES: usize = 3;

/// The rate at which an organisation's whole life is taken in where as much is stored, against that of the empty store. Of a
/// part of a life it would depend on the part: at first all is new, later much goes on. Full and empty stores take turns.
pub(crate) async fn stored(options: &Options, seed: u64) -> anyhow::Result<Vec<Bar>> {
    let mut bars = Vec::new();
    for engine in options.engines() {
        for (ids, wanted) in [(Ids::Ordered, ("≥ 0.8", "≥ 0.95")), (Ids::Random, ("≥ 0.5", "≥ 0.8"))] {
            let told = |rate: f64, events: usize| {
                let name = site::name(&engine);
                println!("  {name}, {ids:?} ids, {events} events: {rate:.0} events/s");
            };
            let first = live::generations(seed, ids).next().unwrap_or_default();
            let mut site = Site::start_warm(&engine, seed).await?;
            let mut lives = live::generations(seed, ids);
            let mut events = 0;
            for life in lives.by_ref() {
                events += life.len();
                told(rate(&mut site, life).await?, events);
                if events >= options.stored {
                    break;
                }
            }
            anyhow::ensure!(events >= options.stored, "there are no more than {events} events");
            let (mut empty, mut full) = (Vec::new(), Vec::new());
            for life in lives.take(RATES) {
                empty.push(rate(&mut Site::start_warm(&engine, seed).await?, first.clone()).await?);
                told(empty[empty.len() - 1], first.len());
                events += life.len();
                full.push(rate(&mut site, life).await?);
                told(full[full.len() - 1], events);
            }
            anyhow::ensure!(full.len() == RATES, "there are no more than {events} events");
            let name = format!(
                "the rate after {} events against the empty store, {ids:?} ids, {}",
                options.stored,
                site::name(&engine)
            );
            let (full, empty) = (Figure(median(full), "events/s"), Figure(median(empty), "events/s"));
            bars.push(ratio(11, name, wanted, full, empty));
        }
    }
    Ok(bars)
}

async fn rate(site: &mut Site, events: Vec<Event>) -> anyhow::Result<f64> {
    let prepared: Vec<_> = load::prepared(dataset::batches(events.into_iter())).collect();
    Ok(load::send(&mut site.clients, prepared.into_iter()).await?.per_second())
}

/// Events of one batch to one subject.
const BATCH: usize = 50;
/// Events of one subject's whole history.
const HISTORY: usize = 10_000;

/// What an event costs by how many its subject has.
pub(crate) async fn history(options: &Options) -> anyhow::Result<Vec<Bar>> {
    let mut bars = Vec::new();
    for engine in options.engines() {
        let mut site = Site::start(&engine).await?;
        let kinds: [(&str, Tell); 2] = [("opportunity", activity), ("account", order)];
        for (subject, payload) in kinds {
            site.clients.ingest(vec![event(0, subject, opened())]).await?;
            let mut costs = Vec::new();
            for batch in 0..HISTORY / BATCH {
                let events = (1 + batch * BATCH..=(batch + 1) * BATCH).map(|at| event(at, subject, payload(at)));
                let events = events.collect();
                let began = Instant::now();
                let answer = site.clients.ingest(events).await?;
                anyhow::ensure!(answer.accepted_count == BATCH as i32, "{:?}", answer.results.first());
                costs.push(began.elapsed().as_secs_f64() * 1e6 / BATCH as f64);
            }
            let (first, last) = (
                median(costs[2..22].to_vec()),
                median(costs[costs.len() - 20..].to_vec()),
            );
            let name = format!(
                "an event of one {subject}, {HISTORY} events before it against {}, {}",
                BATCH * 12,
                site::name(&engine)
            );
            bars.push(ratio(
                14,
                name,
                ("≤ 2", "flat"),
                Figure(last, "µs"),
                Figure(first, "µs"),
            ));
        }
    }
    Ok(bars)
}

fn event(at: usize, source: &str, payload: Payload) -> Event {
    Event {
        event_id: format!("{source}-{at:08}"),
        source: source.to_owned(),
        occurred_at: Some(prost_types::Timestamp {
            seconds: 1_700_000_000 + at as i64 * 60,
            nanos: 0,
        }),
        payload: Some(payload),
    }
}

fn money(units: i64) -> Option<Money> {
    Some(Money {
        currency_code: "USD".to_owned(),
        units,
        nanos: 0,
    })
}

fn opened() -> Payload {
    Payload::OpportunityOpened(OpportunityOpened {
        opportunity_id: "long".to_owned(),
        stage: "prospecting".to_owned(),
        amount: money(1_000),
        ..OpportunityOpened::default()
    })
}

fn activity(_: usize) -> Payload {
    Payload::ActivityLogged(ActivityLogged {
        kind: 1,
        opportunity_id: "long".to_owned(),
        ..ActivityLogged::default()
    })
}

fn order(at: usize) -> Payload {
    let line = OrderLine {
        product_id: "saw".to_owned(),
        quantity: "1".to_owned(),
        amount: money(10),
        cost: None,
    };
    Payload::OrderPlaced(OrderPlaced {
        order_id: format!("order-{at}"),
        account_id: "long".to_owned(),
        lines: vec![line],
        ..OrderPlaced::default()
    })
}

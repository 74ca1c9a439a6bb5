//! Bars 11 and 14: what ingestion costs when much is stored, and when much is stored of one subject.

use std::time::Instant;

use scoreline_proto::{
    events::v1::{ActivityLogged, Event, OpportunityOpened, OrderLine, OrderPlaced, event::Payload},
    types::v1::Money,
};
use scoreline_tests::server::engines;

use super::{
    Figure, Options,
    live::{self, Ids},
    median, ratio,
    site::{self, Site},
};
use crate::{bar::Bar, load};

/// Tells the n-th event of a subject.
type Tell = fn(usize) -> Payload;

/// Batches of which a rate is taken.
const WINDOW: usize = 60;

/// The rate after so many events against that of the empty store.
pub(crate) async fn stored(options: &Options, seed: u64) -> anyhow::Result<Vec<Bar>> {
    let mut bars = Vec::new();
    for engine in engines() {
        for (ids, wanted) in [(Ids::Ordered, ("≥ 0.8", "≥ 0.95")), (Ids::Random, ("≥ 0.5", "≥ 0.8"))] {
            let mut site = Site::start(&engine).await?;
            let mut batches = live::batches(seed, ids);
            let mut rate = async |count: usize| {
                let window: Vec<_> = batches.by_ref().take(count).collect();
                anyhow::Ok(load::send(&mut site.clients, window.into_iter()).await?.per_second())
            };
            let empty = rate(WINDOW).await?;
            let mut between = options.stored.div_ceil(load::BATCH).saturating_sub(WINDOW);
            while between > 0 {
                let step = between.min(WINDOW);
                rate(step).await?;
                between -= step;
            }
            let full = rate(WINDOW).await?;
            let name = format!(
                "the rate after {} events against the empty store, {ids:?} ids, {}",
                options.stored,
                site::name(&engine)
            );
            let (full, empty) = (Figure(full, "events/s"), Figure(empty, "events/s"));
            bars.push(ratio(11, name, wanted, full, empty));
        }
    }
    Ok(bars)
}

/// Events of one batch to one subject.
const BATCH: usize = 50;
/// Events of one subject's whole history.
const HISTORY: usize = 10_000;

/// What an event costs by how many its subject has.
pub(crate) async fn history() -> anyhow::Result<Vec<Bar>> {
    let mut bars = Vec::new();
    for engine in engines() {
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

//! Bars 8 and 9: a realistic mix over one stream, durable.

use scoreline_tests::server::Engine;

use super::{
    Figure, Options,
    floor::{Floor, Row},
    live::{self, Ids},
    median, ratio,
    site::{self, Site},
};
use crate::{bar::Bar, load};

pub(crate) async fn measure(options: &Options, seed: u64) -> anyhow::Result<Vec<Bar>> {
    let batches: Vec<_> = live::batches(seed, Ids::Ordered)
        .take(options.events.div_ceil(load::BATCH))
        .collect();
    let rows: Vec<Vec<Row>> = batches
        .iter()
        .map(|batch| batch.iter().map(Row::of).collect())
        .collect();
    let prepared: Vec<_> = load::prepared(batches).collect();
    let mut bars = Vec::new();
    for engine in options.engines() {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=options.rounds {
            theirs.push(Floor::open(&engine).await?.rate(&rows).await?);
            let mut site = Site::start(&engine).await?;
            let sent = load::send(&mut site.clients, prepared.iter().cloned()).await?;
            ours.push(sent.per_second());
            println!(
                "  {} round {round}: ours {:.0}, floor {:.0} events/s",
                site::name(&engine),
                ours[round - 1],
                theirs[round - 1]
            );
        }
        let (number, wanted) = match engine {
            Engine::Postgres => (8, ("≥ 0.7", "≥ 1.2")),
            Engine::Sqlite => (9, ("≥ 0.6", "≥ 0.9")),
        };
        let name = format!(
            "a realistic mix of {} events over one stream, {}, against an event and two rows by hand",
            options.events,
            site::name(&engine)
        );
        let (ours, theirs) = (Figure(median(ours), "events/s"), Figure(median(theirs), "events/s"));
        bars.push(ratio(number, name, wanted, ours, theirs));
    }
    Ok(bars)
}

//! Bars 8 and 9: a realistic mix over one stream, durable.

use scoreline_tests::server::Engine;

use super::{
    Figure, Options,
    floor::{Floor, Row},
    live::{self, Ids},
    median, ratio,
    site::{self, Site},
};
use crate::{bar::Bar, dataset::TENANT, load};

pub(crate) async fn measure(options: &Options, seed: u64) -> anyhow::Result<Vec<Bar>> {
    let batches: Vec<_> = live::batches(seed, Ids::Ordered)
        .take(options.events.div_ceil(load::BATCH))
        .collect();
    let rows_of = |batch: &Vec<_>| batch.iter().map(Row::of).collect();
    let rows: Vec<Vec<Row>> = batches.iter().map(rows_of).collect();
    let others: Vec<Vec<Row>> = live::of_others(seed).map(|batch| rows_of(&batch)).collect();
    let prepared: Vec<_> = load::prepared(batches).collect();
    let mut bars = Vec::new();
    for engine in options.engines() {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=options.rounds {
            let mut floor = Floor::open(&engine).await?;
            floor.rate(site::OTHERS, &others).await?;
            theirs.push(floor.rate(TENANT, &rows).await?);
            drop(floor);
            let mut site = Site::start_warm(&engine, seed).await?;
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

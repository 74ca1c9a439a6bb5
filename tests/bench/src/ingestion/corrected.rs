//! What corrections cost: an organisation's life in which one event in a hundred is one, beside the same life without.

use scoreline_proto::events::v1::Event;
use scoreline_tests::server::Engine;

use super::{
    Figure, Options,
    live::{self, Ids},
    median, ratio,
    site::{self, Site},
};
use crate::{bar::Bar, dataset, load};

pub(crate) async fn measure(options: &Options, seed: u64) -> anyhow::Result<Vec<Bar>> {
    let life: Vec<Event> = live::generations(seed, Ids::Ordered).next().unwrap_or_default();
    let corrected = live::corrected(&life, seed);
    let events = corrected.len();
    let prepare = |events: Vec<Event>| load::prepared(dataset::batches(events.into_iter())).collect::<Vec<_>>();
    let (plain, corrected) = (prepare(life), prepare(corrected));
    let mut bars = Vec::new();
    for engine in options.engines() {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for round in 1..=options.rounds {
            for (batches, rates) in [(&plain, &mut without), (&corrected, &mut with)] {
                let mut site = Site::start_warm(&engine, seed).await?;
                let sent = load::send(&mut site.clients, batches.iter().cloned()).await?;
                rates.push(sent.per_second());
            }
            println!(
                "  {} round {round}: {:.0} events/s with corrections, {:.0} without",
                site::name(&engine),
                with[round - 1],
                without[round - 1]
            );
        }
        let name = format!(
            "{events} events, 1 % of them corrections, {}, against the same without",
            site::name(&engine)
        );
        let (with, without) = (Figure(median(with), "events/s"), Figure(median(without), "events/s"));
        let number = match engine {
            Engine::Postgres => 8,
            Engine::Sqlite => 9,
        };
        bars.push(ratio(number, name, ("—", "—"), with, without));
    }
    Ok(bars)
}

//! The organisation's events on their way through the ingestion service.

use std::io::{self, IsTerminal as _};

use scoreline_core::event::Event;
use scoreline_proto::encode;

use crate::{
    connection::Connection,
    delivery::{Origin, Parcel, Progress, Tally, deliver},
    output::note,
};

/// Events in a batch; the server may allow fewer.
const BATCH: usize = 1_000;
/// How often a plain line tells how far it is, in per cent.
const STEP: u64 = 10;

/// Sends all events, with a progress bar where somebody watches and plain lines elsewhere.
///
/// # Errors
/// When the server refuses them as a whole or goes away.
pub(super) async fn send(connection: &Connection, events: Vec<Event>) -> anyhow::Result<Tally> {
    let count = events.len() as u64;
    let progress = Progress::of_things(Some(count));
    let mut lines = Lines {
        told: 0,
        wanted: !io::stderr().is_terminal(),
    };
    let parcels = events.into_iter().map(|event| Ok(parcel(&event)));
    let mut settled = 0;
    let sent = Box::pin(deliver(connection, BATCH, parcels, |parcels, tally| {
        settled += parcels.len() as u64;
        progress.at(settled, tally);
        if let Some(percent) = lines.due(settled, count) {
            note(format_args!("  {percent:>3} %  {settled} of {count} events sent"));
        }
        Ok(())
    }))
    .await;
    progress.finish();
    sent
}

fn parcel(event: &Event) -> Parcel {
    Parcel::Event(Origin::default(), Box::new(encode::event(event)))
}

/// Decides when a plain line is due.
struct Lines {
    told: u64,
    wanted: bool,
}

impl Lines {
    fn due(&mut self, settled: u64, count: u64) -> Option<u64> {
        let percent = 100 * settled / count.max(1) / STEP * STEP;
        let due = self.wanted && percent > self.told;
        self.told = self.told.max(percent);
        due.then_some(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_every_ten_per_cent() {
        let mut lines = Lines { told: 0, wanted: true };
        let told: Vec<u64> = (0..=40).filter_map(|settled| lines.due(settled, 40)).collect();
        assert_eq!(told, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
        assert_eq!(Lines { told: 0, wanted: false }.due(40, 40), None);
    }
}

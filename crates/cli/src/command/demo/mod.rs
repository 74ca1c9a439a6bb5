//! `scoreline demo`: a made-up sales organisation, sent through the ingestion service, measured, and left to be asked.

mod hints;
mod host;
mod organisation;
mod scoreboard;
mod sending;

use std::{process::ExitCode, time::Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use self::{host::Host, organisation::Plan, scoreboard::Quarter};
use crate::{
    arguments::{Local, Remote},
    connection::Connection,
    output::{bold, line, note},
};

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Makes up more than two years of a sales organisation, serves a fresh temporary database, sends everything through the \
ingestion service, and shows a scoreboard of the last full quarter. With --database the events go there and stay.")]
pub(crate) struct Arguments {
    /// End after the scoreboard instead of serving on.
    #[arg(long)]
    exit: bool,
    /// Another seed makes another organisation; the same one makes the same.
    #[arg(long, value_name = "NUMBER", default_value_t = 42)]
    seed: u64,
    /// How large the organisation is; 1 has 20 000 leads.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = scale)]
    scale: f64,
}

fn scale(text: &str) -> Result<f64, String> {
    let scale = text.parse().map_err(|_| "must be a number".to_owned())?;
    if (0.01..=20.0).contains(&scale) {
        Ok(scale)
    } else {
        Err("must be 0.01 to 20".to_owned())
    }
}

pub(crate) async fn run(local: &Local, remote: &Remote, demo: &Arguments) -> anyhow::Result<ExitCode> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let host = Box::pin(Host::start(local, demo.exit)).await?;
    let shown = tokio::select! {
        shown = Box::pin(show(&host, remote, demo, today)) => shown,
        () = host.stopping() => Err(anyhow::anyhow!("stopped before the end")),
    };
    match shown {
        Ok(()) if !demo.exit => host.serve_on().await?,
        shown => {
            host.stop().await?;
            shown?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes, sends and measures the organisation.
async fn show(host: &Host, remote: &Remote, demo: &Arguments, today: Date) -> anyhow::Result<()> {
    let started = Instant::now();
    let plan = Plan {
        seed: demo.seed,
        scale: demo.scale,
        today,
    };
    let events = tokio::task::spawn_blocking(move || organisation::generate(&plan))
        .await
        .context("making events")?;
    let count = events.len();
    note(format_args!(
        "{count} events of a sales organisation, made in {:.1} s",
        started.elapsed().as_secs_f64()
    ));

    let here = Remote {
        endpoint: host.endpoint(),
        ..remote.clone()
    };
    let connection = Connection::open(&here).await?;
    let sending = Instant::now();
    let tally = sending::send(&connection, events)
        .await
        .context("sending the organisation's events")?;
    let seconds = sending.elapsed().as_secs_f64();
    note(format_args!(
        "{tally} in {seconds:.1} s ({:.0} events a second)",
        count as f64 / seconds.max(0.001)
    ));
    if !tally.is_clean() {
        bail!("not every event was stored: {tally}. Use another database, or the seed that it was filled with");
    }

    let quarter = Quarter::last_before(today);
    scoreboard::show(&connection, quarter, tally.commit).await?;
    line(format_args!(
        "\n{}",
        bold(&format!(
            "Made, sent and measured in {:.0} seconds.",
            started.elapsed().as_secs_f64()
        ))
    ));
    if !demo.exit {
        hints::show(&host.endpoint(), remote, quarter);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_has_limits() {
        assert_eq!(scale("0.5"), Ok(0.5));
        assert!(["0", "21", "NaN", "much"].iter().all(|text| scale(text).is_err()));
    }
}

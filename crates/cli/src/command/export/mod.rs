//! `scoreline export`: everything out, as Parquet.

mod events;
mod ledger;
mod parquet;

use std::{path::PathBuf, process::ExitCode};

use anyhow::ensure;
use clap::Args;

use crate::{arguments::Remote, connection::Connection, output::line};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where to write the events: id, source, time, type, commit, and the event as JSON.
    #[arg(long, value_name = "FILE.parquet", required_unless_present = "ledger")]
    events: Option<PathBuf>,
    /// Where to write the ledger: what the events count for.
    #[arg(long, value_name = "FILE.parquet")]
    ledger: Option<PathBuf>,
    /// Only what later commits recorded.
    #[arg(long, value_name = "COMMIT", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    after_commit: i64,
    /// Nothing that later commits recorded; up to the present one unless given.
    #[arg(long, value_name = "COMMIT", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    up_to_commit: i64,
}

/// The commits that are given out.
#[derive(Debug, Clone, Copy)]
struct Commits {
    after: i64,
    up_to: i64,
}

pub(crate) async fn run(remote: &Remote, export: &Arguments) -> anyhow::Result<ExitCode> {
    ensure!(
        export.events != export.ledger,
        "--events and --ledger name the same file"
    );
    let commits = Commits {
        after: export.after_commit,
        up_to: export.up_to_commit,
    };
    let connection = Connection::open(remote).await?;
    if let Some(path) = &export.events {
        let count = events::export(&connection, commits, path).await?;
        line(format_args!("{count} events are in {}", path.display()));
    }
    if let Some(path) = &export.ledger {
        let count = ledger::export(&connection, commits, path).await?;
        line(format_args!("{count} ledger rows are in {}", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

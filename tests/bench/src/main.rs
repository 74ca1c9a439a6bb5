//! Measures Scoreline beside other engines. `just bench` runs it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that tells what it measures"
)]

mod analytics;
mod asking;
mod bar;
mod bulk;
mod dataset;
mod engines;
mod events;
mod image;
mod ingestion;
mod load;
mod organisation;
mod path;
mod queries;
mod questions;
mod report;
mod settle;
mod tables;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{dataset::Dataset, organisation::Size};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    /// Where organisations are kept.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draws an organisation, writes its tables and ingests its events.
    Prepare {
        #[arg(long, value_parser = Size::parse, default_value = "S")]
        size: Size,
    },
    /// Asks every question of Scoreline and of the engines, side by side.
    Queries {
        #[arg(long, value_parser = Size::parse, default_value = "S")]
        size: Size,
        #[command(flatten)]
        against: Against,
    },
    /// Measures everything and writes the report.
    All {
        /// The size of the large organisation.
        #[arg(long, value_parser = Size::parse, default_value = "M")]
        size: Size,
        #[arg(long, default_value = "BENCHMARKS.md")]
        report: PathBuf,
        #[command(flatten)]
        against: Against,
        #[command(flatten)]
        ingestion: ingestion::Options,
    },
    /// Asks one question again and again.
    Ask(asking::Options),
    /// Measures the bars of a cold start alone.
    Cold {
        #[arg(long, value_parser = Size::parse, default_value = "S")]
        size: Size,
    },
    /// Brings an organisation's segments to the form in which they are stored now, instead of drawing it again.
    Settle {
        #[arg(long, value_parser = Size::parse, default_value = "S")]
        size: Size,
    },
    /// Measures the bars of ingestion.
    Ingestion(ingestion::Options),
    /// Measures what an event costs in the process, without network and database.
    Path(path::Options),
}

/// How many times as often the small organisation is asked.
const SMALL_ASKS: usize = 5;

#[derive(Clone, Args)]
pub(crate) struct Against {
    /// The Python that has the engines' packages.
    #[arg(long, default_value = "target/bench/python/bin/python")]
    pub(crate) python: PathBuf,
    #[arg(long, value_delimiter = ',', default_value = "duckdb,polars,datafusion,chdb")]
    pub(crate) engines: Vec<String>,
    /// How often each question is asked of each.
    #[arg(long, default_value_t = 7)]
    pub(crate) asks: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // As a task among those of the connection: a client that waits on a thread of its own changes threads twice a call.
    tokio::spawn(run(Arguments::parse())).await?
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // Servers run in folders of their own.
    let folder = std::path::absolute(&arguments.folder)?;
    let dataset = |size| Dataset::new(&folder, size, arguments.seed);
    match arguments.command {
        Command::Prepare { size } => dataset(size).prepare().await,
        Command::Queries { size, against } => analytics::measure(&dataset(size), &against).await.map(drop),
        Command::All {
            size,
            report: path,
            against,
            ingestion,
        } => {
            // What takes a tenth of the time is asked more often: the first rounds of a process are its slowest.
            let often = Against {
                asks: against.asks * SMALL_ASKS,
                ..against.clone()
            };
            let small = analytics::questions(&dataset(Size::S), &often).await?;
            let large = analytics::measure(&dataset(size), &against).await?;
            let mut report = report::Report::new(arguments.seed, small, large);
            // What took half an hour is not lost when the rest fails.
            std::fs::write(&path, report.text())?;
            report.add(ingestion::run(&ingestion, arguments.seed).await?);
            std::fs::write(&path, report.text())?;
            Ok(())
        }
        Command::Ask(options) => asking::run(&options, options.size.map(dataset).as_ref()).await,
        Command::Cold { size } => analytics::cold(&dataset(size)).await.map(drop),
        Command::Settle { size } => settle::settle(&dataset(size).database()).await,
        Command::Ingestion(options) => ingestion::run(&options, arguments.seed).await.map(drop),
        Command::Path(options) => path::measure(&options, arguments.seed),
    }
}

//! The bars of ingestion: ours through gRPC on loopback, beside hand-written SQL on the same databases in the same run.

mod burst;
mod corrected;
mod floor;
mod growth;
pub(crate) mod live;
mod rate;
mod site;
mod visible;

use scoreline_tests::{
    postgres,
    server::{self, Engine},
};

use crate::{bar::Bar, engines};

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Events of each round of the rates.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) events: usize,
    /// Rounds, of which the median counts.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Events that are stored before the rate is measured again.
    #[arg(long, default_value_t = 5_000_000)]
    pub(crate) stored: usize,
    /// Only these parts: rate, burst, stored, corrected, history, visible.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Only on these databases: sqlite, postgres.
    #[arg(long, value_delimiter = ',', value_parser = ["sqlite", "postgres"])]
    pub(crate) databases: Vec<String>,
}

impl Options {
    fn engines(&self) -> Vec<Engine> {
        let mut engines = server::engines();
        engines.retain(|engine| {
            let name = match engine {
                Engine::Sqlite => "sqlite",
                Engine::Postgres => "postgres",
            };
            self.databases.is_empty() || self.databases.iter().any(|only| only == name)
        });
        engines
    }
}

/// One figure by another.
fn ratio(
    number: u32,
    name: impl Into<String>,
    (goal, proud): (&'static str, &'static str),
    ours: Figure,
    theirs: Figure,
) -> Bar {
    let bar = Bar {
        number,
        name: name.into(),
        goal,
        proud,
        ours: ours.to_string(),
        theirs: theirs.to_string(),
        figure: ours.0 / theirs.0,
    };
    bar.told()
}

/// A figure and its unit.
#[derive(Debug, Clone, Copy)]
struct Figure(f64, &'static str);

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = if self.0 >= 100.0 { 0 } else { 2 };
        write!(f, "{:.digits$} {}", self.0, self.1)
    }
}

/// Measures all bars.
///
/// # Errors
/// When a server or a database fails, or an event is not accepted.
pub(crate) async fn run(options: &Options, seed: u64) -> anyhow::Result<Vec<Bar>> {
    println!("seed {seed}, {options:?}");
    postgres::shared_with(engines::POSTGRES);
    let wanted = |part: &str| options.only.is_empty() || options.only.iter().any(|only| only == part);
    let mut bars = Vec::new();
    if wanted("rate") {
        bars.extend(rate::measure(options, seed).await?);
    }
    if wanted("burst") {
        bars.extend(burst::measure(seed).await?);
    }
    if wanted("stored") {
        bars.extend(growth::stored(options, seed).await?);
    }
    if wanted("corrected") {
        bars.extend(corrected::measure(options, seed).await?);
    }
    if wanted("history") {
        bars.extend(growth::history(options).await?);
    }
    if wanted("visible") {
        bars.extend(visible::measure(options, seed).await?);
    }
    Ok(bars)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

fn percentile(samples: &mut [f64], part: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len() - 1;
    samples[(last as f64 * part).round() as usize]
}

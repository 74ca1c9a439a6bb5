//! One question again and again, for whoever looks at where its time goes: what its caller waits, and what it takes of the
//! processors.

use std::time::Duration;

use clap::Args;
use scoreline_tests::client::Clients;

use crate::{
    analytics::{self, MEMORY, NOTHING_KEPT, News},
    dataset::{Dataset, TENANT},
    organisation::Size,
    queries::{self, median},
};

#[derive(Args)]
pub(crate) struct Options {
    /// The size of the organisation; none: next to nothing is known.
    #[arg(long, value_parser = Size::parse)]
    pub(crate) size: Option<Size>,
    /// Which questions, such as `q06`; `dashboard` for twelve at once.
    #[arg(long = "question", value_delimiter = ',', required = true)]
    questions: Vec<String>,
    #[arg(long, default_value_t = 500)]
    times: usize,
    /// How many milliseconds all rest before each asking, so that threads sleep as they do between callers.
    #[arg(long, default_value_t = 0)]
    rest: u64,
    /// What was told before may be used again.
    #[arg(long)]
    kept: bool,
    /// Something new is recorded before each asking, on a copy of the organisation.
    #[arg(long)]
    news: bool,
}

/// Asks, and prints what each question took.
///
/// # Errors
/// When a server fails.
pub(crate) async fn run(options: &Options, dataset: Option<&Dataset>) -> anyhow::Result<()> {
    let settings: &[_] = if options.kept {
        &[MEMORY]
    } else {
        &[MEMORY, NOTHING_KEPT]
    };
    let server = match dataset {
        Some(dataset) if options.news => dataset.server_on_copy(settings)?,
        Some(dataset) => dataset.server(settings)?,
        None => analytics::almost_empty(settings).await?,
    };
    eprintln!("the server is process {}", server.pid());
    let clients = Clients::connect(&server.endpoint(), TENANT).await?;
    analytics::first_answer(&clients).await?;
    analytics::quiet(&server).await?;
    let mut news = News::new(dataset.map_or(1, |dataset| dataset.seed));
    for name in &options.questions {
        ask(&clients, name).await?;
        let mut times = Vec::new();
        let (mut served, mut asked) = (0.0, 0.0);
        for _ in 0..options.times {
            if options.news {
                news.tell(&mut clients.clone()).await?;
            }
            tokio::time::sleep(Duration::from_millis(options.rest)).await;
            let before = (
                analytics::used_millis(server.pid())?,
                analytics::used_millis(std::process::id())?,
            );
            times.push(ask(&clients, name).await?);
            served += analytics::used_millis(server.pid())? - before.0;
            asked += analytics::used_millis(std::process::id())? - before.1;
        }
        let count = times.len() as f64;
        println!(
            "{name:10} p50 {:8.3} ms, p90 {:8.3} ms; processor time of the server {:7.3} ms, of the client {:7.3} ms",
            median(times.clone()),
            ninth(times),
            served / count,
            asked / count
        );
    }
    Ok(())
}

async fn ask(clients: &Clients, name: &str) -> anyhow::Result<Duration> {
    if name == "dashboard" {
        return queries::dashboard(clients).await;
    }
    Ok(queries::ask(clients, name).await?.0)
}

fn ninth(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() * 9 / 10)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

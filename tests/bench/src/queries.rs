//! Questions side by side: every engine answers the same question in turn, round by round, after all gave the same answer.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use scoreline_proto::analytics::v1::{BatchQueryMetricsRequest, QueryMetricsRequest};
use scoreline_tests::client::Clients;

use crate::{
    engines::Engine,
    questions::{self, DASHBOARD, Row},
};

/// Asks Scoreline over gRPC and decodes the answer.
///
/// # Errors
/// When the call fails.
pub(crate) async fn ask(clients: &Clients, name: &str) -> anyhow::Result<(Duration, Vec<Row>)> {
    let question = questions::question(name);
    let mut metrics = clients.metrics.clone();
    let began = Instant::now();
    let answer = metrics
        .query_metrics(question.request.clone())
        .await
        .with_context(|| name.to_owned())?
        .into_inner();
    let took = began.elapsed();
    ensure!(answer.next_page_token.is_empty(), "{name} has more than one page");
    Ok((took, question.rows(&answer)?))
}

/// Asks all questions of the dashboard at once, as a page does that shows them.
///
/// # Errors
/// When the call fails.
pub(crate) async fn dashboard(clients: &Clients) -> anyhow::Result<Duration> {
    let queries: Vec<QueryMetricsRequest> = DASHBOARD.iter().map(|name| questions::question(name).request).collect();
    let mut metrics = clients.metrics.clone();
    let began = Instant::now();
    let answers = metrics
        .batch_query_metrics(BatchQueryMetricsRequest { queries })
        .await?;
    let took = began.elapsed();
    ensure!(
        answers.into_inner().answers.len() == DASHBOARD.len(),
        "an answer is missing"
    );
    Ok(took)
}

/// One question's times, in milliseconds: ours, and each engine's.
#[derive(Debug, Clone)]
pub(crate) struct Timed {
    pub(crate) question: String,
    pub(crate) ours: f64,
    pub(crate) theirs: Vec<(String, f64)>,
}

impl Timed {
    /// The fastest of some engines.
    pub(crate) fn best(&self, among: &[&str]) -> Option<(&str, f64)> {
        let theirs = self
            .theirs
            .iter()
            .filter(|(name, _)| among.is_empty() || among.contains(&name.as_str()));
        theirs
            .map(|(name, time)| (name.as_str(), *time))
            .min_by(|left, right| left.1.total_cmp(&right.1))
    }

    /// The fastest of all engines by ours.
    pub(crate) fn ratio(&self) -> f64 {
        self.best(&[]).map_or(f64::NAN, |(_, best)| best / self.ours)
    }
}

/// Answers everything once, and holds the answers against ours.
///
/// # Errors
/// When an engine answers something else.
pub(crate) async fn check(clients: &Clients, engines: &mut [Engine], names: &[&str]) -> anyhow::Result<()> {
    for name in names {
        let (_, ours) = ask(clients, name).await?;
        ensure!(!ours.is_empty(), "{name} has no rows");
        for engine in engines.iter_mut() {
            let (_, theirs) = engine.ask(name)?;
            if let Some(difference) = questions::difference(&ours, &theirs) {
                anyhow::bail!("{name}: Scoreline and {} differ: {difference}", engine.name);
            }
        }
    }
    Ok(())
}

/// The medians of some rounds.
///
/// # Errors
/// When an engine fails.
pub(crate) async fn time(
    clients: &Clients,
    engines: &mut [Engine],
    name: &str,
    rounds: usize,
) -> anyhow::Result<Timed> {
    let mut ours = Vec::new();
    let mut theirs = vec![Vec::new(); engines.len()];
    for _ in 0..rounds {
        ours.push(if name == "dashboard" {
            dashboard(clients).await?
        } else {
            ask(clients, name).await?.0
        });
        for (engine, times) in engines.iter_mut().zip(&mut theirs) {
            times.push(engine.ask(name)?.0);
        }
    }
    let theirs = engines
        .iter()
        .zip(theirs)
        .map(|(engine, times)| (engine.name.clone(), median(times)));
    Ok(Timed {
        question: name.to_owned(),
        ours: median(ours),
        theirs: theirs.collect(),
    })
}

/// In milliseconds.
pub(crate) fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

//! The book against the log.

use std::{collections::HashMap, fmt};

use anyhow::Context as _;
use futures::TryStreamExt as _;
use scoreline_proto::{
    analytics::v1::{ExportEventsRequest, MetricSelection, QueryMetricsRequest, cell},
    events::v1::Event,
    types::v1::{Date, DateRange},
};

use super::{
    book::{Book, Pages, content},
    maker,
};
use crate::client::Clients;

/// What is wrong, and how much was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many events were acknowledged.
    pub acknowledged: usize,
    /// How many events are stored.
    pub stored: usize,
    /// Acknowledged, but not stored.
    pub lost: Vec<String>,
    /// Stored again: under the same id, or with the same content under another one.
    pub doubled: Vec<String>,
    /// Stored, but never sent.
    pub invented: Vec<String>,
    /// Stored with another content than was sent.
    pub changed: Vec<String>,
    /// Other broken promises.
    pub broken: Vec<String>,
}

impl Findings {
    /// Compares what was written down with what is stored.
    pub fn compare(pages: &Pages, stored: &[Event]) -> Self {
        let mut ids: HashMap<&str, u32> = HashMap::new();
        let mut contents: HashMap<Vec<u8>, u32> = HashMap::new();
        let mut findings = Self {
            acknowledged: pages.acknowledged.len(),
            stored: stored.len(),
            ..Self::default()
        };
        for event in stored {
            let (id, content) = (event.event_id.as_str(), content(event));
            let times = ids.entry(id).or_default();
            *times += 1;
            let said = contents.entry(content.clone()).or_default();
            *said += 1;
            if *times > 1 || *said > 1 {
                findings.doubled.push(id.to_owned());
            }
            match pages.sent.get(id) {
                None => findings.invented.push(id.to_owned()),
                Some((sent, _)) if *sent != content => findings.changed.push(id.to_owned()),
                Some(_) => {}
            }
        }
        let is_lost = |id: &&String| !ids.contains_key(id.as_str());
        findings.lost = pages.acknowledged.iter().filter(is_lost).cloned().collect();
        findings.broken.clone_from(&pages.broken);
        findings
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        [&self.lost, &self.doubled, &self.invented, &self.changed, &self.broken]
            .into_iter()
            .all(Vec::is_empty)
    }

    /// The counts, on one line.
    pub fn summary(&self) -> String {
        format!(
            "acknowledged {}, stored {}, lost {}, doubled {}, invented {}, changed {}, promises broken {}",
            self.acknowledged,
            self.stored,
            self.lost.len(),
            self.doubled.len(),
            self.invented.len(),
            self.changed.len(),
            self.broken.len()
        )
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        let kinds = [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("invented", &self.invented),
            ("changed", &self.changed),
            ("broken", &self.broken),
        ];
        for (kind, examples) in kinds {
            examples
                .iter()
                .take(5)
                .try_for_each(|example| write!(f, "\n  {kind}: {example}"))?;
        }
        Ok(())
    }
}

/// Everything that is stored, in the order in which it was recorded.
///
/// # Errors
/// When the export fails, or its commits go backwards.
pub async fn stored(clients: &mut Clients) -> anyhow::Result<Vec<Event>> {
    let answers = clients
        .export
        .export_events(ExportEventsRequest::default())
        .await?
        .into_inner();
    let parts: Vec<_> = answers.try_collect().await?;
    let exported: Vec<_> = parts.into_iter().flat_map(|part| part.events).collect();
    anyhow::ensure!(
        exported.is_sorted_by_key(|event| event.commit),
        "commits are exported out of order"
    );
    exported
        .into_iter()
        .map(|one| one.event.context("an exported event is there"))
        .collect()
}

/// How many leads a query counts.
///
/// # Errors
/// When the query fails, or does not answer one number.
pub async fn leads_counted(clients: &mut Clients, at_least_commit: i64) -> anyhow::Result<usize> {
    let day = |year| Some(Date { year, month: 1, day: 1 });
    let request = QueryMetricsRequest {
        metrics: vec![MetricSelection {
            metric_id: "leads_generated".to_owned(),
            ..MetricSelection::default()
        }],
        range: Some(DateRange {
            start: day(2024),
            end: day(2025),
        }),
        at_least_commit,
        ..QueryMetricsRequest::default()
    };
    let answer = clients.metrics.query_metrics(request).await?.into_inner();
    let cell = answer
        .rows
        .first()
        .and_then(|row| row.cells.first())
        .context("one number")?;
    match &cell.result {
        Some(cell::Result::Value(value)) => Ok(value.decimal.parse()?),
        other => anyhow::bail!("leads are counted as {other:?}"),
    }
}

/// Compares a book with a server's log, and its log with its ledger.
///
/// # Errors
/// When the server does not answer.
pub async fn look(clients: &mut Clients, book: &Book) -> anyhow::Result<Findings> {
    let stored = stored(clients).await?;
    let (mut findings, commit) = {
        let pages = book.open();
        (Findings::compare(&pages, &stored), pages.commit)
    };
    let leads = stored.iter().filter(|event| maker::is_lead(event)).count();
    let counted = leads_counted(clients, commit).await?;
    if counted != leads {
        findings
            .broken
            .push(format!("{leads} leads are stored, {counted} are counted"));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use scoreline_proto::ingestion::v1::EventOutcome;

    use super::*;

    fn event(id: &str, source: &str) -> Event {
        Event {
            event_id: id.to_owned(),
            source: source.to_owned(),
            ..Event::default()
        }
    }

    /// Two events of which the first is acknowledged.
    fn pages() -> Pages {
        let mut pages = Pages::default();
        pages.sending(&[event("a", "one"), event("b", "two")]);
        pages.answered(&[event("a", "one")], &[EventOutcome::Accepted], 1);
        pages
    }

    #[test]
    fn what_got_no_answer_may_be_stored_or_not() {
        assert!(Findings::compare(&pages(), &[event("a", "one")]).is_clean());
        assert!(Findings::compare(&pages(), &[event("a", "one"), event("b", "two")]).is_clean());
    }

    #[test]
    fn everything_else_is_told() {
        let of = |stored: &[Event]| Findings::compare(&pages(), stored);
        assert_eq!(of(&[event("b", "two")]).lost, ["a"]);
        assert_eq!(of(&[event("a", "one"), event("a", "one")]).doubled, ["a"]);
        let copied = of(&[event("a", "one"), event("c", "one")]);
        assert_eq!(
            (copied.doubled, copied.invented),
            (vec!["c".to_owned()], vec!["c".to_owned()])
        );
        assert_eq!(of(&[event("a", "other")]).changed, ["a"]);
    }
}

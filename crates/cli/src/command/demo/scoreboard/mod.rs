//! The scoreboard: what the metrics say about a quarter, against the one before.

mod boards;
mod figures;
mod layout;
mod sections;

use jiff::{ToSpan as _, civil::Date};
use scoreline_proto::{
    analytics::v1::{
        Comparison, MetricSelection, OrderBy, PreviousPeriod, QueryMetricsRequest, QueryMetricsResponse, comparison,
        order_by,
    },
    encode,
};

use crate::{
    connection::{Connection, request},
    output::{bold, line},
};

/// A calendar quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quarter {
    /// Its first day.
    pub(super) start: Date,
    /// The first day after it.
    pub(super) end: Date,
}

impl Quarter {
    /// The last quarter that is over on a day.
    pub(super) fn last_before(today: Date) -> Self {
        let end = today.first_of_month() - ((i32::from(today.month()) - 1) % 3).months();
        Self {
            start: end - 3.months(),
            end,
        }
    }

    fn name(self) -> String {
        format!("{}-Q{}", self.start.year(), (self.start.month() - 1) / 3 + 1)
    }
}

/// Asks questions about one quarter.
struct Asker<'a> {
    connection: &'a Connection,
    quarter: Quarter,
    commit: i64,
}

/// Shows the whole scoreboard.
///
/// # Errors
/// When a question is refused.
pub(super) async fn show(connection: &Connection, quarter: Quarter, commit: i64) -> anyhow::Result<()> {
    let asker = Asker {
        connection,
        quarter,
        commit,
    };
    let before = Quarter::last_before(quarter.start);
    let title = format!("Scoreboard of {}, against {}", quarter.name(), before.name());
    line(format_args!("\n{}", bold(&title)));
    line(
        "▲ more, ▼ less than before; ✓ for the better, ✗ for the worse. Intervals hold the true value 95 times of 100.",
    );
    sections::show(&asker).await?;
    boards::show(&asker).await
}

impl Asker<'_> {
    /// The question of some metrics over the whole quarter.
    fn question(&self, metrics: &[&str]) -> QueryMetricsRequest {
        QueryMetricsRequest {
            metrics: metrics.iter().map(|metric| selection(metric)).collect(),
            range: Some(encode::range(self.quarter.start, self.quarter.end)),
            at_least_commit: self.commit,
            ..QueryMetricsRequest::default()
        }
    }

    /// The same, compared with the quarter before.
    fn compared(&self, metrics: &[&str]) -> QueryMetricsRequest {
        let with = Some(comparison::With::PreviousPeriod(PreviousPeriod {}));
        QueryMetricsRequest {
            comparison: Some(Comparison { with }),
            ..self.question(metrics)
        }
    }

    /// The same by a dimension, the largest by the first metric first.
    fn ranked(&self, metrics: &[&str], dimension: &str, limit: i32) -> QueryMetricsRequest {
        let first = metrics
            .first()
            .map(|metric| order_by::By::MetricId(selection(metric).metric_id));
        QueryMetricsRequest {
            dimensions: vec![dimension.to_owned()],
            order_by: vec![OrderBy {
                by: first,
                descending: true,
            }],
            limit,
            ..self.question(metrics)
        }
    }

    async fn ask(&self, question: QueryMetricsRequest) -> anyhow::Result<QueryMetricsResponse> {
        Ok(self
            .connection
            .metrics()
            .query_metrics(request(question))
            .await?
            .into_inner())
    }
}

/// A metric, maybe with a parameter: `time_in_stage?statistic=median`.
fn selection(metric: &str) -> MetricSelection {
    let (id, parameters) = metric.split_once('?').unwrap_or((metric, ""));
    let parameters = parameters.split('&').filter_map(|parameter| parameter.split_once('='));
    MetricSelection {
        metric_id: id.to_owned(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_last_quarter_is_one_that_is_over() {
        let quarter = Quarter::last_before(date(2026, 11, 21));
        assert_eq!((quarter.start, quarter.end), (date(2026, 7, 1), date(2026, 10, 1)));
        assert_eq!(Quarter::last_before(date(2026, 1, 1)).name(), "2025-Q4");
        assert_eq!(Quarter::last_before(date(2026, 3, 31)).name(), "2025-Q4");
    }

    #[test]
    fn a_metric_may_have_parameters() {
        let selected = selection("time_in_stage?statistic=median");
        assert_eq!(selected.metric_id, "time_in_stage");
        assert_eq!(selected.parameters["statistic"], "median");
        assert!(selection("win_rate").parameters.is_empty());
    }
}

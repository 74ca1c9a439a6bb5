//! The questions of the benchmark, as requests to Scoreline, and their answers in the form in which all engines give theirs.
//!
//! The same names stand in `engines/`; what each asks for is written there in SQL.

use scoreline_proto::{
    analytics::v1::{
        Cell, Filter, Grain, Layout, MetricSelection, OrderBy, QueryMetricsRequest, QueryMetricsResponse, cell,
        order_by,
    },
    columns,
    types::v1::DateRange,
};

use crate::{events::date, organisation::QUARTERS};

/// Asked together they are the dashboard.
pub(crate) const DASHBOARD: &[&str] = &[
    "q01", "q02", "q03", "q04", "q05", "q06", "q07", "q08", "q09", "q10", "q11", "q12",
];
/// All that are asked of each engine.
pub(crate) const SINGLES: &[&str] = &[
    "q01", "q02", "q03", "q04", "q05", "q06", "q07", "q08", "q09", "q10", "q11", "q12", "q13", "q14", "q15", "q16",
];
/// One rep, one quarter, twelve metrics: asked of PostgreSQL.
pub(crate) const REP: &str = "q17";

/// What a question is called in reports.
pub(crate) fn title(name: &str) -> &'static str {
    match name {
        "q01" => "revenue by month",
        "q02" => "win rate by rep, top 20",
        "q03" => "deal size by product × quarter",
        "q04" => "median and p90 cycle by region",
        "q05" => "lead conversion by source × month, cohort",
        "q06" => "median inquiry response by rep",
        "q07" => "activities per won deal by rep",
        "q08" => "pipeline as of each month end",
        "q09" => "funnel with time in stage",
        "q10" => "customers retained by month",
        "q11" => "MRR movements by month",
        "q12" => "quota attainment of a quarter by rep",
        "q13" => "activities by kind × month",
        "q14" => "NPS by region × quarter",
        "q15" => "win rate by source × product × year",
        "q16" => "repeat customers by quarter",
        REP => "one rep, one quarter, twelve metrics",
        _ => "a dashboard of 12 at once",
    }
}

/// A number of an answer's cell.
#[derive(Clone, Copy)]
enum Part {
    Value,
    Above,
    Below,
    Sample,
}

/// A question to Scoreline.
pub(crate) struct Question {
    pub(crate) request: QueryMetricsRequest,
    /// The keys of a row: a dimension's value, or (`None`) the period.
    keys: &'static [Option<usize>],
    /// Which numbers, in units of which one is so many of the engines' units.
    parts: &'static [(usize, Part, f64)],
}

const CENTS: f64 = 100.0;
const MILLIS_PER_HOUR: f64 = 3_600_000.0;
const MILLIS_PER_DAY: f64 = 86_400_000.0;

/// The question of a name.
pub(crate) fn question(name: &str) -> Question {
    use Part::{Above, Below, Sample, Value};
    let of = |metrics: &[&str], grain: Grain, dimensions: &[&str]| QueryMetricsRequest {
        metrics: metrics.iter().map(|metric| selection(metric)).collect(),
        range: Some(DateRange {
            start: Some(date(QUARTERS[0])),
            end: Some(date(QUARTERS[12])),
        }),
        grain: grain.into(),
        dimensions: dimensions.iter().map(|dimension| (*dimension).to_owned()).collect(),
        page_size: 10_000,
        layout: Layout::Columns.into(),
        ..QueryMetricsRequest::default()
    };
    let third_quarter = Some(DateRange {
        start: Some(date(QUARTERS[10])),
        end: Some(date(QUARTERS[11])),
    });
    let (request, keys, parts): (_, &'static [_], &'static [_]) = match name {
        "q01" => (of(&["revenue"], Grain::Month, &[]), &[None], &[(0, Value, CENTS)]),
        "q02" => {
            let best = QueryMetricsRequest {
                order_by: vec![OrderBy {
                    by: Some(order_by::By::MetricId("win_rate".to_owned())),
                    descending: true,
                }],
                limit: 20,
                ..of(&["win_rate"], Grain::Total, &["rep"])
            };
            (best, &[Some(0)], &[(0, Above, 1.0), (0, Below, 1.0)])
        }
        "q03" => (
            of(&["average_deal_size"], Grain::Quarter, &["product"]),
            &[Some(0), None],
            &[(0, Above, CENTS), (0, Below, 1.0)],
        ),
        "q04" => (
            of(
                &["sales_cycle_length:median", "sales_cycle_length:p90"],
                Grain::Total,
                &["region"],
            ),
            &[Some(0)],
            &[(0, Value, 1.0), (1, Value, 1.0), (0, Sample, 1.0)],
        ),
        "q05" => (
            of(&["lead_to_opportunity_rate"], Grain::Month, &["lead_source"]),
            &[Some(0), None],
            &[(0, Above, 1.0), (0, Below, 1.0)],
        ),
        "q06" => (
            of(&["inquiry_response_time:median"], Grain::Total, &["rep"]),
            &[Some(0)],
            &[(0, Value, MILLIS_PER_HOUR), (0, Sample, 1.0)],
        ),
        "q07" => (
            of(&["activities_per_won_deal"], Grain::Total, &["rep"]),
            &[Some(0)],
            &[(0, Above, 1.0), (0, Below, 1.0)],
        ),
        "q08" => (
            of(&["pipeline_value"], Grain::Month, &[]),
            &[None],
            &[(0, Value, CENTS)],
        ),
        "q09" => (
            of(&["stage_conversion_rate", "time_in_stage"], Grain::Total, &["stage"]),
            &[Some(0)],
            &[
                (0, Below, 1.0),
                (0, Above, 1.0),
                (1, Above, MILLIS_PER_DAY),
                (1, Below, 1.0),
            ],
        ),
        "q10" => (
            of(&["customer_retention_rate"], Grain::Month, &[]),
            &[None],
            &[(0, Below, 1.0), (0, Above, 1.0)],
        ),
        "q11" => (
            of(
                &[
                    "mrr_new",
                    "mrr_expansion",
                    "mrr_contraction",
                    "mrr_churned",
                    "mrr_reactivation",
                ],
                Grain::Month,
                &[],
            ),
            &[None],
            &[
                (0, Value, CENTS),
                (1, Value, CENTS),
                (2, Value, CENTS),
                (3, Value, CENTS),
                (4, Value, CENTS),
            ],
        ),
        "q12" => (
            QueryMetricsRequest {
                range: third_quarter,
                ..of(&["quota_attainment"], Grain::Total, &["rep"])
            },
            &[Some(0)],
            &[(0, Above, CENTS), (0, Below, CENTS)],
        ),
        "q13" => (
            of(&["activities_logged"], Grain::Month, &["activity_kind"]),
            &[Some(0), None],
            &[(0, Value, 1.0)],
        ),
        "q14" => (
            of(&["net_promoter_score"], Grain::Quarter, &["region"]),
            &[Some(0), None],
            &[(0, Value, 1.0), (0, Sample, 1.0)],
        ),
        "q15" => (
            of(&["win_rate"], Grain::Year, &["lead_source", "product"]),
            &[Some(0), Some(1), None],
            &[(0, Above, 1.0), (0, Below, 1.0)],
        ),
        "q16" => (
            of(&["repeat_customer_rate"], Grain::Quarter, &[]),
            &[None],
            &[(0, Above, 1.0), (0, Below, 1.0)],
        ),
        REP => {
            let metrics = [
                "revenue",
                "orders",
                "bookings",
                "deals_won",
                "deals_lost",
                "opportunities_created",
                "opportunities_created_amount",
                "leads_generated",
                "activities_logged",
                "calls_made",
                "inquiries_received",
                "inquiry_response_time:median",
            ];
            let filter = Filter {
                dimension: "rep".to_owned(),
                values: vec!["rep-0007".to_owned()],
                exclude: false,
            };
            let one = QueryMetricsRequest {
                range: third_quarter,
                filters: vec![filter],
                layout: Layout::Rows.into(),
                ..of(&metrics, Grain::Total, &[])
            };
            let parts = &[
                (0, Value, CENTS),
                (1, Value, 1.0),
                (2, Value, CENTS),
                (3, Value, 1.0),
                (4, Value, 1.0),
                (5, Value, 1.0),
                (6, Value, CENTS),
                (7, Value, 1.0),
                (8, Value, 1.0),
                (9, Value, 1.0),
                (10, Value, 1.0),
                (11, Value, MILLIS_PER_HOUR),
            ];
            (one, &[], parts)
        }
        other => unreachable!("no question is called {other}"),
    };
    Question { request, keys, parts }
}

/// `metric` or `metric:statistic`.
fn selection(text: &str) -> MetricSelection {
    let (metric, statistic) = text
        .split_once(':')
        .map_or((text, None), |(metric, statistic)| (metric, Some(statistic)));
    MetricSelection {
        metric_id: metric.to_owned(),
        parameters: statistic
            .map(|statistic| ("statistic".to_owned(), statistic.to_owned()))
            .into_iter()
            .collect(),
    }
}

/// A row of an answer: keys, and numbers or nothing.
pub(crate) type Row = (Vec<String>, Vec<Option<f64>>);

impl Question {
    /// An answer's rows, as the engines give theirs; those that say nothing are left out.
    ///
    /// # Errors
    /// When the answer's columns contradict each other.
    pub(crate) fn rows(&self, answer: &QueryMetricsResponse) -> anyhow::Result<Vec<Row>> {
        let columnar = answer.columnar_rows.as_ref().map(columns::rows).transpose()?;
        let rows = columnar.as_ref().unwrap_or(&answer.rows).iter().map(|row| {
            let key = |at: &Option<usize>| match at {
                Some(at) => row.dimensions[*at].value.clone(),
                None => row
                    .bucket
                    .as_ref()
                    .map(|bucket| bucket.label.clone())
                    .unwrap_or_default(),
            };
            let values = self
                .parts
                .iter()
                .map(|(column, part, unit)| number(&row.cells[*column], *part, *unit));
            (self.keys.iter().map(key).collect(), values.collect())
        });
        Ok(telling(rows))
    }
}

/// Rows with at least one number that is not zero, in the order of their keys.
pub(crate) fn telling(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let says = |(_, values): &Row| values.iter().flatten().any(|value| *value != 0.0);
    let mut rows: Vec<Row> = rows.filter(says).collect();
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    rows
}

fn number(cell: &Cell, part: Part, unit: f64) -> Option<f64> {
    let text = match part {
        Part::Value => match &cell.result {
            Some(cell::Result::Value(value)) => value.decimal.clone(),
            _ => return None,
        },
        Part::Above => cell.numerator.clone(),
        Part::Below => cell.denominator.clone(),
        Part::Sample => cell.n.to_string(),
    };
    text.parse::<f64>().ok().map(|value| value * unit)
}

/// The first difference between two answers: sums and counts have to be equal, quantiles and quotients to nine digits.
pub(crate) fn difference(ours: &[Row], theirs: &[Row]) -> Option<String> {
    if ours.len() != theirs.len() {
        return Some(format!("{} rows and {} rows", ours.len(), theirs.len()));
    }
    let same = |left: &Option<f64>, right: &Option<f64>| match (left, right) {
        (Some(left), Some(right)) => (left - right).abs() <= 1e-9 * left.abs().max(1.0),
        (left, right) => left.unwrap_or(0.0) == 0.0 && right.unwrap_or(0.0) == 0.0,
    };
    ours.iter().zip(theirs).find_map(|(left, right)| {
        let equal = left.0 == right.0
            && left.1.len() == right.1.len()
            && left.1.iter().zip(&right.1).all(|(left, right)| same(left, right));
        (!equal).then(|| format!("{left:?} and {right:?}"))
    })
}

//! `scoreline query METRIC[,METRIC…]`: an answer as a table, as JSON or as CSV.

mod csv;
pub(crate) mod period;
pub(crate) mod selection;
mod table;
pub(crate) mod units;

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use scoreline_proto::analytics::v1::{
    Attribution, Basis, ConversionMode, CurrencyConversion, Grain, KnownAt, QueryMetricsRequest, QueryMetricsResponse,
};

use self::period::{Calendars, When};
use crate::{
    arguments::Remote,
    connection::{Connection, request},
    output,
};

/// Rows of a page.
const PAGE: i32 = 10_000;

/// Arguments of `query`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  scoreline query revenue,win_rate --period 2026-Q1 --by team --compare previous
  scoreline query 'win_rate(weight=amount)' --from 2026-01-01 --to 2026-07-01 --grain month
  scoreline query bookings --period this-year --by rep --order bookings --limit 10
  scoreline query revenue --period last-90-days --filter region=EMEA,APAC --filter channel!=partner --format csv")]
pub(crate) struct Arguments {
    /// The metrics, with commas between them, each with parameters if need be: win_rate(weight=amount).
    #[arg(value_name = "METRIC[,METRIC…]", required = true)]
    metrics: Vec<String>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// The length of the periods.
    #[arg(long, value_enum, default_value_t = GrainName::Total)]
    grain: GrainName,
    /// What to split by.
    #[arg(long, value_name = "DIMENSION", value_delimiter = ',')]
    by: Vec<String>,
    /// What to compare with: previous, last-year, a period such as 2025-Q1, or benchmark=0.3.
    #[arg(long, value_name = "WITH")]
    compare: Option<String>,
    /// What to order by, a metric or one of --by; metrics the greatest first. :asc or :desc turns it.
    #[arg(long, value_name = "BY[:asc|desc]", value_delimiter = ',')]
    order: Vec<String>,
    /// How many groups at most, the first by the order.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..))]
    limit: i32,
    /// Groups with fewer samples are left out of a ranking.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..))]
    min_sample: i32,
    /// How to show the answer. JSON and CSV have every digit.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// What a number is about: for `query` and `explain`.
#[derive(Debug, Args)]
pub(crate) struct Scope {
    #[command(flatten)]
    pub(crate) when: When,
    /// What to keep, DIMENSION=VALUE[,VALUE…], or what to leave out, DIMENSION!=VALUE. An empty value: having none. A comma
    /// of a value is written \,.
    #[arg(long, value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// What a period counts: what happened in it, or the subjects that entered in it.
    #[arg(long, value_enum)]
    pub(crate) basis: Option<BasisName>,
    /// The state of knowledge: a commit, or an instant such as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "COMMIT|INSTANT")]
    pub(crate) known_at: Option<String>,
    /// The answer includes at least this commit.
    #[arg(long, value_name = "COMMIT", default_value_t = 0)]
    pub(crate) at_least_commit: i64,
    /// The time zone whose days are meant; the tenant's unless given.
    #[arg(long, value_name = "ZONE", default_value = "")]
    pub(crate) time_zone: String,
    /// The currency of the answer; the tenant's unless given.
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
    /// By which properties of a rep something counts: those of then, or those of now.
    #[arg(long, value_enum)]
    pub(crate) attribution: Option<AttributionName>,
}

/// The length of periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GrainName {
    Total,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// What a period counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BasisName {
    Event,
    Cohort,
}

/// By which properties something counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AttributionName {
    Event,
    Current,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

impl From<GrainName> for Grain {
    fn from(name: GrainName) -> Self {
        match name {
            GrainName::Total => Self::Total,
            GrainName::Hour => Self::Hour,
            GrainName::Day => Self::Day,
            GrainName::Week => Self::Week,
            GrainName::Month => Self::Month,
            GrainName::Quarter => Self::Quarter,
            GrainName::Year => Self::Year,
        }
    }
}

impl Scope {
    /// The wire's word for the basis.
    pub(crate) fn basis(&self) -> Basis {
        match self.basis {
            None => Basis::Unspecified,
            Some(BasisName::Event) => Basis::Event,
            Some(BasisName::Cohort) => Basis::Cohort,
        }
    }

    /// The wire's word for the attribution.
    pub(crate) fn attribution(&self) -> Attribution {
        match self.attribution {
            None => Attribution::Unspecified,
            Some(AttributionName::Event) => Attribution::AsOfEvent,
            Some(AttributionName::Current) => Attribution::Current,
        }
    }

    /// How amounts come into one currency, when that is asked.
    pub(crate) fn conversion(&self) -> Option<CurrencyConversion> {
        self.currency.as_ref().map(|code| CurrencyConversion {
            currency_code: code.to_uppercase(),
            mode: ConversionMode::Unspecified.into(),
            fixed_date: None,
        })
    }

    /// The state of knowledge, when one is asked.
    pub(crate) fn known_at(&self) -> anyhow::Result<Option<KnownAt>> {
        self.known_at.as_deref().map(selection::known_at).transpose()
    }
}

pub(crate) async fn run(remote: &Remote, query: &Arguments) -> anyhow::Result<ExitCode> {
    // What can be wrong without a server is told without one.
    let mut message = message(query)?;
    let connection = Connection::open(remote).await?;
    let calendars = Calendars::of(
        &connection,
        &query.scope.time_zone,
        &query.scope.when,
        query.compare.as_deref(),
    )
    .await;
    message.range = Some(query.scope.when.range(&calendars)?);
    message.comparison = query
        .compare
        .as_deref()
        .map(|with| selection::comparison(with, &calendars))
        .transpose()?;
    let answer = ask(&connection, message).await?;
    match query.format {
        Format::Json => output::line(serde_json::to_string_pretty(&output::json(&answer)?)?),
        Format::Csv => output::text(&csv::render(&answer)?),
        Format::Table => output::line(table::render(&answer)),
    }
    Ok(ExitCode::SUCCESS)
}

fn message(query: &Arguments) -> anyhow::Result<QueryMetricsRequest> {
    Ok(QueryMetricsRequest {
        metrics: selection::metrics(&query.metrics.join(","))?,
        grain: Grain::from(query.grain).into(),
        dimensions: query.by.clone(),
        filters: query
            .scope
            .filter
            .iter()
            .map(|filter| selection::filter(filter))
            .collect::<anyhow::Result<_>>()?,
        basis: query.scope.basis().into(),
        order_by: query
            .order
            .iter()
            .map(|order| selection::order(order, &query.by))
            .collect::<anyhow::Result<_>>()?,
        limit: query.limit,
        page_size: PAGE,
        known_at: query.scope.known_at()?,
        at_least_commit: query.scope.at_least_commit,
        time_zone: query.scope.time_zone.clone(),
        attribution: query.scope.attribution().into(),
        currency_conversion: query.scope.conversion(),
        min_sample: query.min_sample,
        ..QueryMetricsRequest::default()
    })
}

/// Every page of the answer as one.
async fn ask(connection: &Connection, mut message: QueryMetricsRequest) -> anyhow::Result<QueryMetricsResponse> {
    let mut client = connection.metrics();
    let mut answer = client.query_metrics(request(message.clone())).await?.into_inner();
    while !answer.next_page_token.is_empty() {
        message.page_token = std::mem::take(&mut answer.next_page_token);
        let page = client.query_metrics(request(message.clone())).await?.into_inner();
        answer.rows.extend(page.rows);
        answer.next_page_token = page.next_page_token;
    }
    Ok(answer)
}

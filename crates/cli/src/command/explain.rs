//! `scoreline explain METRIC`: the records behind one number.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use scoreline_proto::analytics::v1::{
    Cell, Contribution, ContributionPart, ListContributionsRequest, MetricHeader, cell,
};

use super::query::{Scope, period::Calendars, selection, units::Unit};
use crate::{
    arguments::Remote,
    connection::{Connection, request},
    output::{Columns, bold, json, line, note},
};

/// The most records of a page.
const MAX_PAGE: u32 = 1_000;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The metric, with parameters if need be: win_rate(weight=amount).
    #[arg(value_name = "METRIC")]
    metric: String,
    #[command(flatten)]
    scope: Scope,
    /// Which part of the number; of one that is no ratio, the numerator is all of it.
    #[arg(long, value_enum, default_value_t = Part::Numerator)]
    part: Part,
    /// How many records to show; 0: all.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Show the records as JSON, one a line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Numerator,
    Denominator,
}

pub(crate) async fn run(remote: &Remote, explain: &Arguments) -> anyhow::Result<ExitCode> {
    let mut message = message(explain)?;
    let connection = Connection::open(remote).await?;
    let calendars = Calendars::of(&connection, &explain.scope.time_zone, &explain.scope.when, None).await;
    message.range = Some(explain.scope.when.range(&calendars)?);
    let mut client = connection.metrics();
    let mut shown = 0;
    let mut columns = Columns::new(&[
        "date", "subject", "measure", ">value", ">count", ">part", ">commit", "events",
    ]);
    loop {
        message.page_size = i32::try_from(page(explain.limit, shown))?;
        let page = client.list_contributions(request(message.clone())).await?.into_inner();
        if shown == 0 && !explain.json {
            head(page.column.as_ref(), page.cell.as_ref());
        }
        shown += u32::try_from(page.contributions.len())?;
        for contribution in &page.contributions {
            if explain.json {
                line(json(contribution)?);
            } else {
                columns.row(&row(contribution));
            }
        }
        if page.next_page_token.is_empty() || (explain.limit > 0 && shown >= explain.limit) {
            if !explain.json {
                line(columns.render());
            }
            if i64::from(shown) < page.total_count {
                note(format_args!(
                    "{shown} of {} records; --limit 0 shows all",
                    page.total_count
                ));
            }
            return Ok(ExitCode::SUCCESS);
        }
        message.page_token = page.next_page_token;
    }
}

/// How many records to ask for next.
fn page(limit: u32, shown: u32) -> u32 {
    if limit == 0 {
        MAX_PAGE
    } else {
        limit.saturating_sub(shown).clamp(1, MAX_PAGE)
    }
}

fn message(explain: &Arguments) -> anyhow::Result<ListContributionsRequest> {
    let mut metrics = selection::metrics(&explain.metric)?;
    let (Some(metric), true) = (metrics.pop(), metrics.is_empty()) else {
        bail!("one metric can be explained at a time");
    };
    let scope = &explain.scope;
    let part = match explain.part {
        Part::Numerator => ContributionPart::Numerator,
        Part::Denominator => ContributionPart::Denominator,
    };
    Ok(ListContributionsRequest {
        metric: Some(metric),
        filters: scope
            .filter
            .iter()
            .map(|filter| selection::filter(filter))
            .collect::<anyhow::Result<_>>()?,
        basis: scope.basis().into(),
        part: part.into(),
        known_at: scope.known_at()?,
        at_least_commit: scope.at_least_commit,
        time_zone: scope.time_zone.clone(),
        attribution: scope.attribution().into(),
        currency_conversion: scope.conversion(),
        ..ListContributionsRequest::default()
    })
}

fn head(column: Option<&MetricHeader>, cell: Option<&Cell>) {
    let (Some(column), Some(cell)) = (column, cell) else {
        return;
    };
    let unit = Unit {
        unit: &column.unit,
        currency: &column.currency_code,
    };
    let value = match &cell.result {
        Some(cell::Result::Value(value)) => unit.show(&value.decimal),
        Some(cell::Result::Undefined(undefined)) => format!("– ({})", undefined.detail),
        None => "–".to_owned(),
    };
    line(bold(&format!("{} = {value}", column.metric_id)));
    line(format_args!("  {}", column.expression));
    if !cell.denominator.is_empty() {
        line(format_args!(
            "  = {} ÷ {}   n {}",
            cell.numerator, cell.denominator, cell.n
        ));
    }
}

fn row(contribution: &Contribution) -> [String; 8] {
    let date = contribution.date.unwrap_or_default();
    let unit = if contribution.currency_code.is_empty() {
        &contribution.unit
    } else {
        &contribution.currency_code
    };
    [
        format!("{:04}-{:02}-{:02}", date.year, date.month, date.day),
        format!("{} {}", contribution.subject_kind, contribution.subject_id),
        contribution.measure.clone(),
        format!("{} {unit}", contribution.value),
        format!("{:+}", contribution.count),
        contribution.part_value.clone(),
        contribution.commit.to_string(),
        contribution.event_ids.join(" "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_never_ask_for_more_than_is_shown() {
        assert_eq!(
            (page(50, 0), page(50, 40), page(0, 5_000), page(2_500, 1_000)),
            (50, 10, 1_000, 1_000)
        );
    }
}

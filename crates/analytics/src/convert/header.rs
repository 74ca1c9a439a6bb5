//! What a column of an answer means.

use std::collections::HashMap;

use scoreline_core::{
    metric::evaluate::{AppliedPolicy, Column},
    policy::{Crediting, CurrencyMode, Lifecycle, RevenueSource},
};
use scoreline_proto::analytics::v1 as wire;

use super::words;

pub(crate) fn header(column: &Column) -> wire::MetricHeader {
    wire::MetricHeader {
        metric_id: column.id.clone(),
        version: i32::try_from(column.version).unwrap_or(i32::MAX),
        title: column.title.clone(),
        expression: column.expression.clone(),
        unit: words::unit_name(column.unit).to_owned(),
        currency_code: column.currency.map(|currency| currency.to_string()).unwrap_or_default(),
        basis: words::wire_basis(column.basis).into(),
        direction: words::wire_direction(column.direction).into(),
        additivity: words::wire_additivity(column.additivity).into(),
        parameters: column.parameters.clone().into_iter().collect(),
        policies: policies(&column.policies),
    }
}

fn policies(applied: &[AppliedPolicy]) -> HashMap<String, String> {
    let named = |policy: &AppliedPolicy| match policy {
        AppliedPolicy::Lifecycle(Lifecycle::Subscription) => ("customer_lifecycle", "subscription".to_owned()),
        AppliedPolicy::Lifecycle(Lifecycle::Transactional { window_days }) => {
            ("customer_lifecycle", format!("transactional({window_days})"))
        }
        AppliedPolicy::RevenueSource(RevenueSource::Orders) => ("revenue_source", "orders".to_owned()),
        AppliedPolicy::RevenueSource(RevenueSource::WonOpportunities) => {
            ("revenue_source", "won_opportunities".to_owned())
        }
        AppliedPolicy::CurrencyMode(CurrencyMode::BusinessDate) => ("currency_conversion", "business_date".to_owned()),
        AppliedPolicy::CurrencyMode(CurrencyMode::PeriodEnd) => ("currency_conversion", "period_end".to_owned()),
        AppliedPolicy::CurrencyMode(CurrencyMode::Fixed(day)) => ("currency_conversion", format!("fixed_date({day})")),
        AppliedPolicy::Crediting(Crediting::Owner) => ("crediting", "owner".to_owned()),
        AppliedPolicy::Crediting(Crediting::Splits) => ("crediting", "splits".to_owned()),
    };
    applied
        .iter()
        .map(named)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

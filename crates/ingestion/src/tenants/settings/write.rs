//! From the core to the wire, with every default filled in.

use scoreline_core::{
    calendar::{Calendar, RetailAnchor, RetailPattern},
    measure::Unit,
    policy::{Crediting, CurrencyMode, Lifecycle, OwnMeasure, Policies, RevenueSource},
};
use scoreline_proto::{encode, tenants::v1 as wire};

use super::{business, pipelines};

/// Writes settings with the etag of their version.
pub(crate) fn write(policies: &Policies, etag: &str) -> wire::Settings {
    let (currency_mode, fixed_date) = match policies.currency_mode {
        CurrencyMode::BusinessDate => (wire::CurrencyMode::BusinessDate, None),
        CurrencyMode::PeriodEnd => (wire::CurrencyMode::PeriodEnd, None),
        CurrencyMode::Fixed(date) => (wire::CurrencyMode::FixedDate, Some(encode::date(date))),
    };
    wire::Settings {
        time_zone: policies.time_zone.name().to_owned(),
        reporting_currency_code: policies.reporting_currency.to_string(),
        fiscal_calendar: Some(calendar(&policies.calendar)),
        business_hours: Some(business::write(&policies.business_hours)),
        customer_lifecycle: Some(wire::CustomerLifecycle {
            policy: Some(lifecycle(policies.lifecycle)),
        }),
        revenue_source: revenue_source(policies.revenue_source).into(),
        currency_mode: currency_mode.into(),
        currency_fixed_date: fixed_date,
        crediting: crediting(policies.crediting).into(),
        pipelines: pipelines::write(&policies.pipelines),
        attributes: policies.attributes.iter().map(ToString::to_string).collect(),
        measures: policies.measures.iter().map(measure).collect(),
        etag: etag.to_owned(),
    }
}

fn calendar(calendar: &Calendar) -> wire::FiscalCalendar {
    let retail = calendar.retail();
    let pattern = match retail.map(|year| year.pattern) {
        None => wire::RetailPattern::Unspecified,
        Some(RetailPattern::FourFourFive) => wire::RetailPattern::RetailPattern445,
        Some(RetailPattern::FourFiveFour) => wire::RetailPattern::RetailPattern454,
        Some(RetailPattern::FiveFourFour) => wire::RetailPattern::RetailPattern544,
    };
    let anchor = match retail.map(|year| year.anchor) {
        None => wire::RetailAnchor::Unspecified,
        Some(RetailAnchor::Nearest) => wire::RetailAnchor::Nearest,
        Some(RetailAnchor::LastBefore) => wire::RetailAnchor::LastBefore,
    };
    wire::FiscalCalendar {
        year_start_month: calendar.fiscal_year_start_month().into(),
        week_start: business::wire_weekday(calendar.week_start()).into(),
        retail_pattern: pattern.into(),
        retail_anchor: anchor.into(),
    }
}

fn lifecycle(lifecycle: Lifecycle) -> wire::customer_lifecycle::Policy {
    use wire::customer_lifecycle::Policy;
    match lifecycle {
        Lifecycle::Subscription => Policy::Subscription(wire::SubscriptionLifecycle {}),
        Lifecycle::Transactional { window_days } => {
            let window_days = i32::try_from(window_days).unwrap_or(i32::MAX);
            Policy::Transactional(wire::TransactionalLifecycle { window_days })
        }
    }
}

fn revenue_source(source: RevenueSource) -> wire::RevenueSource {
    match source {
        RevenueSource::Orders => wire::RevenueSource::Orders,
        RevenueSource::WonOpportunities => wire::RevenueSource::WonOpportunities,
    }
}

fn crediting(crediting: Crediting) -> wire::Crediting {
    match crediting {
        Crediting::Owner => wire::Crediting::Owner,
        Crediting::Splits => wire::Crediting::Splits,
    }
}

/// Counts and days are units of our own measures only; a tenant cannot declare them.
fn measure(measure: &OwnMeasure) -> wire::DeclaredMeasure {
    let unit = match measure.unit {
        Unit::Milli => wire::MeasureUnit::Number,
        Unit::Money => wire::MeasureUnit::Money,
        Unit::Milliseconds => wire::MeasureUnit::Duration,
        Unit::Count | Unit::Days => wire::MeasureUnit::Unspecified,
    };
    wire::DeclaredMeasure {
        name: measure.name.to_string(),
        unit: unit.into(),
    }
}

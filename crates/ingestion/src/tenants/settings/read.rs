//! From the wire to the core: policies, or everything that is wrong with the settings.

use std::collections::BTreeSet;

use jiff::civil::Weekday;
use scoreline_core::{
    calendar::{Calendar, RetailAnchor, RetailPattern, RetailYear, TimeZone},
    id::Name,
    measure::Unit,
    money::Currency,
    policy::{self, Crediting, CurrencyMode, Lifecycle, MAX_ATTRIBUTES, MAX_LIST, OwnMeasure, Policies, RevenueSource},
};
use scoreline_proto::{Reason, Violation, reader::Reader, tenants::v1 as wire};

use super::{business, pipelines};

/// Reads settings.
pub(super) fn policies(settings: &wire::Settings) -> Result<Policies, Vec<Violation>> {
    let mut reader = Reader::new();
    let read = reader.within("settings", |reader| read(reader, settings));
    let policies = reader.finish(read)?;
    // The core has the last word. What it finds was not found above, so its places are those of the core.
    match policies.violations() {
        found if found.is_empty() => Ok(policies),
        found => Err(found.into_iter().map(of_core).collect()),
    }
}

fn of_core(violation: policy::Violation) -> Violation {
    Violation {
        field: format!("settings.{}", violation.field),
        description: violation.problem,
        reason: Reason::Mismatch,
    }
}

fn read(reader: &mut Reader, wire: &wire::Settings) -> Option<Policies> {
    let time_zone = time_zone(reader, &wire.time_zone);
    let calendar = calendar(reader, wire.fiscal_calendar.as_ref());
    let reporting_currency = currency(reader, &wire.reporting_currency_code);
    let lifecycle = lifecycle(reader, wire.customer_lifecycle.as_ref());
    let revenue_source = reader.choice("revenue_source", wire.revenue_source, revenue_source);
    let currency_mode = currency_mode(reader, wire);
    let crediting = reader.choice("crediting", wire.crediting, crediting);
    let pipelines = pipelines::read(reader, &wire.pipelines);
    let attributes = attributes(reader, &wire.attributes);
    let measures = measures(reader, &wire.measures);
    let business_hours = business::read(reader, wire.business_hours.as_ref());
    let default = Policies::default();
    Some(Policies {
        time_zone: time_zone?,
        calendar: calendar?,
        reporting_currency: reporting_currency?,
        lifecycle: lifecycle?,
        revenue_source: revenue_source.unwrap_or(default.revenue_source),
        currency_mode: currency_mode?,
        crediting: crediting.unwrap_or(default.crediting),
        pipelines,
        attributes,
        measures,
        business_hours: business_hours?,
    })
}

fn time_zone(reader: &mut Reader, name: &str) -> Option<TimeZone> {
    if name.is_empty() {
        return Some(Policies::default().time_zone);
    }
    let zone = TimeZone::new(name);
    zone.map_err(|error| reader.fault("time_zone", Reason::UnknownValue, error.to_string()))
        .ok()
}

fn currency(reader: &mut Reader, code: &str) -> Option<Currency> {
    if code.is_empty() {
        return Some(Policies::default().reporting_currency);
    }
    reader.currency("reporting_currency_code", code)
}

fn calendar(reader: &mut Reader, wire: Option<&wire::FiscalCalendar>) -> Option<Calendar> {
    let Some(wire) = wire else {
        return Some(Calendar::default());
    };
    reader.within("fiscal_calendar", |reader| {
        let week_start = reader
            .choice("week_start", wire.week_start, business::weekday)
            .unwrap_or(Weekday::Monday);
        let retail = retail(reader, wire);
        let month = if wire.year_start_month == 0 {
            1
        } else {
            wire.year_start_month
        };
        let calendar = u8::try_from(month)
            .ok()
            .and_then(|month| Calendar::new(month, week_start, retail).ok());
        if calendar.is_none() {
            reader.fault(
                "year_start_month",
                Reason::OutOfRange,
                format!("{month} is outside 1 to 12"),
            );
        }
        calendar
    })
}

fn retail(reader: &mut Reader, wire: &wire::FiscalCalendar) -> Option<RetailYear> {
    let pattern = reader.choice("retail_pattern", wire.retail_pattern, |pattern| match pattern {
        wire::RetailPattern::Unspecified => None,
        wire::RetailPattern::RetailPattern445 => Some(RetailPattern::FourFourFive),
        wire::RetailPattern::RetailPattern454 => Some(RetailPattern::FourFiveFour),
        wire::RetailPattern::RetailPattern544 => Some(RetailPattern::FiveFourFour),
    });
    let anchor = reader.choice("retail_anchor", wire.retail_anchor, |anchor| match anchor {
        wire::RetailAnchor::Unspecified => None,
        wire::RetailAnchor::Nearest => Some(RetailAnchor::Nearest),
        wire::RetailAnchor::LastBefore => Some(RetailAnchor::LastBefore),
    });
    if anchor.is_some() && wire.retail_pattern == 0 {
        reader.fault(
            "retail_anchor",
            Reason::NotAllowed,
            "has a meaning only with a retail pattern",
        );
    }
    Some(RetailYear {
        pattern: pattern?,
        anchor: anchor.unwrap_or_default(),
    })
}

fn lifecycle(reader: &mut Reader, wire: Option<&wire::CustomerLifecycle>) -> Option<Lifecycle> {
    use wire::customer_lifecycle::Policy;
    let policy = wire.and_then(|lifecycle| lifecycle.policy.as_ref());
    reader.within("customer_lifecycle", |reader| match policy {
        None => Some(Policies::default().lifecycle),
        Some(Policy::Subscription(_)) => Some(Lifecycle::Subscription),
        Some(Policy::Transactional(transactional)) => reader.within("transactional", |reader| {
            let days = if transactional.window_days == 0 {
                365
            } else {
                transactional.window_days
            };
            if !(1..=3_660).contains(&days) {
                reader.fault(
                    "window_days",
                    Reason::OutOfRange,
                    format!("{days} is outside 1 to 3660"),
                );
            }
            Some(Lifecycle::Transactional {
                window_days: u32::try_from(days).ok()?,
            })
        }),
    })
}

fn revenue_source(source: wire::RevenueSource) -> Option<RevenueSource> {
    match source {
        wire::RevenueSource::Unspecified => None,
        wire::RevenueSource::Orders => Some(RevenueSource::Orders),
        wire::RevenueSource::WonOpportunities => Some(RevenueSource::WonOpportunities),
    }
}

fn crediting(crediting: wire::Crediting) -> Option<Crediting> {
    match crediting {
        wire::Crediting::Unspecified => None,
        wire::Crediting::Owner => Some(Crediting::Owner),
        wire::Crediting::Splits => Some(Crediting::Splits),
    }
}

fn currency_mode(reader: &mut Reader, wire: &wire::Settings) -> Option<CurrencyMode> {
    let date = reader.date("currency_fixed_date", wire.currency_fixed_date.as_ref());
    let mode = reader.choice("currency_mode", wire.currency_mode, Some);
    if mode == Some(wire::CurrencyMode::FixedDate) {
        reader.present("currency_fixed_date", wire.currency_fixed_date.as_ref());
        return Some(CurrencyMode::Fixed(date?));
    }
    if date.is_some() {
        reader.fault(
            "currency_fixed_date",
            Reason::NotAllowed,
            "has a meaning only with the mode FIXED_DATE",
        );
    }
    match mode {
        Some(wire::CurrencyMode::BusinessDate) => Some(CurrencyMode::BusinessDate),
        Some(wire::CurrencyMode::PeriodEnd) => Some(CurrencyMode::PeriodEnd),
        _ => Some(Policies::default().currency_mode),
    }
}

fn attributes(reader: &mut Reader, attributes: &[String]) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    if reader.at_most("attributes", attributes.len(), MAX_ATTRIBUTES) {
        reader.each("attributes", attributes, |reader, text| {
            let name: Name = reader.required("", text)?;
            if !names.insert(name) {
                reader.fault("", Reason::Repeated, format!("{text:?} is given twice"));
            }
            Some(())
        });
    }
    names
}

fn measures(reader: &mut Reader, measures: &[wire::DeclaredMeasure]) -> Vec<OwnMeasure> {
    if !reader.at_most("measures", measures.len(), MAX_LIST) {
        return Vec::new();
    }
    let mut names = BTreeSet::new();
    reader.each("measures", measures, |reader, wire| {
        let name = pipelines::unique(reader, &mut names, &wire.name);
        let unit = reader.required_choice("unit", wire.unit, unit);
        Some(OwnMeasure {
            name: name?,
            unit: unit?,
        })
    })
}

fn unit(unit: wire::MeasureUnit) -> Option<Unit> {
    match unit {
        wire::MeasureUnit::Unspecified => None,
        wire::MeasureUnit::Number => Some(Unit::Milli),
        wire::MeasureUnit::Money => Some(Unit::Money),
        wire::MeasureUnit::Duration => Some(Unit::Milliseconds),
    }
}

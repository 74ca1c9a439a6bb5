//! Changing some of the settings.

use scoreline_proto::tenants::v1::Settings;
use scoreline_server::status::Problem;

macro_rules! fields {
    ($($name:ident),* $(,)?) => {
        /// The fields that may be named.
        const FIELDS: &[&str] = &[$(stringify!($name)),*];

        /// Moves a field; says whether there is one of this name.
        fn take(name: &str, from: &mut Settings, into: &mut Settings) -> bool {
            match name {
                $(stringify!($name) => into.$name = std::mem::take(&mut from.$name),)*
                _ => return false,
            }
            true
        }
    };
}

fields! {
    time_zone, reporting_currency_code, fiscal_calendar, business_hours, customer_lifecycle, revenue_source, currency_mode,
    currency_fixed_date, crediting, pipelines, attributes, measures,
}

/// The settings with the fields of `mask` as they were sent; with all of them when it is empty or `*`.
///
/// # Errors
/// INVALID_ARGUMENT when the mask names something else.
pub(crate) fn merge(mut before: Settings, mut sent: Settings, mask: &[String]) -> Result<Settings, Problem> {
    if mask.is_empty() || mask == ["*"] {
        return Ok(sent);
    }
    // A field that is named twice is moved once.
    let names: std::collections::BTreeSet<&str> = mask.iter().map(String::as_str).collect();
    for name in names {
        if !take(name, &mut sent, &mut before) {
            let known = FIELDS.join(", ");
            let shown: String = name.chars().take(64).collect();
            return Err(Problem::invalid(
                "MASK_INVALID",
                "update_mask",
                format!("names {shown:?}, which is not one of: {known}"),
            ));
        }
    }
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_changes() {
        let before = Settings {
            time_zone: "UTC".to_owned(),
            reporting_currency_code: "USD".to_owned(),
            ..Settings::default()
        };
        let sent = Settings {
            time_zone: "Europe/Berlin".to_owned(),
            reporting_currency_code: "EUR".to_owned(),
            ..Settings::default()
        };
        let mask = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let changed = merge(before.clone(), sent.clone(), &mask(&["time_zone", "time_zone"])).expect("known");
        assert_eq!(
            (changed.time_zone.as_str(), changed.reporting_currency_code.as_str()),
            ("Europe/Berlin", "USD")
        );
        assert_eq!(merge(before.clone(), sent.clone(), &[]).expect("all"), sent);
        for unknown in ["etag", "settings.time_zone", "tenant_id", ""] {
            assert!(
                merge(before.clone(), sent.clone(), &mask(&[unknown])).is_err(),
                "{unknown}"
            );
        }
    }
}

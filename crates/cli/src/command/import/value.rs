//! From a text of a file to a value of an event.

use std::collections::BTreeMap;

use jiff::{civil::Time, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    arithmetic::{Decimal, evaluate},
    mapping::Context,
    moment,
    scope::Scope,
    template::Template,
};

/// What a text stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Itself.
    #[default]
    Text,
    /// A decimal number, as text.
    Number,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// An amount.
    Money,
    /// A day.
    Date,
    /// An instant.
    Instant,
    /// A length of time.
    Duration,
}

/// How a value is made, as a mapping states it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Recipe {
    /// The column that it comes from.
    column: Option<String>,
    /// Or a text with columns in it.
    template: Option<String>,
    /// Or a sum of columns and numbers.
    arithmetic: Option<String>,
    /// Other texts for some texts: here, or the name of one of `[maps]`.
    map: Option<Map>,
    /// What every text that the map lacks becomes; such a text stays as it is without.
    otherwise: Option<String>,
    /// What an empty text becomes.
    default: Option<String>,
    /// Whether an empty text is a problem; without, the field is left out.
    required: bool,
    /// The bounds of bands that numbers fall in: [30, 40] makes `under 30`, `30-39` and `40+`.
    bands: Vec<i64>,
    /// What the text stands for.
    #[serde(rename = "as")]
    kind: Kind,
    /// The currency of an amount, a template.
    currency: Option<String>,
    /// What a number is multiplied with first, such as 0.01 for cents.
    times: Option<String>,
    /// What stands before the decimals: a point unless stated.
    decimal: Option<char>,
    /// What groups thousands, and is left out.
    thousands: Option<char>,
    /// What a length of time is counted in.
    unit: Option<TimeUnit>,
    /// How a date or a time is written (strftime), one way or several.
    format: Option<Formats>,
    /// The time of a date that has none; midnight unless stated.
    at: Option<String>,
    /// On which clocks; those of the mapping unless stated.
    time_zone: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Map {
    Named(String),
    Here(BTreeMap<String, String>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Formats {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TimeUnit {
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl TimeUnit {
    fn milliseconds(self) -> i128 {
        match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1_000,
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
        }
    }
}

/// The keys one of which makes a table a recipe.
pub(super) const SOURCES: [&str; 3] = ["column", "template", "arithmetic"];

/// A checked recipe.
#[derive(Debug, Clone)]
pub(super) struct Field {
    source: Source,
    map: Option<BTreeMap<String, String>>,
    currency: Template,
    times: Option<Decimal>,
    formats: Vec<String>,
    at: Time,
    zone: TimeZone,
    recipe: Recipe,
}

#[derive(Debug, Clone)]
enum Source {
    Text(Template),
    Arithmetic(Template),
}

/// What is wrong with a value, and from which columns it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The columns.
    pub(super) columns: String,
    /// What is wrong.
    pub(super) description: String,
}

impl Field {
    /// Checks a recipe.
    pub(super) fn new(recipe: Recipe, context: &Context) -> Result<Self, String> {
        let source = match (&recipe.column, &recipe.template, &recipe.arithmetic) {
            (Some(column), None, None) => Source::Text(Template::column(column)),
            (None, Some(template), None) => Source::Text(Template::parse(template)?),
            (None, None, Some(sum)) => Source::Arithmetic(Template::parse(sum)?),
            _ => return Err("has more than one of column, template and arithmetic, or none".to_owned()),
        };
        let map = match &recipe.map {
            None => None,
            Some(Map::Here(map)) => Some(map.clone()),
            Some(Map::Named(name)) => Some(
                context
                    .maps
                    .get(name)
                    .ok_or_else(|| format!("there is no [maps.{name}]"))?
                    .clone(),
            ),
        };
        if recipe.kind == Kind::Money && recipe.currency.is_none() {
            return Err("money needs a currency".to_owned());
        }
        let times = recipe
            .times
            .as_deref()
            .map(|times| Decimal::parse(times).ok_or_else(|| format!("times = {times:?} is no number")));
        let at = match &recipe.at {
            Some(at) => at.parse().map_err(|error| format!("at = {at:?}: {error}"))?,
            None => Time::midnight(),
        };
        let zone = match &recipe.time_zone {
            Some(name) => TimeZone::get(name).map_err(|error| error.to_string())?,
            None => context.zone.clone(),
        };
        Ok(Self {
            source,
            map,
            currency: Template::parse(recipe.currency.as_deref().unwrap_or_default())?,
            times: times.transpose()?,
            formats: match &recipe.format {
                None => Vec::new(),
                Some(Formats::One(format)) => vec![format.clone()],
                Some(Formats::Several(formats)) => formats.clone(),
            },
            at,
            zone,
            recipe,
        })
    }

    /// A field that is a text with columns in it.
    pub(super) fn template(text: &str, context: &Context) -> Result<Self, String> {
        let recipe = Recipe {
            template: Some(text.to_owned()),
            ..Recipe::default()
        };
        Self::new(recipe, context)
    }

    /// The same field, as an instant, which may not be missing.
    pub(super) fn into_instant(mut self) -> Self {
        self.recipe.kind = Kind::Instant;
        self.recipe.required = true;
        self
    }

    /// Every column that it names.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let (Source::Text(template) | Source::Arithmetic(template)) = &self.source;
        template.columns().chain(self.currency.columns())
    }

    /// The value for a row; nothing where the text is empty.
    pub(super) fn value(&self, scope: &Scope<'_>) -> Result<Option<Value>, Fault> {
        let fault = |description| Fault {
            columns: self.columns().collect::<Vec<_>>().join(", "),
            description,
        };
        let text = self.text(scope).map_err(fault)?;
        if text.is_empty() {
            let missing = || fault("is empty, but required".to_owned());
            return if self.recipe.required { Err(missing()) } else { Ok(None) };
        }
        self.convert(&text, scope).map(Some).map_err(fault)
    }

    /// The text for a row, with maps, bands and defaults applied.
    pub(super) fn text(&self, scope: &Scope<'_>) -> Result<String, String> {
        let mut text = match &self.source {
            Source::Text(template) => template.fill(scope)?.trim().to_owned(),
            Source::Arithmetic(template) => self.compute(template.fill(scope)?.trim())?,
        };
        if let Some(map) = &self.map {
            let other = self.recipe.otherwise.as_ref().filter(|_| !text.is_empty());
            if let Some(other) = map.get(&text).or(other) {
                text.clone_from(other);
            }
        }
        if text.is_empty() {
            text = self.recipe.default.clone().unwrap_or_default();
        }
        if !self.recipe.bands.is_empty() && !text.is_empty() {
            text = band(&self.number(&text)?, &self.recipe.bands)?;
        }
        Ok(text)
    }

    fn compute(&self, sum: &str) -> Result<String, String> {
        if sum.is_empty() {
            Ok(String::new())
        } else {
            Ok(evaluate(sum)?.to_string())
        }
    }

    fn convert(&self, text: &str, scope: &Scope<'_>) -> Result<Value, String> {
        Ok(match self.recipe.kind {
            Kind::Text => json!(text),
            Kind::Number => json!(self.number(text)?.to_string()),
            Kind::Integer => {
                let whole = self
                    .number(text)?
                    .scaled(0)
                    .ok_or_else(|| format!("{text:?} is no whole number"))?;
                json!(i64::try_from(whole).map_err(|_| format!("{text:?} is too large"))?)
            }
            Kind::Boolean => json!(boolean(text)?),
            Kind::Money => self.money(text, scope)?,
            Kind::Date => {
                let date = moment::date(text, &self.formats)?;
                json!({"year": date.year(), "month": date.month(), "day": date.day()})
            }
            Kind::Instant => json!(moment::instant(text, &self.formats, self.at, &self.zone)?.to_string()),
            Kind::Duration => self.duration(text)?,
        })
    }

    fn number(&self, text: &str) -> Result<Decimal, String> {
        let mut plain = text.to_owned();
        if let Some(thousands) = self.recipe.thousands {
            plain.retain(|character| character != thousands);
        }
        if let Some(decimal) = self.recipe.decimal {
            plain = plain.replace(decimal, ".");
        }
        let number = Decimal::parse(plain.trim()).ok_or_else(|| format!("{text:?} is no decimal number"))?;
        match self.times {
            Some(times) => number
                .times(times)
                .ok_or_else(|| format!("{text:?} has too many digits")),
            None => Ok(number),
        }
    }

    fn money(&self, text: &str, scope: &Scope<'_>) -> Result<Value, String> {
        let micros = self
            .number(text)?
            .scaled(6)
            .ok_or_else(|| format!("{text:?} has more than 6 decimals"))?;
        let currency = self.currency.fill(scope)?;
        let units = i64::try_from(micros / 1_000_000).map_err(|_| format!("{text:?} is too large"))?;
        Ok(json!({"currency_code": currency, "units": units.to_string(), "nanos": micros % 1_000_000 * 1000}))
    }

    fn duration(&self, text: &str) -> Result<Value, String> {
        let unit = self.recipe.unit.unwrap_or(TimeUnit::Seconds).milliseconds();
        // Finer digits than a millisecond are cut off, as the service would.
        let nanos = self
            .number(text)?
            .scaled(9)
            .ok_or_else(|| format!("{text:?} has more than 9 decimals"))?;
        let millis = nanos
            .checked_mul(unit)
            .ok_or_else(|| format!("{text:?} is too large"))?
            / 1_000_000_000;
        let sign = if millis < 0 { "-" } else { "" };
        let millis = millis.unsigned_abs();
        Ok(json!(format!("{sign}{}.{:03}s", millis / 1000, millis % 1000)))
    }
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "t" | "1" => Ok(true),
        "false" | "no" | "n" | "f" | "0" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no")),
    }
}

fn band(number: &Decimal, bounds: &[i64]) -> Result<String, String> {
    let above = |bound: &&i64| {
        number
            .scaled(18)
            .is_some_and(|number| number >= i128::from(**bound) * 10_i128.pow(18))
    };
    let passed = bounds.iter().take_while(above).count();
    Ok(match (passed.checked_sub(1).map(|at| bounds[at]), bounds.get(passed)) {
        (None, Some(first)) => format!("under {first}"),
        (Some(low), Some(next)) => format!("{low}-{}", next - 1),
        (Some(low), None) => format!("{low}+"),
        (None, None) => return Err("there are no bands".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::import::scope::tests::with_case;

    const ROW: &[(&str, &str)] = &[
        ("n", "1.234,50"),
        ("cents", "-1999"),
        ("empty", ""),
        ("word", "GTXPro"),
        ("yes", "Yes"),
        ("day", "2016-10-20"),
        ("age", "39"),
        ("sales", "261.96"),
        ("profit", "41.9136"),
    ];

    fn value(recipe: &str) -> Result<Option<Value>, String> {
        let recipe: Recipe = toml::from_str(recipe).expect("a recipe");
        let field = Field::new(recipe, &Context::default())?;
        with_case(ROW, |scope| field.value(scope)).map_err(|fault| format!("{}: {}", fault.columns, fault.description))
    }

    fn some(recipe: &str) -> Value {
        value(recipe).expect("no fault").expect("a value")
    }

    #[test]
    fn money_is_exact_in_every_notation() {
        let money = |units: &str, nanos: i64| json!({"currency_code": "EUR", "units": units, "nanos": nanos});
        let german = "column = 'n'\nas = 'money'\ncurrency = 'EUR'\ndecimal = ','\nthousands = '.'";
        assert_eq!(some(german), money("1234", 500_000_000));
        assert_eq!(
            some("column = 'cents'\nas = 'money'\ncurrency = 'EUR'\ntimes = '0.01'"),
            money("-19", -990_000_000)
        );
        let cost = "arithmetic = '${sales} - ${profit}'\nas = 'money'\ncurrency = 'EUR'";
        assert_eq!(some(cost), money("220", 46_400_000));
    }

    #[test]
    fn empty_texts_are_left_out_filled_or_refused() {
        assert_eq!(value("column = 'empty'").expect("no fault"), None);
        assert_eq!(some("column = 'empty'\ndefault = '(blank)'"), json!("(blank)"));
        assert_eq!(
            value("column = 'empty'\nrequired = true"),
            Err("empty: is empty, but required".to_owned())
        );
    }

    #[test]
    fn maps_bands_and_kinds() {
        assert_eq!(some("column = 'word'\nmap = { GTXPro = 'GTX Pro' }"), json!("GTX Pro"));
        assert_eq!(some("column = 'word'\nmap = { x = 'y' }"), json!("GTXPro"));
        assert_eq!(some("column = 'word'\nmap = { x = 'y' }\notherwise = 'z'"), json!("z"));
        assert_eq!(some("column = 'age'\nbands = [30, 40]"), json!("30-39"));
        assert_eq!(some("column = 'age'\nbands = [40]"), json!("under 40"));
        assert_eq!(some("column = 'age'\nbands = [18, 39]"), json!("39+"));
        assert_eq!(some("column = 'yes'\nas = 'boolean'"), json!(true));
        assert_eq!(some("column = 'age'\nas = 'integer'"), json!(39));
        assert_eq!(
            some("column = 'age'\nas = 'duration'\nunit = 'minutes'"),
            json!("2340.000s")
        );
        assert_eq!(
            some("column = 'day'\nas = 'date'"),
            json!({"year": 2016, "month": 10, "day": 20})
        );
        assert_eq!(
            some("column = 'day'\nas = 'instant'\nat = '17:00'"),
            json!("2016-10-20T17:00:00Z")
        );
    }

    #[test]
    fn a_bad_text_is_told_with_its_column() {
        assert_eq!(
            value("column = 'word'\nas = 'number'"),
            Err("word: \"GTXPro\" is no decimal number".to_owned())
        );
        assert!(value("column = 'word'\nas = 'boolean'").is_err());
        assert!(value("column = 'profit'\nas = 'integer'").is_err());
    }

    #[test]
    fn a_recipe_that_means_nothing_is_refused() {
        for recipe in [
            "",
            "column = 'a'\ntemplate = 'b'",
            "column = 'a'\nas = 'money'",
            "column = 'a'\nmap = 'none'",
        ] {
            let recipe = toml::from_str(recipe).expect("the form is right");
            assert!(Field::new(recipe, &Context::default()).is_err());
        }
    }
}

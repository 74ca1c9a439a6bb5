//! The layers under the settings, flattened to `section.key`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ::config::{Config, ConfigError, Environment, File, FileFormat, Map, Source, Value, ValueKind};

const DEFAULTS: &str = include_str!("defaults.toml");

/// Where settings come from, besides the defaults.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// A TOML file in the shape of the defaults. A file that is named must exist.
    pub file: Option<PathBuf>,
    /// `section.key` and its value, from the command line.
    pub overrides: Vec<(String, String)>,
    /// The environment; names other than `SCORELINE__…` are left alone.
    pub environment: Vec<(String, String)>,
}

impl LoadOptions {
    /// No file and no overrides: the environment of this process alone.
    pub fn from_process_environment() -> Self {
        let readable = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            environment: std::env::vars_os().filter_map(readable).collect(),
            ..Self::default()
        }
    }
}

/// The defaults, and what was set over them.
pub(super) struct Sources {
    pub(super) defaults: BTreeMap<String, Value>,
    pub(super) explicit: BTreeMap<String, Value>,
}

impl Sources {
    pub(super) fn collect(options: &LoadOptions) -> Result<Self, ConfigError> {
        Ok(Self {
            defaults: defaults()?,
            explicit: explicit(options)?,
        })
    }
}

fn defaults() -> Result<BTreeMap<String, Value>, ConfigError> {
    flatten(
        &Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .build()?,
    )
}

/// Values from the environment stay text: `try_parsing` would turn a password of "0123" into "123".
fn explicit(options: &LoadOptions) -> Result<BTreeMap<String, Value>, ConfigError> {
    let environment: Map<String, String> = options.environment.iter().cloned().collect();
    let mut builder = Config::builder();
    if let Some(path) = &options.file {
        builder = builder.add_source(File::from(path.as_path()).format(FileFormat::Toml).required(true));
    }
    builder = builder.add_source(
        Environment::with_prefix("SCORELINE")
            .prefix_separator("__")
            .separator("__")
            .ignore_empty(true)
            .source(Some(environment)),
    );
    for (key, value) in &options.overrides {
        builder = builder.set_override(key, value.as_str())?;
    }
    flatten(&builder.build()?)
}

fn flatten(config: &Config) -> Result<BTreeMap<String, Value>, ConfigError> {
    let mut leaves = BTreeMap::new();
    for (key, value) in config.collect()? {
        descend(key, value, &mut leaves);
    }
    Ok(leaves)
}

fn descend(path: String, value: Value, leaves: &mut BTreeMap<String, Value>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (key, inner) in table {
                descend(format!("{path}.{key}"), inner, leaves);
            }
        }
        _ => {
            leaves.insert(path, value);
        }
    }
}

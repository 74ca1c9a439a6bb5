use std::fmt;

/// One thing that is wrong with the configuration, in words that say how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `limits.max_streams`.
    pub key: String,
    /// What was given, unless it is a secret.
    pub value: Option<String>,
    /// Where it was given: a file, the environment or the command line.
    pub origin: Option<String>,
    /// What is allowed instead.
    pub explanation: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value:?}")?;
        }
        if let Some(origin) = &self.origin {
            write!(f, " (from {origin})")?;
        }
        write!(f, ": {}", self.explanation)
    }
}

/// Everything that is wrong with the configuration, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "{count} {noun} in the configuration:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Why the settings could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A layer could not be read at all: the file is missing or is not TOML.
    #[error("the configuration cannot be read")]
    Unreadable(#[from] ::config::ConfigError),
    /// The layers were read, and these settings are wrong.
    #[error("{0}")]
    Invalid(Problems),
}

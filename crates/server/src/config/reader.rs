//! Reads typed values and remembers every problem instead of stopping at the first.

use std::ops::RangeInclusive;
use std::time::Duration;

use ::config::{Value, ValueKind};
use secrecy::SecretString;

use super::problem::{LoadError, Problem, Problems};
use super::sources::Sources;

/// A setting as it took effect, for printing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effective {
    pub(super) key: &'static str,
    pub(super) value: String,
    pub(super) origin: String,
}

pub(super) struct Reader {
    sources: Sources,
    effective: Vec<Effective>,
    problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn new(sources: Sources) -> Self {
        Self {
            sources,
            effective: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The settings that took effect.
    ///
    /// # Errors
    /// Everything that was found wrong on the way, and every key that no one knows.
    pub(super) fn finish(mut self) -> Result<Vec<Effective>, LoadError> {
        self.refuse_unknown_keys();
        if self.problems.is_empty() {
            Ok(self.effective)
        } else {
            Err(LoadError::Invalid(Problems(self.problems)))
        }
    }

    /// Notes a problem that is about the meaning of a setting rather than its form.
    pub(super) fn reject(&mut self, key: &str, explanation: impl Into<String>) {
        let value = self.value(key);
        let shown = if is_secret(key) { None } else { value.map(shown) };
        let origin = self.sources.explicit.get(key).map(origin_of);
        self.problems.push(Problem {
            key: key.to_owned(),
            value: shown,
            origin,
            explanation: explanation.into(),
        });
    }

    pub(super) fn is_explicit(&self, key: &str) -> bool {
        self.sources
            .explicit
            .get(key)
            .is_some_and(|value| !shown(value).is_empty())
    }

    pub(super) fn text(&mut self, key: &'static str) -> String {
        let text = self.value(key).map(shown).unwrap_or_default();
        self.note(key, text.clone());
        text
    }

    pub(super) fn integer(&mut self, key: &'static str, allowed: RangeInclusive<u64>) -> u64 {
        let text = self.text(key);
        match text.parse::<u64>() {
            Ok(number) if allowed.contains(&number) => number,
            _ => {
                self.reject(
                    key,
                    format!("must be a whole number from {} to {}", allowed.start(), allowed.end()),
                );
                *allowed.start()
            }
        }
    }

    /// An integer that fits the platform's sizes because `allowed` does.
    pub(super) fn size(&mut self, key: &'static str, allowed: RangeInclusive<u32>) -> usize {
        let number = self.integer(key, u64::from(*allowed.start())..=u64::from(*allowed.end()));
        usize::try_from(number).expect("a u32 fits a usize on every supported platform")
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> bool {
        match self.text(key).as_str() {
            "true" => true,
            "false" => false,
            _ => {
                self.reject(key, "must be true or false");
                false
            }
        }
    }

    pub(super) fn duration(&mut self, key: &'static str, allowed: RangeInclusive<Duration>) -> Duration {
        let text = self.text(key);
        match humantime::parse_duration(&text) {
            Ok(duration) if allowed.contains(&duration) => duration,
            _ => {
                let [low, high] = [allowed.start(), allowed.end()].map(|d| humantime::format_duration(*d).to_string());
                self.reject(
                    key,
                    format!("must be a duration from {low} to {high}, such as \"250ms\" or \"5s\""),
                );
                *allowed.start()
            }
        }
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> T {
        let text = self.text(key);
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.reject(key, format!("must be one of: {}", names.join(", ")));
        }
        found.unwrap_or(&choices[0]).1
    }

    /// A secret given directly or in a file, never both. `None` when neither is.
    pub(super) fn secret(&mut self, key: &'static str, file_key: &'static str) -> Option<SecretString> {
        let path = self.text(file_key);
        if path.is_empty() {
            let text = self.value(key).map(shown).unwrap_or_default();
            self.note(key, redacted(&text));
            return (!text.is_empty()).then(|| SecretString::from(text));
        }
        self.note(key, format!("(from {file_key})"));
        if self.is_explicit(key) {
            self.reject(file_key, format!("{key} is set as well; keep one of the two"));
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(SecretString::from(text.trim_end_matches(['\n', '\r']))),
            Err(error) => {
                self.reject(file_key, format!("the file cannot be read: {error}"));
                None
            }
        }
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.sources
            .explicit
            .get(key)
            .or_else(|| self.sources.defaults.get(key))
    }

    fn note(&mut self, key: &'static str, value: String) {
        debug_assert!(
            self.sources.defaults.contains_key(key),
            "{key} has no documented default"
        );
        let origin = self
            .sources
            .explicit
            .get(key)
            .map_or_else(|| "default".to_owned(), origin_of);
        self.effective.push(Effective { key, value, origin });
    }

    fn refuse_unknown_keys(&mut self) {
        let unknown: Vec<String> = self
            .sources
            .explicit
            .keys()
            .filter(|key| !self.sources.defaults.contains_key(*key))
            .cloned()
            .collect();
        for key in unknown {
            let explanation = format!("there is no such setting; {}", self.known_near(&key));
            self.reject(&key, explanation);
        }
    }

    fn known_near(&self, key: &str) -> String {
        let section = key.split('.').next().unwrap_or_default();
        let prefix = format!("{section}.");
        let known = self.sources.defaults.keys();
        let in_section: Vec<&str> = known.clone().filter_map(|name| name.strip_prefix(&prefix)).collect();
        if in_section.is_empty() {
            let mut sections: Vec<&str> = known.filter_map(|name| name.split('.').next()).collect();
            sections.dedup();
            format!("the sections are: {}", sections.join(", "))
        } else {
            format!("[{section}] has: {}", in_section.join(", "))
        }
    }
}

fn is_secret(key: &str) -> bool {
    matches!(key, "database.url" | "auth.pepper")
}

fn origin_of(value: &Value) -> String {
    value.origin().unwrap_or("the command line").to_owned()
}

fn shown(value: &Value) -> String {
    match &value.kind {
        ValueKind::Nil => String::new(),
        kind => kind.to_string(),
    }
}

/// A URL without its password, or stars for any other secret.
pub(super) fn redacted(secret: &str) -> String {
    let Some((scheme, rest)) = secret.split_once("://") else {
        return if secret.is_empty() {
            String::new()
        } else {
            "***".to_owned()
        };
    };
    let Some((user_info, host)) = rest.rsplit_once('@') else {
        return mask_query(secret);
    };
    let user = user_info.split(':').next().unwrap_or_default();
    mask_query(&format!("{scheme}://{user}:***@{host}"))
}

/// Connection parameters may carry a password too.
fn mask_query(url: &str) -> String {
    match url.split_once('?') {
        Some((base, query)) if query.contains("password") => format!("{base}?***"),
        _ => url.to_owned(),
    }
}

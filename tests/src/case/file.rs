//! A case as it stands in its file.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::Value;

/// A conformance case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its path below the folder, without the ending.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The metrics that it asserts.
    pub covers: Vec<String>,
    /// The mistake of the field's tools that it holds.
    pub trap: Option<String>,
    /// The calculation by hand.
    pub working: String,
    /// An instant at which the answers hold.
    pub now: String,
    /// The tenant's settings.
    #[serde(default)]
    pub settings: Option<Value>,
    /// What happened, in the order in which it arrives.
    #[serde(rename = "event", default)]
    pub events: Vec<serde_json::Map<String, Value>>,
    /// What is asked.
    #[serde(rename = "query", default)]
    pub queries: Vec<Query>,
}

/// A question and its answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    pub(super) metrics: Vec<String>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) grain: Option<String>,
    #[serde(default)]
    pub(super) by: Vec<String>,
    #[serde(default)]
    pub(super) filters: Vec<String>,
    pub(super) basis: Option<String>,
    pub(super) compare: Option<Compare>,
    pub(super) attribution: Option<String>,
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) order_by: Vec<String>,
    pub(super) limit: Option<i32>,
    pub(super) min_sample: Option<i32>,
    pub(super) time_zone: Option<String>,
    pub(super) known_after_event: Option<String>,
    pub(super) rows: Option<usize>,
    #[serde(default)]
    pub(super) ordered: bool,
    #[serde(default)]
    pub(super) expect: Vec<Expect>,
}

/// What an answer is compared with.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Compare {
    Word(String),
    Period { from: String, to: String },
    Benchmark { benchmark: String },
}

/// One cell, as worked by hand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) metric: Option<String>,
    pub(super) bucket: Option<String>,
    #[serde(default)]
    pub(super) group: BTreeMap<String, String>,
    pub(super) value: Option<String>,
    pub(super) undefined: Option<String>,
    pub(super) numerator: Option<Value>,
    pub(super) denominator: Option<Value>,
    pub(super) n: Option<i64>,
    pub(super) immature: Option<i64>,
    pub(super) previous: Option<String>,
    pub(super) difference: Option<String>,
    pub(super) relative_change: Option<String>,
    pub(super) label: Option<String>,
}

impl Case {
    /// Reads a case.
    ///
    /// # Panics
    /// When the file is not one, or its id is not its path.
    pub fn read(root: &Path, path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a listed file can be read");
        let case: Self = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let place = path
            .strip_prefix(root)
            .expect("a path below the root")
            .with_extension("");
        assert_eq!(case.id, place.display().to_string(), "the id of a case is its path");
        case
    }

    /// Whether an expectation of it is about a metric.
    pub fn asserts(&self, metric: &str) -> bool {
        let is_it = |name: &str| name.split('(').next() == Some(metric);
        self.queries.iter().any(|query| {
            query.expect.iter().any(|expect| match &expect.metric {
                Some(name) => is_it(name),
                None => query.metrics.iter().any(|name| is_it(name)),
            })
        })
    }
}

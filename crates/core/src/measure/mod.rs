//! Measurements: what events count for. The ledger is a multiset of them.

mod builtin;

use std::{fmt, sync::Arc};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::builtin::Builtin;
use crate::{dimension::Dimension, id::Name, subject::Subject};

/// What is measured: one of ours, or one that the tenant declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Measure {
    /// One of ours.
    Builtin(Builtin),
    /// One that the tenant declared, written `own.<name>`.
    Own(Name),
}

impl Measure {
    /// Reads a measure's name, as [`fmt::Display`] writes it. `None` when no measure has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("own.") {
            Some(name) => Name::new(name).ok().map(Self::Own),
            None => Builtin::parse(text).map(Self::Builtin),
        }
    }
}

impl From<Builtin> for Measure {
    fn from(measure: Builtin) -> Self {
        Self::Builtin(measure)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(measure) => f.write_str(measure.name()),
            Self::Own(name) => write!(f, "own.{name}"),
        }
    }
}

impl TryFrom<String> for Measure {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a measure"))
    }
}

impl From<Measure> for String {
    fn from(measure: Measure) -> Self {
        measure.to_string()
    }
}

/// The unit of a measure's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Micro-units of the currency in the row's currency dimension.
    Money,
    /// Plain units.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Calendar days between two business dates.
    Days,
    /// Thousandths (scores, quantities).
    Milli,
}

/// Whether a measure is summed over a period or balanced at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accrual {
    /// Summed over a period.
    Flow,
    /// A measurement of change; the balance is the running sum of `value`.
    Stock,
}

/// What a subject's events count for: `(measure, date, origin date, instant, subject, dimensions, value)`.
///
/// The ledger keeps a multiset of them: an entry with count +1 adds one, an entry with count −1 takes one back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measurement {
    /// What is measured.
    pub measure: Measure,
    /// When it counts: a business date in the tenant's time zone. May lie in the future.
    pub date: Date,
    /// When the subject entered (the cohort basis); some measures give it another meaning, which [`Builtin`] states.
    pub origin_date: Date,
    /// The exact instant.
    pub instant: Timestamp,
    /// Whom or what it is about.
    pub subject: Subject,
    /// By what it can be grouped.
    pub dimensions: Dimensions,
    /// The value in the measure's unit.
    pub value: i64,
}

/// The values of a measurement's stored dimensions, at most one for each, in the order of [`Dimension`].
///
/// Shared until one of its holders changes it: an event's rows have nearly all of them in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Dimensions(Option<Arc<Vec<Pair>>>);

type Pair = (Dimension, Name);

/// Room for as many as most rows have.
const ROOM: usize = 8;

impl Dimensions {
    /// No dimensions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a dimension, or removes it when there is no value.
    pub fn set(&mut self, dimension: Dimension, value: Option<&Name>) {
        debug_assert!(dimension.is_stored(), "{dimension} is looked up, not stored");
        let pairs = self.pairs();
        let found = match pairs.last() {
            Some((last, _)) if *last < dimension => Err(pairs.len()),
            _ => pairs.binary_search_by(|(other, _)| other.cmp(&dimension)),
        };
        match (found, value) {
            (Ok(at), Some(value)) if pairs[at].1 == *value => {}
            (Ok(at), Some(value)) => self.own()[at].1 = value.clone(),
            (Ok(_), None) if pairs.len() == 1 => self.0 = None,
            (Ok(at), None) => drop(self.own().remove(at)),
            (Err(at), Some(value)) => self.own().insert(at, (dimension, value.clone())),
            (Err(_), None) => {}
        }
    }

    fn pairs(&self) -> &[Pair] {
        self.0.as_ref().map_or(&[], |pairs| pairs.as_slice())
    }

    /// The pairs as its own, to be changed.
    fn own(&mut self) -> &mut Vec<Pair> {
        let shared = self.0.get_or_insert_with(|| Arc::new(Vec::with_capacity(ROOM)));
        if Arc::get_mut(shared).is_none() {
            // Whoever copies is about to add.
            let mut pairs = Vec::with_capacity(shared.len() + 2);
            pairs.extend_from_slice(shared);
            *shared = Arc::new(pairs);
        }
        Arc::get_mut(shared).expect("nobody else has it")
    }

    /// What tells, while both live, that another one is the very same.
    pub(crate) fn identity(&self) -> usize {
        self.0.as_ref().map_or(0, |pairs| Arc::as_ptr(pairs).addr())
    }

    /// The same with a dimension set.
    #[must_use]
    pub fn with(mut self, dimension: Dimension, value: Option<&Name>) -> Self {
        self.set(dimension, value);
        self
    }

    /// The value of a dimension.
    #[must_use]
    pub fn get(&self, dimension: &Dimension) -> Option<&Name> {
        let pairs = self.pairs();
        pairs
            .binary_search_by(|(other, _)| other.cmp(dimension))
            .ok()
            .map(|at| &pairs[at].1)
    }

    /// All that are set, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Dimension, &Name)> {
        self.pairs().iter().map(|(dimension, value)| (dimension, value))
    }

    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs().is_empty()
    }
}

impl Serialize for Dimensions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.pairs().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Dimensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs: Vec<Pair> = Vec::deserialize(deserializer)?;
        Ok(Self((!pairs.is_empty()).then(|| Arc::new(pairs))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).expect("a name")
    }

    #[test]
    fn who_changes_its_dimensions_changes_nobody_elses() {
        let ann = Dimensions::new().with(Dimension::Rep, Some(&name("ann")));
        let sold = ann.clone().with(Dimension::Product, Some(&name("saw")));
        let bob = sold.clone().with(Dimension::Rep, Some(&name("bob")));
        let none = sold.clone().with(Dimension::Product, None).with(Dimension::Rep, None);
        let written = |dimensions: &Dimensions| -> Vec<String> {
            dimensions
                .iter()
                .map(|(dimension, value)| format!("{dimension}={value}"))
                .collect()
        };
        assert_eq!(written(&ann), ["rep=ann"]);
        assert_eq!(written(&sold), ["rep=ann", "product=saw"]);
        assert_eq!(written(&bob), ["rep=bob", "product=saw"]);
        assert_eq!(none, Dimensions::new());
        assert_eq!(ann.clone().identity(), ann.identity());
        assert_ne!(bob.identity(), sold.identity());
    }

    #[test]
    fn dimensions_survive_their_bytes() {
        let full = Dimensions::new()
            .with(Dimension::Stage, Some(&name("commit")))
            .with(Dimension::Rep, Some(&name("ann")));
        for dimensions in [Dimensions::new(), full] {
            let bytes = postcard::to_allocvec(&dimensions).expect("bytes");
            assert_eq!(postcard::from_bytes(&bytes), Ok(dimensions));
        }
    }
}

//! Holding answers against the files and against `expected.json`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use scoreline_core::rational::Rational;
use scoreline_proto::analytics::v1::{Basis, Grain};
use serde_json::Value;

use super::{
    figure::{Figure, decimal, times, whole},
    question::{Answer, Question, ask, define},
};
use crate::client::Clients;

/// To how many places the server answers.
const PLACES: u32 = 12;
/// How far a value of `expected.json` may be from what it was rounded from: half of its sixth place, and a billionth.
const ROUNDED: (i128, i128) = (501, 1_000_000_000);

/// A metric, and what it must be for some rows of type `R`.
pub(super) struct Metric<R> {
    ask: &'static str,
    of: fn(&[&R]) -> Figure,
    expected: Option<Expected>,
}

/// Where a value stands in `expected.json`.
#[derive(Clone, Copy)]
struct Expected {
    /// Its name within its group; `.` is the group itself.
    name: &'static str,
    /// How many of its units are one of the metric's.
    per_unit: i64,
}

impl<R> Metric<R> {
    /// A metric that the files alone tell.
    pub(super) const fn new(ask: &'static str, of: fn(&[&R]) -> Figure) -> Self {
        Self {
            ask,
            of,
            expected: None,
        }
    }

    /// A metric that `expected.json` has too.
    pub(super) const fn named(ask: &'static str, name: &'static str, of: fn(&[&R]) -> Figure) -> Self {
        Self::scaled(ask, name, 1, of)
    }

    /// A metric that `expected.json` has too, in a smaller unit.
    pub(super) const fn scaled(ask: &'static str, name: &'static str, per_unit: i64, of: fn(&[&R]) -> Figure) -> Self {
        Self {
            ask,
            of,
            expected: Some(Expected { name, per_unit }),
        }
    }
}

/// A way to split rows of type `R` into groups.
pub(super) struct Cut<R> {
    by: &'static [&'static str],
    grain: Grain,
    key: fn(&R) -> String,
    expected: Option<&'static str>,
}

impl<R> Cut<R> {
    /// All rows together; where their values stand in `expected.json`.
    pub(super) const fn whole(place: Option<&'static str>) -> Self {
        Self {
            by: &[],
            grain: Grain::Total,
            key: |_| String::new(),
            expected: place,
        }
    }

    /// By dimensions.
    pub(super) const fn by(dimensions: &'static [&'static str], key: fn(&R) -> String) -> Self {
        Self {
            by: dimensions,
            grain: Grain::Total,
            key,
            expected: None,
        }
    }

    /// By period and dimensions.
    pub(super) const fn over(grain: Grain, dimensions: &'static [&'static str], key: fn(&R) -> String) -> Self {
        Self {
            by: dimensions,
            grain,
            key,
            expected: None,
        }
    }

    /// The same, with the place of the groups in `expected.json`.
    pub(super) const fn at(self, place: &'static str) -> Self {
        Self {
            expected: Some(place),
            ..self
        }
    }
}

/// Which of a tenant's numbers are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The days.
    pub(super) range: (&'a str, &'a str),
    /// What to keep.
    pub(super) filters: &'a [&'a str],
    /// What a period counts.
    pub(super) basis: Basis,
}

impl<'a> Scope<'a> {
    /// Everything in some days.
    pub(super) const fn of(from: &'a str, to: &'a str) -> Self {
        Self {
            range: (from, to),
            filters: &[],
            basis: Basis::Unspecified,
        }
    }
}

/// The comparison of one set.
pub(super) struct Check {
    set: &'static str,
    clients: Clients,
    expected: Value,
    score: Score,
}

/// How many values were equal, and which were not.
#[derive(Default)]
struct Score {
    of_files: usize,
    of_expected: usize,
    faults: Vec<String>,
}

/// Columns of a comparison: what is asked, and where it is expected.
struct Columns {
    asks: Vec<&'static str>,
    expected: Vec<Option<Expected>>,
    place: Option<&'static str>,
}

impl Check {
    /// Begins, as the tenant that the set was imported for.
    ///
    /// # Panics
    /// When the server can't be reached or `expected.json` is not there.
    pub(super) async fn new(set: &'static str, folder: &Path, endpoint: &str) -> Self {
        let text = std::fs::read_to_string(folder.join("expected.json")).expect("a set has its expected.json");
        let mut expected: Value = serde_json::from_str(&text).expect("expected.json is JSON");
        let clients = Clients::connect(endpoint, "default").await.expect("the server listens");
        Self {
            set,
            clients,
            expected: expected["values"].take(),
            score: Score::default(),
        }
    }

    /// Adds metrics of the tenant's own: id, expression and unit.
    pub(super) async fn define(&mut self, metrics: &[(&str, &str, &str)]) {
        define(&mut self.clients, metrics).await;
    }

    /// Compares metrics in every way of splitting the rows.
    pub(super) async fn compare<R>(&mut self, scope: Scope<'_>, rows: &[R], cuts: &[Cut<R>], metrics: &[Metric<R>]) {
        for cut in cuts {
            let mut groups: BTreeMap<String, Vec<&R>> = BTreeMap::new();
            for row in rows {
                groups.entry((cut.key)(row)).or_default().push(row);
            }
            let figures = |rows: &[&R]| metrics.iter().map(|metric| (metric.of)(rows)).collect::<Vec<_>>();
            let truth = groups
                .iter()
                .map(|(name, rows)| (name.clone(), figures(rows)))
                .collect();
            let columns = Columns {
                asks: metrics.iter().map(|metric| metric.ask).collect(),
                expected: metrics.iter().map(|metric| metric.expected).collect(),
                place: cut.expected,
            };
            self.hold(scope, cut.by, cut.grain, &columns, &truth, &figures(&[]))
                .await;
        }
    }

    /// Compares a metric by period with figures that are known already; all other periods have none, or `otherwise`.
    pub(super) async fn compare_periods(
        &mut self,
        (scope, grain): (Scope<'_>, Grain),
        (metric, place): (&'static str, Option<&'static str>),
        figures: impl IntoIterator<Item = (String, Figure)>,
        otherwise: Figure,
    ) {
        let columns = Columns {
            asks: vec![metric],
            expected: vec![Some(Expected { name: ".", per_unit: 1 })],
            place,
        };
        let truth = figures.into_iter().map(|(name, figure)| (name, vec![figure])).collect();
        self.hold(scope, &[], grain, &columns, &truth, &[otherwise]).await;
    }

    async fn hold(
        &mut self,
        scope: Scope<'_>,
        by: &[&str],
        grain: Grain,
        columns: &Columns,
        truth: &BTreeMap<String, Vec<Figure>>,
        empty: &[Figure],
    ) {
        let question = Question {
            range: scope.range,
            grain,
            by,
            filters: scope.filters,
            basis: scope.basis,
        };
        let answer = ask(&mut self.clients, &question, &columns.asks).await;
        let expected = columns
            .place
            .map(|place| Groups::new(&self.expected, place, by.is_empty() && grain == Grain::Total));
        let listed = expected.iter().flat_map(Groups::names);
        let names: BTreeSet<String> = truth.keys().chain(answer.keys()).cloned().chain(listed).collect();
        for name in &names {
            let figures = truth.get(name).map_or(empty, Vec::as_slice);
            for (at, figure) in figures.iter().enumerate() {
                let place = format!(
                    "{} {:?} {name:?} {}",
                    columns.asks[at],
                    scope.filters,
                    scope.basis.as_str_name()
                );
                let told = told(&answer, name, at, figure);
                self.score.hold_file(&place, told.as_deref(), figure);
                // A period in which nothing happened is not listed there.
                let listed = expected
                    .as_ref()
                    .filter(|groups| truth.contains_key(name) || groups.has(name));
                if let Some((groups, wanted)) = listed.zip(columns.expected[at]) {
                    self.score
                        .hold_expected(&place, told.as_deref(), groups.find(name, wanted.name), wanted.per_unit);
                }
            }
        }
    }

    /// Tells how many values were equal.
    ///
    /// # Panics
    /// When one was not, or there were too few to mean anything.
    pub(super) fn finish(self, of_files: usize, of_expected: usize) {
        let Self { set, score, .. } = self;
        let some = score
            .faults
            .iter()
            .take(40)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            score.faults.is_empty(),
            "{set}: {} values differ:\n{some}",
            score.faults.len()
        );
        let equal = format!(
            "{set}: {} values equal the files', {} expected.json's",
            score.of_files, score.of_expected
        );
        #[expect(clippy::print_stderr, reason = "how much was compared must be seen")]
        {
            eprintln!("{equal}");
        }
        assert!(
            score.of_files >= of_files,
            "{equal}; at least {of_files} of the files must be compared"
        );
        assert!(
            score.of_expected >= of_expected,
            "{equal}; at least {of_expected} of expected.json must be compared"
        );
    }
}

impl Score {
    fn hold_file(&mut self, place: &str, told: Option<&str>, figure: &Figure) {
        let wanted = figure.map_or_else(String::new, |figure| figure.to_decimal_string(PLACES));
        if told == Some(wanted.as_str()) {
            self.of_files += 1;
        } else {
            self.faults
                .push(format!("{place}: the server says {told:?}, the files say {wanted:?}"));
        }
    }

    fn hold_expected(&mut self, place: &str, told: Option<&str>, expected: Option<&Value>, per_unit: i64) {
        let agrees = match (told, expected) {
            (Some(""), Some(Value::Null)) => true,
            (Some(told), Some(Value::Number(expected))) if !told.is_empty() => {
                agree(decimal(told), decimal(&expected.to_string()), per_unit)
            }
            _ => false,
        };
        if agrees {
            self.of_expected += 1;
        } else {
            self.faults.push(format!(
                "{place}: the server says {told:?}, expected.json {expected:?} (of {per_unit})"
            ));
        }
    }
}

/// What the server says. A group that it leaves out has nothing: 0, or no value.
fn told(answer: &Answer, name: &str, at: usize, figure: &Figure) -> Option<String> {
    match answer.get(name) {
        Some(cells) => cells.get(at).cloned(),
        None => figure
            .is_none_or(Rational::is_zero)
            .then(|| figure.map_or_else(String::new, |_| "0".to_owned())),
    }
}

/// Counts and money agree when they are equal; what has more than six places, when it was rounded to the value expected.
fn agree(told: Rational, expected: Rational, per_unit: i64) -> bool {
    if per_unit == 1 && decimal(&told.to_decimal_string(6)) == told {
        return told == expected;
    }
    let apart = times(told, whole(per_unit))
        .checked_sub(expected)
        .and_then(Rational::checked_abs);
    let allowed = Rational::new(ROUNDED.0, ROUNDED.1).expect("not by 0");
    apart.is_ok_and(|apart| apart <= allowed)
}

/// A place of `expected.json`: one group, or groups by name.
struct Groups<'a> {
    at: &'a Value,
    one: bool,
}

impl<'a> Groups<'a> {
    fn new(values: &'a Value, place: &str, one: bool) -> Self {
        let at = place
            .split('/')
            .filter(|part| !part.is_empty())
            .fold(values, |value, part| &value[part]);
        assert!(!at.is_null(), "expected.json has no {place}");
        Self { at, one }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let groups = self.at.as_object().filter(|_| !self.one);
        groups
            .into_iter()
            .flat_map(|groups| groups.keys().map(|name| label(name)))
    }

    fn has(&self, name: &str) -> bool {
        self.find(name, ".").is_some()
    }

    fn find(&self, name: &str, value: &str) -> Option<&'a Value> {
        let group = if self.one {
            Some(self.at)
        } else {
            self.at
                .as_object()?
                .iter()
                .find(|(key, _)| label(key) == name)
                .map(|(_, group)| group)
        };
        if value == "." { group } else { group?.get(value) }
    }
}

/// A group's name in an answer: `2017Q1` is `2017-Q1` there, and what leads to 2015 (`2014->2015`) is that of 2015.
fn label(name: &str) -> String {
    if let Some((_, year)) = name.split_once("->") {
        return year.to_owned();
    }
    match name.split_once('Q') {
        Some((year, quarter)) if year.len() == 4 && year.parse::<u16>().is_ok() => format!("{year}-Q{quarter}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_agree_exactly_and_others_to_the_sixth_place() {
        let agree = |told, expected| agree(decimal(told), decimal(expected), 1);
        assert!(agree("10005534", "10005534.0") && !agree("10005534", "10005534.0000001"));
        assert!(agree("0.631500521531", "0.631501") && !agree("0.631500521531", "0.631502"));
        assert!(super::agree(decimal("0.071712"), decimal("258.1632"), 3_600));
    }

    #[test]
    fn a_group_that_is_left_out_is_nothing() {
        let answer = Answer::new();
        assert_eq!(told(&answer, "x", 0, &Some(Rational::ZERO)).as_deref(), Some("0"));
        assert_eq!(told(&answer, "x", 0, &None).as_deref(), Some(""));
        assert_eq!(told(&answer, "x", 0, &Some(Rational::ONE)), None);
    }

    #[test]
    fn quarters_are_named_as_in_answers() {
        assert_eq!(
            (label("2017Q1"), label("GTX Q1"), label("2017")),
            ("2017-Q1".into(), "GTX Q1".into(), "2017".into())
        );
    }
}

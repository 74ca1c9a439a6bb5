//! What a question looks at: the facts of one period and one group.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use jiff::civil::{Date, date};
use scoreline_core::rational::Rational;

use super::{
    facts::{Fact, Facts},
    question::Question,
    world::World,
};

/// A group: its value in each of the question's dimensions, empty for none.
pub type Key = Vec<String>;

/// A day after everything, for what is as it is now.
const NOW: Date = date(2100, 1, 1);
const MILLION: i128 = 1_000_000;

/// One period of one group.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The world.
    pub world: &'a World,
    /// All facts.
    pub facts: &'a Facts,
    /// The question.
    pub question: &'a Question,
    /// The currency of the answer.
    pub currency: &'a str,
    /// The period.
    pub bucket: (Date, Date),
    /// The group; `None`: none, only to learn which there are.
    pub key: Option<&'a Key>,
    /// Whether subjects are followed from their entry.
    pub cohort: bool,
    /// What was sorted into groups before, for the same period.
    pub sorted: &'a Sorted<'a>,
}

/// Facts by group.
type Groups<'a> = BTreeMap<Key, Vec<&'a Fact>>;

/// The facts of one period, sorted into groups once for all groups and metrics.
#[derive(Debug, Default)]
pub struct Sorted<'a>(RefCell<HashMap<String, Groups<'a>>>);

impl Sorted<'_> {
    /// All groups in which there is anything.
    pub fn keys(&self) -> BTreeSet<Key> {
        self.0.borrow().values().flat_map(BTreeMap::keys).cloned().collect()
    }
}

/// What accounts had at the start of a period, and of that at its end.
#[derive(Debug, Clone, Default)]
pub struct Retention {
    /// How many had something.
    pub at_start: i128,
    /// How many of them still do.
    pub retained: i128,
    /// How much they had.
    pub start_sum: i128,
    /// How much they have.
    pub kept: i128,
    /// The same, at most what each had.
    pub capped: i128,
}

/// What is kept of a kind of facts beside the question's filters: a dimension and its values.
pub type Only<'a> = Option<(&'a str, &'a [&'a str])>;

impl<'a> View<'a> {
    fn passes(&self, fact: &Fact, day: Date) -> bool {
        self.question.filters.iter().all(|filter| {
            let value = self.world.value(&filter.dimension, &fact.whom, day);
            let mut is_one = filter.values.iter().any(|wanted| wanted == value);
            if filter.dimension == "team" {
                is_one |= self
                    .world
                    .lineage(value)
                    .iter()
                    .any(|team| filter.values.iter().any(|wanted| wanted == team));
            }
            is_one != filter.exclude
        })
    }

    /// The facts that belong to the group, of those that are looked up as of a day. Those of one name are always the same.
    fn group(&self, name: String, facts: impl Iterator<Item = (&'a Fact, Date)>, only: Only<'_>) -> Vec<&'a Fact> {
        let mut sorted = self.sorted.0.borrow_mut();
        let groups = sorted.entry(name).or_insert_with(|| self.groups(facts, only));
        self.key.and_then(|key| groups.get(key)).cloned().unwrap_or_default()
    }

    fn groups(&self, facts: impl Iterator<Item = (&'a Fact, Date)>, only: Only<'_>) -> Groups<'a> {
        let mut groups = Groups::new();
        for (fact, day) in facts {
            let day = if self.question.current { NOW } else { day };
            let is_wanted =
                only.is_none_or(|(dimension, values)| values.contains(&self.world.value(dimension, &fact.whom, day)));
            if !is_wanted || !self.passes(fact, day) {
                continue;
            }
            let value = |dimension: &String| self.world.value(dimension, &fact.whom, day).to_owned();
            let key: Key = self.question.dimensions.iter().map(value).collect();
            groups.entry(key).or_default().push(fact);
        }
        groups
    }

    /// What happened in the period, or to those who entered in it.
    pub fn flow(&self, what: &str, only: Only<'_>) -> Vec<&'a Fact> {
        let (start, end) = self.bucket;
        let day = |fact: &Fact| if self.cohort { fact.entered } else { fact.date };
        let facts = self
            .facts
            .of(what)
            .iter()
            .filter(|fact| (start..end).contains(&day(fact)));
        self.group(
            format!("flow {what} {} {only:?}", self.cohort),
            facts.map(|fact| (fact, fact.date)),
            only,
        )
    }

    /// All changes of a balance up to the end of the period.
    pub fn balance(&self, what: &str) -> Vec<&'a Fact> {
        let (_, end) = self.bucket;
        let facts = self.facts.of(what).iter().filter(|fact| fact.date < end);
        let last = end.yesterday().expect("a day in our time");
        self.group(format!("balance {what}"), facts.map(|fact| (fact, last)), None)
    }

    /// All changes of a balance before the period.
    pub fn opening(&self, what: &str) -> Vec<&'a Fact> {
        let start = self.bucket.0;
        self.balance(what)
            .into_iter()
            .filter(|fact| fact.date < start)
            .collect()
    }

    /// How many.
    pub fn count(&self, what: &str) -> i128 {
        number(&self.flow(what, None))
    }

    /// The plain sum of values.
    pub fn sum(&self, what: &str) -> i128 {
        self.flow(what, None).iter().map(|fact| fact.value).sum()
    }

    /// The sum of amounts, each in the currency of the answer at the rate of its day.
    pub fn money(&self, what: &str) -> Rational {
        self.worth(&self.flow(what, None))
    }

    /// What facts are worth together.
    pub fn worth(&self, facts: &[&Fact]) -> Rational {
        fraction(facts.iter().map(|fact| self.converted(fact)).sum(), MILLION)
    }

    /// What facts are worth together at the end of the period.
    pub fn worth_at_end(&self, facts: &[&Fact]) -> Rational {
        let last = self.bucket.1.yesterday().expect("a day in our time");
        fraction(facts.iter().map(|fact| self.converted_on(fact, last)).sum(), MILLION)
    }

    fn converted(&self, fact: &Fact) -> i128 {
        self.converted_on(fact, fact.date)
    }

    fn converted_on(&self, fact: &Fact, day: Date) -> i128 {
        match fact.whom.get("currency") {
            Some(currency) => self.world.convert(fact.value, currency, self.currency, day),
            None => fact.value,
        }
    }

    /// How many different subjects.
    pub fn subjects(&self, what: &str) -> i128 {
        let subjects: BTreeSet<_> = self.flow(what, None).into_iter().map(|fact| &fact.subject).collect();
        size(subjects.len())
    }

    /// How many different accounts.
    pub fn accounts(&self, what: &str) -> i128 {
        let accounts: BTreeSet<_> = self
            .flow(what, None)
            .into_iter()
            .filter_map(|fact| fact.whom.get("account"))
            .collect();
        size(accounts.len())
    }

    /// Of a balance by account: what those of the start had, and have. Everybody counts where they were at the start.
    pub fn retention(&self, what: &str) -> Retention {
        let (start, end) = self.bucket;
        let facts = self.facts.of(what).iter().filter(|fact| fact.date < end);
        let mut accounts: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        for fact in self.group(format!("retention {what}"), facts.map(|fact| (fact, start)), None) {
            let Some(account) = fact.whom.get("account") else {
                continue;
            };
            let (before, after) = accounts.entry(account).or_default();
            let value = self.converted(fact);
            *before += if fact.date < start { value } else { 0 };
            *after += value;
        }
        let mut retention = Retention::default();
        for (before, after) in accounts.into_values().filter(|(before, _)| *before > 0) {
            retention.at_start += 1;
            retention.retained += i128::from(after > 0);
            retention.start_sum += before;
            retention.kept += after.max(0);
            retention.capped += after.clamp(0, before);
        }
        retention
    }
}

/// How many facts.
pub fn number(facts: &[&Fact]) -> i128 {
    size(facts.len())
}

fn size(length: usize) -> i128 {
    i128::try_from(length).expect("a length fits")
}

/// A fraction.
///
/// # Panics
/// When nothing stands below the line.
pub fn fraction(above: i128, below: i128) -> Rational {
    Rational::new(above, below).expect("a fixed number that is not zero")
}

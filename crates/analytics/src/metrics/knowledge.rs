//! What lies between two states of knowledge and touches what a query counts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use scoreline_core::{
    dimension::Fact,
    id::EventId,
    ledger::{Entry, Image, decode},
    measure::{Measure, Measurement},
    metric::evaluate::{self, Part, Question, Table},
    query::{self, AggregateQuery, Page},
    subject::Subject,
};
use scoreline_server::status::{Kind, Problem};

use super::explain;
use crate::{
    answers::{LedgerAnswers, Stopped},
    catalogue::Catalogue,
    failure,
};

/// The most records between two states that are looked through.
const MAX_RECORDS: usize = 2_000_000;
/// The most facts of which each is tried by itself.
const MAX_TRIED: usize = 50;

/// What changed, by the commit that changed it.
pub(super) type Changes = BTreeMap<u64, Change>;

#[derive(Debug, Default)]
pub(super) struct Change {
    /// Whose records changed.
    pub(super) subjects: BTreeSet<Subject>,
    /// The events of reference data that say something else.
    pub(super) facts: BTreeSet<EventId>,
}

/// Two states, and a question in each.
pub(super) struct Between<'a> {
    pub(super) over: &'a LedgerAnswers,
    pub(super) catalogue: &'a Catalogue,
    pub(super) question: &'a Question,
    pub(super) before: u64,
    pub(super) after: u64,
    pub(super) facts: Vec<(u64, Fact, i8)>,
}

impl Between<'_> {
    /// What changed between the states.
    pub(super) fn changes(&self, answer: &Table) -> Result<Changes, Problem> {
        let mut changes = Changes::new();
        for (commit, subject) in self.changed_subjects()? {
            changes.entry(commit).or_default().subjects.insert(subject);
        }
        for (commit, event) in self.changed_facts(answer)? {
            changes.entry(commit).or_default().facts.insert(event);
        }
        Ok(changes)
    }

    /// The queries behind the question, over all groups.
    fn leaves(&self) -> Result<Vec<AggregateQuery>, Problem> {
        let (registry, policies, tables) = (&self.catalogue.registry, &self.catalogue.policies, &self.over.tables);
        let mut leaves = Vec::new();
        for metric in &self.question.metrics {
            let found = evaluate::leaves(registry, policies, tables, self.question, metric, Part::Whole);
            leaves.extend(
                found
                    .map_err(|error| failure::unanswered(error, "query"))?
                    .iter()
                    .map(explain::ungrouped),
            );
        }
        Ok(leaves)
    }

    fn changed_subjects(&self) -> Result<BTreeSet<(u64, Subject)>, Problem> {
        let leaves = self.leaves()?;
        let measures: BTreeSet<&Measure> = leaves.iter().map(|leaf| &leaf.measure).collect();
        let records = self.records(&measures)?;
        let mut image = Image::new();
        let standing = records.iter().filter(|(_, (count, _))| *count != 0);
        let entries: Vec<Entry> = standing
            .map(|(measurement, _)| Entry {
                commit: self.after,
                measurement: measurement.clone(),
                count: 1,
            })
            .collect();
        image.append(&entries);
        drop(entries);
        let mut found = BTreeSet::new();
        for leaf in &leaves {
            for bucket in 0..leaf.buckets.len() {
                self.over
                    .stop
                    .check()
                    .map_err(|stopped| failure::stopped_early(stopped, "query"))?;
                let page = Page {
                    offset: 0,
                    limit: usize::MAX,
                };
                let cell = (bucket, [].as_slice());
                let touched = query::contributions(&image, &self.over.tables, leaf, &self.over.options, cell, page);
                let touched = touched.map_err(|error| failure::stopped_early(Stopped::Query(error), "query"))?;
                for entry in touched.entries {
                    let commits = records
                        .get(&entry.measurement)
                        .map(|(_, commits)| commits.iter())
                        .into_iter()
                        .flatten();
                    found.extend(commits.map(|commit| (*commit, entry.measurement.subject.clone())));
                }
            }
        }
        Ok(found)
    }

    /// The records of some measures between the states: how often each was added less how often it was taken back, and by
    /// which commits.
    fn records(&self, measures: &BTreeSet<&Measure>) -> Result<HashMap<Measurement, (i64, BTreeSet<u64>)>, Problem> {
        let mut records: HashMap<Measurement, (i64, BTreeSet<u64>)> = HashMap::new();
        for segment in self.over.pages_of(self.before, self.after) {
            self.over
                .stop
                .check()
                .map_err(|stopped| failure::stopped_early(stopped, "query"))?;
            let segment = segment.map_err(|error| Problem::internal(error.as_ref()))?;
            let rows = decode(&segment).map_err(|error| Problem::internal(&error))?;
            for entry in rows
                .entries()
                .filter(|entry| measures.contains(&entry.measurement.measure))
            {
                let (count, commits) = records.entry(entry.measurement).or_default();
                *count += i64::from(entry.count);
                commits.insert(entry.commit);
            }
            if records.len() > MAX_RECORDS {
                let message = format!("more than {MAX_RECORDS} records lie between the two states: choose closer ones");
                return Err(
                    Problem::new(Kind::FailedPrecondition, "STATES_TOO_FAR_APART", message).with("limit", MAX_RECORDS)
                );
            }
        }
        Ok(records)
    }

    /// The facts without which the later answer would be another one.
    fn changed_facts(&self, answer: &Table) -> Result<Vec<(u64, EventId)>, Problem> {
        let mut found = Vec::new();
        let mut tried = 0;
        let all = self
            .facts
            .iter()
            .map(|(_, fact, count)| (fact, *count))
            .collect::<Vec<_>>();
        if all.is_empty() || self.answer_without(&all)? == *answer {
            return Ok(found);
        }
        for (commit, fact, count) in &self.facts {
            tried += 1;
            if tried > MAX_TRIED || self.answer_without(&[(fact, *count)])? != *answer {
                found.push((*commit, fact.event.clone()));
            }
        }
        if found.is_empty() {
            // Each has a substitute among the others: together they made the difference.
            found.extend(self.facts.iter().map(|(commit, fact, _)| (*commit, fact.event.clone())));
        }
        Ok(found)
    }

    fn answer_without(&self, facts: &[(&Fact, i8)]) -> Result<Table, Problem> {
        let mut image = self.over.snapshot.facts.as_ref().clone();
        image.append_facts(self.after, facts.iter().map(|(fact, count)| ((*fact).clone(), -count)));
        // One more commit, so that the tables are made as of the later state.
        image.reach(self.after.saturating_add(1));
        let over = self.over.with_tables(image.tables(Some(self.after)));
        let tables = Arc::clone(&over.tables);
        evaluate::evaluate(
            &over,
            &self.catalogue.registry,
            &self.catalogue.policies,
            &tables,
            self.question,
        )
        .map_err(|error| failure::unanswered(error, "query"))
    }
}

//! What a number is made of.

use std::{collections::HashSet, sync::Arc};

use scoreline_core::{
    dimension::Tables,
    ledger::{Entry, Image},
    metric::evaluate::{self, Answers, Part, Question, SourceError},
    query::{self, Aggregate, AggregateQuery, Answer, Options, Page},
    rational::Rational,
    subject::Subject,
};

use crate::{
    answers::{LedgerAnswers, Stopped},
    catalogue::Catalogue,
};

/// A record and the query that it stands behind.
#[derive(Debug, Clone)]
pub(super) struct Behind {
    pub(super) leaf: usize,
    pub(super) entry: Entry,
}

/// The first records behind some queries, by date and subject, and how many there are in all.
pub(super) fn behind(
    over: &LedgerAnswers,
    leaves: &[AggregateQuery],
    most: usize,
) -> Result<(Vec<Behind>, usize), Stopped> {
    let (mut found, mut total) = (Vec::new(), 0);
    for (leaf, query) in leaves.iter().enumerate() {
        let query = ungrouped(query);
        for bucket in 0..query.buckets.len() {
            let page = over.contributions(&query, bucket, Page { offset: 0, limit: most })?;
            total += page.total;
            found.extend(page.entries.into_iter().map(|entry| Behind { leaf, entry }));
        }
    }
    let order = |behind: &Behind| {
        (
            behind.entry.measurement.date,
            behind.entry.measurement.subject.clone(),
            behind.leaf,
        )
    };
    found.sort_by_cached_key(order);
    found.truncate(most);
    Ok((found, total))
}

/// The query over all groups at once.
pub(super) fn ungrouped(query: &AggregateQuery) -> AggregateQuery {
    AggregateQuery {
        group: Vec::new(),
        ..query.clone()
    }
}

/// What records add to a part of a number.
pub(super) struct Parts<'a> {
    pub(super) over: &'a LedgerAnswers,
    pub(super) catalogue: &'a Catalogue,
    pub(super) question: &'a Question,
    pub(super) leaves: &'a [AggregateQuery],
    pub(super) part: Part,
}

impl Parts<'_> {
    /// What each record adds, where parts add up: sums, balances, and counts of subjects, of which the first record of
    /// each adds one.
    pub(super) fn of(&self, found: &[Behind]) -> Vec<Option<Rational>> {
        let mut counted: HashSet<(usize, &Subject)> = HashSet::new();
        let adds = |behind: &Behind, counts: bool| match self.leaves[behind.leaf].aggregate {
            Aggregate::Rows | Aggregate::Flow | Aggregate::Moments | Aggregate::Balance => self.alone(behind),
            Aggregate::DistinctSubjects if counts => self.alone(behind),
            Aggregate::DistinctSubjects => Some(Rational::ZERO),
            Aggregate::Distribution { .. } | Aggregate::DistinctValues(_) | Aggregate::Retention => None,
        };
        found
            .iter()
            .map(|behind| {
                let is_first = counted.insert((behind.leaf, &behind.entry.measurement.subject));
                adds(behind, is_first)
            })
            .collect()
    }

    /// The part as it would be with this record alone behind this query, and nothing behind the others.
    fn alone(&self, behind: &Behind) -> Option<Rational> {
        let mut image = Image::new();
        image.append(std::slice::from_ref(&behind.entry));
        let source = Alone {
            image,
            leaf: &self.leaves[behind.leaf],
            empty: Image::new(),
            tables: &self.over.tables,
            options: &self.over.options,
        };
        let (registry, policies) = (&self.catalogue.registry, &self.catalogue.policies);
        let table = evaluate::evaluate(&source, registry, policies, &self.over.tables, self.question).ok()?;
        let cell = table.rows.first()?.cells.first()?;
        match self.part {
            Part::Denominator => cell.denominator,
            Part::Numerator | Part::Whole => cell.numerator.or_else(|| cell.value.as_ref().ok().copied()),
        }
    }
}

/// A ledger of one record, seen by one query only.
struct Alone<'a> {
    image: Image,
    leaf: &'a AggregateQuery,
    empty: Image,
    tables: &'a Tables,
    options: &'a Options,
}

impl Answers for Alone<'_> {
    fn answers(&self, queries: &[AggregateQuery]) -> Result<Vec<Arc<Answer>>, SourceError> {
        let answer = |query: &AggregateQuery| {
            let image = if query == self.leaf { &self.image } else { &self.empty };
            let answer = query::run(image, self.tables, query, self.options);
            answer.map(Arc::new).map_err(|error| Box::new(error) as SourceError)
        };
        queries.iter().map(answer).collect()
    }
}

//! Queries over an image in memory, their blocks spread over threads.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use scoreline_core::{
    ledger::{Block, Image},
    query::{AggregateQuery, Answer, Partial, Plan},
};

use super::{
    LedgerAnswers, Stopped,
    kept::{Key, Reach},
};

/// Rows below which a further thread costs more than it gives.
const ROWS_PER_THREAD: usize = 1 << 18;
/// Blocks that are scanned at a time.
const BLOCKS_PER_JOB: usize = 4;

/// One query.
enum Asked<'a> {
    /// It was answered before, and nothing is new.
    Answered(Arc<Answer>),
    Open(Box<Open<'a>>),
}

/// A query that blocks have to be scanned for.
struct Open<'a> {
    plan: Plan<'a>,
    measure: &'a [Arc<Block>],
    /// How many of the measure's blocks will not change.
    settled: usize,
    /// Under which name what it finds is kept.
    key: Option<Key>,
    /// What so many of its blocks have said before.
    before: Option<(usize, Arc<Partial>)>,
}

/// Some blocks of a query.
struct Job<'a> {
    query: usize,
    settled: bool,
    plan: &'a Plan<'a>,
    blocks: &'a [Arc<Block>],
}

/// What one thread has found: by query, and whether of its settled blocks.
type Parts = BTreeMap<(usize, bool), Partial>;

pub(super) fn answers(
    over: &LedgerAnswers,
    image: &Image,
    queries: &[AggregateQuery],
) -> Result<Vec<Arc<Answer>>, Stopped> {
    let asked: Vec<Asked<'_>> = queries
        .iter()
        .map(|query| Asked::new(over, image, query))
        .collect::<Result<_, _>>()?;
    let jobs = asked.iter().enumerate().flat_map(|(query, asked)| match asked {
        Asked::Answered(_) => Vec::new(),
        Asked::Open(open) => open.jobs(query),
    });
    let mut found = scan_all(over, &jobs.collect::<Vec<_>>())?;
    let answers = asked.into_iter().enumerate().map(|(query, asked)| {
        let open = match asked {
            Asked::Answered(answer) => return Ok(answer),
            Asked::Open(open) => open,
        };
        let mut take = |settled| {
            let parts = found.iter_mut().filter_map(|parts| parts.remove(&(query, settled)));
            parts.reduce(|mut whole, part| {
                whole.merge(part);
                whole
            })
        };
        let (settled, tail) = (take(true), take(false));
        open.answer(over, image, settled, tail)
    });
    answers.collect()
}

impl<'a> Asked<'a> {
    fn new(over: &'a LedgerAnswers, image: &'a Image, query: &'a AggregateQuery) -> Result<Self, Stopped> {
        let measure = image.blocks(&query.measure);
        // What a question may not see must not be missing in what is kept.
        let sees_all = query.known_at.is_none_or(|commit| commit >= image.commit());
        let key = (sees_all && !over.kept.is_off() && !measure.is_empty()).then(|| {
            let zone = over.options.zone.iana_name().unwrap_or_default();
            (over.tenant.clone(), zone.to_owned(), query.shape(&over.options))
        });
        let known = key
            .as_ref()
            .map(|key| over.kept.find(key, &over.tables, measure, query.now))
            .unwrap_or_default();
        if let Some(answer) = known.answer {
            return Ok(Self::Answered(answer));
        }
        let plan = Plan::new(query, &over.tables, image.dictionaries(), &over.options).map_err(Stopped::Query)?;
        let before = known.partial.filter(|(_, partial)| partial.suits(&plan));
        Ok(Self::Open(Box::new(Open {
            plan,
            measure,
            settled: image.settled(&query.measure).len(),
            key,
            before,
        })))
    }
}

impl Open<'_> {
    /// What has to be scanned.
    fn jobs(&self, query: usize) -> Vec<Job<'_>> {
        let known = self.before.as_ref().map_or(0, |(blocks, _)| *blocks);
        let (settled, tail) = self.measure.split_at(self.settled);
        let parts = [(true, &settled[known..]), (false, tail)];
        let job = |settled: bool, blocks| Job {
            query,
            settled,
            plan: &self.plan,
            blocks,
        };
        parts
            .into_iter()
            .flat_map(|(settled, blocks)| blocks.chunks(BLOCKS_PER_JOB).map(move |blocks| job(settled, blocks)))
            .collect()
    }

    /// The answer, by what new settled blocks and the tail say. Keeps it, and what all settled blocks say.
    fn answer(
        self,
        over: &LedgerAnswers,
        image: &Image,
        settled: Option<Partial>,
        tail: Option<Partial>,
    ) -> Result<Arc<Answer>, Stopped> {
        let plan = &self.plan;
        let is_new = settled.is_some();
        let before = self.before.map(|(_, partial)| partial.fork(plan)).transpose();
        let mut whole = match (before.map_err(Stopped::Query)?, settled) {
            (Some(mut before), Some(settled)) => {
                before.merge(settled);
                before
            }
            (Some(partial), None) | (None, Some(partial)) => partial,
            (None, None) => Partial::new(plan, false).map_err(Stopped::Query)?,
        };
        let worth_keeping = self.key.is_some() && is_new && over.kept.has_room_for(&whole);
        let partial = worth_keeping.then(|| whole.fork(plan)).transpose();
        let partial = partial.map_err(Stopped::Query)?;
        if let Some(tail) = tail {
            whole.merge(tail);
        }
        let holds = whole.holds();
        let answer = whole.finish(plan, image.dictionaries(), &over.threads);
        let answer = Arc::new(answer.map_err(Stopped::Query)?);
        if let (Some(key), Some(reach)) = (self.key, Reach::over(self.measure)) {
            let partial = Reach::over(&self.measure[..self.settled]).zip(partial.map(Arc::new));
            let answer = (reach, holds, Arc::clone(&answer));
            over.kept.keep(key, &over.tables, partial, answer);
        }
        Ok(answer)
    }
}

/// Spreads jobs over threads: each takes the next when it is done with one.
fn scan_all(over: &LedgerAnswers, jobs: &[Job<'_>]) -> Result<Vec<Parts>, Stopped> {
    let rows: usize = jobs.iter().flat_map(|job| job.blocks).map(|block| block.rows()).sum();
    let helpers = (rows / ROWS_PER_THREAD).min(jobs.len().saturating_sub(1));
    let next = AtomicUsize::new(0);
    let found = over.threads.together(helpers, || scan(over, jobs, &next));
    found.into_iter().collect()
}

/// Does jobs until none is left.
fn scan(over: &LedgerAnswers, jobs: &[Job<'_>], next: &AtomicUsize) -> Result<Parts, Stopped> {
    let mut parts = Parts::new();
    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut part = match parts.remove(&(job.query, job.settled)) {
            Some(part) => part,
            None => Partial::new(job.plan, false).map_err(Stopped::Query)?,
        };
        for block in job.blocks {
            over.stop.check()?;
            part.add_block(job.plan, block).map_err(Stopped::Query)?;
        }
        parts.insert((job.query, job.settled), part);
    }
    Ok(parts)
}

//! Queries over an image in memory, their blocks spread over threads.

use std::{
    collections::BTreeMap,
    ops::Range,
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
    kept::{Key, Known, Reach},
};

/// Rows below which a further thread costs more than it gives.
const ROWS_PER_THREAD: usize = 1 << 18;
/// Blocks that are scanned at a time.
const BLOCKS_PER_JOB: usize = 4;

/// One query and what there is for it.
struct Asked<'a> {
    plan: Plan<'a>,
    measure: &'a [Arc<Block>],
    /// How many of the measure's blocks will not change.
    settled: usize,
    /// Under which name what it finds is kept.
    key: Option<Key>,
    known: Known,
}

/// Some blocks of a query.
struct Job {
    query: usize,
    settled: bool,
    blocks: Range<usize>,
}

/// What one thread has found: by query, and whether of its settled blocks.
type Parts = BTreeMap<(usize, bool), Partial>;

pub(super) fn answers(over: &LedgerAnswers, image: &Image, queries: &[AggregateQuery]) -> Result<Vec<Answer>, Stopped> {
    let asked: Vec<Asked<'_>> = queries
        .iter()
        .map(|query| Asked::new(over, image, query))
        .collect::<Result<_, _>>()?;
    let jobs: Vec<Job> = asked
        .iter()
        .enumerate()
        .flat_map(|(at, asked)| asked.jobs(at))
        .collect();
    let mut found = scan_all(over, &asked, &jobs)?;
    let answers = asked.into_iter().enumerate().map(|(query, asked)| {
        let mut take = |settled| {
            let parts = found.iter_mut().filter_map(|parts| parts.remove(&(query, settled)));
            parts.reduce(|mut whole, part| {
                whole.merge(&part);
                whole
            })
        };
        let (settled, tail) = (take(true), take(false));
        asked.answer(over, image, settled, tail)
    });
    answers.collect()
}

impl<'a> Asked<'a> {
    fn new(over: &'a LedgerAnswers, image: &'a Image, query: &'a AggregateQuery) -> Result<Self, Stopped> {
        let plan = Plan::new(query, &over.tables, image.dictionaries(), &over.options).map_err(Stopped::Query)?;
        let settled = image.settled(&query.measure).len();
        let measure = image.blocks(&query.measure);
        // What a question may not see yet must not be in what is kept.
        let sees_all = query.known_at.is_none_or(|commit| commit >= image.commit())
            && measure
                .iter()
                .all(|block| block.last_instant() <= query.now.as_microsecond());
        let key = (sees_all && !over.kept.is_off() && !measure.is_empty()).then(|| {
            let zone = over.options.zone.iana_name().unwrap_or_default();
            (over.tenant.clone(), zone.to_owned(), query.shape(&over.options))
        });
        let known = key
            .as_ref()
            .map(|key| over.kept.find(key, &over.tables, measure))
            .unwrap_or_default();
        Ok(Self {
            plan,
            measure,
            settled,
            key,
            known,
        })
    }

    /// What has to be scanned.
    fn jobs(&self, query: usize) -> impl Iterator<Item = Job> + use<> {
        let is_answered = self.known.answer.is_some();
        let from = self.known.partial.as_ref().map_or(0, |(blocks, _)| *blocks);
        let parts = [
            (true, from..self.settled),
            (false, self.settled.max(from)..self.measure.len()),
        ];
        parts
            .into_iter()
            .filter(move |_| !is_answered)
            .flat_map(move |(settled, blocks)| {
                let end = blocks.end;
                blocks.step_by(BLOCKS_PER_JOB).map(move |first| Job {
                    query,
                    settled,
                    blocks: first..end.min(first + BLOCKS_PER_JOB),
                })
            })
    }

    fn answer(
        self,
        over: &LedgerAnswers,
        image: &Image,
        settled: Option<Partial>,
        tail: Option<Partial>,
    ) -> Result<Answer, Stopped> {
        if let Some(answer) = self.known.answer {
            return Ok(Answer::clone(&answer));
        }
        let plan = &self.plan;
        let new = settled.is_some();
        let before = self.known.partial.map(|(_, partial)| partial.fork(plan)).transpose();
        let mut whole = match (before.map_err(Stopped::Query)?, settled) {
            (Some(mut before), Some(settled)) => {
                before.merge(&settled);
                before
            }
            (Some(partial), None) | (None, Some(partial)) => partial,
            (None, None) => Partial::new(plan, false).map_err(Stopped::Query)?,
        };
        let mut keep = None;
        if let (Some(_), true, Some(reach)) = (&self.key, new, Reach::over(&self.measure[..self.settled]))
            && over.kept.has_room_for(&whole)
        {
            keep = Some((reach, Arc::new(whole.fork(plan).map_err(Stopped::Query)?)));
        }
        if let Some(tail) = tail {
            whole.merge(&tail);
        }
        let answer = whole.finish(plan, image.dictionaries()).map_err(Stopped::Query)?;
        if let (Some(key), Some(reach)) = (self.key, Reach::over(self.measure)) {
            over.kept
                .keep(key, &over.tables, keep, (reach, Arc::new(answer.clone())));
        }
        Ok(answer)
    }
}

/// Spreads jobs over threads: each takes the next when it is done with one.
fn scan_all(over: &LedgerAnswers, asked: &[Asked<'_>], jobs: &[Job]) -> Result<Vec<Parts>, Stopped> {
    let rows_of = |job: &Job| -> usize {
        let blocks = &asked[job.query].measure[job.blocks.clone()];
        blocks.iter().map(|block| block.rows()).sum()
    };
    let rows: usize = jobs.iter().map(rows_of).sum();
    let helpers = over
        .threads
        .more((rows / ROWS_PER_THREAD).min(jobs.len().saturating_sub(1)));
    let next = AtomicUsize::new(0);
    let work = || scan(over, asked, jobs, &next);
    std::thread::scope(|scope| {
        let others: Vec<_> = helpers.iter().map(|_| scope.spawn(work)).collect();
        let mut found = vec![work()];
        found.extend(
            others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
        );
        found.into_iter().collect()
    })
}

/// Does jobs until none is left.
fn scan(over: &LedgerAnswers, asked: &[Asked<'_>], jobs: &[Job], next: &AtomicUsize) -> Result<Parts, Stopped> {
    let mut parts = Parts::new();
    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
        let Asked { plan, measure, .. } = &asked[job.query];
        let mut part = match parts.remove(&(job.query, job.settled)) {
            Some(part) => part,
            None => Partial::new(plan, false).map_err(Stopped::Query)?,
        };
        for block in &measure[job.blocks.clone()] {
            over.stop.check()?;
            part.add_block(plan, block).map_err(Stopped::Query)?;
        }
        parts.insert((job.query, job.settled), part);
    }
    Ok(parts)
}

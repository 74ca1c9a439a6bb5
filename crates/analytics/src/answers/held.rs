//! Queries over an image in memory, their blocks spread over threads.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

use scoreline_core::{
    ledger::Image,
    query::{AggregateQuery, Answer, Partial, Plan},
};

use super::{LedgerAnswers, Stopped};

/// Rows below which a further thread costs more than it gives.
const ROWS_PER_THREAD: usize = 1 << 18;
/// Blocks that are scanned at a time.
const BLOCKS_PER_JOB: usize = 4;

/// Some blocks of a query.
struct Job {
    query: usize,
    blocks: Range<usize>,
}

pub(super) fn answers(over: &LedgerAnswers, image: &Image, queries: &[AggregateQuery]) -> Result<Vec<Answer>, Stopped> {
    let (tables, options) = (&over.tables, &over.options);
    let plans: Result<Vec<Plan<'_>>, _> = queries
        .iter()
        .map(|query| Plan::new(query, tables, image.dictionaries(), options))
        .collect();
    let plans = plans.map_err(Stopped::Query)?;
    let jobs = jobs(image, queries);
    let rows: usize = queries
        .iter()
        .flat_map(|query| image.blocks(&query.measure))
        .map(|block| block.rows())
        .sum();
    let helpers = over
        .threads
        .more((rows / ROWS_PER_THREAD).min(jobs.len().saturating_sub(1)));
    let next = AtomicUsize::new(0);
    let work = || scan(over, image, queries, &plans, &jobs, &next);
    let mut found = std::thread::scope(|scope| {
        let others: Vec<_> = helpers.iter().map(|_| scope.spawn(work)).collect();
        let mut found = vec![work()];
        found.extend(
            others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
        );
        found.into_iter().collect::<Result<Vec<_>, _>>()
    })?;
    drop(helpers);
    let mut answers = Vec::with_capacity(queries.len());
    for (query, plan) in plans.iter().enumerate() {
        let mut parts = found.iter_mut().filter_map(|parts| parts.remove(&query));
        let mut whole = match parts.next() {
            Some(first) => first,
            None => Partial::new(plan, false).map_err(Stopped::Query)?,
        };
        parts.for_each(|part| whole.merge(&part));
        answers.push(whole.finish(plan, image.dictionaries()).map_err(Stopped::Query)?);
    }
    Ok(answers)
}

fn jobs(image: &Image, queries: &[AggregateQuery]) -> Vec<Job> {
    let of_query = |(query, asked): (usize, &AggregateQuery)| {
        let blocks = image.blocks(&asked.measure).len();
        (0..blocks).step_by(BLOCKS_PER_JOB).map(move |first| Job {
            query,
            blocks: first..blocks.min(first + BLOCKS_PER_JOB),
        })
    };
    queries.iter().enumerate().flat_map(of_query).collect()
}

/// Does jobs until none is left.
fn scan(
    over: &LedgerAnswers,
    image: &Image,
    queries: &[AggregateQuery],
    plans: &[Plan<'_>],
    jobs: &[Job],
    next: &AtomicUsize,
) -> Result<BTreeMap<usize, Partial>, Stopped> {
    let mut parts: BTreeMap<usize, Partial> = BTreeMap::new();
    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
        let plan = &plans[job.query];
        let mut part = match parts.remove(&job.query) {
            Some(part) => part,
            None => Partial::new(plan, false).map_err(Stopped::Query)?,
        };
        for block in &image.blocks(&queries[job.query].measure)[job.blocks.clone()] {
            over.stop.check()?;
            part.add_block(plan, block).map_err(Stopped::Query)?;
        }
        parts.insert(job.query, part);
    }
    Ok(parts)
}

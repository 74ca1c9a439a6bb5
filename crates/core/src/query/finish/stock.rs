//! Balances and retention: running sums at both ends of each bucket, with everything that is dated looked up at the
//! bucket's own day.

use std::collections::{BTreeMap, HashMap};

use super::{Coded, Error, Index, MissingRate, Plan, State, first, flow::check, missing_rates};
use crate::query::{AccountFlow, Aggregate, Balance, Cell, plan::Origin};

/// A running sum at both ends of a bucket.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    opening: i128,
    closing: i128,
    rows: i64,
    missing: Option<MissingRate>,
}

impl Ends {
    fn is_empty(&self) -> bool {
        self.opening == 0 && self.closing == 0 && self.rows == 0
    }

    fn add(&mut self, other: &Self) {
        self.opening += other.opening;
        self.closing += other.closing;
        self.rows += other.rows;
        first(&mut self.missing, other.missing);
    }
}

/// Ends by group, for each bucket.
type Ledger = HashMap<Vec<u32>, Vec<Ends>>;

pub(super) fn groups(plan: &Plan<'_>, index: &Index, state: &State) -> Result<Vec<Coded>, Error> {
    let stories = stories(plan, index, state);
    if plan.query.aggregate == Aggregate::Retention {
        return retention(plan, &stories);
    }
    let mut all = Ledger::new();
    for (keys, story) in &stories {
        book(plan, keys, story, &mut all)?;
    }
    let cell = |ends: Ends| {
        Cell::Balance(Balance {
            opening: ends.opening,
            closing: ends.closing,
            rows: ends.rows,
            missing: ends.missing,
        })
    };
    let present = all
        .into_iter()
        .filter(|(_, ends)| ends.iter().any(|ends| !ends.is_empty()));
    Ok(present
        .map(|(codes, ends)| (codes, ends.into_iter().map(cell).collect()))
        .collect())
}

/// For each combination of keys, its running sums at the ends of each bucket. Those of one account stand together.
fn stories(plan: &Plan<'_>, index: &Index, state: &State) -> Vec<(Vec<u32>, Vec<Ends>)> {
    let mut missing: HashMap<usize, Option<MissingRate>> = HashMap::new();
    for (cell, rate) in missing_rates(plan, state) {
        first(missing.entry(cell).or_default(), Some(rate));
    }
    let mut present: Vec<usize> = (0..state.sums.len())
        .filter(|cell| !state.sums[*cell].is_empty())
        .collect();
    present.sort_unstable_by_key(|cell| index.combination(*cell));
    let mut stories: Vec<(Vec<u32>, Vec<Ends>)> = Vec::new();
    for cell in present {
        let mut keys = index.codes(cell);
        let slot = keys.pop().expect("the slot is the last key");
        if stories.last().is_none_or(|(last, _)| *last != keys) {
            stories.push((keys, vec![Ends::default(); plan.slots.before.len()]));
        }
        let story = &mut stories.last_mut().expect("just pushed").1;
        let (sums, missing) = (&state.sums[cell], missing.get(&cell).copied().flatten());
        for (bucket, ends) in story.iter_mut().enumerate() {
            let (opens, closes) = counts_at(plan, slot, bucket);
            if opens {
                ends.opening += sums.sum;
            }
            if closes {
                ends.closing += sums.sum;
                ends.rows += sums.count;
                first(&mut ends.missing, missing);
            }
        }
    }
    if let Some(account) = plan.account {
        stories.sort_by_key(|(keys, _)| keys[account]);
    }
    stories
}

/// Whether a slot's rows are part of a bucket's opening and of its closing balance.
fn counts_at(plan: &Plan<'_>, slot: u32, bucket: usize) -> (bool, bool) {
    if slot < plan.slots.count {
        let (opening, closing) = plan.slots.before[bucket];
        (slot < opening, slot < closing)
    } else {
        (
            slot == plan.restated_slot(bucket, false),
            slot == plan.restated_slot(bucket, true),
        )
    }
}

/// Adds a story to the groups that it belongs to: in each bucket the one of that bucket's own day.
fn book(plan: &Plan<'_>, keys: &[u32], story: &[Ends], groups: &mut Ledger) -> Result<(), Error> {
    for (bucket, ends) in story.iter().enumerate() {
        if ends.is_empty() {
            continue;
        }
        let day = plan.attribution_day(bucket);
        if let Some(codes) = group_at(plan, keys, day) {
            check(groups.len(), plan)?;
            groups
                .entry(codes)
                .or_insert_with(|| vec![Ends::default(); story.len()])[bucket]
                .add(ends);
        }
    }
    Ok(())
}

/// The group of some keys on a day; `None` when they do not pass the filters of that day.
pub(in crate::query) fn group_at(plan: &Plan<'_>, keys: &[u32], day: i32) -> Option<Vec<u32>> {
    let passes = plan
        .late
        .iter()
        .all(|(condition, route)| condition.passes[route.code(&condition.lookup, keys, day) as usize]);
    let code = |origin: &Origin| match origin {
        Origin::Key(at) => keys[*at],
        Origin::Late(lookup, route) => route.code(lookup, keys, day),
    };
    passes.then(|| plan.group.iter().map(code).collect())
}

/// Account by account: what it had at the start and has at the end, in each group. Rows without an account are no account's.
fn retention(plan: &Plan<'_>, stories: &[(Vec<u32>, Vec<Ends>)]) -> Result<Vec<Coded>, Error> {
    let account = plan.account.expect("retention has an account key");
    let mut groups: BTreeMap<Vec<u32>, Vec<AccountFlow>> = BTreeMap::new();
    let mut own = Ledger::new();
    for stories in stories.chunk_by(|(left, _), (right, _)| left[account] == right[account]) {
        if stories[0].0[account] == 0 {
            continue;
        }
        for (keys, story) in stories {
            book(plan, keys, story, &mut own)?;
        }
        for (codes, ends) in own.drain().filter(|(_, ends)| ends.iter().any(|ends| !ends.is_empty())) {
            check(groups.len(), plan)?;
            let flows = groups
                .entry(codes)
                .or_insert_with(|| vec![AccountFlow::default(); ends.len()]);
            for (flow, ends) in flows.iter_mut().zip(&ends) {
                count(flow, ends);
            }
        }
    }
    let cells = |flows: Vec<AccountFlow>| flows.into_iter().map(Cell::Retention).collect();
    Ok(groups.into_iter().map(|(codes, flows)| (codes, cells(flows))).collect())
}

fn count(flow: &mut AccountFlow, ends: &Ends) {
    let kept = ends.closing.max(0);
    if ends.opening > 0 {
        flow.at_start += 1;
        flow.retained += i64::from(kept > 0);
        flow.start_sum += ends.opening;
        flow.kept_sum += kept;
        flow.capped_sum += kept.min(ends.opening);
    }
    first(&mut flow.missing, ends.missing);
}

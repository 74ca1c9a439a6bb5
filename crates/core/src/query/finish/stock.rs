//! Balances and retention: running sums at both ends of each bucket, with everything that is dated looked up at the
//! bucket's own day.

use std::collections::{BTreeMap, HashMap};

use super::{Coded, Error, Index, MissingRate, Plan, State, first, flow::check, missing_rates};
use crate::query::{AccountFlow, Aggregate, Balance, Cell, plan::Origin, sums::Sums};

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
    if plan.query.aggregate == Aggregate::Retention {
        return retention(plan, index, state);
    }
    let mut all = Ledger::new();
    stories(plan, index, state, |keys, story| book(plan, keys, story, &mut all))?;
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

/// Tells, for each combination of keys in their order, its running sums at the ends of each bucket.
fn stories(
    plan: &Plan<'_>,
    index: &Index,
    state: &State,
    mut tell: impl FnMut(&[u32], &[Ends]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut missing: HashMap<u32, Option<MissingRate>> = HashMap::new();
    for (cell, rate) in missing_rates(plan, state) {
        first(missing.entry(cell as u32).or_default(), Some(rate));
    }
    let mut order = index.in_order();
    order.retain(|(_, cell)| state.sums.has(*cell as usize));
    let mut story = vec![Ends::default(); plan.slots.before.len()];
    let mut left = order.as_slice();
    while let Some((combination, _)) = left.first() {
        let mut keys = index.codes_of(*combination);
        let slot = keys.pop().expect("the slot is the last key");
        // The slot is the last digit of a combination, so those of one story follow each other.
        let base = combination - u128::from(slot);
        let next = base + u128::from(plan.slot_count());
        let end = left.iter().take_while(|(combination, _)| *combination < next).count();
        let cells = left[..end].iter().map(|(combination, cell)| {
            let slot = (combination - base) as u32;
            (
                slot,
                state.sums.of(*cell as usize),
                missing.get(cell).copied().flatten(),
            )
        });
        run(plan, cells, &mut story);
        tell(&keys, &story)?;
        left = &left[end..];
    }
    Ok(())
}

/// Runs through the slots of a story, which stand in their order, and notes what has come together at each end.
fn run<'a>(plan: &Plan<'_>, cells: impl Iterator<Item = (u32, &'a Sums, Option<MissingRate>)>, story: &mut [Ends]) {
    let mut cells = cells.peekable();
    let (mut so_far, mut lacks) = (Sums::default(), None);
    for (ends, (opening, closing)) in story.iter_mut().zip(&plan.slots.before) {
        let mut until = |slots: u32| {
            while let Some((_, sums, missing)) = cells.next_if(|(slot, ..)| *slot < slots) {
                so_far.merge(sums);
                first(&mut lacks, missing);
            }
            so_far
        };
        let (opened, closed) = (until(*opening).sum, until(*closing));
        *ends = Ends {
            opening: opened,
            closing: closed.sum,
            rows: closed.count,
            missing: lacks,
        };
    }
    // Behind them stand amounts that are restated for one end of one bucket each; what lies after all buckets is no part.
    for (slot, sums, missing) in cells {
        let Some(at) = slot.checked_sub(plan.slots.count) else {
            continue;
        };
        let ends = &mut story[at as usize / 2];
        if at % 2 == 0 {
            ends.opening += sums.sum;
        } else {
            ends.closing += sums.sum;
            ends.rows += sums.count;
            first(&mut ends.missing, missing);
        }
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
fn retention(plan: &Plan<'_>, index: &Index, state: &State) -> Result<Vec<Coded>, Error> {
    let account = plan.account.expect("retention has an account key");
    let mut groups: BTreeMap<Vec<u32>, Vec<AccountFlow>> = BTreeMap::new();
    let (mut own, mut whose) = (Own::default(), 0);
    stories(plan, index, state, |keys, story| {
        if keys[account] != whose {
            own.close(plan, &mut groups)?;
            whose = keys[account];
        }
        if whose != 0 {
            own.add(plan, keys, story);
        }
        Ok(())
    })?;
    own.close(plan, &mut groups)?;
    let cells = |flows: Vec<AccountFlow>| flows.into_iter().map(Cell::Retention).collect();
    Ok(groups.into_iter().map(|(codes, flows)| (codes, cells(flows))).collect())
}

/// What one account has in each group. The lists are used again for the next account.
#[derive(Default)]
struct Own {
    groups: Vec<(Vec<u32>, Vec<Ends>)>,
    used: usize,
}

impl Own {
    fn add(&mut self, plan: &Plan<'_>, keys: &[u32], story: &[Ends]) {
        if plan.is_dated() {
            for (bucket, ends) in story.iter().enumerate().filter(|(_, ends)| !ends.is_empty()) {
                if let Some(codes) = group_at(plan, keys, plan.attribution_day(bucket)) {
                    self.of(codes, story.len())[bucket].add(ends);
                }
            }
        } else if let Some(codes) = group_at(plan, keys, 0) {
            for (sum, ends) in self.of(codes, story.len()).iter_mut().zip(story) {
                sum.add(ends);
            }
        }
    }

    fn of(&mut self, codes: Vec<u32>, buckets: usize) -> &mut [Ends] {
        let known = self.groups[..self.used].iter().position(|(other, _)| *other == codes);
        let at = known.unwrap_or_else(|| {
            if self.used == self.groups.len() {
                self.groups.push((Vec::new(), Vec::new()));
            }
            let (own, ends) = &mut self.groups[self.used];
            *own = codes;
            ends.clear();
            ends.resize(buckets, Ends::default());
            self.used += 1;
            self.used - 1
        });
        &mut self.groups[at].1
    }

    /// Counts the account in all its groups, and begins the next.
    fn close(&mut self, plan: &Plan<'_>, groups: &mut BTreeMap<Vec<u32>, Vec<AccountFlow>>) -> Result<(), Error> {
        for (codes, ends) in &self.groups[..std::mem::take(&mut self.used)] {
            if ends.iter().all(Ends::is_empty) {
                continue;
            }
            if !groups.contains_key(codes) {
                check(groups.len(), plan)?;
                groups.insert(codes.clone(), vec![AccountFlow::default(); ends.len()]);
            }
            for (flow, ends) in groups.get_mut(codes).into_iter().flatten().zip(ends) {
                count(flow, ends);
            }
        }
        Ok(())
    }
}

fn count(flow: &mut AccountFlow, ends: &Ends) {
    if ends.opening > 0 {
        let kept = ends.closing.max(0);
        flow.at_start += 1;
        flow.retained += i64::from(kept > 0);
        flow.start_sum += ends.opening;
        flow.kept_sum += kept;
        flow.capped_sum += kept.min(ends.opening);
    }
    first(&mut flow.missing, ends.missing);
}

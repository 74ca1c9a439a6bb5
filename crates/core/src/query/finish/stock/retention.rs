//! Retention: what each account had at the start of a bucket, and what it has at the end.
//!
//! Where nothing depends on a bucket's day and every amount is known, an account costs what changed in it, not what the
//! buckets are: between two changes it stands as it stood, and counts alike in all buckets there.

mod walked;

use std::collections::{BTreeMap, btree_map::Entry};

pub(in crate::query) use self::walked::Walked;

use super::{Coded, Codes, Ends, Error, Index, Plan, State, chapters, check, first, group_at, stories};
use crate::{
    crew::Crew,
    query::{AccountFlow, Cell, partial::Changes, sums::Sums},
};

/// By group, for each bucket.
type Flows = BTreeMap<Codes, Vec<AccountFlow>>;

pub(super) fn groups(plan: &Plan<'_>, index: &Index, state: &State, crew: &dyn Crew) -> Result<Vec<Coded>, Error> {
    let is_plain = !plan.is_dated() && !plan.restates() && state.missing.is_empty();
    let flows = if plan.lists {
        by_list(plan, index, &state.changes, crew)?
    } else if is_plain {
        by_changes(plan, index, state)?
    } else {
        by_buckets(plan, index, state)?
    };
    let cells = |flows: Vec<AccountFlow>| flows.into_iter().map(Cell::Retention).collect();
    Ok(flows.into_iter().map(|(codes, flows)| (codes, cells(flows))).collect())
}

/// Rows without an account are no account's.
const NOBODY: u32 = 0;

/// By the changes of each account as they were found. Where others were there before, only accounts that have changed since
/// are walked through.
fn by_list(plan: &Plan<'_>, index: &Index, changes: &Changes, crew: &dyn Crew) -> Result<Flows, Error> {
    match &changes.before {
        None => Ok(Walks::finish(Walked::new(plan, index, &changes.since, crew)?.groups)),
        Some(before) => {
            let walked = before.walked(|changes| Walked::new(plan, index, changes, crew))?;
            Ok(Walks::finish(walked.with(plan, index, &changes.since)?))
        }
    }
}

/// Account by account, change by change. Each combination of keys is one account in one group.
fn by_changes(plan: &Plan<'_>, index: &Index, state: &State) -> Result<Flows, Error> {
    let mut walks = Walks::new(plan);
    chapters(plan, index, state, |keys, changes| {
        let changes = changes
            .iter()
            .map(|(slot, cell)| (*slot, *state.sums.of(*cell as usize)));
        walks.account(keys, changes)
    })?;
    Ok(Walks::finish(walks.groups))
}

/// Walks through the changes of accounts, each of which is in one group.
struct Walks<'a> {
    plan: &'a Plan<'a>,
    /// Which of the keys the account is.
    account: usize,
    places: Places,
    groups: BTreeMap<Codes, Sweep>,
}

impl<'a> Walks<'a> {
    fn new(plan: &'a Plan<'a>) -> Self {
        Self {
            plan,
            account: plan.account.expect("retention has an account key"),
            places: Places::new(plan),
            groups: BTreeMap::new(),
        }
    }

    /// Walks through an account's changes, which stand in the order of their slots.
    fn account(&mut self, keys: &[u32], changes: impl Iterator<Item = (u32, Sums)>) -> Result<(), Error> {
        if keys[self.account] == NOBODY {
            return Ok(());
        }
        let Some(codes) = group_at(self.plan, keys, 0) else {
            return Ok(());
        };
        if let Some(sweep) = self.groups.get_mut(&codes) {
            self.places.walk(changes, sweep);
            return Ok(());
        }
        let mut sweep = Sweep::new(self.plan.slots.before.len());
        self.places.walk(changes, &mut sweep);
        self.add(codes, sweep, 1)
    }

    /// Adds what other accounts had in a group, or takes it out again.
    fn add(&mut self, codes: Codes, sweep: Sweep, sign: i64) -> Result<(), Error> {
        if sweep.accounts == 0 {
            return Ok(());
        }
        match self.groups.entry(codes) {
            Entry::Occupied(known) => known.into_mut().add(&sweep, sign),
            Entry::Vacant(place) => {
                place.insert(sweep);
                check(self.groups.len(), self.plan)?;
            }
        }
        Ok(())
    }

    fn finish(groups: BTreeMap<Codes, Sweep>) -> Flows {
        let present = groups.into_iter().filter(|(_, sweep)| sweep.accounts > 0);
        present.map(|(codes, sweep)| (codes, sweep.finish())).collect()
    }
}

/// Where a slot lies among the buckets.
struct Places {
    /// The bucket that a slot lies in, if it lies in one; and the first bucket that begins after it.
    of_slot: Vec<(Option<u32>, u32)>,
    buckets: u32,
}

impl Places {
    fn new(plan: &Plan<'_>) -> Self {
        let before = &plan.slots.before;
        let place = |slot: u32| {
            let after = before.partition_point(|(opening, _)| *opening <= slot);
            let inside = after.checked_sub(1).filter(|at| slot < before[*at].1);
            (inside.map(|at| at as u32), after as u32)
        };
        // What lies behind the last point is part of no bucket, and comes last.
        Self {
            of_slot: (0..=plan.slots.count).map(place).collect(),
            buckets: before.len() as u32,
        }
    }

    /// Walks through an account's changes, which stand in the order of their slots.
    fn walk(&self, changes: impl Iterator<Item = (u32, Sums)>, sweep: &mut Sweep) {
        let mut changes = changes.peekable();
        let (mut stands, mut next, mut any) = (Sums::default(), 0, false);
        while let Some((slot, change)) = changes.next() {
            let (inside, after) = self.of_slot[slot as usize];
            any |= sweep.steady(next, inside.unwrap_or(after), &stands);
            let opening = stands;
            stands.merge(&change);
            if let Some(bucket) = inside {
                let here = |slot: u32| self.of_slot[slot as usize].0 == inside;
                while let Some((_, change)) = changes.next_if(|(slot, _)| here(*slot)) {
                    stands.merge(&change);
                }
                any |= sweep.change(bucket, &opening, &stands);
            }
            next = after;
        }
        any |= sweep.steady(next, self.buckets, &stands);
        sweep.accounts += i64::from(any);
    }
}

/// What accounts had in one group.
#[derive(Debug, Clone)]
struct Sweep {
    flows: Vec<AccountFlow>,
    /// Accounts that stand unchanged from a bucket on, and what they have; taken back where that ends.
    steady: Vec<(i64, i128)>,
    /// How many accounts have anything at all.
    accounts: i64,
}

impl Sweep {
    fn new(buckets: usize) -> Self {
        Self {
            flows: vec![AccountFlow::default(); buckets],
            steady: vec![(0, 0); buckets + 1],
            accounts: 0,
        }
    }

    /// An account stands so in all buckets from one to before another. Says whether that is anything.
    fn steady(&mut self, from: u32, to: u32, stands: &Sums) -> bool {
        if from >= to {
            return false;
        }
        if stands.sum > 0 {
            for (bucket, sign) in [(from, 1), (to, -1)] {
                let (accounts, sum) = &mut self.steady[bucket as usize];
                *accounts += sign;
                *sum += i128::from(sign) * stands.sum;
            }
        }
        *stands != Sums::default()
    }

    /// An account changes within a bucket. Says whether it has anything at either end.
    fn change(&mut self, bucket: u32, opening: &Sums, closing: &Sums) -> bool {
        let ends = Ends {
            opening: opening.sum,
            closing: closing.sum,
            rows: closing.count,
            missing: None,
        };
        count(&mut self.flows[bucket as usize], &ends);
        !ends.is_empty()
    }

    /// Adds what other accounts had in the same group, or takes it out again. No amount is unknown.
    fn add(&mut self, others: &Self, sign: i64) {
        let wide = i128::from(sign);
        for (flow, other) in self.flows.iter_mut().zip(&others.flows) {
            flow.at_start += sign * other.at_start;
            flow.retained += sign * other.retained;
            flow.start_sum += wide * other.start_sum;
            flow.kept_sum += wide * other.kept_sum;
            flow.capped_sum += wide * other.capped_sum;
        }
        for ((accounts, sum), (more, added)) in self.steady.iter_mut().zip(&others.steady) {
            *accounts += sign * more;
            *sum += wide * added;
        }
        self.accounts += sign * others.accounts;
    }

    fn finish(self) -> Vec<AccountFlow> {
        let mut flows = self.flows;
        let (mut accounts, mut sum) = (0, 0);
        for (flow, (more, added)) in flows.iter_mut().zip(&self.steady) {
            accounts += more;
            sum += added;
            flow.at_start += accounts;
            flow.retained += accounts;
            flow.start_sum += sum;
            flow.kept_sum += sum;
            flow.capped_sum += sum;
        }
        flows
    }
}

/// Account by account, bucket by bucket: in each the group of that bucket's own day.
fn by_buckets(plan: &Plan<'_>, index: &Index, state: &State) -> Result<Flows, Error> {
    let account = plan.account.expect("retention has an account key");
    let mut groups = Flows::new();
    let (mut own, mut whose) = (Own::default(), NOBODY);
    stories(plan, index, state, |keys, story| {
        if keys[account] != whose {
            own.close(plan, &mut groups)?;
            whose = keys[account];
        }
        if whose != NOBODY {
            own.add(plan, keys, story);
        }
        Ok(())
    })?;
    own.close(plan, &mut groups)?;
    Ok(groups)
}

/// What one account has in each group. The lists are used again for the next account.
#[derive(Default)]
struct Own {
    groups: Vec<(Codes, Vec<Ends>)>,
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

    fn of(&mut self, codes: Codes, buckets: usize) -> &mut [Ends] {
        let known = self.groups[..self.used].iter().position(|(other, _)| *other == codes);
        let at = known.unwrap_or_else(|| {
            if self.used == self.groups.len() {
                self.groups.push((Codes::new(), Vec::new()));
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
    fn close(&mut self, plan: &Plan<'_>, groups: &mut Flows) -> Result<(), Error> {
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

//! Balances and retention: running sums at both ends of each bucket, with everything that is dated looked up at the
//! bucket's own day.

mod retention;

use std::collections::HashMap;

pub(in crate::query) use self::retention::Walked;

use super::{Coded, Codes, Error, Index, MissingRate, Plan, State, first, flow::check, missing_rates};
use crate::{
    crew::Crew,
    query::{Aggregate, Balance, Cell, plan::Origin, sums::Sums},
};

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
type Ledger = HashMap<Codes, Vec<Ends>>;

pub(super) fn groups(plan: &Plan<'_>, index: &Index, state: &State, crew: &dyn Crew) -> Result<Vec<Coded>, Error> {
    if plan.query.aggregate == Aggregate::Retention {
        return retention::groups(plan, index, state, crew);
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
    let mut story = vec![Ends::default(); plan.slots.before.len()];
    chapters(plan, index, state, |keys, chapter| {
        let cells = chapter.iter().map(|(slot, cell)| {
            let lacks = missing.get(cell).copied().flatten();
            (*slot, state.sums.of(*cell as usize), lacks)
        });
        run(plan, cells, &mut story);
        tell(keys, &story)
    })
}

/// Tells, for each combination of keys in their order, its slots that have something, with their cells.
fn chapters(
    plan: &Plan<'_>,
    index: &Index,
    state: &State,
    mut tell: impl FnMut(&[u32], &[(u32, u32)]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut order = index.in_order();
    order.retain(|(_, cell)| state.sums.has(*cell as usize));
    let (mut keys, mut chapter) = (Vec::new(), Vec::new());
    let mut left = order.as_slice();
    while let Some((combination, _)) = left.first() {
        // The slot is the last digit of a combination, so those of one story follow each other.
        let (base, _) = index.split_last(*combination);
        let next = base + u128::from(plan.slot_count());
        let here = left.iter().take_while(|(combination, _)| *combination < next);
        chapter.clear();
        chapter.extend(here.map(|(combination, cell)| ((combination - base) as u32, *cell)));
        index.codes_into(base, &mut keys);
        keys.pop();
        tell(&keys, &chapter)?;
        left = &left[chapter.len()..];
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
pub(in crate::query) fn group_at(plan: &Plan<'_>, keys: &[u32], day: i32) -> Option<Codes> {
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

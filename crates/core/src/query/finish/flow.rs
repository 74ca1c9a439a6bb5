//! Flows, distributions and distinct counts.

use std::collections::HashMap;

use smallvec::{SmallVec, smallvec};

use super::{Coded, Error, Index, MissingRate, Plan, State, distinct, first, group_at, missing_rates, quantiles};
use crate::{
    crew::Crew,
    query::{Aggregate, Cell, Distribution, Flow, Quantile, sums::Sums},
};

pub(super) fn groups(plan: &Plan<'_>, index: &Index, state: &State, crew: &dyn Crew) -> Result<Vec<Coded>, Error> {
    let mut missing: HashMap<usize, Option<MissingRate>> = HashMap::new();
    for (cell, rate) in missing_rates(plan, state) {
        first(missing.entry(cell).or_default(), Some(rate));
    }
    let mut extras = Extras::new(plan, index, state, crew);
    let sums = &state.sums;
    let (mut groups, mut keys): (Vec<Coded>, _) = (Vec::new(), Vec::new());
    let mut last = None;
    for (combination, cell) in index.in_order() {
        let cell = cell as usize;
        if !sums.has(cell) {
            continue;
        }
        let (group, bucket) = index.split_last(combination);
        if last != Some(group) {
            last = Some(group);
            check(groups.len() + 1, plan)?;
            index.codes_into(group, &mut keys);
            let codes = group_at(plan, &keys, 0).expect("no filter of a flow waits for a bucket's day");
            groups.push((codes, smallvec![nothing(plan); plan.query.buckets.len()]));
        }
        let cells = &mut groups.last_mut().expect("just pushed").1;
        let Sums { count, sum } = *sums.of(cell);
        let flow = Flow {
            count,
            sum,
            sum_squares: sums.squares_of(cell),
            missing: missing.get(&cell).copied().flatten(),
        };
        cells[bucket as usize] = extras.cell(cell, flow);
    }
    Ok(groups)
}

/// Stops before the groups take memory that the answer may not.
pub(super) fn check(groups: usize, plan: &Plan<'_>) -> Result<(), Error> {
    let cells = groups.saturating_mul(plan.query.buckets.len());
    if cells > plan.max_cells {
        Err(Error::TooManyCells { limit: plan.max_cells })
    } else {
        Ok(())
    }
}

/// The cell of a bucket without rows.
fn nothing(plan: &Plan<'_>) -> Cell {
    let flow = Flow {
        sum_squares: (plan.query.aggregate == Aggregate::Moments).then_some(0),
        ..Flow::default()
    };
    match &plan.query.aggregate {
        Aggregate::Distribution { .. } => Cell::Distribution(Distribution {
            flow,
            quantiles: SmallVec::new(),
        }),
        Aggregate::DistinctSubjects | Aggregate::DistinctValues(_) => Cell::Distinct(0),
        _ => Cell::Flow(flow),
    }
}

/// What cells have beside their sums.
enum Extras {
    None,
    Distinct(Vec<i64>),
    Quantiles(Vec<SmallVec<[Quantile; 1]>>),
}

impl Extras {
    fn new(plan: &Plan<'_>, index: &Index, state: &State, crew: &dyn Crew) -> Self {
        let sums = (
            &state.sums,
            state.missing.is_empty() && !matches!(plan.query.aggregate, Aggregate::DistinctValues(_)),
        );
        let cells = index.len();
        match &plan.query.aggregate {
            Aggregate::DistinctSubjects | Aggregate::DistinctValues(_) => {
                Self::Distinct(distinct::counts(cells, sums, &state.codes, crew))
            }
            Aggregate::Distribution { quantiles: asked } => {
                Self::Quantiles(quantiles::quantiles(cells, sums, &state.values, asked, crew))
            }
            _ => Self::None,
        }
    }

    fn cell(&mut self, cell: usize, flow: Flow) -> Cell {
        match self {
            Self::None => Cell::Flow(flow),
            Self::Distinct(counts) => Cell::Distinct(counts[cell]),
            Self::Quantiles(quantiles) => {
                let quantiles = std::mem::take(&mut quantiles[cell]);
                Cell::Distribution(Distribution { flow, quantiles })
            }
        }
    }
}

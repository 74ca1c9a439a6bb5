//! From cells to an answer: texts instead of codes, and groups in order.

mod distinct;
mod flow;
mod grouped;
mod quantiles;
mod stock;

use smallvec::SmallVec;

pub(in crate::query) use self::stock::{Walked, group_at};

use super::{
    Answer, Cell, Error, Group, Key, MissingRate,
    index::Index,
    lookup::Words,
    partial::State,
    plan::{Origin, Plan},
};
use crate::{
    crew::Crew,
    ledger::{Texts, day},
};

/// A group by its codes.
type Coded = (Codes, SmallVec<[Cell; 1]>);

/// The codes of a group's dimensions.
pub(in crate::query) type Codes = SmallVec<[u32; 4]>;

pub(super) fn answer(
    plan: &Plan<'_>,
    index: &Index,
    state: &State,
    texts: &Texts,
    crew: &dyn Crew,
) -> Result<Answer, Error> {
    let groups = if plan.stock {
        stock::groups(plan, index, state, crew)?
    } else {
        flow::groups(plan, index, state, crew)?
    };
    let cells = groups.len().saturating_mul(plan.query.buckets.len());
    if cells > plan.max_cells {
        return Err(Error::TooManyCells { limit: plan.max_cells });
    }
    let names = Names::new(plan, texts);
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|(codes, cells)| Group {
            key: names.key(&codes),
            cells,
        })
        .collect();
    put_in_order(&mut groups);
    Ok(Answer { groups })
}

/// By key. Groups are large: each moves once.
fn put_in_order(groups: &mut Vec<Group>) {
    if groups.is_sorted_by(|left, right| left.key <= right.key) {
        return;
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|left, right| groups[*left].key.cmp(&groups[*right].key));
    *groups = order.into_iter().map(|at| std::mem::take(&mut groups[at])).collect();
}

/// What the codes of groups say.
pub(super) struct Names<'a>(Vec<Words<'a>>);

impl<'a> Names<'a> {
    pub(super) fn new(plan: &'a Plan<'_>, texts: &'a Texts) -> Self {
        let words = |origin: &'a Origin| match origin {
            Origin::Key(at) => plan.keys[*at].words(texts),
            Origin::Late(lookup, _) => lookup.words(texts),
        };
        Self(plan.group.iter().map(words).collect())
    }

    /// The texts of a group.
    pub(super) fn key(&self, codes: &[u32]) -> Key {
        self.0.iter().zip(codes).map(|(words, code)| words.get(*code)).collect()
    }
}

/// A rate that a net number of rows of a cell needs.
fn missing_rates<'a>(plan: &'a Plan<'_>, state: &'a State) -> impl Iterator<Item = (usize, MissingRate)> + 'a {
    let pricing = plan.pricing.as_ref();
    state
        .missing
        .iter()
        .filter(|(_, count)| **count > 0)
        .filter_map(move |((cell, code, day), _)| {
            let pricing = pricing?;
            let rate = MissingRate {
                from: pricing.currency(*code).ok()?,
                to: pricing.to,
                date: day::from_day(*day)?,
            };
            Some((*cell as usize, rate))
        })
}

/// The earlier of two missing rates; of one day, the first by currency.
fn first(known: &mut Option<MissingRate>, other: Option<MissingRate>) {
    let order = |rate: &MissingRate| (rate.date, rate.from);
    if let Some(other) = other
        && known.as_ref().is_none_or(|known| order(&other) < order(known))
    {
        *known = Some(other);
    }
}

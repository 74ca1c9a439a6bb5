//! Part of an answer: what some blocks say.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::{
    Aggregate, Answer, Error, Quantile,
    finish::{self, Walked},
    index::Index,
    lists::Lists,
    lookup::Lookup,
    plan::Plan,
    pricing::Rates,
    scan::{self, Amounts, Gap, Run, Scratch, Work},
    sums::Totals,
    values::Values,
};
use crate::{
    crew::Crew,
    ledger::{Block, Dictionaries, day, packed::Rows},
};

/// What some blocks say to a question. Partials of disjoint blocks merge, in any order, to what all blocks say: so a
/// caller may spread blocks over threads, or keep what a sealed block has said.
#[derive(Debug)]
pub struct Partial {
    index: Index,
    rates: Rates,
    scratch: Scratch,
    pub(super) state: State,
    holds: Holds,
    /// Of each key that is derived, its values in the order of their codes.
    derived: Vec<Vec<SmolStr>>,
}

/// When what was said holds: rows that lay in the future then are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holds {
    from: i64,
    /// The first instant of such a row.
    until: i64,
}

impl Holds {
    fn now(plan: &Plan<'_>) -> Self {
        Self {
            from: day::to_micros(plan.query.now),
            until: i64::MAX,
        }
    }

    /// Whether the same question gets the same answer at an instant.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> bool {
        (self.from..self.until).contains(&day::to_micros(now))
    }
}

/// The values that count, and those that were taken back.
#[derive(Debug, Clone)]
pub(super) struct Signed<T> {
    pub(super) plus: Values<T>,
    pub(super) minus: Values<T>,
}

impl<T> Default for Signed<T> {
    fn default() -> Self {
        Self {
            plus: Values::default(),
            minus: Values::default(),
        }
    }
}

/// What a row changes of an account, and when.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    pub(super) slot: u32,
    pub(super) sign: i32,
    pub(super) value: i64,
}

/// What rows change of accounts.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// What a copy began with.
    pub(super) before: Option<Before>,
    pub(super) since: Values<Change>,
}

/// The changes that a copy began with, and what became of them. Copies of a copy share it.
#[derive(Debug, Clone)]
pub(super) struct Before {
    changes: Values<Change>,
    walked: Arc<OnceLock<Walked>>,
}

impl Before {
    /// The changes after somebody has walked through them.
    pub(super) fn walked(&self, walk: impl FnOnce(&Values<Change>) -> Result<Walked, Error>) -> Result<&Walked, Error> {
        if self.walked.get().is_none() {
            let walked = walk(&self.changes)?;
            return Ok(self.walked.get_or_init(|| walked));
        }
        Ok(self.walked.get().expect("it was there"))
    }
}

impl Clone for Changes {
    fn clone(&self) -> Self {
        let before = match &self.before {
            Some(before) if self.since.len() == 0 => before.clone(),
            before => {
                let (before, since) = (before.clone(), self.since.clone());
                Before {
                    changes: Self { before, since }.all(),
                    walked: Arc::default(),
                }
            }
        };
        Self {
            before: Some(before),
            since: Values::default(),
        }
    }
}

impl Changes {
    fn all(self) -> Values<Change> {
        let mut all = self.before.map(|before| before.changes).unwrap_or_default();
        all.append(self.since);
        all
    }

    fn bytes(&self) -> usize {
        // Who walks through the changes that a copy begins with keeps them in another order.
        let before = self.before.as_ref().map_or(0, |before| 2 * before.changes.bytes());
        before + self.since.bytes()
    }
}

/// What is known of each cell.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) sums: Totals,
    /// Of distributions.
    pub(super) values: Lists<i64, SmallVec<[Quantile; 1]>>,
    /// Of distinct counts.
    pub(super) codes: Lists<u32, i64>,
    /// Of accounts, where they are listed.
    pub(super) changes: Changes,
    /// By cell, currency and day: how many rows have no rate.
    pub(super) missing: HashMap<(u32, u32, i32), i64>,
}

impl Partial {
    /// What no blocks say. `grows` says that the dictionaries may grow while blocks are added.
    ///
    /// # Errors
    /// When the combinations of the group's values cannot be numbered in 128 bits.
    pub fn new(plan: &Plan<'_>, grows: bool) -> Result<Self, Error> {
        let index = Index::new(&plan.sizes, grows).ok_or(TOO_WIDE)?;
        Ok(Self {
            index,
            rates: Rates::default(),
            scratch: Scratch::default(),
            state: State {
                sums: Totals::new(plan.query.aggregate == Aggregate::Moments),
                ..State::default()
            },
            holds: Holds::now(plan),
            derived: derived(plan),
        })
    }

    /// Whether a plan of the same question can go on from here. Each plan numbers the values of derived dimensions by
    /// itself: where the dictionaries have grown, some may have other numbers than they had.
    #[must_use]
    pub fn suits(&self, plan: &Plan<'_>) -> bool {
        let now = plan.keys.iter().map(Lookup::derived);
        self.derived.iter().zip(now).all(|(then, now)| now.starts_with(then))
    }

    /// When what is said here holds.
    #[must_use]
    pub fn holds(&self) -> Holds {
        self.holds
    }

    /// A copy to go on from, under a plan of the same question that it [suits](Self::suits), put when it still
    /// [holds](Self::holds). The dictionaries may have grown since.
    ///
    /// # Errors
    /// As for [`Partial::new`].
    pub fn fork(&self, plan: &Plan<'_>) -> Result<Self, Error> {
        let mut index = self.index.clone();
        if !index.fits(&plan.sizes) {
            index.grow(&plan.sizes).ok_or(TOO_WIDE)?;
        }
        Ok(Self {
            index,
            rates: Rates::default(),
            scratch: Scratch::default(),
            state: self.state.clone(),
            holds: Holds {
                until: self.holds.until,
                ..Holds::now(plan)
            },
            derived: derived(plan),
        })
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let State {
            sums,
            values,
            codes,
            changes,
            missing,
        } = &self.state;
        let lists = values.bytes(self.index.len()) + codes.bytes(self.index.len()) + changes.bytes();
        self.index.bytes() + sums.bytes() + lists + missing.len() * 48
    }

    /// Adds what a block says.
    ///
    /// # Errors
    /// When a row cannot be converted, or there are far more cells than an answer may have.
    pub fn add_block(&mut self, plan: &Plan<'_>, block: &Block) -> Result<(), Error> {
        let Self {
            index,
            rates,
            scratch,
            state,
            holds,
            ..
        } = self;
        if !index.fits(&plan.sizes) {
            index.grow(&plan.sizes).ok_or(TOO_WIDE)?;
        }
        let next = &mut holds.until;
        let mut work = Work {
            scratch,
            index,
            rates,
            next,
        };
        scan::scan(plan, block, &mut work, &mut |index, run| {
            state.sums.grow(index.len());
            state.add(plan, run);
            Ok(())
        })?;
        state.sums.settle();
        // Cells that cancel to nothing are not in the answer, so the limit is only known at the end: this one guards memory.
        let guard = plan.max_cells.saturating_mul(16).max(1 << 24);
        if self.index.len() > guard {
            Err(Error::TooManyCells { limit: plan.max_cells })
        } else {
            Ok(())
        }
    }

    /// Adds what other blocks say. Both must have been made under the same plan.
    pub fn merge(&mut self, other: Self) {
        let cells = self.index.ids_of(&other.index);
        self.holds.until = self.holds.until.min(other.holds.until);
        let (state, more) = (&mut self.state, other.state);
        state.sums.grow(self.index.len());
        for (other, cell) in cells.iter().enumerate().take(more.sums.len()) {
            state.sums.merge(*cell as usize, &more.sums, other);
        }
        for ((cell, code, day), count) in more.missing {
            *state.missing.entry((cells[cell as usize], code, day)).or_default() += count;
        }
        state.values.values.merge(&cells, more.values.values);
        state.codes.values.merge(&cells, more.codes.values);
        state.changes.since.merge(&cells, more.changes.all());
    }

    /// The answer, put together by a crew.
    ///
    /// # Errors
    /// When it has more cells than the plan allows.
    pub fn finish(self, plan: &Plan<'_>, dictionaries: &Dictionaries, crew: &dyn Crew) -> Result<Answer, Error> {
        let texts = dictionaries.read();
        finish::answer(plan, &self.index, &self.state, &texts, crew)
    }
}

fn derived(plan: &Plan<'_>) -> Vec<Vec<SmolStr>> {
    plan.keys.iter().map(|key| key.derived().to_vec()).collect()
}

const TOO_WIDE: Error = Error::Unsupported("the values of the group's dimensions have too many combinations");

impl State {
    fn add(&mut self, plan: &Plan<'_>, run: &Run<'_>) {
        if plan.lists {
            return list(&mut self.changes.since, run);
        }
        self.sums.add(run.to, run.amounts);
        for Gap { at, code, day } in run.gaps {
            *self.missing.entry((run.to.cells.at(*at), *code, *day)).or_default() += run.to.sign(*at);
        }
        match &plan.query.aggregate {
            Aggregate::Distribution { .. } => {
                if let Amounts::Read(values) = run.amounts {
                    self.values.values.add(run, values);
                }
            }
            Aggregate::DistinctSubjects => {
                let mut subjects = Vec::with_capacity(run.rows.len());
                run.block.subject.read(run.rows, &mut subjects);
                self.codes.values.add(run, &subjects);
            }
            Aggregate::DistinctValues(dimension) => {
                let mut codes = Vec::with_capacity(run.rows.len());
                if let Some(column) = run.block.dimension(dimension) {
                    column.read(run.rows, &mut codes);
                    if column.min() > 0 {
                        return self.codes.values.add(run, &codes);
                    }
                    let known = codes.iter().enumerate().filter(|(_, code)| **code != 0);
                    known.for_each(|(at, code)| self.codes.values.put(run, at, *code));
                }
            }
            Aggregate::Rows | Aggregate::Flow | Aggregate::Moments | Aggregate::Balance | Aggregate::Retention => {}
        }
    }
}

impl<T: Copy> Signed<T> {
    /// Adds the values of a run, but for those that could not be converted.
    fn add(&mut self, run: &Run<'_>, values: &[T]) {
        if run.gaps.is_empty() && run.to.signs.is_none() {
            self.plus.extend(run.to.cells, values);
            return;
        }
        let mut gaps = run.gaps.iter().map(|gap| gap.at).peekable();
        for (at, value) in values.iter().enumerate() {
            if gaps.next_if_eq(&at).is_some() {
                continue;
            }
            self.put(run, at, *value);
        }
    }

    /// Notes the value of one row, as given or as taken back.
    fn put(&mut self, run: &Run<'_>, at: usize, value: T) {
        let values = if run.to.sign(at) > 0 {
            &mut self.plus
        } else {
            &mut self.minus
        };
        values.push(run.to.cells.at(at), value);
    }

    /// Adds what others have, whose cells have these numbers here.
    fn merge(&mut self, cells: &[u32], others: Self) {
        self.plus.merge(cells, others.plus);
        self.minus.merge(cells, others.minus);
    }
}

/// Lists what the rows of a run change.
fn list(changes: &mut Values<Change>, run: &Run<'_>) {
    for place in 0..run.to.rows {
        let change = Change {
            slot: run.slots.at(place),
            sign: run.to.sign(place) as i32,
            value: run.amounts.at(place),
        };
        changes.push(run.to.cells.at(place), change);
    }
}

/// Rows of a run, one at a time.
pub(super) fn row_numbers(rows: Rows<'_>) -> impl Iterator<Item = usize> + '_ {
    let (run, picked) = match rows {
        Rows::Run(first, count) => (first..first + count, [].as_slice()),
        Rows::Picked(picked) => (0..0, picked),
    };
    run.chain(picked.iter().map(|row| *row as usize))
}

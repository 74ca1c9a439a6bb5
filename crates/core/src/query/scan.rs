//! The rows of a block that a question asks for: picked, numbered by cell, and priced, a run at a time.

use std::{cell::OnceCell, ops::Range};

use super::{
    Aggregate, Error,
    bound::Bound,
    index::{Index, Key},
    plan::Plan,
    pricing::{Pricing, RateDay, Rates},
    slots::{Clock, Clocked, NOWHERE},
    sums::squares_by_offsets,
};
use crate::{
    dimension::Dimension,
    ledger::{
        Block, day,
        packed::{Affine, Lane, Packed, Rows},
        zone::Zone,
    },
};

/// Looking through the reps of a zone of more is not worth it: its rows are in no order.
const MOST_REPS: usize = 256;

/// A row whose amount cannot be converted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    /// Its place in the run.
    pub(super) at: usize,
    /// Its currency.
    pub(super) code: u32,
    /// The day whose rate is missing.
    pub(super) day: i32,
}

/// The cells, or slots, of a run.
#[derive(Clone, Copy)]
pub(super) enum Cells<'a> {
    One(u32),
    Many(&'a [u32]),
    /// Each row's, and the same as streaks.
    Streaks(&'a [u32], &'a [Streak]),
}

/// Neighbouring rows of one cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streak {
    pub(super) cell: u32,
    pub(super) rows: u32,
}

impl Cells<'_> {
    pub(super) fn at(&self, place: usize) -> u32 {
        match self {
            Self::One(cell) => *cell,
            Self::Many(cells) | Self::Streaks(cells, _) => cells[place],
        }
    }
}

/// To which cells the rows of a run are added.
#[derive(Clone, Copy)]
pub(super) struct Targets<'a> {
    pub(super) cells: Cells<'a>,
    pub(super) rows: usize,
    /// `None`: all are +1.
    pub(super) signs: Option<&'a [i8]>,
}

impl Targets<'_> {
    #[inline(always)]
    pub(super) fn sign(&self, place: usize) -> i64 {
        self.signs.map_or(1, |signs| i64::from(signs[place]))
    }

    /// The rows of each streak.
    pub(super) fn parts(self, streaks: &[Streak]) -> impl Iterator<Item = (Range<usize>, Self)> {
        streaks.iter().scan(0, move |end, streak| {
            let rows = *end..*end + streak.rows as usize;
            *end = rows.end;
            let part = Self {
                cells: Cells::One(streak.cell),
                rows: rows.len(),
                signs: self.signs.map(|signs| &signs[rows.clone()]),
            };
            Some((rows, part))
        })
    }

    /// The sum of all signs.
    pub(super) fn count(&self) -> i64 {
        let sum = |signs: &[i8]| signs.iter().fold(0, |sum, sign| sum + i64::from(*sign));
        self.signs.map_or(self.rows as i64, sum)
    }
}

/// The values of a run, as far as the question looks at them.
#[derive(Clone, Copy)]
pub(super) enum Amounts<'a> {
    Unread,
    /// One for all.
    Same(i64),
    Offsets(&'a [u32], Affine),
    /// Of neighbouring rows of a column from a first one on, which are not looked at one by one.
    Neighbours(&'a Packed, Affine, usize),
    Read(&'a [i64]),
}

impl Amounts<'_> {
    pub(super) fn at(&self, place: usize) -> i64 {
        match self {
            Self::Unread => 0,
            Self::Same(value) => *value,
            Self::Offsets(offsets, affine) => affine.value(offsets[place]),
            Self::Neighbours(column, _, first) => column.at(first + place),
            Self::Read(values) => values[place],
        }
    }
}

/// A run of rows that the question asks for.
pub(super) struct Run<'a> {
    pub(super) block: &'a Block,
    pub(super) rows: Rows<'a>,
    pub(super) to: Targets<'a>,
    pub(super) slots: Cells<'a>,
    pub(super) amounts: Amounts<'a>,
    /// Their value is 0.
    pub(super) gaps: &'a [Gap],
}

/// Vectors that are used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    picked: Vec<u32>,
    spare: Vec<u32>,
    wide: Vec<i64>,
    codes: Vec<u32>,
    slots: Vec<u32>,
    keys: Vec<Vec<u32>>,
    cells: Vec<u32>,
    streaks: Vec<Streak>,
    offsets: Vec<u32>,
    values: Vec<i64>,
    signs: Vec<i8>,
    currencies: Vec<u32>,
    days: Vec<i32>,
    gaps: Vec<Gap>,
}

/// What is kept from run to run beside the answer.
pub(super) struct Work<'a> {
    pub(super) scratch: &'a mut Scratch,
    pub(super) index: &'a mut Index,
    pub(super) rates: &'a mut Rates,
    /// The first instant of a row that is asked for and lies after now.
    pub(super) next: &'a mut i64,
}

/// A question on one block: conditions that all its rows meet are left out.
struct Scan<'a> {
    plan: &'a Plan<'a>,
    block: &'a Block,
    until: Option<i64>,
    known_at: Option<i64>,
    max_value: Option<i64>,
    origin: Option<(i64, i64)>,
    clock: &'a Packed,
    /// The slot of all rows, if it is one.
    slot: Option<u32>,
    /// Where every row has its own.
    clocked: OnceCell<Clocked<'a>>,
    reading: Reading,
    /// Whether rows of one cell can be summed up without being read one by one.
    sums_in_bulk: bool,
    conditions: Vec<(Bound<'a>, &'a [bool])>,
    keys: Vec<Bound<'a>>,
    /// The currencies of amounts, unless all are in the target currency.
    currency: Option<(&'a Pricing, Bound<'a>)>,
}

/// Goes through a block, and hands on every run of rows that the question asks for.
pub(super) fn scan(
    plan: &Plan<'_>,
    block: &Block,
    work: &mut Work<'_>,
    hand_on: &mut dyn FnMut(&mut Index, &Run<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let first = block.instant.min();
    if first > day::to_micros(plan.query.now) {
        *work.next = first.min(*work.next);
        return Ok(());
    }
    let Some(scan) = Scan::new(plan, block)? else {
        return Ok(());
    };
    for zone in block.zones() {
        let Some(time) = scan.time(zone).filter(|_| scan.may_pick(zone)) else {
            continue;
        };
        let mut picks = Picks::new(zone, work.scratch);
        if scan.pick(&time, &mut picks, work) {
            let result = scan.hand_on(&time, &picks, work, hand_on);
            picks.put_back(work.scratch);
            result?;
        } else {
            picks.put_back(work.scratch);
        }
    }
    Ok(())
}

impl<'a> Scan<'a> {
    /// `None` when no row of the block can be asked for.
    fn new(plan: &'a Plan<'a>, block: &'a Block) -> Result<Option<Self>, Error> {
        let query = plan.query;
        let clock = match plan.slots.clock {
            Clock::Date => &block.date,
            Clock::Origin => &block.origin,
            Clock::Instant => &block.instant,
        };
        let now = day::to_micros(query.now);
        let known_at = query.known_at.map(|commit| i64::try_from(commit).unwrap_or(i64::MAX));
        let origin = plan.origin();
        let outside = plan.slots.misses(clock.min(), clock.max())
            || known_at.is_some_and(|commit| block.commit.min() > commit)
            || query.max_value.is_some_and(|most| block.value.min() > most)
            || origin.is_some_and(|(start, end)| block.origin.max() < start || block.origin.min() >= end);
        if outside {
            return Ok(None);
        }
        let currency = currency(plan, block);
        let mut conditions = Vec::new();
        for condition in &plan.conditions {
            match condition.bind(block) {
                Ok(bound) => conditions.push(bound),
                Err(true) => {}
                Err(false) => return Ok(None),
            }
        }
        Ok(Some(Self {
            plan,
            block,
            until: (block.instant.max() > now).then_some(now),
            known_at: known_at.filter(|commit| block.commit.max() > *commit),
            max_value: query.max_value.filter(|most| block.value.max() > *most),
            origin: origin.filter(|(start, end)| block.origin.min() < *start || block.origin.max() >= *end),
            clock,
            slot: plan.slots.of_range(clock.min(), clock.max()),
            clocked: OnceCell::new(),
            conditions,
            keys: plan.keys.iter().map(|key| Bound::new(key, block)).collect(),
            reading: Reading::new(plan, block, currency.is_some()),
            sums_in_bulk: matches!(plan.query.aggregate, Aggregate::Flow | Aggregate::Balance)
                && block.count.single() == Some(1),
            currency,
        }))
    }

    /// The slots of a zone's rows; `None` when no row of it has one.
    fn time(&self, zone: &Zone) -> Option<Time<'_>> {
        if let Some(slot) = self.slot {
            return Some(Time::One(slot));
        }
        let slots = &self.plan.slots;
        let (from, to) = match slots.clock {
            Clock::Date => (zone.dates.0.into(), zone.dates.1.into()),
            Clock::Origin => (zone.origins.0.into(), zone.origins.1.into()),
            Clock::Instant => (self.clock.min(), self.clock.max()),
        };
        match slots.of_range(from, to) {
            Some(NOWHERE) => None,
            Some(slot) => Some(Time::One(slot)),
            None if slots.misses(from, to) => None,
            None => Some(Time::Each {
                clock: self
                    .clocked
                    .get_or_init(|| Clocked::new(slots, self.clock, self.block.rows())),
                all_inside: slots.covers(from, to),
            }),
        }
    }

    /// Whether a zone can have rows that meet the conditions, as far as they are about reps, and its reps are few enough to
    /// be looked through.
    fn may_pick(&self, zone: &Zone) -> bool {
        let (least, greatest) = (zone.reps.0 as usize, zone.reps.1 as usize);
        greatest - least > MOST_REPS
            || self
                .conditions
                .iter()
                .all(|(bound, passes)| !bound.is_of_reps(self.block) || passes[least..=greatest].contains(&true))
    }

    /// Picks the rows that meet every condition; whether there are any.
    fn pick(&self, time: &Time<'_>, picks: &mut Picks, work: &mut Work<'_>) -> bool {
        let Scratch { wide, codes, .. } = &mut *work.scratch;
        if let Time::Each {
            clock,
            all_inside: false,
        } = time
        {
            clock.read(picks.rows(), wide, codes);
            picks.retain(codes, |slot| slot != NOWHERE);
        }
        if let Some(until) = self.until {
            picks.keep(&self.block.instant, wide, |instant| instant <= until);
            let hidden = wide.iter().copied().filter(|instant| *instant > until);
            *work.next = hidden.min().unwrap_or(i64::MAX).min(*work.next);
        }
        if let Some(known_at) = self.known_at {
            picks.keep(&self.block.commit, wide, |commit| commit <= known_at);
        }
        if let Some(most) = self.max_value {
            picks.keep(&self.block.value, wide, |value| value <= most);
        }
        if let Some((start, end)) = self.origin {
            picks.keep(&self.block.origin, wide, |origin| start <= origin && origin < end);
        }
        for (bound, passes) in &self.conditions {
            if picks.len() == 0 {
                break;
            }
            bound.read(self.block, picks.rows(), codes);
            picks.retain(codes, |code| passes[code as usize]);
        }
        picks.len() > 0
    }

    fn hand_on(
        &self,
        time: &Time<'_>,
        picks: &Picks,
        work: &mut Work<'_>,
        hand_on: &mut dyn FnMut(&mut Index, &Run<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Work {
            scratch, index, rates, ..
        } = work;
        let rows = picks.rows();
        let slot = self.read_keys(time, rows, scratch);
        let keys: Vec<Key<'_>> = self
            .keys
            .iter()
            .zip(&scratch.keys)
            .map(|(bound, codes)| match bound {
                Bound::Constant(code) => Key::Constant(*code),
                _ => Key::Codes(codes),
            })
            .chain([match slot {
                _ if self.plan.lists => Key::Constant(0),
                Some(slot) => Key::Constant(slot),
                None => Key::Codes(&scratch.slots),
            }])
            .collect();
        let one = index.ids(&keys, rows.len(), &mut scratch.cells);
        drop(keys);

        scratch.values.clear();
        scratch.offsets.clear();
        let in_bulk = match rows {
            Rows::Run(first, _) if one.is_some() && self.sums_in_bulk => Some(first),
            _ => None,
        };
        match self.reading {
            Reading::Nothing | Reading::Same(_) => {}
            Reading::Offsets(_) if in_bulk.is_some() => {}
            Reading::Offsets(_) => self.block.value.read_offsets(rows, &mut scratch.offsets),
            Reading::Values => self.block.value.read(rows, &mut scratch.values),
        }
        scratch.signs.clear();
        let mut signed = self.block.count.single() != Some(1);
        if signed {
            self.block.count.read(rows, &mut scratch.signs);
        }
        scratch.gaps.clear();
        if let Some((pricing, currency)) = &self.currency {
            currency.read(self.block, rows, &mut scratch.currencies);
            if pricing.restates {
                scratch.signs.resize(rows.len(), 1);
                signed = true;
                self.restate((rows, slot), scratch, index, rates, hand_on)?;
            } else {
                self.price(pricing, (rows, slot), scratch, rates)?;
            }
        }
        let cells = match one {
            Some(one) => Cells::One(one),
            None if streaks(&scratch.cells, &mut scratch.streaks) => Cells::Streaks(&scratch.cells, &scratch.streaks),
            None => Cells::Many(&scratch.cells),
        };
        let signs = signed.then_some(scratch.signs.as_slice());
        let run = Run {
            block: self.block,
            rows,
            to: Targets {
                cells,
                rows: rows.len(),
                signs,
            },
            slots: slot.map_or(Cells::Many(&scratch.slots), Cells::One),
            amounts: match self.reading {
                Reading::Nothing => Amounts::Unread,
                Reading::Same(value) => Amounts::Same(value),
                Reading::Offsets(affine) => match in_bulk {
                    Some(first) => Amounts::Neighbours(&self.block.value, affine, first),
                    None => Amounts::Offsets(&scratch.offsets, affine),
                },
                Reading::Values => Amounts::Read(&scratch.values),
            },
            gaps: &scratch.gaps,
        };
        hand_on(index, &run)
    }

    /// Reads the codes of keys and the slots of a run; gives the slot if it is one for all.
    fn read_keys(&self, time: &Time<'_>, rows: Rows<'_>, scratch: &mut Scratch) -> Option<u32> {
        scratch.keys.resize_with(self.keys.len(), Vec::new);
        for (bound, codes) in self.keys.iter().zip(&mut scratch.keys) {
            if !matches!(bound, Bound::Constant(_)) {
                bound.read(self.block, rows, codes);
            }
        }
        match time {
            Time::One(slot) => Some(*slot),
            Time::Each { clock, .. } => {
                clock.read(rows, &mut scratch.wide, &mut scratch.slots);
                one_for_all(&scratch.slots)
            }
        }
    }

    /// Converts the amounts of a run.
    fn price(
        &self,
        pricing: &Pricing,
        (rows, slot): (Rows<'_>, Option<u32>),
        scratch: &mut Scratch,
        rates: &mut Rates,
    ) -> Result<(), Error> {
        scratch.days.clear();
        match pricing.day {
            RateDay::OfRow => self.block.date.read(rows, &mut scratch.days),
            RateDay::Fixed(day) => scratch.days.resize(rows.len(), day),
            RateDay::OfBucket => {
                let last = |slot: u32| self.plan.slots.days[slot as usize].1;
                match slot {
                    Some(slot) => scratch.days.resize(rows.len(), last(slot)),
                    None => scratch.days.extend(scratch.slots.iter().map(|slot| last(*slot))),
                }
            }
        }
        let rows = scratch
            .values
            .iter_mut()
            .zip(&scratch.currencies)
            .zip(&scratch.days)
            .enumerate();
        for (at, ((value, code), day)) in rows {
            if pricing.is_target(*code) {
                continue;
            }
            let converted = rates.convert(pricing, self.plan.tables, (*value, *code, *day))?;
            *value = converted.unwrap_or(0);
            if converted.is_none() {
                scratch.gaps.push(Gap {
                    at,
                    code: *code,
                    day: *day,
                });
            }
        }
        Ok(())
    }

    /// A stock at each bucket's own rate: takes the rows that need a rate out of the run, and hands them on once for
    /// each balance that they are part of.
    fn restate(
        &self,
        (rows, slot): (Rows<'_>, Option<u32>),
        scratch: &mut Scratch,
        index: &mut Index,
        rates: &mut Rates,
        hand_on: &mut dyn FnMut(&mut Index, &Run<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some((pricing, _)) = &self.currency else {
            return Ok(());
        };
        let (mut cells, mut values, mut signs, mut gaps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for at in 0..rows.len() {
            let code = scratch.currencies[at];
            if pricing.is_target(code) {
                continue;
            }
            let (amount, sign) = (scratch.values[at], scratch.signs[at]);
            (scratch.values[at], scratch.signs[at]) = (0, 0);
            let slot = slot.unwrap_or_else(|| scratch.slots[at]);
            let mut codes: Vec<u32> = self
                .keys
                .iter()
                .zip(&scratch.keys)
                .map(|(bound, codes)| match bound {
                    Bound::Constant(code) => *code,
                    _ => codes[at],
                })
                .collect();
            codes.push(0);
            for (bucket, (opening, closing)) in self.plan.slots.before.iter().enumerate() {
                let day = self.plan.slots.days[bucket].1;
                for is_closing in [false, true] {
                    if slot >= if is_closing { *closing } else { *opening } {
                        continue;
                    }
                    let converted = rates.convert(pricing, self.plan.tables, (amount, code, day))?;
                    if converted.is_none() {
                        gaps.push(Gap {
                            at: cells.len(),
                            code,
                            day,
                        });
                    }
                    *codes.last_mut().expect("the slot") = self.plan.restated_slot(bucket, is_closing);
                    cells.push(index.id(&codes));
                    values.push(converted.unwrap_or(0));
                    signs.push(sign);
                }
            }
        }
        if cells.is_empty() {
            return Ok(());
        }
        let run = Run {
            block: self.block,
            rows: Rows::Run(0, 0),
            to: Targets {
                cells: Cells::Many(&cells),
                rows: cells.len(),
                signs: Some(&signs),
            },
            slots: Cells::One(NOWHERE),
            amounts: Amounts::Read(&values),
            gaps: &gaps,
        };
        hand_on(index, &run)
    }
}

/// The slots of a zone's rows: one for all, or to be looked up, and then whether every row has one.
enum Time<'a> {
    One(u32),
    Each { clock: &'a Clocked<'a>, all_inside: bool },
}

/// How much of the values of a block is read.
#[derive(Clone, Copy)]
enum Reading {
    Nothing,
    Same(i64),
    Offsets(Affine),
    Values,
}

impl Reading {
    fn new(plan: &Plan<'_>, block: &Block, converts: bool) -> Self {
        let column = &block.value;
        if !plan.query.aggregate.has_values() {
            return Self::Nothing;
        }
        let by_offsets = match plan.query.aggregate {
            Aggregate::Distribution { .. } => false,
            Aggregate::Moments => squares_by_offsets(column.min(), column.max()),
            _ => true,
        };
        match (column.single(), column.affine()) {
            _ if converts || !by_offsets => Self::Values,
            (Some(value), _) => Self::Same(value),
            (None, Some(affine)) => Self::Offsets(affine),
            (None, None) => Self::Values,
        }
    }
}

/// So many rows have to have the same cell on average. With fewer it is faster to add them one by one.
const STREAK: usize = 12;

/// How many rows tell whether it is worth looking for streaks in all.
const SAMPLE: usize = 128;

/// Finds the streaks of some cells, if they are few.
fn streaks(cells: &[u32], found: &mut Vec<Streak>) -> bool {
    let sample = &cells[..cells.len().min(SAMPLE)];
    let is_few = |cells: &[u32]| (changes(cells) + 1) * STREAK <= cells.len();
    if changes(sample) * STREAK > 2 * SAMPLE || !is_few(cells) {
        return false;
    }
    let streaks = cells.chunk_by(|left, right| left == right);
    found.clear();
    found.extend(streaks.map(|same| Streak {
        cell: same[0],
        rows: same.len() as u32,
    }));
    true
}

/// How often neighbours differ.
fn changes(cells: &[u32]) -> usize {
    let Some((_, next)) = cells.split_first() else { return 0 };
    let differ = cells.iter().zip(next).map(|(left, right)| u32::from(left != right));
    differ.sum::<u32>() as usize
}

/// The slot of all rows, if it is one.
fn one_for_all(slots: &[u32]) -> Option<u32> {
    let first = *slots.first()?;
    let differ = slots.iter().fold(0, |differ, slot| differ | (slot ^ first));
    (differ == 0).then_some(first)
}

/// The currency column, unless nothing needs converting.
fn currency<'a>(plan: &'a Plan<'a>, block: &'a Block) -> Option<(&'a Pricing, Bound<'a>)> {
    let pricing = plan.pricing.as_ref()?;
    let bound = match block.dimension(&Dimension::Currency) {
        None => Bound::Constant(0),
        Some(codes) => codes
            .single()
            .map_or(Bound::Mapped(codes, None), |code| Bound::Constant(code as u32)),
    };
    match bound {
        Bound::Constant(code) if pricing.is_target(code) => None,
        bound => Some((pricing, bound)),
    }
}

/// The rows of a run that are still in question.
struct Picks {
    first: usize,
    count: usize,
    all: bool,
    picked: Vec<u32>,
    spare: Vec<u32>,
}

impl Picks {
    fn new(zone: &Zone, scratch: &mut Scratch) -> Self {
        let (picked, spare) = (std::mem::take(&mut scratch.picked), std::mem::take(&mut scratch.spare));
        Self {
            first: zone.first as usize,
            count: zone.rows as usize,
            all: true,
            picked,
            spare,
        }
    }

    fn put_back(self, scratch: &mut Scratch) {
        (scratch.picked, scratch.spare) = (self.picked, self.spare);
    }

    fn len(&self) -> usize {
        if self.all { self.count } else { self.picked.len() }
    }

    fn rows(&self) -> Rows<'_> {
        if self.all {
            Rows::Run(self.first, self.count)
        } else {
            Rows::Picked(&self.picked)
        }
    }

    fn keep(&mut self, column: &Packed, wide: &mut Vec<i64>, meets: impl Fn(i64) -> bool) {
        wide.clear();
        column.read(self.rows(), wide);
        self.retain(wide, meets);
    }

    /// Keeps the rows whose value meets a condition, without a branch for each.
    fn retain<T: Lane>(&mut self, values: &[T], meets: impl Fn(T) -> bool) {
        self.spare.clear();
        self.spare.resize(values.len(), 0);
        let mut kept = 0;
        if self.all {
            for (row, value) in (self.first as u32..).zip(values) {
                self.spare[kept] = row;
                kept += usize::from(meets(*value));
            }
            if kept == self.count {
                return;
            }
        } else {
            for (row, value) in self.picked.iter().zip(values) {
                self.spare[kept] = *row;
                kept += usize::from(meets(*value));
            }
        }
        self.spare.truncate(kept);
        std::mem::swap(&mut self.picked, &mut self.spare);
        self.all = false;
    }
}

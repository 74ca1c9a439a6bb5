//! From a row's time to its bucket, by a table of days.

use super::{AggregateQuery, Basis, Buckets, Error, Options};
use crate::ledger::{
    day,
    packed::{Packed, Rows},
};

/// Of a row that lies in no bucket.
pub(super) const NOWHERE: u32 = u32::MAX;
/// Longer ranges are searched instead of tabled.
const LONGEST_TABLE: i64 = 1 << 18;

/// Which column is cut into buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Date,
    Origin,
    Instant,
}

/// The stretches between the ends of buckets.
///
/// For a flow a slot is a bucket. For a stock it is a stretch between two ends, as a row counts in every balance that is
/// taken after it: the balance at an end is the sum of all slots before it.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    pub(super) clock: Clock,
    /// How many slots there are.
    pub(super) count: u32,
    /// Stocks: for each bucket the number of slots before its start and before its end.
    pub(super) before: Vec<(u32, u32)>,
    /// The first and the last day of each bucket; an empty one has the day of its start.
    pub(super) days: Vec<(i32, i32)>,
    points: Vec<i64>,
    /// By the number of points at or before the row.
    meaning: Vec<u32>,
    table: Vec<u32>,
}

impl Slots {
    pub(super) fn new(query: &AggregateQuery, stock: bool, options: &Options) -> Result<Self, Error> {
        let (ranges, clock) = match (&query.buckets, query.basis) {
            (Buckets::Dates(ranges), basis) => {
                let clock = if basis == Basis::Cohort && !stock {
                    Clock::Origin
                } else {
                    Clock::Date
                };
                (
                    ranges
                        .iter()
                        .map(|range| (day::to_day(range.start).into(), day::to_day(range.end).into()))
                        .collect(),
                    clock,
                )
            }
            (Buckets::Instants(ranges), basis) if stock || basis == Basis::Event => (
                ranges
                    .iter()
                    .map(|range| (day::to_micros(range.start), day::to_micros(range.end)))
                    .collect(),
                Clock::Instant,
            ),
            _ => return Err(Error::Unsupported("a cohort is cut by days, not by instants")),
        };
        let ranges: Vec<(i64, i64)> = ranges;
        check(&ranges)?;
        let days = days(query, options);
        Ok(Self::over(&ranges, days, clock, stock))
    }

    fn over(ranges: &[(i64, i64)], days: Vec<(i32, i32)>, clock: Clock, stock: bool) -> Self {
        let mut points: Vec<i64> = ranges.iter().flat_map(|(start, end)| [*start, *end]).collect();
        points.dedup();
        let place = |point: &i64| points.partition_point(|other| other < point) as u32;
        let before = ranges
            .iter()
            .map(|(start, end)| (place(start) + 1, place(end) + 1))
            .collect();
        let meaning = if stock {
            stretches(&points)
        } else {
            buckets(&points, ranges)
        };
        let count = if stock { points.len() } else { ranges.len() } as u32;
        let mut slots = Self {
            clock,
            count,
            before,
            days,
            points,
            meaning,
            table: Vec::new(),
        };
        slots.table = slots.tabulate();
        slots
    }

    /// A slot for each day from the one before the first point to the last point, both of which stand for all beyond.
    fn tabulate(&self) -> Vec<u32> {
        match (self.clock, self.points.first(), self.points.last()) {
            (Clock::Date | Clock::Origin, Some(first), Some(last)) if last - first <= LONGEST_TABLE => {
                let mut table = Vec::with_capacity((last - first) as usize + 2);
                table.push(self.meaning[0]);
                for (stretch, meaning) in self.points.windows(2).zip(&self.meaning[1..]) {
                    table.extend(std::iter::repeat_n(*meaning, (stretch[1] - stretch[0]) as usize));
                }
                table.extend(self.meaning.last());
                table
            }
            _ => Vec::new(),
        }
    }

    fn search(&self, time: i64) -> u32 {
        self.meaning[self.points.partition_point(|point| *point <= time)]
    }

    /// The slot of a time.
    #[inline]
    fn of(&self, time: i64) -> u32 {
        if self.table.is_empty() {
            self.search(time)
        } else {
            self.tabled(time)
        }
    }

    #[inline(always)]
    fn tabled(&self, time: i64) -> u32 {
        let place = time
            .wrapping_sub(self.points[0] - 1)
            .clamp(0, self.table.len() as i64 - 1);
        self.table[place as usize]
    }

    /// The slot of all times from one to another, if it is one.
    pub(super) fn of_range(&self, from: i64, to: i64) -> Option<u32> {
        let place = |time: i64| self.points.partition_point(|point| *point <= time);
        (place(from) == place(to)).then(|| self.of(from))
    }

    /// Whether no time from one to another has a slot. May say no where the answer is yes.
    pub(super) fn misses(&self, from: i64, to: i64) -> bool {
        let place = |time: i64| self.points.partition_point(|point| *point <= time);
        self.meaning[place(from)..=place(to)]
            .iter()
            .all(|slot| *slot == NOWHERE)
    }

    /// Whether all times from one to another have a slot. May say no where the answer is yes.
    pub(super) fn covers(&self, from: i64, to: i64) -> bool {
        let place = |time: i64| self.points.partition_point(|point| *point <= time);
        self.meaning[place(from)..=place(to)]
            .iter()
            .all(|slot| *slot != NOWHERE)
    }
}

/// The clock of a block's rows.
pub(super) struct Clocked<'a> {
    slots: &'a Slots,
    column: &'a Packed,
    /// For each value that the column can have its slot, where that is worth knowing beforehand.
    table: Option<Vec<u32>>,
}

impl<'a> Clocked<'a> {
    pub(super) fn new(slots: &'a Slots, column: &'a Packed, rows: usize) -> Self {
        let spread = column.spread().filter(|spread| *spread <= rows);
        let table = spread.map(|spread| {
            (column.min()..column.min() + spread as i64)
                .map(|time| slots.of(time))
                .collect()
        });
        Self { slots, column, table }
    }

    /// Reads the slots of some rows.
    pub(super) fn read(&self, rows: Rows<'_>, wide: &mut Vec<i64>, out: &mut Vec<u32>) {
        out.clear();
        if let Some(table) = &self.table {
            self.column.look_up(rows, table, out);
            return;
        }
        wide.clear();
        self.column.read(rows, wide);
        if self.slots.table.is_empty() {
            out.extend(wide.iter().map(|time| self.slots.search(*time)));
        } else {
            out.extend(wide.iter().map(|time| self.slots.tabled(*time)));
        }
    }
}

fn check(ranges: &[(i64, i64)]) -> Result<(), Error> {
    let mut last = i64::MIN;
    for (at, (start, end)) in ranges.iter().enumerate() {
        if *start < last || end < start {
            return Err(Error::Buckets { at });
        }
        last = *end;
    }
    Ok(())
}

fn stretches(points: &[i64]) -> Vec<u32> {
    (0..points.len() as u32).chain([NOWHERE]).collect()
}

fn buckets(points: &[i64], ranges: &[(i64, i64)]) -> Vec<u32> {
    let bucket = |point: &i64| {
        let found = ranges.iter().position(|(start, end)| start <= point && point < end);
        found.map_or(NOWHERE, |at| at as u32)
    };
    std::iter::once(NOWHERE).chain(points.iter().map(bucket)).collect()
}

fn days(query: &AggregateQuery, options: &Options) -> Vec<(i32, i32)> {
    match &query.buckets {
        Buckets::Dates(ranges) => ranges
            .iter()
            .map(|range| (day::to_day(range.start), day::to_day(range.end)))
            .map(|(start, end)| (start, (end - 1).max(start)))
            .collect(),
        Buckets::Instants(ranges) => {
            let day_of = |instant: jiff::Timestamp| day::to_day(options.zone.to_datetime(instant).date());
            let before = |end: jiff::Timestamp| end.checked_sub(jiff::SignedDuration::from_micros(1)).unwrap_or(end);
            ranges
                .iter()
                .map(|range| (day_of(range.start), day_of(before(range.end).max(range.start))))
                .collect()
        }
    }
}

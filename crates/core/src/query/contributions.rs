//! The records behind one number.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

use smol_str::SmolStr;

use super::{
    Aggregate, AggregateQuery, Error, Options, Plan, finish,
    index::Index,
    partial::row_numbers,
    plan::Origin,
    pricing::Rates,
    scan::{self, Run, Scratch, Work},
};
use crate::{
    dimension::{Dimension, Tables},
    id::Name,
    ledger::{Block, BlockSource, Dictionaries, Entry, Image, Texts, Wanted, day},
    measure::{Dimensions, Measurement},
    subject::Subject,
};

/// Which of the records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many to leave out at the start.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// Records behind one number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contributions {
    /// A page of them, in the order of date, subject and value.
    pub entries: Vec<Entry>,
    /// How many there are in all.
    pub total: usize,
}

/// The rows that make up one cell of an image's answer, without those that were taken back: of a flow the bucket's rows,
/// of a balance or of retention all rows of its closing balance. `key` is the cell's [`super::Group::key`].
///
/// # Errors
/// As for [`super::run`], and when there is no such bucket.
pub fn contributions(
    image: &Image,
    tables: &Tables,
    query: &AggregateQuery,
    options: &Options,
    cell: (usize, &[Option<SmolStr>]),
    page: Page,
) -> Result<Contributions, Error> {
    contributions_over(&mut image.source(), tables, query, options, cell, page)
}

/// The same from any source of blocks.
///
/// # Errors
/// As for [`contributions`], and when the source fails.
pub fn contributions_over(
    source: &mut dyn BlockSource,
    tables: &Tables,
    query: &AggregateQuery,
    options: &Options,
    (bucket, key): (usize, &[Option<SmolStr>]),
    page: Page,
) -> Result<Contributions, Error> {
    if bucket >= query.buckets.len() {
        return Err(Error::Unsupported("there is no such bucket"));
    }
    // Rows are listed as they were sent: no rate can be missing.
    let query = AggregateQuery {
        conversion: None,
        ..query.clone()
    };
    let mut plan = Plan::of_cells(&query, tables, source.dictionaries(), options)?;
    let mut search = Search::new(&plan, bucket, key)?;
    source.start(&Wanted {
        measure: query.measure.clone(),
        dimensions: None,
        subjects: true,
    });
    while let Some(block) = source.next_block()? {
        plan.refresh(source.dictionaries());
        search.add_block(&plan, &block, &source.dictionaries().read())?;
    }
    search.finish(&query, source.dictionaries(), page)
}

/// A row that belongs to the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    date: i32,
    subject: u32,
    value: i64,
    origin: i32,
    instant: i64,
    combination: u32,
    /// Not part of the measurement.
    commit: u64,
    count: i8,
}

impl Row {
    fn measurement(&self) -> (i32, u32, i64, i32, i64, u32) {
        (
            self.date,
            self.subject,
            self.value,
            self.origin,
            self.instant,
            self.combination,
        )
    }
}

type Combination = Vec<(Dimension, u32)>;

struct Search<'a> {
    bucket: usize,
    key: &'a [Option<SmolStr>],
    index: Index,
    rates: Rates,
    scratch: Scratch,
    /// By number: whether the rows of those keys belong to the cell.
    belongs: Vec<Option<bool>>,
    combinations: BTreeMap<Combination, u32>,
    rows: Vec<Row>,
}

impl<'a> Search<'a> {
    fn new(plan: &Plan<'_>, bucket: usize, key: &'a [Option<SmolStr>]) -> Result<Self, Error> {
        let index = Index::new(&plan.sizes, true);
        let index = index.ok_or(Error::Unsupported(
            "the values of the group's dimensions have too many combinations",
        ))?;
        Ok(Self {
            bucket,
            key,
            index,
            rates: Rates::default(),
            scratch: Scratch::default(),
            belongs: Vec::new(),
            combinations: BTreeMap::new(),
            rows: Vec::new(),
        })
    }

    fn add_block(&mut self, plan: &Plan<'_>, block: &Block, texts: &Texts) -> Result<(), Error> {
        let Self {
            bucket,
            key,
            index,
            rates,
            scratch,
            belongs,
            combinations,
            rows,
        } = self;
        if !index.fits(&plan.sizes) {
            index.grow(&plan.sizes).ok_or(Error::Unsupported(
                "the values of the group's dimensions have too many combinations",
            ))?;
        }
        let names = finish::Names::new(plan, texts);
        let mut next = i64::MAX;
        let mut work = Work {
            scratch,
            index,
            rates,
            next: &mut next,
        };
        scan::scan(plan, block, &mut work, &mut |index, run| {
            belongs.resize(index.len(), None);
            for (place, row) in row_numbers(run.rows).enumerate() {
                let cell = run.to.cells.at(place) as usize;
                let belongs =
                    *belongs[cell].get_or_insert_with(|| is_behind(plan, &index.codes(cell), (*bucket, key), &names));
                if belongs && counts(plan, run, row) {
                    rows.push(read(block, row, combinations));
                }
            }
            Ok(())
        })
    }

    fn finish(self, query: &AggregateQuery, dictionaries: &Dictionaries, page: Page) -> Result<Contributions, Error> {
        let (texts, known) = (dictionaries.read(), dictionaries.subjects());
        let mut rows = net(self.rows);
        let mut combinations: Vec<Dimensions> = vec![Dimensions::new(); self.combinations.len()];
        for (combination, number) in &self.combinations {
            combinations[*number as usize] = dimensions(combination, &texts);
        }
        let mut subjects: HashMap<u32, Subject> = HashMap::new();
        for row in &rows {
            if let Some(subject) = known.get(row.subject) {
                subjects.entry(row.subject).or_insert(subject);
            }
        }
        rows.sort_by(|left, right| {
            let subject = |row: &Row| subjects.get(&row.subject);
            let order = left
                .date
                .cmp(&right.date)
                .then_with(|| subject(left).cmp(&subject(right)));
            let rest = |row: &Row| (row.value, row.origin, row.instant);
            let order = order.then_with(|| rest(left).cmp(&rest(right)));
            order
                .then_with(|| by_dimensions(&combinations, left, right))
                .then_with(|| left.commit.cmp(&right.commit))
        });
        let total = rows.len();
        let entry = |row: &Row| {
            let measurement = Measurement {
                measure: query.measure.clone(),
                date: day::from_day(row.date)?,
                origin_date: day::from_day(row.origin)?,
                instant: day::from_micros(row.instant)?,
                subject: subjects.get(&row.subject)?.clone(),
                dimensions: combinations[row.combination as usize].clone(),
                value: row.value,
            };
            Some(Entry {
                commit: row.commit,
                measurement,
                count: 1,
            })
        };
        let entries = rows
            .iter()
            .skip(page.offset)
            .take(page.limit)
            .filter_map(entry)
            .collect();
        Ok(Contributions { entries, total })
    }
}

fn by_dimensions(combinations: &[Dimensions], left: &Row, right: &Row) -> Ordering {
    combinations[left.combination as usize].cmp(&combinations[right.combination as usize])
}

/// Whether rows with these keys are behind the cell.
fn is_behind(
    plan: &Plan<'_>,
    codes: &[u32],
    (bucket, key): (usize, &[Option<SmolStr>]),
    names: &finish::Names<'_>,
) -> bool {
    let Some((slot, keys)) = codes.split_last() else {
        return false;
    };
    let group = if plan.stock {
        let closes = *slot < plan.slots.before[bucket].1;
        closes
            .then(|| finish::group_at(plan, keys, plan.attribution_day(bucket)))
            .flatten()
    } else {
        let code = |origin: &Origin| match origin {
            Origin::Key(at) => keys[*at],
            Origin::Late(..) => 0,
        };
        (*slot as usize == bucket).then(|| plan.group.iter().map(code).collect())
    };
    let has_account = plan.account.is_none_or(|account| keys[account] != 0);
    has_account && group.is_some_and(|group| *names.key(&group) == *key)
}

/// Whether a row has what is counted.
fn counts(plan: &Plan<'_>, run: &Run<'_>, row: usize) -> bool {
    match &plan.query.aggregate {
        Aggregate::DistinctValues(dimension) => run.block.dimension(dimension).is_some_and(|codes| codes.at(row) != 0),
        _ => true,
    }
}

fn read(block: &Block, row: usize, combinations: &mut BTreeMap<Combination, u32>) -> Row {
    let codes = block
        .dimensions()
        .map(|(dimension, codes)| (dimension, codes.at(row) as u32));
    let combination: Combination = codes
        .filter(|(_, code)| *code != 0)
        .map(|(dimension, code)| (dimension.clone(), code))
        .collect();
    let next = combinations.len() as u32;
    Row {
        date: block.date.at(row) as i32,
        subject: block.subject.at(row),
        value: block.value.at(row),
        origin: block.origin.at(row) as i32,
        instant: block.instant.at(row),
        combination: *combinations.entry(combination).or_insert(next),
        commit: block.commit.at(row) as u64,
        count: block.count.at(row) as i8,
    }
}

fn dimensions(combination: &Combination, texts: &Texts) -> Dimensions {
    let mut dimensions = Dimensions::new();
    for (dimension, code) in combination {
        let value = texts.text(dimension, *code).and_then(|text| Name::new(text).ok());
        dimensions.set(dimension.clone(), value.as_ref());
    }
    dimensions
}

/// The rows that stand: of equal ones that were taken back and given again, the latest.
fn net(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_unstable();
    let mut standing = Vec::new();
    for same in rows.chunk_by(|left, right| left.measurement() == right.measurement()) {
        let count: i64 = same.iter().map(|row| i64::from(row.count)).sum();
        let given = same.iter().rev().filter(|row| row.count > 0);
        standing.extend(given.take(usize::try_from(count).unwrap_or(0)));
    }
    standing
}

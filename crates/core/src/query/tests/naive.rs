//! The same answers, straightforwardly: row by row, over texts, after everything that was taken back is gone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use smol_str::SmolStr;

use crate::{
    dimension::{Dimension, Tables},
    id::Name,
    ledger::Entry,
    measure::Measurement,
    money::{Currency, convert},
    policy::CurrencyMode,
    query::{
        AccountFlow, Aggregate, AggregateQuery, Answer, Attribution, Balance, Basis, Buckets, Cell, Distribution, Flow,
        Group, Key, MissingRate, Quantile,
    },
    statistics::{interpolate, quantile_interval, quantile_rank},
};

type Rows<'a> = Vec<&'a Measurement>;

struct Naive<'a> {
    tables: &'a Tables,
    query: &'a AggregateQuery,
}

pub(super) fn answer(entries: &[Entry], tables: &Tables, query: &AggregateQuery) -> Answer {
    let naive = Naive { tables, query };
    let rows = naive.visible(entries);
    let stock = matches!(query.aggregate, Aggregate::Balance | Aggregate::Retention);
    let mut groups: BTreeMap<Key, Vec<Rows<'_>>> = BTreeMap::new();
    for bucket in 0..query.buckets.len() {
        for row in &rows {
            let counts = if stock {
                naive.is_before(row, bucket, false)
            } else {
                naive.lies_in(row, bucket)
            };
            let day = if stock { naive.bucket_day(bucket) } else { row.date };
            let day = if query.attribution == Attribution::Current {
                naive.today()
            } else {
                day
            };
            let has_account =
                query.aggregate != Aggregate::Retention || row.dimensions.get(&Dimension::Account).is_some();
            if counts && has_account && naive.passes(row, day) {
                let key = query
                    .group
                    .iter()
                    .map(|dimension| naive.value(row, dimension, day))
                    .collect();
                groups
                    .entry(key)
                    .or_insert_with(|| vec![Vec::new(); query.buckets.len()])[bucket]
                    .push(row);
            }
        }
    }
    let cells = |rows: Vec<Rows<'_>>| {
        rows.iter()
            .enumerate()
            .map(|(bucket, rows)| naive.cell(bucket, rows))
            .collect()
    };
    Answer {
        groups: groups
            .into_iter()
            .map(|(key, rows)| Group {
                key,
                cells: cells(rows),
            })
            .collect(),
    }
}

impl Naive<'_> {
    fn visible(&self, entries: &[Entry]) -> Vec<Measurement> {
        let query = self.query;
        let mut net: BTreeMap<&Measurement, i64> = BTreeMap::new();
        for entry in entries {
            let row = &entry.measurement;
            let seen = row.measure == query.measure
                && row.instant <= query.now
                && query.known_at.is_none_or(|commit| entry.commit <= commit)
                && query
                    .origin
                    .as_ref()
                    .is_none_or(|range| range.contains(&row.origin_date))
                && query.max_value.is_none_or(|most| row.value <= most);
            if seen {
                *net.entry(row).or_default() += i64::from(entry.count);
            }
        }
        net.into_iter()
            .flat_map(|(row, count)| vec![row.clone(); usize::try_from(count).expect("never below 0")])
            .collect()
    }

    fn today(&self) -> Date {
        jiff::tz::TimeZone::UTC.to_datetime(self.query.now).date()
    }

    /// First and last day.
    fn days(&self, bucket: usize) -> (Date, Date) {
        let utc = |instant| jiff::tz::TimeZone::UTC.to_datetime(instant).date();
        match &self.query.buckets {
            Buckets::Dates(ranges) => {
                let last = ranges[bucket].end.yesterday().expect("in range");
                (ranges[bucket].start, last.max(ranges[bucket].start))
            }
            Buckets::Instants(ranges) => {
                let microsecond = jiff::SignedDuration::from_micros(1);
                let last = ranges[bucket].end.checked_sub(microsecond).expect("in range");
                (utc(ranges[bucket].start), utc(last.max(ranges[bucket].start)))
            }
        }
    }

    fn bucket_day(&self, bucket: usize) -> Date {
        let (first, last) = self.days(bucket);
        if self.query.aggregate == Aggregate::Retention {
            first
        } else {
            last
        }
    }

    fn lies_in(&self, row: &Measurement, bucket: usize) -> bool {
        match (&self.query.buckets, self.query.basis) {
            (Buckets::Dates(ranges), Basis::Event) => ranges[bucket].contains(&row.date),
            (Buckets::Dates(ranges), Basis::Cohort) => ranges[bucket].contains(&row.origin_date),
            (Buckets::Instants(ranges), _) => ranges[bucket].contains(&row.instant),
        }
    }

    fn is_before(&self, row: &Measurement, bucket: usize, start: bool) -> bool {
        match &self.query.buckets {
            Buckets::Dates(ranges) => {
                row.date
                    < if start {
                        ranges[bucket].start
                    } else {
                        ranges[bucket].end
                    }
            }
            Buckets::Instants(ranges) => {
                row.instant
                    < if start {
                        ranges[bucket].start
                    } else {
                        ranges[bucket].end
                    }
            }
        }
    }

    fn passes(&self, row: &Measurement, day: Date) -> bool {
        self.query.filters.iter().all(|filter| {
            let value = self
                .value(row, &filter.dimension, day)
                .map(|text| Name::new(text).expect("a name"));
            let named = match (&filter.dimension, &value) {
                (Dimension::Team, Some(team)) => self
                    .tables
                    .lineage(team)
                    .into_iter()
                    .any(|team| filter.values.contains(&Some(team.clone()))),
                _ => filter.values.contains(&value),
            };
            named != filter.exclude
        })
    }

    fn value(&self, row: &Measurement, dimension: &Dimension, day: Date) -> Option<SmolStr> {
        let stored = |dimension: &Dimension| row.dimensions.get(dimension).map(Name::as_str);
        let rep = stored(&Dimension::Rep).and_then(|rep| self.tables.rep(rep));
        let held = rep.and_then(|rep| rep.assignment(day));
        let name = match dimension {
            Dimension::Team => held?.team.as_ref(),
            Dimension::TeamLevel(level) => self.tables.team_at_level(held?.team.as_ref()?, *level),
            Dimension::Manager => held?.manager.as_ref(),
            Dimension::Role => held?.role.as_ref(),
            Dimension::Territory => row.dimensions.get(dimension).or_else(|| held?.territory.as_ref()),
            Dimension::Region => {
                let own = stored(&Dimension::Territory).and_then(|own| self.tables.territory(own)?.region.as_ref());
                own.or_else(|| self.tables.region_of(stored(&Dimension::Rep)?, day))
            }
            Dimension::ProductCategory => self.tables.product(stored(&Dimension::Product)?)?.category.as_ref(),
            Dimension::Segment => self.tables.account(stored(&Dimension::Account)?)?.segment.as_ref(),
            Dimension::Industry => self.tables.account(stored(&Dimension::Account)?)?.industry.as_ref(),
            stored => row.dimensions.get(stored),
        };
        name.map(|name| name.text().clone())
    }

    /// A row's amount in the answer's currency.
    fn amount(&self, row: &Measurement, bucket: usize) -> Result<i64, MissingRate> {
        let Some(conversion) = &self.query.conversion else {
            return Ok(row.value);
        };
        let date = match conversion.mode {
            CurrencyMode::BusinessDate => row.date,
            CurrencyMode::PeriodEnd => self.days(bucket).1,
            CurrencyMode::Fixed(date) => date,
        };
        let from = row
            .dimensions
            .get(&Dimension::Currency)
            .and_then(|code| Currency::new(code.as_str()).ok());
        let from = from.expect("test rows have a currency");
        let rate = self.tables.rate(from, conversion.to, date).ok_or(MissingRate {
            from,
            to: conversion.to,
            date,
        })?;
        Ok(convert(row.value, rate).expect("test amounts fit"))
    }

    fn cell(&self, bucket: usize, rows: &Rows<'_>) -> Cell {
        let missing = rows
            .iter()
            .filter_map(|row| self.amount(row, bucket).err())
            .min_by_key(|rate| (rate.date, rate.from));
        let mut values: Vec<i64> = rows.iter().filter_map(|row| self.amount(row, bucket).ok()).collect();
        values.sort_unstable();
        let squares = values
            .iter()
            .try_fold(0_i128, |sum, value| sum.checked_add(i128::from(*value).pow(2)));
        let sum = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
        let flow = Flow {
            count: rows.len() as i64,
            sum: sum(&values),
            sum_squares: squares.filter(|_| self.query.aggregate == Aggregate::Moments),
            missing,
        };
        match &self.query.aggregate {
            Aggregate::Rows => Cell::Flow(Flow {
                sum: 0,
                missing: None,
                ..flow
            }),
            Aggregate::Flow | Aggregate::Moments => Cell::Flow(flow),
            Aggregate::Distribution { quantiles } => {
                let quantiles = quantiles.iter().filter_map(|asked| quantile(&values, *asked)).collect();
                Cell::Distribution(Distribution { flow, quantiles })
            }
            Aggregate::DistinctSubjects => {
                Cell::Distinct(rows.iter().map(|row| &row.subject).collect::<BTreeSet<_>>().len() as i64)
            }
            Aggregate::DistinctValues(dimension) => {
                let values: BTreeSet<_> = rows.iter().filter_map(|row| row.dimensions.get(dimension)).collect();
                Cell::Distinct(values.len() as i64)
            }
            Aggregate::Balance => {
                let (opening, closing) = self.ends(bucket, rows);
                Cell::Balance(Balance {
                    opening,
                    closing,
                    rows: rows.len() as i64,
                    missing,
                })
            }
            Aggregate::Retention => Cell::Retention(self.retention(bucket, rows, missing)),
        }
    }

    fn ends(&self, bucket: usize, rows: &Rows<'_>) -> (i128, i128) {
        let amount = |row: &&&Measurement| i128::from(self.amount(row, bucket).unwrap_or(0));
        let opening = rows.iter().filter(|row| self.is_before(row, bucket, true));
        (
            opening.map(|row| amount(&row)).sum(),
            rows.iter().map(|row| amount(&row)).sum(),
        )
    }

    fn retention(&self, bucket: usize, rows: &Rows<'_>, missing: Option<MissingRate>) -> AccountFlow {
        let mut accounts: BTreeMap<_, Rows<'_>> = BTreeMap::new();
        for row in rows {
            accounts
                .entry(row.dimensions.get(&Dimension::Account))
                .or_default()
                .push(row);
        }
        let mut flow = AccountFlow {
            missing,
            ..AccountFlow::default()
        };
        for rows in accounts.values() {
            let (start, end) = self.ends(bucket, rows);
            if start > 0 {
                flow.at_start += 1;
                flow.retained += i64::from(end > 0);
                flow.start_sum += start;
                flow.kept_sum += end.max(0);
                flow.capped_sum += start.min(end.max(0));
            }
        }
        flow
    }
}

fn quantile(values: &[i64], asked: u32) -> Option<Quantile> {
    let count = values.len() as u64;
    let rank = quantile_rank(count, asked)?;
    let at = |place: u64| values[place as usize];
    let interval = quantile_interval(count, asked).map(|found| (at(found.lower), at(found.upper)));
    Some(Quantile {
        millionths: asked,
        value: interpolate(at(rank.lower), at(rank.upper), rank.fraction).ok()?,
        interval,
    })
}

//! Any rows, any question: blocks, codes, tables and partials give what the straightforward way gives.

use std::convert::Infallible;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{naive, world::*};
use crate::{
    crew::Crew,
    dimension::{Dimension, Fact, Tables},
    ledger::{Entry, Image, SegmentStream, encode, merge, open},
    measure::{Builtin, Dimensions, Measure, Measurement},
    policy::CurrencyMode,
    query::{
        Aggregate, AggregateQuery, Attribution, Basis, Buckets, Conversion, Filter, Options, Page, Partial, Plan,
        contributions, run, run_over,
    },
    subject::{Subject, SubjectKind},
};

const DAYS: i32 = 40;

/// Three who share whatever there is to do.
struct Three;

impl Crew for Three {
    fn hands(&self, _: usize) -> usize {
        3
    }

    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..pieces).rev().for_each(work);
    }
}

fn date(after: i32) -> Date {
    Date::constant(2026, 1, 1).checked_add(after.days()).expect("in range")
}

fn time(after: i32, hours: i64) -> Timestamp {
    instant("2026-01-01T00:00:00Z") + SignedDuration::from_hours(24 * i64::from(after) + hours)
}

fn dimensions() -> BoxedStrategy<Dimensions> {
    let one = |values: &'static [&'static str]| option::of(select(values));
    let stored = (
        one(&["ann", "bob", "cid", "dan"]),
        one(&["t1", "t2", "t3"]),
        one(&["a1", "a2", "a3"]),
        one(&["p1", "p2"]),
    );
    (stored, select(&["EUR", "USD", "JPY"][..]), one(&["x", "y"]))
        .prop_map(|((rep, territory, account, product), currency, attribute)| {
            let mut dimensions = Dimensions::new().with(Dimension::Currency, Some(&name(currency)));
            let attribute_name = Dimension::Attribute(name("size"));
            let set = [
                (Dimension::Rep, rep),
                (Dimension::Territory, territory),
                (Dimension::Account, account),
                (Dimension::Product, product),
                (attribute_name, attribute),
            ];
            for (dimension, value) in set {
                dimensions.set(dimension, value.map(name).as_ref());
            }
            dimensions
        })
        .boxed()
}

fn measurement() -> BoxedStrategy<Measurement> {
    // The dearest chain of rates in `facts` is JPY to EUR to USD, 163.25 × 100 × 3: what it makes of these fits 64 bits.
    let value = prop_oneof![4 => -9..30_i64, 2 => -5_000_000..900_000_000_i64, 1 => -(1_i64 << 46)..1 << 46];
    let kind = select(&[SubjectKind::Order, SubjectKind::Account][..]);
    let times = (0..DAYS, -9..3_i32, -14..38_i64);
    (
        select(&[Builtin::Revenue, Builtin::Mrr][..]),
        times,
        kind,
        0..5_u8,
        dimensions(),
        value,
    )
        .prop_map(
            |(measure, (day, entered, hours), kind, subject, dimensions, value)| Measurement {
                measure: Measure::Builtin(measure),
                date: date(day),
                origin_date: date(day + entered),
                instant: time(day, hours),
                subject: Subject::new(kind, &name(&format!("s{subject}"))),
                dimensions,
                value,
            },
        )
        .boxed()
}

/// Rows, some of them taken back later, in the order of their commits.
fn entries() -> BoxedStrategy<Vec<Entry>> {
    vec((measurement(), 1..9_u64, option::weighted(0.3, 0..4_u64)), 0..60)
        .prop_map(|rows| {
            let mut entries = Vec::new();
            for (measurement, commit, taken_back) in rows {
                entries.push(Entry {
                    commit,
                    measurement: measurement.clone(),
                    count: 1,
                });
                entries.extend(taken_back.map(|later| Entry {
                    commit: commit + later,
                    measurement,
                    count: -1,
                }));
            }
            entries.sort_by_key(|entry| entry.commit);
            entries
        })
        .boxed()
}

fn facts() -> BoxedStrategy<Tables> {
    let one = |values: &'static [&'static str]| option::of(select(values));
    let assignment = (
        select(&["ann", "bob", "cid"][..]),
        one(&["east", "west", "loop"]),
        one(&["r1", "r2"]),
        one(&["t1", "t2", "t4"]),
    )
        .prop_map(|(rep, team, region, territory)| assigned(rep, team, region, territory).into())
        .boxed();
    let rate = (
        select(&[("EUR", "USD"), ("USD", "EUR"), ("JPY", "EUR")][..]),
        select(&["0.5", "1.0845", "163.25", "3"][..]),
    )
        .prop_map(|((from, to), value)| rate(from, to, value).into())
        .boxed();
    let described = prop_oneof![
        (select(&["east", "west", "loop"][..]), one(&["top", "loop"])).prop_map(|(id, parent)| team(id, parent).into()),
        (select(&["t1", "t2", "t4"][..]), one(&["r1", "r3"])).prop_map(|(id, region)| territory(id, region).into()),
        (select(&["a1", "a2"][..]), one(&["big", "small"])).prop_map(|(id, segment)| account(id, segment).into()),
        (select(&["p1", "p2"][..]), one(&["c1"])).prop_map(|(id, category)| product(id, category).into()),
    ];
    vec(
        (-20..DAYS, prop_oneof![3 => assignment, 2 => rate, 2 => described]),
        0..14,
    )
    .prop_map(|facts| {
        tables(
            facts
                .into_iter()
                .map(|(day, payload): (i32, crate::event::Payload)| Fact {
                    effective: date(day),
                    ..fact("2026-01-01", payload)
                }),
        )
    })
    .boxed()
}

fn dimension() -> BoxedStrategy<Dimension> {
    let named = [
        Dimension::Rep,
        Dimension::Territory,
        Dimension::Account,
        Dimension::Product,
        Dimension::Currency,
        Dimension::Team,
        Dimension::Region,
        Dimension::Manager,
        Dimension::ProductCategory,
        Dimension::Segment,
        Dimension::Stage,
        Dimension::TeamLevel(1),
        Dimension::TeamLevel(2),
        Dimension::Attribute(name("size")),
    ];
    select(named.to_vec()).boxed()
}

fn filter() -> BoxedStrategy<Filter> {
    let values = &[
        "ann", "bob", "t1", "t4", "a1", "p1", "EUR", "east", "loop", "top", "r1", "r3", "c1", "big", "x", "unknown",
    ][..];
    let values = vec(option::weighted(0.85, select(values)), 0..7);
    (dimension(), values, any::<bool>())
        .prop_map(|(dimension, values, exclude)| Filter {
            dimension,
            values: values.into_iter().map(|value| value.map(name)).collect(),
            exclude,
        })
        .boxed()
}

fn buckets() -> BoxedStrategy<Buckets> {
    let cuts = |most: i32| {
        vec(0..most, 2..9).prop_map(|mut cuts| {
            cuts.sort_unstable();
            cuts
        })
    };
    let pairs = |cuts: Vec<i32>, gaps: bool| -> Vec<(i32, i32)> {
        let step = if gaps { 2 } else { 1 };
        cuts.windows(2).step_by(step).map(|cut| (cut[0], cut[1])).collect()
    };
    prop_oneof![
        3 => (cuts(DAYS + 6), any::<bool>()).prop_map(move |(cuts, gaps)| {
            Buckets::Dates(pairs(cuts, gaps).into_iter().map(|(start, end)| date(start - 3)..date(end - 3)).collect())
        }),
        1 => (cuts(24 * DAYS), any::<bool>()).prop_map(move |(cuts, gaps)| {
            let hour = |hours: i32| time(0, i64::from(hours));
            Buckets::Instants(pairs(cuts, gaps).into_iter().map(|(start, end)| hour(start)..hour(end)).collect())
        }),
    ]
    .boxed()
}

fn aggregate() -> BoxedStrategy<Aggregate> {
    prop_oneof![
        Just(Aggregate::Rows),
        Just(Aggregate::Flow),
        Just(Aggregate::Moments),
        Just(Aggregate::Balance),
        Just(Aggregate::Distribution {
            quantiles: vec![0, 500_000, 900_000, 1_000_000]
        }),
        Just(Aggregate::DistinctSubjects),
        Just(Aggregate::DistinctValues(Dimension::Account)),
        Just(Aggregate::Retention),
    ]
    .boxed()
}

fn query() -> BoxedStrategy<AggregateQuery> {
    let cuts = (
        option::weighted(0.3, 0..11_u64),
        0..DAYS + 4,
        option::weighted(0.2, -5..DAYS),
        option::weighted(0.2, -5..100_i64),
    );
    let mode = prop_oneof![
        Just(CurrencyMode::BusinessDate),
        Just(CurrencyMode::PeriodEnd),
        (0..DAYS).prop_map(|day| CurrencyMode::Fixed(date(day))),
    ];
    let conversion = option::of((select(&["EUR", "USD"][..]), mode));
    let ways = (any::<bool>(), any::<bool>(), aggregate());
    (
        buckets(),
        cuts,
        vec(filter(), 0..3),
        vec(dimension(), 0..4),
        ways,
        conversion,
    )
        .prop_map(
            |(
                buckets,
                (known_at, now, origin, max_value),
                filters,
                group,
                (cohort, current, aggregate),
                conversion,
            )| {
                let cohort = cohort && matches!(buckets, Buckets::Dates(_));
                AggregateQuery {
                    measure: Measure::Builtin(Builtin::Mrr),
                    buckets,
                    basis: if cohort { Basis::Cohort } else { Basis::Event },
                    known_at,
                    now: time(now, 5),
                    origin: origin.map(|start| date(start)..date(start + 20)),
                    max_value,
                    filters,
                    group,
                    attribution: if current {
                        Attribution::Current
                    } else {
                        Attribution::AsOfEvent
                    },
                    conversion: conversion.map(|(to, mode)| Conversion { to: currency(to), mode }),
                    aggregate,
                }
            },
        )
        .boxed()
}

fn split_image(entries: &[Entry], block_rows: usize) -> Image {
    let mut image = Image::with_block_rows(block_rows);
    for commit in entries.chunk_by(|left, right| left.commit == right.commit) {
        image.append(commit);
    }
    image
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_way_gives_the_straightforward_answer(
        entries in entries(),
        tables in facts(),
        query in query(),
        block_rows in prop_oneof![1..8_usize, Just(64)],
        split in 0..60_usize,
    ) {
        let options = Options::default();
        let expected = naive::answer(&entries, &tables, &query);
        let image = split_image(&entries, block_rows);
        prop_assert_eq!(&run(&image, &tables, &query, &options)?, &expected, "an image");
        let mut ordered = image.clone();
        ordered.put_in_order(image.in_order(&query.measure));
        prop_assert_eq!(ordered.rows(), image.rows());
        prop_assert_eq!(&run(&ordered, &tables, &query, &options)?, &expected, "rows in order");

        let (left, right) = entries.split_at(split.min(entries.len()));
        let segments = [encode(right)?.bytes, encode(left)?.bytes];
        let mut reordered = Image::with_block_rows(block_rows);
        for segment in &segments {
            reordered.append_segment(&open(segment.clone())?);
        }
        prop_assert_eq!(&run(&reordered, &tables, &query, &options)?, &expected, "segments in another order");

        let parts = segments.iter().cloned().map(Ok::<_, Infallible>);
        let mut stream = SegmentStream::new(parts).with_block_rows(block_rows);
        prop_assert_eq!(&run_over(&mut stream, &tables, &query, &options)?, &expected, "a stream");

        let merged = merge(segments)?;
        let merged = open(merged.bytes)?;
        for mut image in [Image::new(), Image::with_block_rows(block_rows)] {
            image.append_segment(&merged);
            prop_assert_eq!(&run(&image, &tables, &query, &options)?, &expected, "one merged segment");
            image.put_in_order(image.in_order(&query.measure));
            prop_assert_eq!(&run(&image, &tables, &query, &options)?, &expected, "a merged segment in order");
        }
    }

    #[test]
    fn partials_merge_in_any_order(entries in entries(), tables in facts(), query in query()) {
        let image = split_image(&entries, 3);
        let plan = Plan::new(&query, &tables, image.dictionaries(), &Options::default())?;
        let mut whole = Partial::new(&plan, true)?;
        for block in image.blocks(&query.measure).iter().rev() {
            let mut partial = Partial::new(&plan, false)?;
            partial.add_block(&plan, block)?;
            whole.merge(partial);
        }
        prop_assert_eq!(whole.finish(&plan, image.dictionaries(), &Three)?, naive::answer(&entries, &tables, &query));
    }

    /// What settled blocks have said is kept, and each time goes on from there with what is new.
    #[test]
    fn what_is_kept_goes_on(
        entries in entries(),
        tables in facts(),
        query in query(),
        block_rows in 1..6_usize,
        splits in (0..60_usize, 0..60_usize),
        later in vec(0..200_i64, 4),
    ) {
        let options = Options::default();
        let place = |split: usize| split.min(entries.len());
        let (first, second) = (place(splits.0).min(place(splits.1)), place(splits.0).max(place(splits.1)));
        let mut image = Image::with_block_rows(block_rows);
        image.append(&entries[..first]);
        let plan = Plan::new(&query, &tables, image.dictionaries(), &options)?;
        let (mut whole, known) = (Partial::new(&plan, false)?, image.settled(&query.measure).len());
        for block in image.settled(&query.measure) {
            whole.add_block(&plan, block)?;
        }
        let (kept, shape) = (whole.fork(&plan)?, query.shape(&options));
        let mut told = first;
        for (until, later) in [first, second, entries.len(), entries.len()].into_iter().zip(later) {
            image.append(&entries[told..until]);
            told = until;
            let query = AggregateQuery { now: query.now + SignedDuration::from_hours(later), ..query.clone() };
            let plan = Plan::new(&query, &tables, image.dictionaries(), &options)?;
            if !kept.suits(&plan) || !kept.holds().at(query.now) || query.shape(&options) != shape {
                continue;
            }
            let (mut tail, mut new) = (Partial::new(&plan, false)?, Partial::new(&plan, false)?);
            for block in &image.blocks(&query.measure)[known..] {
                tail.add_block(&plan, block)?;
                new.add_block(&plan, block)?;
            }
            tail.merge(kept.fork(&plan)?);
            let expected = naive::answer(&entries[..until], &tables, &query);
            prop_assert_eq!(&tail.finish(&plan, image.dictionaries(), &Three)?, &expected, "into what is new");
            let mut on = kept.fork(&plan)?;
            on.merge(new);
            prop_assert_eq!(&on.finish(&plan, image.dictionaries(), &Three)?, &expected, "with what is new");
        }
    }

    #[test]
    fn the_records_behind_a_number_are_as_many_as_it_says(entries in entries(), tables in facts(), query in query()) {
        let query = AggregateQuery { aggregate: Aggregate::Flow, ..query };
        let (image, options) = (split_image(&entries, 5), Options::default());
        for group in run(&image, &tables, &query, &options)?.groups {
            for (bucket, cell) in group.cells.iter().enumerate() {
                let page = Page { offset: 0, limit: usize::MAX };
                let found = contributions(&image, &tables, &query, &options, (bucket, &group.key), page)?;
                prop_assert_eq!(found.total as i64, flow(cell).0);
                if query.conversion.is_none() {
                    let sum: i128 = found.entries.iter().map(|entry| i128::from(entry.measurement.value)).sum();
                    prop_assert_eq!(sum, flow(cell).1);
                }
            }
        }
    }
}

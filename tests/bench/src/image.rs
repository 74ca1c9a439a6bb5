//! The engine alone: images in memory, one thread, no service around them.

use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _, civil::Date};
use scoreline_core::{
    dimension::{Dimension, Tables},
    id::Name,
    ledger::{Entry, Image},
    measure::{Builtin, Dimensions, Measure, Measurement},
    query::{Aggregate, AggregateQuery, Attribution, Basis, Buckets, Options, run},
    subject::{Subject, SubjectKind},
};

use crate::{organisation::Dice, queries::median};

/// Rows that are appended at a time, as segments are.
const PART: usize = 1 << 18;
const YEAR: i32 = 365;

/// A day counted from the first of 2023.
fn day(day: i32) -> Date {
    jiff::civil::date(2023, 1, 1).saturating_add(day.days())
}

/// Appends rows of a measure whose days lie evenly in a range, in their order.
pub(crate) fn append(image: &mut Image, measure: Builtin, rows: usize, days: std::ops::Range<i32>, dice: &mut Dice) {
    let name = |kind: &str, number: usize| Name::new(format!("{kind}-{number:04}")).expect("a short name");
    let pool = |kind: &str, many: usize| (0..many).map(|number| name(kind, number)).collect::<Vec<_>>();
    let (reps, products, subjects) = (pool("rep", 1_000), pool("product", 24), pool("deal", 5_000));
    for first in (0..rows).step_by(PART) {
        let entries: Vec<Entry> = (first..rows.min(first + PART))
            .map(|at| {
                let on = days.start + (at as i64 * i64::from(days.end - days.start) / rows as i64) as i32;
                let mut dimensions = Dimensions::new();
                dimensions.set(Dimension::Rep, Some(&reps[dice.index(reps.len())]));
                dimensions.set(Dimension::Product, Some(&products[dice.index(products.len())]));
                let measurement = Measurement {
                    measure: Measure::Builtin(measure),
                    date: day(on),
                    origin_date: day(on),
                    instant: Timestamp::from_second(1_672_574_400 + 86_400 * i64::from(on)).expect("of these years"),
                    subject: Subject::new(SubjectKind::Opportunity, &subjects[dice.index(subjects.len())]),
                    dimensions,
                    value: dice.log_normal(8_000.0, 1.1) as i64 * 1_000_000,
                };
                Entry {
                    commit: 1,
                    measurement,
                    count: 1,
                }
            })
            .collect();
        image.append(&entries);
    }
}

/// As the service does with what it has loaded.
fn put_in_order(image: &mut Image) {
    for measure in image.disordered() {
        let ordered = image.in_order(&measure);
        image.put_in_order(ordered);
    }
}

/// Sums of a measure over some days, by month and by dimensions.
pub(crate) fn question(measure: Builtin, days: std::ops::Range<i32>, group: &[Dimension]) -> AggregateQuery {
    let months = (days.start..days.end).step_by(30);
    AggregateQuery {
        measure: Measure::Builtin(measure),
        buckets: Buckets::Dates(months.map(|start| day(start)..day(days.end.min(start + 30))).collect()),
        basis: Basis::Event,
        known_at: None,
        now: Timestamp::MAX,
        origin: None,
        max_value: None,
        filters: Vec::new(),
        group: group.to_vec(),
        attribution: Attribution::AsOfEvent,
        conversion: None,
        aggregate: Aggregate::Flow,
    }
}

/// Asks once.
fn ask(image: &Image, query: &AggregateQuery) -> Duration {
    let tables = Tables::default();
    let began = Instant::now();
    let answer = run(image, &tables, query, &Options::default());
    let took = began.elapsed();
    assert!(
        answer.is_ok_and(|answer| !answer.groups.is_empty()),
        "the question has an answer"
    );
    took
}

/// The median time of a question, in milliseconds.
fn time(image: &Image, query: &AggregateQuery, rounds: usize) -> f64 {
    median((0..rounds).map(|_| ask(image, query)).collect())
}

/// The median times of a question to images that are asked in turn: what slows the machine for a while slows all of them.
fn times(images: &[(f64, Image)], query: &AggregateQuery, rounds: usize) -> Vec<(f64, f64)> {
    let mut times = vec![Vec::new(); images.len()];
    for _ in 0..rounds {
        for ((_, image), times) in images.iter().zip(&mut times) {
            times.push(ask(image, query));
        }
    }
    let medians = times.into_iter().map(median);
    images.iter().map(|(across, _)| *across).zip(medians).collect()
}

/// Bar 5: millions of rows a second of group-bys over all rows, on one core.
pub(crate) fn scan_rates(rows: usize, rounds: usize) -> Vec<(&'static str, f64)> {
    let mut image = Image::new();
    append(&mut image, Builtin::Won, rows, 0..3 * YEAR, &mut Dice::new(5));
    put_in_order(&mut image);
    let groups: [(&str, &[Dimension]); 4] = [
        ("by month", &[]),
        ("by month × product", &[Dimension::Product]),
        ("by month × rep", &[Dimension::Rep]),
        ("by month × rep × product", &[Dimension::Rep, Dimension::Product]),
    ];
    let rate = |group: &[Dimension]| {
        let query = question(Builtin::Won, 0..3 * YEAR, group);
        rows as f64 / 1_000.0 / time(&image, &query, rounds)
    };
    groups.into_iter().map(|(name, group)| (name, rate(group))).collect()
}

/// Bar 14: the time of one question over the same rows, with more and more others around them: of other years, and of
/// other measures. Pairs of millions of other rows and milliseconds.
pub(crate) fn growth_outside(rounds: usize) -> Vec<(f64, f64)> {
    let mut dice = Dice::new(14);
    let mut image = Image::new();
    append(&mut image, Builtin::Won, 1_000_000, 0..YEAR, &mut dice);
    put_in_order(&mut image);
    let query = question(Builtin::Won, 0..YEAR, &[Dimension::Product]);
    let mut images = vec![(0.0, image.clone())];
    let mut others = 0;
    for step in 1..=4 {
        append(
            &mut image,
            Builtin::Won,
            1_000_000,
            step * YEAR..(step + 1) * YEAR,
            &mut dice,
        );
        append(&mut image, Builtin::Lost, 1_000_000, 0..YEAR, &mut dice);
        others += 2;
        put_in_order(&mut image);
        images.push((f64::from(others), image.clone()));
    }
    times(&images, &query, rounds)
}

/// The time of a question over more and more rows that it asks for. Pairs of millions of rows and milliseconds.
pub(crate) fn growth_inside(rounds: usize) -> Vec<(f64, f64)> {
    let mut dice = Dice::new(15);
    let mut image = Image::new();
    let query = question(Builtin::Won, 0..YEAR, &[Dimension::Product]);
    let images: Vec<_> = (1..=5)
        .map(|millions| {
            append(&mut image, Builtin::Won, 1_000_000, 0..YEAR, &mut dice);
            put_in_order(&mut image);
            (f64::from(millions), image.clone())
        })
        .collect();
    times(&images, &query, rounds)
}

/// Bytes a row of images of more and more rows. Pairs of millions of rows and bytes.
pub(crate) fn growth_of_memory() -> Vec<(f64, f64)> {
    let mut dice = Dice::new(13);
    let mut image = Image::new();
    (1..=4)
        .map(|millions| {
            append(&mut image, Builtin::Won, 1_000_000, 0..3 * YEAR, &mut dice);
            put_in_order(&mut image);
            (f64::from(millions), image.bytes() as f64 / image.rows() as f64)
        })
        .collect()
}

//! Answers that go on from what was told before.

use std::sync::Arc;

use proptest::prelude::*;

use super::world::*;
use crate::{
    crew::Alone,
    dimension::{Dimension, Tables},
    ledger::{Block, Entry, Image},
    measure::Builtin::Revenue,
    query::{Aggregate, Options, Partial, Plan, run},
};

/// Rows by reps and subjects.
fn rows(most: usize) -> impl Strategy<Value = Vec<Entry>> {
    let one = (0_u8..60, 0_u8..4, -3_i64..40);
    let one = one.prop_map(|(rep, subject, value)| {
        row(Revenue, "2026-02-01", &format!("o{subject}"), value).by(&format!("r{rep}"))
    });
    prop::collection::vec(one, 0..most)
}

/// More rows, and which of the first are taken back: each once, if at all.
fn news() -> impl Strategy<Value = Vec<(Vec<Entry>, Vec<prop::sample::Index>)>> {
    prop::collection::vec(
        (rows(4), prop::collection::vec(any::<prop::sample::Index>(), 0..3)),
        1..12,
    )
}

proptest! {
    /// Whatever copies have put together before: an answer is that of all rows.
    #[test]
    fn answers_go_on_from_what_came_of_cells(first in rows(300), news in news()) {
        let (tables, options) = (Tables::default(), Options::default());
        for aggregate in [Aggregate::Distribution { quantiles: vec![250_000, 900_000] }, Aggregate::DistinctSubjects] {
            let mut query = ask(Revenue, aggregate, &[("2026-01-01", "2027-01-01")]);
            query.group = vec![Dimension::Rep];
            let mut image = Image::with_block_rows(16);
            image.append(&first);
            let plan = Plan::new(&query, &tables, image.dictionaries(), &options).expect("a plan");
            let (mut kept, mut reaches) = (Partial::new(&plan, false).expect("a partial"), 0);
            let mut left = first.clone();
            for (rows, taken_back) in &news {
                image.append(rows);
                for at in taken_back {
                    if !left.is_empty() {
                        image.append(&[left.swap_remove(at.index(left.len())).taken_back(1)]);
                    }
                }
                let plan = Plan::new(&query, &tables, image.dictionaries(), &options).expect("a plan");
                let (blocks, settled) = (image.blocks(&query.measure), image.settled(&query.measure).len());
                let say = |blocks: &[Arc<Block>]| {
                    let mut partial = Partial::new(&plan, false).expect("a partial");
                    blocks.iter().for_each(|block| partial.add_block(&plan, block).expect("a sum"));
                    partial
                };
                let mut whole = kept.fork(&plan).expect("a copy");
                if settled > reaches {
                    whole.merge(say(&blocks[reaches..settled]));
                    (kept, reaches) = (whole.fork(&plan).expect("a copy"), settled);
                }
                whole.merge(say(&blocks[settled..]));
                // Twice: the second goes on from what the first has kept.
                let again = whole.fork(&plan).expect("a copy");
                let expected = run(&image, &tables, &query, &options).expect("an answer");
                for copy in [whole, again] {
                    let found = copy.finish(&plan, image.dictionaries(), &Alone).expect("an answer");
                    prop_assert_eq!(&found.groups, &expected.groups);
                }
            }
        }
    }
}

#[test]
fn values_that_have_other_numbers_by_now_are_not_mixed_up() {
    let tables = tables([
        fact("2026-01-01", territory("t1", Some("north"))),
        fact("2026-01-01", territory("t2", Some("east"))),
        fact("2026-01-01", assigned("ann", None, Some("south"), None)),
    ]);
    let mut image = image(&[
        row(Revenue, "2026-02-01", "o1", 1).by("ann"),
        row(Revenue, "2026-02-01", "o2", 2).of(Dimension::Territory, "t1"),
    ]);
    let mut query = ask(Revenue, Aggregate::Flow, &[("2026-01-01", "2027-01-01")]);
    query.group = vec![Dimension::Region];
    let options = Options::default();
    let settled = image.blocks(&query.measure).to_vec();
    let plan = Plan::new(&query, &tables, image.dictionaries(), &options).expect("a plan");
    let mut kept = Partial::new(&plan, false).expect("a partial");
    for block in &settled {
        kept.add_block(&plan, block).expect("a sum");
    }
    assert!(kept.suits(&plan));
    // The region of a territory that had no row comes before those of reps.
    image.append(&[row(Revenue, "2026-02-02", "o3", 4).of(Dimension::Territory, "t2")]);
    let found = run(&image, &tables, &query, &options).expect("an answer");
    let by_region = table(&found, flow);
    assert_eq!(
        by_region,
        [("east", vec![(1, 4)]), ("north", vec![(1, 2)]), ("south", vec![(1, 1)])]
    );
    let plan = Plan::new(&query, &tables, image.dictionaries(), &options).expect("a plan");
    assert!(!kept.suits(&plan));
    // A rep that was not there before has the last number of all.
    query.group = vec![Dimension::Team];
    let before = Plan::new(&query, &tables, image.dictionaries(), &options).expect("a plan");
    let kept = Partial::new(&before, false).expect("a partial");
    image.append(&[row(Revenue, "2026-02-03", "o4", 8).by("bob")]);
    let after = Plan::new(&query, &tables, image.dictionaries(), &options).expect("a plan");
    assert!(kept.suits(&after));
}

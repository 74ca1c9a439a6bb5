//! Answers that go on from what was told before.

use super::world::*;
use crate::{
    dimension::Dimension,
    measure::Builtin::Revenue,
    query::{Aggregate, Options, Partial, Plan, run},
};

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

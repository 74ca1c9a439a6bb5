//! Asks a question.

use super::{AggregateQuery, Answer, Error, Options, Partial, Plan};
use crate::{
    crew::Alone,
    dimension::Tables,
    ledger::{BlockSource, Image},
};

/// The answer of an image.
///
/// # Errors
/// When the question makes no sense, an amount cannot be converted, or the answer is too large.
pub fn run(image: &Image, tables: &Tables, query: &AggregateQuery, options: &Options) -> Result<Answer, Error> {
    let plan = Plan::new(query, tables, image.dictionaries(), options)?;
    let mut partial = Partial::new(&plan, false)?;
    for block in image.blocks(&query.measure) {
        partial.add_block(&plan, block)?;
    }
    partial.finish(&plan, image.dictionaries(), &Alone)
}

/// The same answer from any source of blocks, which are looked at one at a time and let go.
///
/// # Errors
/// As for [`run`], and when the source fails.
pub fn run_over(
    source: &mut dyn BlockSource,
    tables: &Tables,
    query: &AggregateQuery,
    options: &Options,
) -> Result<Answer, Error> {
    let mut plan = Plan::new(query, tables, source.dictionaries(), options)?;
    let mut partial = Partial::new(&plan, true)?;
    source.start(&plan.wanted());
    while let Some(block) = source.next_block()? {
        plan.refresh(source.dictionaries());
        partial.add_block(&plan, &block)?;
    }
    partial.finish(&plan, source.dictionaries(), &Alone)
}

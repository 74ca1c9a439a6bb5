//! The narrow waist: every metric, funnel, forecast and goal reduces to [`AggregateQuery`]s over the ledger.
//!
//! *For this measure, in this range, on this basis, as known at this commit, under these filters: sums, balances,
//! value distributions, distinct subjects or per-account retention, by time bucket and by these dimensions.*
//!
//! A [`Plan`] is a question made ready: time to bucket by a table of days, filters to sets of codes, derived dimensions
//! to maps of codes. A [`Partial`] is what some blocks say to it. [`run`] does it all over an image, [`run_over`] over
//! segments that are read one after the other, and [`contributions`] lists the rows behind one number.

mod bound;
mod condition;
mod contributions;
mod dated;
mod error;
mod finish;
mod index;
mod lists;
mod lookup;
mod options;
mod partial;
mod plan;
mod pricing;
mod question;
mod run;
mod scan;
mod slots;
mod sums;
#[cfg(test)]
mod tests;
mod values;

pub use self::{
    contributions::{Contributions, Page, contributions, contributions_over},
    error::Error,
    options::{MAX_GROUP, Options},
    partial::{Holds, Partial},
    plan::Plan,
    question::{
        AccountFlow, Aggregate, AggregateQuery, Answer, Attribution, Balance, Basis, Buckets, Cell, Conversion,
        Distribution, Filter, Flow, Group, Key, MissingRate, Quantile,
    },
    run::{run, run_over},
};

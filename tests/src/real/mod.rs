//! Real data: four sets imported through the command line, and what is asked of them.
//!
//! Every answer is held against two things. One is the set's `expected.json`, read when the test runs: its rates have six
//! places, and its values cover a part of what can be asked. The other is the files themselves: each figure is computed
//! from their rows, exactly and without the engine, and the server must answer it to the last of its twelve places.

mod bank_marketing;
mod check;
mod figure;
mod import;
mod maven_crm;
mod olist;
mod question;
mod sheet;
mod superstore;

pub use self::{bank_marketing::bank_marketing, maven_crm::maven_crm, olist::olist, superstore::superstore};

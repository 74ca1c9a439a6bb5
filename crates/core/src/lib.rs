//! Scoreline's pure core: what a sales event is, what it counts for, and what a metric over it means.
//!
//! `event` (what happened) → [`fold`] → [`measure`]ments (what it counts for) → [`ledger`] → [`query`] →
//! [`metric`]s (what it means). No clock, no randomness, no environment, no database and no async: time and ids
//! arrive as arguments, so that the same events give the same answers to the last digit.

pub mod calendar;
pub mod crew;
pub mod dimension;
pub mod event;
pub mod fold;
mod hashing;
pub mod id;
pub mod ledger;
pub mod measure;
pub mod metric;
pub mod money;
pub mod policy;
pub mod query;
pub mod rational;
pub mod statistics;
mod stored;
pub mod subject;

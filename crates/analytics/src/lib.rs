//! Analytics: metrics out.
//!
//! A process holds [images](image) of tenants' ledgers, kept up with their commits. A question is read by
//! [`convert`], reduced to queries by the core, and [answered](answers) off the async threads, in one state of knowledge:
//! a commit and a present. Every page of an answer, and every comparison, is of one commit.

mod analytics;
mod answers;
mod caller;
mod catalogue;
mod clock;
mod convert;
mod export;
mod failure;
mod image;
mod keys;
mod metrics;
mod page;
mod service;
#[cfg(test)]
mod tests;

pub use self::{
    clock::{Clock, SystemClock},
    keys::authenticator,
    service::{NAMES, Service, methods},
};

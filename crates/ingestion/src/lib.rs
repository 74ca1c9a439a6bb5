//! Events in: batches and streams, stored in company and acknowledged when durable; and the tenants whose events they are.

mod batch;
mod caller;
mod failure;
mod grouping;
mod ingest;
pub mod keys;
pub mod service;
pub mod startup;
mod stream;
pub mod tenants;
pub mod upkeep;

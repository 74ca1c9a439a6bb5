//! Batches over the real machines.

mod events;
mod oracle;
mod properties;
mod stories;

//! The services, through their clients, over a database of their own.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod answers;
mod batch;
mod fixture;
mod hostile;
mod knowledge;
mod memory;
mod own;
mod streams;

//! Between the contracts and the core.

pub(crate) mod bytes;
mod columns;
pub(crate) mod definition;
pub(crate) mod header;
pub(crate) mod known;
pub(crate) mod query;
pub(crate) mod table;
pub(crate) mod words;

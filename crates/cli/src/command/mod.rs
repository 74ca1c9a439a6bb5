//! The commands, one file each.

pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod ingest;
pub(crate) mod keys;
pub(crate) mod metrics;
pub(crate) mod migrate;
pub(crate) mod query;
pub(crate) mod rebuild;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod tenants;
pub(crate) mod verify;

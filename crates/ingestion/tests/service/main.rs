//! The services as their clients see them: a real server in this process, over a SQLite database of its own.

mod ingesting;
mod streaming;
mod support;
mod tenants;

//! What the black-box tests share: real servers of ours, private PostgreSQL clusters, generated clients.
//!
//! Everything that a test needs it starts by itself and stops again. Where a machine has no PostgreSQL, the tests that
//! need it say so on one loud line; with `SCORELINE_REQUIRE_POSTGRES` set they fail instead.

pub mod case;
pub mod client;
pub mod data;
pub mod faults;
pub mod postgres;
pub mod real;
pub mod reference;
pub mod require;
pub mod server;

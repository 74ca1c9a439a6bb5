//! Stories with answers worked by hand, through the real engine.

mod cohorts;
mod deals;
mod goals;
mod money;
mod rules;
mod world;

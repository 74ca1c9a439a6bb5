//! Metrics: what measurements mean.
//!
//! A metric is a [`Definition`]: an expression of one small [language](expression), and how its answer is to be read. The
//! catalogue is data (`catalogue.toml`); a tenant's own metrics are values of the same type, validated when saved. A
//! question is answered by [`evaluate`](evaluate::evaluate), which asks the [waist](crate::query) for all that it needs at
//! once.

pub mod definition;
pub mod evaluate;
pub mod expression;
mod parameter;
mod registry;
#[cfg(test)]
mod tests;

pub use self::{
    definition::{Additivity, Definition, Direction, IntervalKind, ShownUnit, Variant},
    parameter::{Parameter, ParameterError, ParameterKind},
    registry::{Error, MAX_OWN, Registry},
};

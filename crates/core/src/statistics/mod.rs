//! Intervals and quantiles: how much a number can be relied on. The one place of the core with floats.
//!
//! Every interval here is two-sided at 95 %. Inputs are exact counts and sums; only the interval itself is a float. No
//! function answers NaN or infinity: where there is too little to go on, the answer is `None`.

mod interval;
mod order;
mod special;
mod student;

pub use interval::{Interval, mean_interval, wilson_interval};
pub use order::{QuantileRank, RankInterval, interpolate, quantile_interval, quantile_rank};
pub use student::t_quantile_975;

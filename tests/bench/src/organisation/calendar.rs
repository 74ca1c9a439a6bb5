//! When things happen: business days of three years and a quarter, in UTC.

use super::{Dice, Wheel};

/// Milliseconds since the beginning of 1970.
pub(crate) type Moment = i64;

const MILLIS_PER_DAY: i64 = 86_400_000;
/// 2022-10-01: what opened before the first year is still there in it.
pub(crate) const FIRST_DAY: i32 = 19_266;
/// 2025-12-31.
pub(crate) const LAST_DAY: i32 = 20_453;
/// The first day of each quarter of the three years 2023 to 2025, and the day after the last.
pub(crate) const QUARTERS: [i32; 13] = [
    19_358, 19_448, 19_539, 19_631, 19_723, 19_814, 19_905, 19_997, 20_089, 20_179, 20_270, 20_362, 20_454,
];

/// The day of a moment, counted from 1970.
pub(crate) fn day_of(moment: Moment) -> i32 {
    moment.div_euclid(MILLIS_PER_DAY) as i32
}

pub(super) struct Calendar(Wheel);

impl Calendar {
    pub(super) fn new() -> Self {
        Self(Wheel::new((FIRST_DAY..=LAST_DAY).map(weight)))
    }

    /// A moment of the whole time. Its milliseconds are even, those of activities odd: none happens as a deal is closed.
    pub(super) fn moment(&self, dice: &mut Dice) -> Moment {
        let day = FIRST_DAY + self.0.draw(dice) as i32;
        let of_day = (8.0 + dice.unit() * 10.0) * 3_600_000.0;
        i64::from(day) * MILLIS_PER_DAY + (of_day as i64 & !1)
    }

    pub(super) fn end() -> Moment {
        i64::from(LAST_DAY + 1) * MILLIS_PER_DAY
    }
}

/// So many days later, at an even millisecond.
pub(super) fn after(moment: Moment, days: f64) -> Moment {
    moment + ((days * MILLIS_PER_DAY as f64) as i64 & !1).max(2)
}

/// More towards the end, more before a year ends, little at weekends.
fn weight(day: i32) -> f64 {
    let trend = 1.0 + f64::from(day - FIRST_DAY) / f64::from(LAST_DAY - FIRST_DAY) * 0.6;
    let season = 1.0 + 0.25 * (std::f64::consts::TAU * (f64::from(day) + 35.0) / 365.25).cos();
    // 1970-01-01 was a Thursday.
    let weekend = if (day + 3).rem_euclid(7) >= 5 { 0.15 } else { 1.0 };
    trend * season * weekend
}

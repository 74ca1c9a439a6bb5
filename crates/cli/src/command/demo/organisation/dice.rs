//! Seeded randomness: the same seed gives the same draws.

use rand::{RngCore as _, SeedableRng as _, rngs::SmallRng};

/// A stream of random draws.
pub(super) struct Dice(SmallRng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// A stream of its own for one area, so that a change in one area leaves the others as they were.
    pub(super) fn fork(&mut self) -> Self {
        Self::new(self.0.next_u64())
    }

    /// A number of [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number of [low, high).
    pub(super) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// A whole number of low to high, both included.
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1) as f64) as i64
    }

    /// A position in a list of so many.
    pub(super) fn index(&mut self, length: usize) -> usize {
        (self.unit() * length as f64) as usize
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// A standard normal draw (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// A power law: most draws lie little above 1, a few far above.
    pub(super) fn pareto(&mut self, shape: f64) -> f64 {
        (1.0 - self.unit()).powf(-1.0 / shape).min(40.0)
    }
}

/// Positions with weights, drawn in proportion to them.
pub(super) struct Wheel {
    /// What all positions up to each one weigh.
    cumulative: Vec<f64>,
}

impl Wheel {
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut total = 0.0;
        let add = |weight| {
            total += weight;
            total
        };
        Self {
            cumulative: weights.into_iter().map(add).collect(),
        }
    }

    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        self.draw_between(dice, 0, self.cumulative.len())
    }

    /// A position of `from..to`.
    pub(super) fn draw_between(&self, dice: &mut Dice, from: usize, to: usize) -> usize {
        let to = to.min(self.cumulative.len());
        let before = if from == 0 { 0.0 } else { self.cumulative[from - 1] };
        let point = dice.range(before, self.cumulative[to - 1]);
        let (mut low, mut high) = (from, to - 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.cumulative[middle] <= point {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let draws = |seed| {
            let mut dice = Dice::new(seed);
            (0..100).map(|_| dice.whole(1, 6)).collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
        assert!(draws(7).iter().all(|eyes| (1..=6).contains(eyes)));
    }

    #[test]
    fn a_wheel_draws_in_proportion_and_never_what_weighs_nothing() {
        let wheel = Wheel::new([1.0, 0.0, 3.0]);
        let mut dice = Dice::new(1);
        let mut counts = [0_u32; 3];
        for _ in 0..4_000 {
            counts[wheel.draw(&mut dice)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((900..1_100).contains(&counts[0]), "{counts:?}");
        assert!((0..100).all(|_| wheel.draw_between(&mut dice, 0, 2) == 0));
    }
}

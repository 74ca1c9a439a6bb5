//! Seeded draws: the same seed gives the same organisation on every machine.

use rand::{RngCore as _, SeedableRng as _, rngs::SmallRng};

/// A stream of random draws.
pub(crate) struct Dice(SmallRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// A number of [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number of 0 to one less than `length`.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        (self.unit() * length as f64) as usize
    }

    /// A standard normal draw (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// A whole number with this expectation: its integer part, and one more with the rest's probability.
    pub(crate) fn about(&mut self, expected: f64) -> usize {
        expected as usize + usize::from(self.chance(expected.fract()))
    }
}

/// Positions drawn by weight.
pub(crate) struct Wheel(Vec<f64>);

impl Wheel {
    pub(crate) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut total = 0.0;
        Self(
            weights
                .into_iter()
                .map(|weight| {
                    total += weight;
                    total
                })
                .collect(),
        )
    }

    /// Weights that fall like a power of the rank: few positions have most.
    pub(crate) fn power_law(length: usize, exponent: f64) -> Self {
        Self::new((1..=length).map(|rank| (rank as f64).powf(-exponent)))
    }

    pub(crate) fn draw(&self, dice: &mut Dice) -> usize {
        let total = self.0.last().copied().unwrap_or(0.0);
        let point = dice.unit() * total;
        self.0.partition_point(|weight| *weight <= point).min(self.0.len() - 1)
    }

    /// The share of a position, times how many there are: 1 on average.
    pub(crate) fn relative(&self, at: usize) -> f64 {
        let before = if at == 0 { 0.0 } else { self.0[at - 1] };
        (self.0[at] - before) / self.0[self.0.len() - 1] * self.0.len() as f64
    }
}

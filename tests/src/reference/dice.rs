//! Seeded chance.

use rand::{Rng as _, SeedableRng as _, rngs::SmallRng, seq::SliceRandom as _};

/// Dice that fall the same way for the same seed.
#[derive(Debug, Clone)]
pub struct Dice(SmallRng);

impl Dice {
    /// Dice of a seed.
    pub fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// A number from `low` up to, not including, `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..high)
    }

    /// Whether something of a likelihood in percent happens.
    pub fn percent(&mut self, likelihood: i64) -> bool {
        self.between(0, 100) < likelihood
    }

    /// One of some things.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.0.random_range(0..things.len())]
    }

    /// One of some texts, or none with a likelihood in percent.
    pub fn maybe(&mut self, texts: &[&str], none: i64) -> String {
        if self.percent(none) {
            String::new()
        } else {
            (*self.pick(texts)).to_owned()
        }
    }

    /// Puts things into a random order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        things.shuffle(&mut self.0);
    }
}

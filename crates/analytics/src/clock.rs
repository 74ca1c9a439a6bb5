//! What time it is.

use std::fmt::Debug;

use jiff::Timestamp;

/// Tells the time. Answers stop at now, so tests bring a now of their own.
pub trait Clock: Debug + Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

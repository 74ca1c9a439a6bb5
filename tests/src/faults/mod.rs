//! Faults: servers that die under load, callers that vanish, and the books that say what must still be there.
//!
//! A [`campaign`] lets several [`writer`]s send events, notes in a [`book`] what was sent and what was acknowledged, and
//! kills what stores them. [`findings`] then compares the book with the log. A [`front`] is a service with a planted bug:
//! a campaign that does not find it would find nothing.

pub mod book;
pub mod campaign;
pub mod findings;
pub mod front;
pub mod maker;
pub mod raw;
pub mod vanish;
pub mod writer;

use std::io::Write as _;

/// The seed of a random test: `$SCORELINE_SEED`, else the time. Said aloud, so that a failure can be replayed.
///
/// # Panics
/// When `$SCORELINE_SEED` is not a number.
pub fn seed(of: &str) -> u64 {
    let now = || {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(1, |since| since.as_secs())
    };
    let given = std::env::var("SCORELINE_SEED").ok();
    let seed = given.map_or_else(now, |text| text.parse().expect("SCORELINE_SEED is a number"));
    say(&format!("{of}: SCORELINE_SEED={seed}"));
    seed
}

/// How often something is repeated: the environment's word, else the usual number.
///
/// # Panics
/// When the environment does not give a number.
pub fn repetitions(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} is a number"))
    })
}

/// Says something that is to be seen although the test passes.
pub fn say(text: &str) {
    // Written directly: what the print macros write is kept back while a test passes. A terminal that takes nothing is no
    // reason to fail.
    let _ = writeln!(std::io::stderr(), "    {text}");
}

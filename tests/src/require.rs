//! What a machine may lack, and how loudly that is said.

use std::io::Write as _;

/// Whether an environment switch demands a thing.
fn is_required(switch: &str) -> bool {
    std::env::var(switch).is_ok_and(|value| !value.is_empty() && value != "0")
}

/// Takes a thing that a machine may lack. Where it is missing, says on one loud line that a test did not run.
///
/// # Panics
/// When it is missing and the switch demands it.
pub fn or_say<T>(thing: Option<T>, switch: &str, what: &str) -> Option<T> {
    if thing.is_none() {
        assert!(!is_required(switch), "{switch} is set, but {what}");
        // Written directly: what the print macros write is kept back while a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "\n*** NOT RUN: {what} (set {switch}=1 to fail instead) ***\n"
        );
    }
    thing
}

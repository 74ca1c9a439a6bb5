//! Where the real data sets are.

use std::path::PathBuf;

use crate::require;

/// A folder of the real data sets: below `$SCORELINE_DATA`, else `../shared/data` beside the checkout.
///
/// `None`, said loudly, where it is absent.
///
/// # Panics
/// When it is absent and `SCORELINE_REQUIRE_DATA` is set.
pub fn folder(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("SCORELINE_DATA").map_or_else(beside, PathBuf::from);
    let folder = root.join(name);
    let found = folder.is_dir().then_some(folder);
    require::or_say(
        found,
        "SCORELINE_REQUIRE_DATA",
        &format!("the real data set {name} is not there (set SCORELINE_DATA to its parent)"),
    )
}

//! Conformance cases: reading them, running them against a server, and comparing exactly.
//!
//! The format is described in `tests/conformance/README.md`.

mod check;
mod expected;
mod file;
pub(crate) mod query;
mod run;

use std::path::{Path, PathBuf};

pub use self::{file::Case, run::run};

/// Every case below `tests/conformance`, by path.
///
/// # Panics
/// When the folder or a file can't be read.
pub fn all() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    paths.iter().map(|path| Case::read(&root, path)).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder of the cases is there") {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            into.push(path);
        }
    }
}

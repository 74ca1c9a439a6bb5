//! Importing through the command line.

use std::path::Path;

use crate::server::Server;

/// What became of the events of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) accepted: usize,
    pub(super) duplicate: usize,
    pub(super) conflict: usize,
    pub(super) rejected: usize,
}

/// Imports files of which every event is new.
///
/// # Panics
/// When anything is rejected or in conflict, or the number of events is another one.
pub(super) fn import(server: &Server, set: &str, folder: &Path, files: &[&str], events: usize) {
    let accepted = Tally {
        accepted: events,
        ..Tally::default()
    };
    assert_eq!(run(server, set, folder, files), accepted, "{set}: the first import");
}

/// Imports files of which every event is there already.
///
/// # Panics
/// When one of them is not.
pub(super) fn import_again(server: &Server, set: &str, folder: &Path, files: &[&str], events: usize) {
    let duplicate = Tally {
        duplicate: events,
        ..Tally::default()
    };
    assert_eq!(
        run(server, set, folder, files),
        duplicate,
        "{set}: the same import again"
    );
}

fn run(server: &Server, set: &str, folder: &Path, files: &[&str]) -> Tally {
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(format!("{set}.toml"));
    let mut command = server.command();
    command
        .args([
            "import",
            "--apply-settings",
            "--endpoint",
            &server.endpoint(),
            "--mapping",
        ])
        .arg(mapping);
    command.args(files.iter().map(|file| folder.join(file)));
    let output = command.output().expect("scoreline starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let rejects = std::fs::read_to_string(server.folder().join("import.rejects.ndjson")).unwrap_or_default();
    let some: Vec<_> = rejects.lines().take(5).collect();
    assert!(
        output.status.success(),
        "the import ended with {}:\n{out}\n{err}\n{}",
        output.status,
        some.join("\n")
    );
    tally(&out).unwrap_or_else(|| panic!("the import does not tell how many events it sent:\n{out}"))
}

fn tally(output: &str) -> Option<Tally> {
    let counts = output.lines().last()?.split_once("; commit ")?.0;
    let mut tally = Tally::default();
    for part in counts.split(", ") {
        let (number, word) = part.split_once(' ')?;
        let place = match word {
            "accepted" => &mut tally.accepted,
            "duplicate" => &mut tally.duplicate,
            "conflict" => &mut tally.conflict,
            "rejected" => &mut tally.rejected,
            _ => return None,
        };
        *place = number.parse().ok()?;
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_tells_what_became_of_the_events() {
        let told = tally("12 accepted, 3 duplicate, 0 conflict, 1 rejected; commit 7\n");
        assert_eq!(
            told,
            Some(Tally {
                accepted: 12,
                duplicate: 3,
                conflict: 0,
                rejected: 1
            })
        );
        assert_eq!(tally("done"), None);
    }
}

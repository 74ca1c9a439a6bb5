//! How far a file is acknowledged, in a small file beside it.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::beside;

/// The end of the last line that is settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    /// How many bytes are settled.
    pub(super) offset: u64,
    /// How many lines are settled.
    pub(super) line: u64,
}

impl Position {
    /// What was noted there, if anything was.
    pub(super) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => {
                let position = serde_json::from_str(&text);
                Ok(Some(position.with_context(|| {
                    format!("{} is not a noted position", path.display())
                })?))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Notes it, in the place of what was noted before.
    pub(super) fn write(self, path: &Path) -> anyhow::Result<()> {
        let context = || format!("writing {}", path.display());
        let new = beside(path, ".new");
        fs::write(&new, serde_json::to_string(&self)?).with_context(context)?;
        fs::rename(&new, path).with_context(context)
    }

    /// Removes the note: there is nothing to go on with.
    pub(super) fn forget(path: &Path) -> anyhow::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Whether a line of this file ends there.
    pub(super) fn fits(self, file: &mut File, size: u64) -> anyhow::Result<()> {
        ensure!(
            self.offset <= size,
            "the file has {size} bytes, but {} were acknowledged: it is another one",
            self.offset
        );
        let Some(last) = self.offset.checked_sub(1).filter(|_| self.offset < size) else {
            return Ok(());
        };
        let mut byte = [0];
        file.seek(SeekFrom::Start(last))?;
        file.read_exact(&mut byte)?;
        ensure!(
            byte == [b'\n'],
            "no line ends after {} bytes: it is another file",
            self.offset
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_position_is_noted_found_and_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f.progress");
        assert_eq!(Position::read(&path).expect("nothing there"), None);
        let position = Position { offset: 12, line: 2 };
        position.write(&path).expect("it is noted");
        assert_eq!(Position::read(&path).expect("it is found"), Some(position));
        Position::forget(&path).expect("it is forgotten");
        Position::forget(&path).expect("twice does no harm");
        assert!(!path.exists());
        fs::write(&path, "12").expect("a file");
        assert!(Position::read(&path).is_err());
    }

    #[test]
    fn a_position_belongs_to_its_file() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"abc\ndef\n").expect("it writes");
        let mut fits = |offset| Position { offset, line: 1 }.fits(&mut file, 8).is_ok();
        assert!(fits(0) && fits(4) && fits(8));
        assert!(!fits(5) && !fits(9));
    }
}

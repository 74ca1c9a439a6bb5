//! The file of what was not stored: one JSON object a line, with where it stands, why, and the event.

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use scoreline_proto::{ingestion::v1::EventOutcome, types::v1::FieldViolation};
use serde_json::{Map, Value, json};

use super::Settled;

/// A file of rejects, made when there is the first one.
#[derive(Debug)]
pub(crate) struct Rejects {
    path: PathBuf,
    append: bool,
    file: Option<BufWriter<File>>,
    count: u64,
}

impl Rejects {
    /// Rejects to be written there; after what is there already, or in its place.
    pub(crate) fn new(path: PathBuf, append: bool) -> Self {
        Self {
            path,
            append,
            file: None,
            count: 0,
        }
    }

    /// Writes down what is not stored.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(crate) fn take(&mut self, settled: &[Settled]) -> anyhow::Result<()> {
        let bad = |parcel: &&Settled| !matches!(parcel.outcome, EventOutcome::Accepted | EventOutcome::Duplicate);
        let mut any = false;
        for parcel in settled.iter().filter(bad) {
            self.write(&entry(parcel))?;
            any = true;
        }
        match &mut self.file {
            Some(file) if any => Ok(file.flush()?),
            _ => Ok(()),
        }
    }

    /// Where they are, when there are any.
    pub(crate) fn written(&self) -> Option<(&Path, u64)> {
        (self.count > 0).then_some((&self.path, self.count))
    }

    fn write(&mut self, entry: &Value) -> anyhow::Result<()> {
        let context = || format!("writing {}", self.path.display());
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            options
                .create(true)
                .write(true)
                .append(self.append)
                .truncate(!self.append);
            self.file = Some(BufWriter::new(options.open(&self.path).with_context(context)?));
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "{entry}").with_context(|| format!("writing {}", self.path.display()))?;
        }
        self.count += 1;
        Ok(())
    }
}

fn entry(parcel: &Settled) -> Value {
    let mut entry = Map::new();
    if let Some(file) = &parcel.origin.file {
        entry.insert("file".to_owned(), json!(**file));
    }
    entry.insert("line".to_owned(), json!(parcel.origin.line));
    let outcome = if parcel.outcome == EventOutcome::Conflict {
        "conflict"
    } else {
        "rejected"
    };
    entry.insert("outcome".to_owned(), json!(outcome));
    entry.insert("reasons".to_owned(), parcel.violations.iter().map(reason).collect());
    if let Some(event) = &parcel.event {
        let text = scoreline_proto::json::write(event);
        entry.insert(
            "event".to_owned(),
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        );
    }
    if let Some(text) = &parcel.origin.text {
        entry.insert("text".to_owned(), json!(text));
    }
    Value::Object(entry)
}

fn reason(violation: &FieldViolation) -> Value {
    json!({"field": violation.field, "reason": violation.reason, "description": violation.description})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Origin;

    fn settled(line: u64, outcome: EventOutcome) -> Settled {
        Settled {
            origin: Origin {
                line,
                text: Some("{".to_owned()),
                ..Origin::default()
            },
            event: None,
            outcome,
            violations: vec![FieldViolation {
                field: "event_id".into(),
                description: "is missing".into(),
                reason: "REQUIRED".into(),
            }],
        }
    }

    #[test]
    fn only_what_is_not_stored_makes_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r.ndjson");
        let mut rejects = Rejects::new(path.clone(), false);
        rejects
            .take(&[settled(1, EventOutcome::Accepted), settled(2, EventOutcome::Duplicate)])
            .expect("nothing to write");
        assert!(!path.exists() && rejects.written().is_none());

        rejects
            .take(&[settled(3, EventOutcome::Rejected), settled(4, EventOutcome::Conflict)])
            .expect("it writes");
        assert_eq!(rejects.written().map(|(_, count)| count), Some(2));
        let text = std::fs::read_to_string(&path).expect("it is there");
        let first: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
        assert_eq!(
            (&first["line"], &first["outcome"], &first["text"]),
            (&json!(3), &json!("rejected"), &json!("{"))
        );
        assert_eq!(first["reasons"][0]["reason"], "REQUIRED");
        assert!(text.lines().nth(1).expect("another").contains("conflict"));
    }
}

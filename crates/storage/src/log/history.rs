//! The history of a subject as it is stored: what entered and left it, in the order in which that happened.
//!
//! The newest lines stand beside the subject's state, in a row that is written whole; when they have become many they are
//! closed as a chapter, a row of its own that never changes. Lines name events, the log has what they say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scoreline_core::{
    fold::{
        Key, Signal,
        batch::{Body, StoredOccurrence},
    },
    id::EventId,
    subject::Subject,
};
use serde::{Deserialize, Serialize};

use crate::Error;

/// From how many bytes on a chapter is closed: a subject's row is written whole each time, and a row of PostgreSQL
/// stays below 2 kB.
const CHAPTER_BYTES: usize = 1_000;

/// The first byte of lines as [`append`] writes them. A migration wrote JSON, which begins otherwise.
const LAYOUT: u8 = 1;

/// One line of a history: the microsecond and the id of the place, and what happened there.
#[derive(Debug, Serialize, Deserialize)]
struct Line<'a> {
    at: i64,
    id: &'a str,
    entry: Entry<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Entry<'a> {
    /// An event came that has the id of its place.
    Event,
    /// An event came whose place has another id than the event that says what it says.
    SaidBy(&'a str),
    Signal(Signal),
    /// What stood there is gone.
    Gone,
}

/// What a subject's row says of its history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The lines since the last chapter.
    pub(crate) recent: Vec<u8>,
    /// How many chapters are closed.
    pub(crate) chapters: i32,
}

impl Tail {
    /// Takes something out of the history.
    ///
    /// # Errors
    /// When it has no stored form.
    pub(crate) fn remove(&mut self, key: &Key) -> Result<(), Error> {
        self.append(key, Entry::Gone)
    }

    /// Puts something into the history.
    ///
    /// # Errors
    /// When it has no stored form.
    pub(crate) fn add(&mut self, occurrence: &StoredOccurrence) -> Result<(), Error> {
        let key = &occurrence.key;
        let entry = match &occurrence.body {
            Body::Event { body_event, .. } if body_event.as_str() == &*key.id => Entry::Event,
            Body::Event { body_event, .. } => Entry::SaidBy(body_event.as_str()),
            Body::Signal(signal) => Entry::Signal(signal.clone()),
        };
        self.append(key, entry)
    }

    fn append(&mut self, key: &Key, entry: Entry<'_>) -> Result<(), Error> {
        if self.recent.is_empty() {
            self.recent.push(LAYOUT);
        }
        let line = Line {
            at: key.at.as_microsecond(),
            id: &key.id,
            entry,
        };
        let bytes = std::mem::take(&mut self.recent);
        self.recent = postcard::to_extend(&line, bytes).map_err(|error| Error::Fold(error.to_string()))?;
        Ok(())
    }

    /// Closes a chapter when there is enough for one: its number and its lines.
    pub(crate) fn close_chapter(&mut self) -> Option<(i32, Vec<u8>)> {
        if self.recent.len() < CHAPTER_BYTES {
            return None;
        }
        let number = self.chapters;
        self.chapters += 1;
        Some((number, std::mem::take(&mut self.recent)))
    }
}

/// What stands in a history: by its place, the event that says it, or the signal.
pub(crate) type Standing = BTreeMap<Key, Body>;

/// Reads lines on: the chapters of a history in order, then the lines since.
///
/// # Errors
/// When they are damaged, or of another layout.
pub(crate) fn read(subject: &Subject, lines: &[u8], standing: &mut Standing) -> Result<(), Error> {
    let damaged = |error: &dyn std::fmt::Display| Error::damaged(format!("the history of {subject}"), error);
    match lines.split_first() {
        None => Ok(()),
        Some((&LAYOUT, mut left)) => {
            while !left.is_empty() {
                let line;
                (line, left) = postcard::take_from_bytes::<Line<'_>>(left).map_err(|error| damaged(&error))?;
                take(line, standing).map_err(|error| damaged(&error))?;
            }
            Ok(())
        }
        Some(_) => {
            let lines: Vec<(i64, String, String, String)> =
                serde_json::from_slice(lines).map_err(|error| damaged(&error))?;
            for (at, id, body, signal) in &lines {
                let signal = (!signal.is_empty()).then(|| unhex(signal)).transpose();
                let entry = match signal.map_err(|error| damaged(&error))? {
                    None => Entry::SaidBy(body),
                    Some(bytes) => Entry::Signal(Signal::decode(&bytes).map_err(|error| damaged(&error))?),
                };
                take(Line { at: *at, id, entry }, standing).map_err(|error| damaged(&error))?;
            }
            Ok(())
        }
    }
}

fn take(line: Line<'_>, standing: &mut Standing) -> Result<(), Box<dyn std::error::Error>> {
    let key = Key {
        at: Timestamp::from_microsecond(line.at)?,
        id: line.id.into(),
    };
    let said_by = |id: &str| -> Result<Body, Box<dyn std::error::Error>> {
        Ok(Body::Event {
            body_event: EventId::new(id)?,
        })
    };
    let body = match line.entry {
        Entry::Event => said_by(line.id)?,
        Entry::SaidBy(id) => said_by(id)?,
        Entry::Signal(signal) => Body::Signal(signal),
        Entry::Gone => {
            standing.remove(&key);
            return Ok(());
        }
    };
    standing.insert(key, body);
    Ok(())
}

fn unhex(text: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
    let digits = |at: usize| text.get(at..at + 2).unwrap_or("not hex");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits(at), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use scoreline_core::id::Name;

    use super::*;

    fn key(second: i64, id: &str) -> Key {
        Key {
            at: Timestamp::from_second(second).expect("an instant"),
            id: id.into(),
        }
    }

    fn event(id: &str) -> Body {
        Body::Event {
            body_event: EventId::new(id).expect("an id"),
        }
    }

    fn notice() -> Body {
        Body::Signal(Signal::Notice(Name::new("hello").expect("a name")))
    }

    #[test]
    fn what_came_and_went_is_read_as_what_stands() {
        let subject = Subject::parse("lead:L").expect("a subject");
        let mut tail = Tail::default();
        for (key, body) in [
            (key(1, "a"), event("a")),
            (key(2, "b"), event("amended")),
            (key(3, "~x/y"), notice()),
        ] {
            tail.add(&StoredOccurrence { key, body }).expect("a line");
        }
        tail.remove(&key(1, "a")).expect("a line");
        assert_eq!(tail.close_chapter(), None);
        let mut standing = Standing::new();
        read(&subject, &tail.recent, &mut standing).expect("lines");
        let expected = Standing::from([(key(2, "b"), event("amended")), (key(3, "~x/y"), notice())]);
        assert_eq!(standing, expected);
    }

    #[test]
    fn chapters_are_closed_when_lines_are_many() {
        let subject = Subject::parse("lead:L").expect("a subject");
        let (mut tail, mut standing) = (Tail::default(), Standing::new());
        for at in 0..100 {
            let key = key(at, &format!("event-{at}"));
            let body = event(&key.id);
            tail.add(&StoredOccurrence { key, body }).expect("a line");
            if let Some((number, lines)) = tail.close_chapter() {
                assert_eq!(number + 1, tail.chapters);
                read(&subject, &lines, &mut standing).expect("lines");
            }
        }
        assert_eq!(tail.chapters, 1);
        read(&subject, &tail.recent, &mut standing).expect("lines");
        assert_eq!(standing.len(), 100);
    }

    #[test]
    fn what_a_migration_wrote_is_read_and_damage_is_named() {
        let subject = Subject::parse("lead:L").expect("a subject");
        let mut standing = Standing::new();
        let Body::Signal(signal) = notice() else {
            unreachable!("it is one")
        };
        let hex: String = signal
            .encode()
            .expect("a stored form")
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let lines = format!(r#"[[1000000, "a", "b", ""], [2000000, "~x/y", "", "{hex}"]]"#);
        read(&subject, lines.as_bytes(), &mut standing).expect("lines");
        let expected = Standing::from([(key(1, "a"), event("b")), (key(2, "~x/y"), notice())]);
        assert_eq!(standing, expected);
        for damaged in [&b"[[1"[..], &[LAYOUT, 200][..], br#"[[1, "a", "", "5"]]"#] {
            assert!(read(&subject, damaged, &mut standing).is_err());
        }
    }
}

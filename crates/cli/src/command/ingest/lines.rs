//! Lines to events. What can't be read is refused in its place.

use std::io::{self, BufRead};

use anyhow::Context as _;
use scoreline_proto::{json, types::v1::FieldViolation};

use super::resume::Position;
use crate::delivery::{Origin, Parcel};

/// The longest line that is read: more than any server takes for an event.
const MAX_LINE_BYTES: usize = 8 << 20;
/// How much of an unreadable line is kept for the rejects.
const MAX_KEPT_CHARACTERS: usize = 4096;

/// The lines of an input as parcels. Blank lines are passed over.
pub(super) struct Lines<R> {
    input: R,
    position: Position,
    done: bool,
}

impl<R: BufRead> Lines<R> {
    /// The lines that follow a position.
    pub(super) fn new(input: R, position: Position) -> Self {
        Self {
            input,
            position,
            done: false,
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Parcel>> {
        loop {
            let mut bytes = Vec::new();
            let length = read_line(&mut self.input, &mut bytes)?;
            if length == 0 {
                return Ok(None);
            }
            self.position.offset += length;
            self.position.line += 1;
            let kept = bytes.trim_ascii();
            let kept = if self.position.line == 1 {
                kept.strip_prefix(b"\xef\xbb\xbf").unwrap_or(kept)
            } else {
                kept
            };
            if !kept.is_empty() {
                return Ok(Some(self.parcel(kept)));
            }
        }
    }

    fn parcel(&self, line: &[u8]) -> Parcel {
        let origin = Origin {
            file: None,
            line: self.position.line,
            end: self.position.offset,
            text: None,
        };
        match read_event(line) {
            Ok(event) => Parcel::Event(origin, Box::new(event)),
            Err(violation) => {
                let text = String::from_utf8_lossy(line)
                    .chars()
                    .take(MAX_KEPT_CHARACTERS)
                    .collect();
                let origin = Origin {
                    text: Some(text),
                    ..origin
                };
                Parcel::Refused(origin, None, vec![violation])
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = anyhow::Result<Parcel>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self
            .next_line()
            .with_context(|| format!("reading line {}", self.position.line + 1))
            .transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

fn read_event(line: &[u8]) -> Result<scoreline_proto::events::v1::Event, FieldViolation> {
    let violation = |reason: &str, description: String| FieldViolation {
        field: String::new(),
        description,
        reason: reason.to_owned(),
    };
    if line.len() >= MAX_LINE_BYTES {
        return Err(violation(
            "TOO_LARGE",
            format!("the line has more than {MAX_LINE_BYTES} bytes"),
        ));
    }
    let text = std::str::from_utf8(line).map_err(|error| violation("INVALID_UTF8", error.to_string()))?;
    json::read(text).map_err(|error| violation("UNREADABLE", error.to_string()))
}

/// Reads up to a line's end, keeping at most [`MAX_LINE_BYTES`] of it; how many bytes it had.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    let mut length = 0;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = available.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let taken = end.unwrap_or(available.len());
        let room = MAX_LINE_BYTES - line.len();
        line.extend_from_slice(&available[..taken.min(room)]);
        input.consume(taken);
        length += taken as u64;
        if end.is_some() || taken == 0 {
            return Ok(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<(u64, u64, Result<String, String>)> {
        let read = Lines::new(input, Position::default()).map(|parcel| match parcel.expect("it can be read") {
            Parcel::Event(origin, event) => (origin.line, origin.end, Ok(event.event_id)),
            Parcel::Refused(origin, _, violations) => (origin.line, origin.end, Err(violations[0].reason.clone())),
        });
        read.collect()
    }

    #[test]
    fn an_unreadable_line_does_not_sink_its_neighbours() {
        let read = read(b"\xef\xbb\xbf{\"eventId\":\"a\"}\n\n{oops\n{\"eventId\":\"\xff\"}\r\n{\"eventId\":\"b\"}");
        let expected = [
            (1, 19, Ok("a".to_owned())),
            (3, 26, Err("UNREADABLE".to_owned())),
            (4, 43, Err("INVALID_UTF8".to_owned())),
            (5, 58, Ok("b".to_owned())),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_line_without_end_is_refused_and_the_next_one_read() {
        let mut input = vec![b' '; 10];
        input.extend(vec![b'x'; MAX_LINE_BYTES + 5]);
        input.extend(b"\n{\"eventId\":\"a\"}\n");
        let outcomes: Vec<_> = read(&input)
            .into_iter()
            .map(|(line, _, outcome)| (line, outcome.is_ok()))
            .collect();
        assert_eq!(outcomes, [(1, false), (2, true)]);
    }
}

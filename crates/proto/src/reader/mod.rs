//! Reads the fields of a message and remembers everything that is wrong with them, each with its place.
//!
//! A field is read by a method that takes its name and its wire form and gives what could be made of it. What could
//! not be made is noted, and reading goes on, so that a client learns of all faults at once. [`Reader::finish`] gives
//! the value only when nothing was noted.

mod id;
pub mod number;
pub mod time;

use std::fmt::Write as _;

pub use self::id::Identifier;
use crate::violation::{Reason, Violation};

/// The most violations that are noted for one message.
pub const MAX_VIOLATIONS: usize = 50;

/// The most bytes that a free text may have.
pub const MAX_TEXT_BYTES: usize = 4_096;

/// A step of a path.
#[derive(Debug, Clone, Copy)]
enum Step {
    Field(&'static str),
    Index(usize),
}

/// Notes what is wrong, and where.
#[derive(Debug, Default)]
pub struct Reader {
    path: Vec<Step>,
    found: Vec<Violation>,
}

impl Reader {
    /// A reader that stands at the message itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault of a field; of the place where the reader stands when `field` is empty.
    pub fn fault(&mut self, field: &'static str, reason: Reason, description: impl Into<String>) {
        if self.found.len() < MAX_VIOLATIONS {
            let field = self.place(field);
            self.found.push(Violation {
                field,
                description: description.into(),
                reason,
            });
        }
    }

    /// Reads what lies within a field.
    pub fn within<T>(&mut self, field: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(Step::Field(field));
        let value = read(self);
        self.path.pop();
        value
    }

    /// Reads the elements of a list; those of which nothing could be made are left out.
    pub fn each<'w, W, T>(
        &mut self,
        field: &'static str,
        elements: &'w [W],
        mut read: impl FnMut(&mut Self, &'w W) -> Option<T>,
    ) -> Vec<T> {
        self.path.push(Step::Field(field));
        let mut values = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            self.path.push(Step::Index(index));
            values.extend(read(self, element));
            self.path.pop();
        }
        self.path.pop();
        values
    }

    /// Notes a fault when a list has more than `limit` elements. Whoever gets `false` should not read them.
    pub fn at_most(&mut self, field: &'static str, length: usize, limit: usize) -> bool {
        if length > limit {
            self.fault(
                field,
                Reason::TooMany,
                format!("has {length} elements, the limit is {limit}"),
            );
        }
        length <= limit
    }

    /// Notes a fault when a message that must be there is not.
    pub fn present<'w, W>(&mut self, field: &'static str, wire: Option<&'w W>) -> Option<&'w W> {
        if wire.is_none() {
            self.missing(field);
        }
        wire
    }

    /// Reads a free text; empty: none.
    pub fn text(&mut self, field: &'static str, text: &str) -> Option<String> {
        if text.len() > MAX_TEXT_BYTES {
            self.fault(
                field,
                Reason::TooLong,
                format!("has {} bytes, the limit is {MAX_TEXT_BYTES}", text.len()),
            );
        } else if let Some(at) = text.find('\0') {
            self.fault(
                field,
                Reason::ControlCharacter,
                format!("has the control character U+0000 at byte {at}"),
            );
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Reads a number of an enumeration; `None` from `meaning`: not stated.
    pub fn choice<W, T>(&mut self, field: &'static str, number: i32, meaning: impl FnOnce(W) -> Option<T>) -> Option<T>
    where
        W: TryFrom<i32>,
    {
        let Ok(known) = W::try_from(number) else {
            self.fault(
                field,
                Reason::UnknownValue,
                format!("{number} is no value of this enumeration"),
            );
            return None;
        };
        meaning(known)
    }

    /// Reads a number of an enumeration that must be stated.
    pub fn required_choice<W, T>(
        &mut self,
        field: &'static str,
        number: i32,
        meaning: impl FnOnce(W) -> Option<T>,
    ) -> Option<T>
    where
        W: TryFrom<i32>,
    {
        if number == 0 {
            self.missing(field);
            return None;
        }
        self.choice(field, number, meaning)
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// The value, when nothing is wrong.
    ///
    /// # Errors
    /// Everything that was noted.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<Violation>> {
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            None if self.found.is_empty() => {
                self.fault("", Reason::Required, "is incomplete");
                Err(self.found)
            }
            _ => Err(self.found),
        }
    }

    fn missing(&mut self, field: &'static str) {
        self.fault(field, Reason::Required, "must be given");
    }

    fn place(&self, field: &'static str) -> String {
        let mut place = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if place.is_empty() => place.push_str(name),
                Step::Field(name) => {
                    place.push('.');
                    place.push_str(name);
                }
                Step::Index(index) => {
                    write!(place, "[{index}]").expect("writing to a string never fails");
                }
            }
        }
        if !place.is_empty() && !field.is_empty() {
            place.push('.');
        }
        place + field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_noted_with_its_place() {
        let mut reader = Reader::new();
        reader.fault("source", Reason::Required, "must be given");
        reader.within("payload", |reader| {
            reader.each("lines", &[1, 2], |reader, number| {
                reader.fault("amount", Reason::OutOfRange, format!("{number}"));
                Some(())
            });
        });
        let places: Vec<_> = reader.found.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(places, ["source", "payload.lines[0].amount", "payload.lines[1].amount"]);
        assert!(reader.finish(Some(())).is_err());
    }

    #[test]
    fn a_hostile_message_has_a_bounded_answer() {
        let mut reader = Reader::new();
        reader.each("lines", &[0; 1_000], |reader, _| {
            reader.fault("amount", Reason::Required, "must be given");
            None::<()>
        });
        assert_eq!(
            reader.finish(Some(())).map_err(|found| found.len()),
            Err(MAX_VIOLATIONS)
        );
    }

    #[test]
    fn a_text_is_short_and_storable() {
        let mut reader = Reader::new();
        assert_eq!(reader.text("comment", ""), None);
        assert_eq!(
            reader.text("comment", "Good.\nVery good."),
            Some("Good.\nVery good.".to_owned())
        );
        assert!(reader.is_clean());
        reader.text("comment", &"x".repeat(4_097));
        reader.text("reason", "a\0");
        let reasons: Vec<_> = reader.found.iter().map(|violation| violation.reason).collect();
        assert_eq!(reasons, [Reason::TooLong, Reason::ControlCharacter]);
    }
}

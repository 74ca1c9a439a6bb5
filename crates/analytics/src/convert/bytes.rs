//! A message of protobuf, written field by field. Fields that have the value they have when they are absent are left out, as
//! the contracts say.
//!
//! As messages of their own an answer's thousand rows are tens of thousands of small texts, each of which is allocated,
//! measured once for every message around it, copied and freed again. Written at once they are one list of bytes.

use prost::Message;

const VARINT: u8 = 0;
const FIXED: u8 = 1;
const DELIMITED: u8 = 2;
/// Longer ones have more than a byte of length.
const SHORT: usize = 1 << 7;

/// What is written so far.
#[derive(Debug, Default)]
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Takes back all but the first bytes.
    pub(crate) fn cut(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Adds fields that are written.
    pub(crate) fn add(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// A message within this one.
    pub(crate) fn nested(&mut self, field: u8, write: impl FnOnce(&mut Self)) {
        self.key(field, DELIMITED);
        let start = self.0.len();
        self.0.push(0);
        write(self);
        let length = self.0.len() - start - 1;
        if length < SHORT {
            self.0[start] = length as u8;
            return;
        }
        let mut prefix = Self::default();
        prefix.varint(length as u64);
        self.0.splice(start..=start, prefix.0);
    }

    /// A message of another make within this one.
    pub(crate) fn message(&mut self, field: u8, message: &impl Message) {
        self.key(field, DELIMITED);
        message
            .encode_length_delimited(&mut self.0)
            .expect("a list of bytes has room");
    }

    pub(crate) fn text(&mut self, field: u8, text: &str) {
        if !text.is_empty() {
            self.key(field, DELIMITED);
            self.varint(text.len() as u64);
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    pub(crate) fn number(&mut self, field: u8, number: i64) {
        if number != 0 {
            self.key(field, VARINT);
            self.varint(number.cast_unsigned());
        }
    }

    pub(crate) fn float(&mut self, field: u8, number: f64) {
        // Zero of either sign.
        if number.abs().to_bits() != 0 {
            self.key(field, FIXED);
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Fields of our answers are numbered below 16, so that their keys are one byte.
    fn key(&mut self, field: u8, kind: u8) {
        debug_assert!(field < 16, "a key of one byte");
        self.0.push(field << 3 | kind);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= SHORT as u64 {
            self.0.push(number as u8 | SHORT as u8);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

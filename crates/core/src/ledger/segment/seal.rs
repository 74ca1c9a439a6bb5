//! The seal at a segment's end.

use super::Error;
use crate::ledger::interner;

const SEAL: usize = 16;

/// How the stream before the seal holds its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Each as a row of a record batch.
    Flat,
    /// Packed by blocks.
    Settled,
}

impl Form {
    const ALL: [Self; 2] = [Self::Flat, Self::Settled];

    fn magic(self) -> [u8; 8] {
        match self {
            Self::Flat => *b"SCRLSEG1",
            Self::Settled => *b"SCRLSEG2",
        }
    }
}

/// Appends the seal.
pub(super) fn close(form: Form, mut stream: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&stream);
    stream.extend_from_slice(&form.magic());
    stream.extend_from_slice(&sum.to_le_bytes());
    stream
}

/// Checks the seal and gives the stream before it.
pub(super) fn open(bytes: &[u8]) -> Result<(Form, &[u8]), Error> {
    let Some((stream, seal)) = bytes.split_last_chunk::<SEAL>() else {
        return Err(Error::Short { bytes: bytes.len() });
    };
    let (magic, sum) = seal.split_at(SEAL / 2);
    let form = Form::ALL.into_iter().find(|form| form.magic() == magic);
    let form = form.ok_or(Error::NoSeal)?;
    let sealed = u64::from_le_bytes(sum.try_into().expect("the other half of the seal"));
    let found = checksum(stream);
    if found == sealed {
        Ok((form, stream))
    } else {
        Err(Error::Checksum { found, sealed })
    }
}

/// The form that a segment says to have, unchecked.
pub(super) fn form(bytes: &[u8]) -> Option<Form> {
    let (_, seal) = bytes.split_last_chunk::<SEAL>()?;
    Form::ALL.into_iter().find(|form| seal.starts_with(&form.magic()))
}

/// Against decay, not against forgery: who can write the table can write a checksum too.
fn checksum(bytes: &[u8]) -> u64 {
    interner::hash(bytes)
}

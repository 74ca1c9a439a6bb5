//! The seal at a segment's end.

use super::Error;
use crate::ledger::interner;

const MAGIC: [u8; 8] = *b"SCRLSEG1";
const SEAL: usize = 16;

/// Appends the seal.
pub(super) fn close(mut stream: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&stream);
    stream.extend_from_slice(&MAGIC);
    stream.extend_from_slice(&sum.to_le_bytes());
    stream
}

/// Checks the seal and gives the stream before it.
pub(super) fn open(bytes: &[u8]) -> Result<&[u8], Error> {
    let Some((stream, seal)) = bytes.split_last_chunk::<SEAL>() else {
        return Err(Error::Short { bytes: bytes.len() });
    };
    let (magic, sum) = seal.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(Error::NoSeal);
    }
    let sealed = u64::from_le_bytes(sum.try_into().expect("the other half of the seal"));
    let found = checksum(stream);
    if found == sealed {
        Ok(stream)
    } else {
        Err(Error::Checksum { found, sealed })
    }
}

/// Against decay, not against forgery: who can write the table can write a checksum too.
fn checksum(bytes: &[u8]) -> u64 {
    interner::hash(bytes)
}

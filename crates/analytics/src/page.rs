//! Where an answer goes on: tokens that fit one request only.
//!
//! A token is a secret of nobody: it holds a place, and a fingerprint of the request that it belongs to, so that a mistake
//! is told instead of answered.

use scoreline_server::status::Problem;

/// A fingerprint of bytes that stays the same from process to process (FNV-1a, 64 bits).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Adds a part. Parts are told apart by their lengths.
    pub(crate) fn add(&mut self, part: &[u8]) {
        let length = (part.len() as u64).to_le_bytes();
        for byte in length.iter().chain(part) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn finish(self) -> u64 {
        self.0
    }
}

/// A place in an answer that is known at one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The commit that the first page knew.
    pub(crate) commit: u64,
    /// The present of the first page, in microseconds.
    pub(crate) now: i64,
    /// How many rows the pages before had.
    pub(crate) offset: u64,
}

impl Place {
    pub(crate) fn seal(self, request: u64) -> String {
        let parts = [
            self.commit.to_le_bytes(),
            self.now.to_le_bytes(),
            self.offset.to_le_bytes(),
        ];
        seal(request, &parts.concat())
    }

    /// The place of a token; `None`: there is none, it is the first page.
    pub(crate) fn open(request: u64, token: &str, field: &str) -> Result<Option<Self>, Problem> {
        if token.is_empty() {
            return Ok(None);
        }
        let payload = open(request, token, field)?;
        let number = |at: usize| payload.get(8 * at..8 * at + 8).and_then(|bytes| bytes.try_into().ok());
        match (number(0), number(1), number(2), payload.len()) {
            (Some(commit), Some(now), Some(offset), 24) => Ok(Some(Self {
                commit: u64::from_le_bytes(commit),
                now: i64::from_le_bytes(now),
                offset: u64::from_le_bytes(offset),
            })),
            _ => Err(unreadable(field)),
        }
    }
}

/// A token for a request with this fingerprint.
pub(crate) fn seal(request: u64, payload: &[u8]) -> String {
    let mut print = Fingerprint::default();
    print.add(&request.to_le_bytes());
    print.add(payload);
    let check = print.finish().to_le_bytes();
    let bytes = check
        .iter()
        .chain(&request.to_le_bytes())
        .chain(payload)
        .copied()
        .collect::<Vec<_>>();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a token for this request holds.
pub(crate) fn open(request: u64, token: &str, field: &str) -> Result<Vec<u8>, Problem> {
    let bytes = read_hex(token)
        .filter(|bytes| bytes.len() >= 16)
        .ok_or_else(|| unreadable(field))?;
    let (sealed, payload) = bytes.split_at(16);
    let of: [u8; 8] = sealed[8..].try_into().map_err(|_| unreadable(field))?;
    if seal(u64::from_le_bytes(of), payload) != token {
        return Err(unreadable(field));
    }
    if u64::from_le_bytes(of) != request {
        let problem = "belongs to another request, or to settings that were changed: begin again without it";
        return Err(Problem::invalid("PAGE_TOKEN_MISMATCH", field, problem));
    }
    Ok(payload.to_vec())
}

fn read_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() > 1_024 || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

fn unreadable(field: &str) -> Problem {
    Problem::invalid("PAGE_TOKEN_INVALID", field, "is not a token of an earlier page")
}

/// How many elements a page has: the default for 0, at most `most`.
pub(crate) fn size(wanted: i32, default: usize, most: usize, field: &str) -> Result<usize, Problem> {
    match usize::try_from(wanted) {
        Ok(0) => Ok(default),
        Ok(wanted) => Ok(wanted.min(most)),
        Err(_) => Err(Problem::invalid("OUT_OF_RANGE", field, format!("{wanted} is negative"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_its_own_request_only() {
        let place = Place {
            commit: 7,
            now: -3,
            offset: 1_000,
        };
        let token = place.seal(42);
        assert_eq!(Place::open(42, &token, "page_token"), Ok(Some(place)));
        assert_eq!(Place::open(42, "", "page_token"), Ok(None));
        let reason = |request, token: &str| Place::open(request, token, "page_token").map_err(|problem| problem.reason);
        assert_eq!(reason(43, &token), Err("PAGE_TOKEN_MISMATCH"));
        let mut forged = token.clone();
        forged.replace_range(40..41, if &forged[40..41] == "0" { "1" } else { "0" });
        for bad in [
            forged.as_str(),
            "x",
            "zz",
            "é",
            "00",
            &"0".repeat(32),
            &"f".repeat(5_000),
            &token[2..],
            "+1+1",
        ] {
            assert_eq!(reason(42, bad), Err("PAGE_TOKEN_INVALID"), "{bad}");
        }
    }

    #[test]
    fn parts_of_a_fingerprint_do_not_run_together() {
        let of = |parts: &[&str]| {
            let mut print = Fingerprint::default();
            parts.iter().for_each(|part| print.add(part.as_bytes()));
            print.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }

    #[test]
    fn a_page_has_a_size_within_limits() {
        let of = |wanted| size(wanted, 100, 1_000, "page_size").map_err(|problem| problem.reason);
        assert_eq!(
            (of(0), of(7), of(9_999), of(-1)),
            (Ok(100), Ok(7), Ok(1_000), Err("OUT_OF_RANGE"))
        );
    }
}

//! API keys: `sk_<key id>_<secret>_<checksum>`.
//!
//! The secret is 256 random bits, so one keyed hash is enough to store it: a slow password hash would only cost time on
//! every call. The checksum lets a scanner of source code tell a real key from noise, and refuses typing errors without
//! asking the database. The pepper lives outside the database; a copy of the table alone verifies nothing.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

const PREFIX: &str = "sk";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_BYTES: usize = 8;
const ID_CHARACTERS: usize = 11;
const SECRET_BYTES: usize = 32;
const SECRET_CHARACTERS: usize = 43;
const CHECKSUM_BYTES: usize = 4;
const CHECKSUM_CHARACTERS: usize = 6;

/// A key in clear: shown to its owner once, and read from a call.
#[derive(Clone)]
pub struct ApiKey {
    id: String,
    text: SecretString,
}

/// What is stored of a key: enough to verify it, not enough to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash(pub [u8; 32]);

/// The text is not an API key of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It does not have the four parts of a key.
    #[error("an API key looks like sk_<id>_<secret>_<checksum>")]
    Shape,
    /// It does, but a character was lost or changed.
    #[error("the checksum of the API key does not match")]
    Checksum,
}

impl ApiKey {
    /// A new key from the system's source of randomness.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut random = [0; ID_BYTES + SECRET_BYTES];
        getrandom::fill(&mut random)?;
        Ok(Self::from_random(&random))
    }

    /// The key that these random bytes make: eight for the id, the rest for the secret.
    pub fn from_random(random: &[u8; ID_BYTES + SECRET_BYTES]) -> Self {
        let (id_bytes, secret_bytes) = random.split_at(ID_BYTES);
        let id = base62(id_bytes, ID_CHARACTERS);
        let body = format!("{PREFIX}_{id}_{}", base62(secret_bytes, SECRET_CHARACTERS));
        let text = format!("{body}_{}", checksum(&body));
        Self { id, text: text.into() }
    }

    /// Reads a key as a caller sent it.
    ///
    /// # Errors
    /// When it is not of the form of a key, or was mistyped.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (body, sum) = text.rsplit_once('_').ok_or(ParseError::Shape)?;
        let parts: Vec<&str> = body.split('_').collect();
        let [PREFIX, id, secret] = parts[..] else {
            return Err(ParseError::Shape);
        };
        let well_formed =
            is_base62(id, ID_CHARACTERS) && is_base62(secret, SECRET_CHARACTERS) && is_base62(sum, CHECKSUM_CHARACTERS);
        if !well_formed {
            return Err(ParseError::Shape);
        }
        if checksum(body) != sum {
            return Err(ParseError::Checksum);
        }
        Ok(Self {
            id: id.to_owned(),
            text: text.into(),
        })
    }

    /// The public part, by which a stored key is found.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole key. For showing it to its owner, once.
    pub fn reveal(&self) -> &str {
        self.text.expose_secret()
    }

    /// What to store: HMAC-SHA-256 of the whole key under the pepper.
    pub fn hash(&self, pepper: &SecretString) -> KeyHash {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(pepper.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
        mac.update(self.text.expose_secret().as_bytes());
        KeyHash(mac.finalize().into_bytes().into())
    }

    /// Whether this is the key that was stored, in time that does not depend on the answer.
    pub fn matches(&self, stored: &KeyHash, pepper: &SecretString) -> bool {
        self.hash(pepper).0.ct_eq(&stored.0).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

fn checksum(body: &str) -> String {
    base62(&Sha256::digest(body.as_bytes())[..CHECKSUM_BYTES], CHECKSUM_CHARACTERS)
}

fn is_base62(text: &str, characters: usize) -> bool {
    text.len() == characters && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The bytes as one big-endian number in base 62, padded with zeros to `characters`.
fn base62(bytes: &[u8], characters: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits: Vec<u8> = (0..characters).map(|_| ALPHABET[divide_by_62(&mut number)]).collect();
    debug_assert!(
        number.iter().all(|byte| *byte == 0),
        "{characters} characters hold {} bytes",
        bytes.len()
    );
    digits.reverse();
    String::from_utf8(digits).expect("the alphabet is ASCII")
}

/// Divides the big-endian number in place; the remainder.
fn divide_by_62(number: &mut [u8]) -> usize {
    number.iter_mut().fold(0_usize, |remainder, byte| {
        let dividend = remainder * 256 + usize::from(*byte);
        *byte = u8::try_from(dividend / 62).expect("the remainder is below 62, so the quotient is below 256");
        dividend % 62
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ApiKey {
        ApiKey::from_random(&[byte; 40])
    }

    fn pepper(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn base_62_by_hand() {
        assert_eq!(base62(&[0], 2), "00");
        assert_eq!(base62(&[61], 2), "0z");
        assert_eq!(base62(&[1, 0], 2), "48"); // 256 = 4 x 62 + 8
        assert_eq!(base62(&[255, 255, 255, 255], 6), "4gfFC3"); // 2^32 - 1
        assert_eq!(base62(&[255; 32], 43).len(), 43, "62^43 is just above 2^256");
        assert_eq!(base62(&[255; 8], 11).len(), 11);
    }

    #[test]
    fn a_key_survives_the_journey_to_its_owner_and_back() {
        let generated = ApiKey::generate().expect("the system has randomness");
        let parsed = ApiKey::parse(generated.reveal()).expect("it is a key");
        assert_eq!(parsed.id(), generated.id());
        assert_eq!(generated.reveal().len(), 3 + 11 + 1 + 43 + 1 + 6);
        assert!(parsed.matches(&generated.hash(&pepper("p")), &pepper("p")));
        assert_ne!(ApiKey::generate().expect("still").reveal(), generated.reveal());
    }

    #[test]
    fn only_the_same_key_under_the_same_pepper_matches() {
        let stored = key(1).hash(&pepper("pepper"));
        assert!(key(1).matches(&stored, &pepper("pepper")));
        assert!(!key(2).matches(&stored, &pepper("pepper")));
        assert!(!key(1).matches(&stored, &pepper("another")));
    }

    #[test]
    fn every_single_changed_character_is_noticed() {
        let text = key(7).reveal().to_owned();
        for position in 0..text.len() {
            let mut typo = text.clone().into_bytes();
            typo[position] = if typo[position] == b'x' { b'y' } else { b'x' };
            let typo = String::from_utf8(typo).expect("ASCII");
            assert!(ApiKey::parse(&typo).is_err(), "{typo}");
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for text in [
            "",
            "sk",
            "sk_a_b_c",
            "Bearer x",
            "sk____",
            "pk_00000000000_0_000000",
            "sk_é_é_é",
        ] {
            assert_eq!(ApiKey::parse(text).err(), Some(ParseError::Shape), "{text}");
        }
    }

    #[test]
    fn a_key_does_not_print_its_secret() {
        let key = key(3);
        let printed = format!("{key:?} {:?}", key.hash(&pepper("p")));
        assert!(printed.contains(key.id()));
        assert!(!printed.contains(&key.reveal()[15..58]));
    }
}

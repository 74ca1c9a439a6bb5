//! Plain decimal text to a scaled integer, exactly or not at all.

use super::Error;

/// How much of a refused text an error repeats.
const SHOWN: usize = 64;

/// Parses `[+-]digits[.digits]` into `value · 10^places`.
///
/// At least one digit is needed on each side of a point. No exponent, no grouping, no spaces, no infinities: a system
/// that sends `1e3`, `1,5` or `NaN` has a fault that should be seen and not guessed around. Zeros beyond the last
/// place are not more precision and are accepted.
///
/// # Errors
/// [`Error::NotADecimal`], [`Error::TooManyPlaces`], [`Error::Overflow`].
pub(super) fn parse(text: &str, places: u32) -> Result<i64, Error> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(not_a_decimal(text)),
        None => (unsigned, ""),
    };
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(not_a_decimal(text));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places as usize {
        return Err(Error::TooManyPlaces {
            text: shown(text),
            limit: places,
        });
    }
    let padding = places as usize - fraction.len();
    let digits = whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', padding));
    accumulate(digits, negative).ok_or(Error::Overflow)
}

/// Adds digits on the side of the sign, so that the smallest number parses too.
fn accumulate(digits: impl Iterator<Item = u8>, negative: bool) -> Option<i64> {
    let mut value = 0_i64;
    for digit in digits {
        let digit = i64::from(digit - b'0');
        let digit = if negative { -digit } else { digit };
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    Some(value)
}

pub(super) fn not_a_decimal(text: &str) -> Error {
    Error::NotADecimal { text: shown(text) }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

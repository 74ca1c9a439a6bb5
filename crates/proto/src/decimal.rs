//! Plain decimal text and integers with a fixed number of places.

use crate::violation::Reason;

/// How much of a refused text a description repeats.
const SHOWN: usize = 64;

/// Reads `[+-]digits[.digits]` as an integer with `places` places, exactly or not at all: no exponent, no grouping, no
/// spaces. Zeros beyond the last place are not more precision.
pub(crate) fn parse(text: &str, places: u32) -> Result<i64, (Reason, String)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err((
            Reason::NotADecimal,
            format!("`{}` is not a decimal number, such as `-12.5`", shown(text)),
        ));
    }
    let fraction = fraction.trim_end_matches('0');
    let Some(padding) = (places as usize).checked_sub(fraction.len()) else {
        return Err((
            Reason::TooManyPlaces,
            format!("`{}` has more than {places} decimal places", shown(text)),
        ));
    };
    let all = whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', padding));
    accumulate(all, text.starts_with('-'))
        .ok_or_else(|| (Reason::OutOfRange, format!("`{}` is too large", shown(text))))
}

/// Adds digits on the side of the sign, so that the smallest number can be read too.
fn accumulate(digits: impl Iterator<Item = u8>, negative: bool) -> Option<i64> {
    digits
        .map(|digit| i64::from(digit - b'0'))
        .try_fold(0_i64, |value, digit| {
            let digit = if negative { -digit } else { digit };
            value.checked_mul(10)?.checked_add(digit)
        })
}

/// Writes an integer with `places` places, with as few of them as it needs.
pub(crate) fn print(value: i64, places: u32) -> String {
    let scale = 10_u64.pow(places);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    let fraction = format!("{rest:0width$}", width = places as usize);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_decimal_is_read_exactly_or_not_at_all() {
        assert_eq!(parse("4.5", 3), Ok(4_500));
        assert_eq!(parse("-0.001", 3), Ok(-1));
        assert_eq!(parse("+7.0000000", 0), Ok(7));
        assert_eq!(parse("-9223372036854775.808", 3), Ok(i64::MIN));
        for hostile in [
            "", "-", "+-1", ".5", "5.", "1e3", "NaN", "inf", "1,5", " 1", "٣", "1.2.3", "--1", "0x1",
        ] {
            assert_eq!(
                parse(hostile, 3).map_err(|(reason, _)| reason),
                Err(Reason::NotADecimal),
                "{hostile:?}"
            );
        }
        assert_eq!(
            parse("0.0001", 3).map_err(|(reason, _)| reason),
            Err(Reason::TooManyPlaces)
        );
        assert_eq!(
            parse(&"9".repeat(5_000), 3).map_err(|(reason, _)| reason),
            Err(Reason::OutOfRange)
        );
    }

    #[test]
    fn a_number_prints_with_the_places_that_it_needs() {
        assert_eq!(print(4_500, 3), "4.5");
        assert_eq!(print(-1, 6), "-0.000001");
        assert_eq!(print(1_000, 3), "1");
        assert_eq!(print(0, 3), "0");
        assert_eq!(print(7, 0), "7");
    }

    proptest! {
        #[test]
        fn what_prints_is_read_back(value: i64, places in 0_u32..7) {
            prop_assert_eq!(parse(&print(value, places), places), Ok(value));
        }
    }
}

//! Numbers as a case writes them: exact decimals and fractions.

use scoreline_core::rational::Rational;

/// Places to which the server writes a value.
const PLACES: u32 = 12;

/// The text that the server must answer for a number of a case.
///
/// # Panics
/// When the text is no number.
pub(super) fn text(number: &str) -> String {
    rational(number).to_decimal_string(PLACES)
}

fn rational(text: &str) -> Rational {
    let parsed = match text.split_once('/') {
        Some((above, below)) => decimal(above)
            .zip(decimal(below))
            .and_then(|(above, below)| above.checked_div(below).ok()),
        None => decimal(text),
    };
    parsed.unwrap_or_else(|| panic!("{text:?} is no number"))
}

fn decimal(text: &str) -> Option<Rational> {
    let (whole, places) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits: i128 = format!("{whole}{places}").parse().ok()?;
    Rational::new(digits, 10_i128.checked_pow(u32::try_from(places.len()).ok()?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn fractions_are_rounded_half_to_even_and_decimals_trimmed() {
        assert_eq!(text("2/3"), "0.666666666667");
        assert_eq!(text("-0.50"), "-0.5");
        assert_eq!(text("0.5/2"), "0.25");
        assert_eq!(text("7"), "7");
    }
}

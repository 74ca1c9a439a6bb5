//! Numbers as people read them.

use scoreline_core::money::Currency;

/// What a column's numbers are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit<'a> {
    /// The unit.
    pub(crate) unit: &'a str,
    /// The currency, when it is one of money.
    pub(crate) currency: &'a str,
}

impl Unit<'_> {
    /// An exact decimal number in this unit, rounded as far as a person wants to know.
    pub(crate) fn show(self, decimal: &str) -> String {
        match self.unit {
            "money" => self.money(decimal, ""),
            "money_per_day" => self.money(decimal, "/day"),
            "rate" => format!("{} %", grouped(&rounded(&shifted(decimal, 2), 1))),
            "count" => grouped(&plain(decimal)),
            "points" => grouped(&rounded(decimal, 1)),
            "days" => format!("{} d", grouped(&rounded(decimal, 1))),
            "hours" => format!("{} h", grouped(&rounded(decimal, 1))),
            "months" => format!("{} mo", grouped(&rounded(decimal, 1))),
            _ => grouped(&rounded(decimal, 2)),
        }
    }

    /// The same of a number that is only known nearly.
    pub(crate) fn show_number(self, number: f64) -> String {
        self.show(&format!("{number:.12}"))
    }

    /// A difference, with its sign.
    pub(crate) fn show_difference(self, decimal: &str) -> String {
        let shown = match self.unit {
            // Between two rates lie points, not per cent.
            "rate" => format!("{} pp", grouped(&rounded(&shifted(decimal, 2), 1))),
            _ => self.show(decimal),
        };
        signed(shown)
    }

    fn money(self, decimal: &str, per: &str) -> String {
        let places = Currency::new(self.currency).map_or(2, Currency::exponent);
        format!("{} {}{per}", grouped(&rounded(decimal, places.into())), self.currency)
            .trim_end()
            .to_owned()
    }
}

/// A relative change, with its sign.
pub(crate) fn show_change(decimal: &str) -> String {
    signed(format!("{} %", grouped(&rounded(&shifted(decimal, 2), 1))))
}

fn signed(shown: String) -> String {
    let nothing = !shown.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if shown.starts_with('-') || nothing {
        shown
    } else {
        format!("+{shown}")
    }
}

/// A decimal number without zeros at its end.
fn plain(decimal: &str) -> String {
    match decimal.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{}", fraction.trim_end_matches('0')),
        None => decimal.to_owned(),
    }
}

/// A decimal number times 10^`places`.
fn shifted(decimal: &str, places: usize) -> String {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", decimal),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = format!("{fraction:0<places$}");
    let (moved, rest) = fraction.split_at(places);
    let whole = format!("{whole}{moved}");
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if rest.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest}")
    }
}

/// A decimal number with so many places, the last one rounded half to even. What is no number stays as it is.
fn rounded(decimal: &str, places: usize) -> String {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", decimal),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let padded = format!("{fraction:0<places$}");
    let (kept, cut) = padded.split_at(places);
    let Ok(mut number) = format!("{whole}{kept}").parse::<u128>() else {
        return decimal.to_owned();
    };
    let first = cut.bytes().next().unwrap_or(b'0');
    let half = first == b'5' && cut.bytes().skip(1).all(|byte| byte == b'0');
    if first > b'5' || (first == b'5' && !half) || (half && number % 2 == 1) {
        number += 1;
    }
    let text = format!("{number:0>width$}", width = places + 1);
    let (whole, fraction) = text.split_at(text.len() - places);
    let sign = if number == 0 { "" } else { sign };
    if places == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// A decimal number with commas between thousands.
fn grouped(decimal: &str) -> String {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", decimal),
    };
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{text}.{fraction}"),
        None => format!("{sign}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit<'a>(unit: &'a str, currency: &'a str) -> Unit<'a> {
        Unit { unit, currency }
    }

    #[test]
    fn every_unit_reads_as_people_write_it() {
        assert_eq!(unit("money", "EUR").show("1234567.895"), "1,234,567.90 EUR");
        assert_eq!(unit("money", "JPY").show("1234.5"), "1,234 JPY");
        assert_eq!(unit("money_per_day", "USD").show("193224.272697"), "193,224.27 USD/day");
        assert_eq!(unit("rate", "").show("0.631501266577"), "63.2 %");
        assert_eq!(unit("rate", "").show("1"), "100.0 %");
        assert_eq!(unit("count", "").show("8800"), "8,800");
        assert_eq!(unit("days", "").show("51.78197263"), "51.8 d");
        assert_eq!(unit("hours", "").show("0.25"), "0.2 h");
        assert_eq!(unit("score", "").show("4.113833"), "4.11");
        assert_eq!(unit("points", "").show("-12.35"), "-12.4");
        assert_eq!(unit("rate", "").show_number(0.58), "58.0 %");
    }

    #[test]
    fn differences_carry_their_sign() {
        assert_eq!(unit("rate", "").show_difference("0.05"), "+5.0 pp");
        assert_eq!(unit("count", "").show_difference("-1200"), "-1,200");
        assert_eq!(unit("count", "").show_difference("0"), "0");
        assert_eq!(show_change("-0.0004"), "0.0 %");
        assert_eq!(show_change("1.719827"), "+172.0 %");
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        assert_eq!(
            (rounded("0.125", 2), rounded("0.135", 2)),
            ("0.12".to_owned(), "0.14".to_owned())
        );
        assert_eq!(
            (rounded("0.1251", 2), rounded("9.999", 2)),
            ("0.13".to_owned(), "10.00".to_owned())
        );
        assert_eq!(
            (rounded("-0.4", 0), rounded("2.5", 0)),
            ("0".to_owned(), "2".to_owned())
        );
        assert_eq!(rounded("no number", 2), "no number");
    }
}

//! ISO 4217 currencies.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Error;

/// A currency of ISO 4217, by its alphabetic code. Only codes of the table below exist.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency with this code, in upper case as the standard writes it.
    ///
    /// # Errors
    /// [`Error::UnknownCurrency`], naming the code.
    pub fn new(code: &str) -> Result<Self, Error> {
        let known = <[u8; 3]>::try_from(code.as_bytes())
            .ok()
            .map(Self)
            .filter(|currency| currency.entry().is_some());
        known.ok_or_else(|| Error::UnknownCurrency {
            code: code.chars().take(16).collect(),
        })
    }

    /// The alphabetic code.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("every code of the table is ASCII")
    }

    /// Decimal places of the minor unit: 2 for the euro, 0 for the yen, 3 for the Kuwaiti dinar.
    #[must_use]
    pub fn exponent(self) -> u8 {
        self.entry().expect("a currency is made from the table")
    }

    /// The exponent of the table.
    fn entry(self) -> Option<u8> {
        BY_CODE.get(place(self.0)?)?.checked_sub(1)
    }
}

/// How many codes of three letters there are.
const CODES: usize = 26 * 26 * 26;

/// The exponent plus one by the [`place`] of the code; 0 where there is no such currency.
static BY_CODE: [u8; CODES] = {
    let mut table = [0; CODES];
    let mut group = 0;
    while group < EXPONENTS.len() {
        let (exponent, codes) = EXPONENTS[group];
        let mut at = 0;
        while at < codes.len() {
            let Some(code) = codes[at].as_bytes().first_chunk() else {
                panic!("every code of the table has three letters")
            };
            let Some(place) = place(*code) else {
                panic!("every code of the table is in upper case")
            };
            table[place] = exponent + 1;
            at += 1;
        }
        group += 1;
    }
    table
};

/// Where a code of upper-case letters stands among all of them.
const fn place(code: [u8; 3]) -> Option<usize> {
    let mut place = 0;
    let mut at = 0;
    while at < code.len() {
        if !code[at].is_ascii_uppercase() {
            return None;
        }
        place = place * 26 + (code[at] - b'A') as usize;
        at += 1;
    }
    Some(place)
}

/// Every known currency, ordered by exponent and then by code.
pub fn currencies() -> impl Iterator<Item = Currency> {
    EXPONENTS.iter().flat_map(|(_, codes)| codes.iter()).map(|code| {
        Currency(
            code.as_bytes()
                .try_into()
                .expect("every code of the table has three letters"),
        )
    })
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self, Error> {
        Self::new(code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Code)
    }
}

/// Reads a currency from its code as it lies there.
struct Code;

impl de::Visitor<'_> for Code {
    type Value = Currency;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the code of a currency")
    }

    fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
        Currency::new(code).map_err(E::custom)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.code())
    }
}

/// Codes in use by minor-unit exponent: ISO 4217 list one (SIX, 2025), funds and currencies included, metals, testing
/// and "no currency" left out. Codes withdrawn since 2011 stay, because history is sent with the code of its day.
#[rustfmt::skip]
const EXPONENTS: [(u8, &[&str]); 4] = [
    (2, &[
        "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD",
        "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY",
        "COP", "COU", "CRC", "CUC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EEK", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
        "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS", "INR",
        "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LTL", "LVL", "MAD", "MDL",
        "MGA", "MKD", "MMK", "MNT", "MOP", "MRO", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD",
        "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB",
        "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SLL", "SOS", "SRD", "SSP", "STD", "STN", "SVC",
        "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS",
        "VED", "VEF", "VES", "WST", "XAD", "XCD", "XCG", "YER", "ZAR", "ZMK", "ZMW", "ZWG", "ZWL",
    ]),
    (0, &[
        "BIF", "BYR", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
        "XAF", "XOF", "XPF",
    ]),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_three_capitals_and_stands_once() {
        let all: Vec<_> = currencies().collect();
        assert!(all.iter().all(|currency| currency.0.iter().all(u8::is_ascii_uppercase)));
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(
            all.iter()
                .all(|currency| Currency::new(currency.code()) == Ok(*currency))
        );
    }

    #[test]
    fn exponents_are_those_of_the_standard() -> Result<(), Error> {
        for (code, exponent) in [
            ("EUR", 2),
            ("JPY", 0),
            ("KWD", 3),
            ("CLF", 4),
            ("ISK", 0),
            ("HUF", 2),
            ("TND", 3),
        ] {
            assert_eq!(Currency::new(code)?.exponent(), exponent, "{code}");
        }
        Ok(())
    }

    #[test]
    fn an_unknown_code_is_refused_by_name() {
        for code in ["", "EU", "eur", "EURO", "XXX", "XTS", "ZZZ", "€UR", "🙂"] {
            assert_eq!(Currency::new(code), Err(Error::UnknownCurrency { code: code.into() }));
        }
        let message = Currency::new("euros").expect_err("not a code").to_string();
        assert_eq!(message, "currency `euros` is not an ISO 4217 code, such as `EUR`");
    }
}

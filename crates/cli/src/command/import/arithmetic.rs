//! Exact arithmetic on decimal numbers: `+`, `-`, `*` and parentheses, as in `${Sales} - ${Profit}`.

/// A decimal number: `mantissa` × 10^-`places`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: i128,
    places: u32,
}

/// More places than any measure keeps; what would need more is refused, never rounded.
const MAX_PLACES: u32 = 18;

impl Decimal {
    /// Reads a plain decimal number such as `-12.50`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mantissa: i128 = all.parse().ok()?;
        let places = u32::try_from(fraction.len()).ok()?;
        let number = Self {
            mantissa: if negative { -mantissa } else { mantissa },
            places,
        };
        number.trimmed()
    }

    /// As few places as it needs, if those are few enough.
    fn trimmed(mut self) -> Option<Self> {
        while self.places > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.places -= 1;
        }
        (self.places <= MAX_PLACES).then_some(self)
    }

    /// The number in units of 10^-`places`, if it has no more places.
    pub(super) fn scaled(self, places: u32) -> Option<i128> {
        self.mantissa
            .checked_mul(10_i128.checked_pow(places.checked_sub(self.places)?)?)
    }

    fn add(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let mantissa = self.scaled(places)?.checked_add(other.scaled(places)?)?;
        Self { mantissa, places }.trimmed()
    }

    fn negate(self) -> Self {
        Self {
            mantissa: -self.mantissa,
            ..self
        }
    }

    /// The product.
    pub(super) fn times(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Self {
            mantissa,
            places: self.places + other.places,
        }
        .trimmed()
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let places = self.places as usize;
        if places == 0 {
            return write!(f, "{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// The value of an expression.
pub(super) fn evaluate(text: &str) -> Result<Decimal, String> {
    let mut reader = Reader {
        text,
        rest: text,
        depth: 0,
    };
    let value = reader.sum()?;
    reader.skip();
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(reader.unexpected())
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    depth: u8,
}

impl Reader<'_> {
    fn sum(&mut self) -> Result<Decimal, String> {
        let mut value = self.product()?;
        loop {
            let term = if self.take('+') {
                self.product()?
            } else if self.take('-') {
                self.product()?.negate()
            } else {
                return Ok(value);
            };
            value = value.add(term).ok_or_else(|| self.too_large())?;
        }
    }

    fn product(&mut self) -> Result<Decimal, String> {
        let mut value = self.factor()?;
        while self.take('*') {
            value = value.times(self.factor()?).ok_or_else(|| self.too_large())?;
        }
        Ok(value)
    }

    fn factor(&mut self) -> Result<Decimal, String> {
        self.depth += 1;
        if self.depth > 32 {
            return Err(format!("{:?} is nested too deeply", self.text));
        }
        let value = if self.take('-') {
            self.factor()?.negate()
        } else if self.take('(') {
            let value = self.sum()?;
            if !self.take(')') {
                return Err(format!("{:?} lacks a )", self.text));
            }
            value
        } else {
            self.number()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn number(&mut self) -> Result<Decimal, String> {
        self.skip();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(self.rest.len());
        let number = Decimal::parse(&self.rest[..end]).ok_or_else(|| self.unexpected())?;
        self.rest = &self.rest[end..];
        Ok(number)
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn unexpected(&self) -> String {
        let found = self
            .rest
            .chars()
            .next()
            .map_or("its end".to_owned(), |found| format!("{found:?}"));
        format!("{:?} has {found} where a number or a sign should be", self.text)
    }

    fn too_large(&self) -> String {
        format!("{:?} has too many digits", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        evaluate(text).map_or_else(|error| error, |value| value.to_string())
    }

    #[test]
    fn sums_are_exact() {
        assert_eq!(value("0.1 + 0.2"), "0.3");
        assert_eq!(value("261.96 - 41.9136"), "220.0464");
        assert_eq!(value("22.368 - -1665.0522"), "1687.4202");
        assert_eq!(value("2 * (3 + 4.5) - 1"), "14");
        assert_eq!(value("1.50"), "1.5");
        assert_eq!(value("-0.05"), "-0.05");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "1 +", "x", "(1", "1 2", "1..2", "."] {
            assert!(evaluate(text).is_err(), "{text}");
        }
        assert!(evaluate(&"(".repeat(10_000)).is_err());
        assert!(evaluate(&format!("{0} * {0}", "9".repeat(30))).is_err());
    }

    #[test]
    fn a_number_scales_only_to_places_that_it_has() {
        let number = Decimal::parse("12.34").expect("a number");
        assert_eq!(number.scaled(2), Some(1234));
        assert_eq!(number.scaled(6), Some(12_340_000));
        assert_eq!(number.scaled(1), None);
    }
}

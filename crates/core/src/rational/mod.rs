//! Exact fractions: what a ratio, a mean or an interpolated median *is* before anybody rounds it.
//!
//! A [`Rational`] is always in lowest terms with a positive denominator, so equal values are equal structures.
//! Arithmetic reduces before it multiplies (Knuth, *The Art of Computer Programming*, vol. 2, §4.5.1), and answers
//! [`Error::Overflow`] where 128 bits do not hold the reduced result. Nothing here rounds, except when asked to print
//! or to become a float.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};

pub(crate) mod wide;

/// Why an exact operation has no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The reduced result does not fit numerator and denominator of 128 bits.
    #[error("the exact result does not fit in 128 bits")]
    Overflow,
    /// A denominator, or a divisor, was zero.
    #[error("division by zero")]
    DivisionByZero,
}

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Rational {
    numerator: i128,
    denominator: i128,
}

impl Rational {
    /// 0.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };
    /// 1.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// `numerator ÷ denominator`, reduced.
    ///
    /// # Errors
    /// [`Error::DivisionByZero`] for a zero denominator; [`Error::Overflow`] where `i128::MIN` has no positive twin.
    pub fn new(numerator: i128, denominator: i128) -> Result<Self, Error> {
        match denominator {
            0 => return Err(Error::DivisionByZero),
            1 => return Ok(Self { numerator, denominator }),
            _ => {}
        }
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let negative = (numerator < 0) != (denominator < 0);
        Ok(Self {
            numerator: signed(wide::divide(numerator.unsigned_abs(), divisor).0, negative)?,
            denominator: signed(wide::divide(denominator.unsigned_abs(), divisor).0, false)?,
        })
    }

    /// The numerator; carries the sign.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The denominator; always positive.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// Whether the value is exactly 0.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Whether the value is below 0.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// Whether the value is a whole number.
    #[must_use]
    pub const fn is_integer(self) -> bool {
        self.denominator == 1
    }

    /// `self + other`: with g = gcd(b, d), a/b + c/d = (a·(d/g) + c·(b/g)) ÷ (b·(d/g)).
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, Error> {
        if self.is_integer() && other.is_integer() {
            let sum = self.numerator.checked_add(other.numerator);
            return sum.map(Self::from).ok_or(Error::Overflow);
        }
        let shared = greatest_common_divisor(self.denominator.unsigned_abs(), other.denominator.unsigned_abs());
        let shared = signed(shared, false)?;
        let (left_scale, right_scale) = (other.denominator / shared, self.denominator / shared);
        let left = multiply(self.numerator, left_scale)?;
        let right = multiply(other.numerator, right_scale)?;
        let numerator = left.checked_add(right).ok_or(Error::Overflow)?;
        // Only factors of `shared` can still cancel: take them out before the denominator is multiplied.
        let rest = signed(
            greatest_common_divisor(numerator.unsigned_abs(), shared.unsigned_abs()),
            false,
        )?;
        Self::new(numerator / rest, multiply(self.denominator / rest, left_scale)?)
    }

    /// `self − other`.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, Error> {
        self.checked_add(other.checked_neg()?)
    }

    /// `self × other`, cross-reduced before multiplying.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn checked_mul(self, other: Self) -> Result<Self, Error> {
        if self.is_integer() && other.is_integer() {
            return multiply(self.numerator, other.numerator).map(Self::from);
        }
        if self == Self::ONE {
            return Ok(other);
        }
        if other == Self::ONE {
            return Ok(self);
        }
        let first = Self::new(self.numerator, other.denominator)?;
        let second = Self::new(other.numerator, self.denominator)?;
        Ok(Self {
            numerator: multiply(first.numerator, second.numerator)?,
            denominator: multiply(first.denominator, second.denominator)?,
        })
    }

    /// `self ÷ other`.
    ///
    /// # Errors
    /// [`Error::DivisionByZero`] when `other` is 0; [`Error::Overflow`].
    pub fn checked_div(self, other: Self) -> Result<Self, Error> {
        if self.is_integer() && other.is_integer() {
            return Self::new(self.numerator, other.numerator);
        }
        self.checked_mul(other.reciprocal()?)
    }

    /// `−self`.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a numerator of `i128::MIN`.
    pub fn checked_neg(self) -> Result<Self, Error> {
        let numerator = self.numerator.checked_neg().ok_or(Error::Overflow)?;
        Ok(Self { numerator, ..self })
    }

    /// `1 ÷ self`.
    ///
    /// # Errors
    /// [`Error::DivisionByZero`] for 0; [`Error::Overflow`] for a numerator of `i128::MIN`.
    pub fn reciprocal(self) -> Result<Self, Error> {
        // What is in lowest terms is so upside down.
        Ok(Self {
            numerator: if self.is_negative() {
                -self.denominator
            } else {
                self.denominator
            },
            denominator: match self.numerator {
                0 => return Err(Error::DivisionByZero),
                above => signed(above.unsigned_abs(), false)?,
            },
        })
    }

    /// The distance from 0.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a numerator of `i128::MIN`.
    pub fn checked_abs(self) -> Result<Self, Error> {
        if self.is_negative() {
            self.checked_neg()
        } else {
            Ok(self)
        }
    }

    /// The closest whole number, halves to the even one.
    #[must_use]
    pub fn round_half_even(self) -> i128 {
        let magnitude =
            wide::multiply_divide_half_even(self.numerator.unsigned_abs(), 1, self.denominator.unsigned_abs());
        // The quotient of two i128 fits; only MIN ÷ 1 needs the wrapping negation, which gives MIN again.
        let magnitude = magnitude.expect("a quotient is never larger than its numerator");
        if self.is_negative() {
            (magnitude as i128).wrapping_neg()
        } else {
            magnitude as i128
        }
    }

    /// The closest float, or within two units in the last place of it when the parts exceed 2⁵³.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// How many digits after the point show the value exactly; `most`, where more would.
    #[must_use]
    pub fn decimal_places(self, most: u32) -> u32 {
        let twos = self.denominator.trailing_zeros();
        let (mut rest, mut fives) = (self.denominator >> twos, 0);
        while rest > 1 && fives < most {
            let (fifth, left) = wide::divide(rest.unsigned_abs(), 5);
            if left != 0 {
                return most;
            }
            (rest, fives) = (fifth.cast_signed(), fives + 1);
        }
        if rest > 1 { most } else { twos.max(fives).min(most) }
    }

    /// The closest whole number to the value times 10^`places`, halves to the even one; `None`: it takes more than 128 bits.
    #[must_use]
    pub fn scaled(self, places: u32) -> Option<i128> {
        let scale = 10_u128.checked_pow(places)?;
        let (above, below) = (self.numerator.unsigned_abs(), self.denominator.unsigned_abs());
        signed(
            wide::multiply_divide_half_even(above, scale, below)?,
            self.is_negative(),
        )
        .ok()
    }

    /// The value as a decimal with at most `places` digits after the point, rounded half to even, without trailing
    /// zeros and without a negative zero: 1/3 to 4 places is `0.3333`, 5/2 to 0 places is `2`.
    #[must_use]
    pub fn to_decimal_string(self, places: u32) -> String {
        self.to_decimal(places).as_str().to_owned()
    }

    /// The same, without allocating a text where it is short.
    #[must_use]
    pub fn to_decimal(self, places: u32) -> Decimal {
        let (above, below) = (self.numerator.unsigned_abs(), self.denominator.unsigned_abs());
        let short = u64::try_from(below).ok().filter(|_| places <= SHORT_PLACES);
        let short = short.and_then(|below| short_decimal(self.is_negative(), above, below, places));
        short.unwrap_or_else(|| Decimal(Text::Long(long_decimal(self.is_negative(), above, below, places))))
    }
}

/// The text of a decimal.
#[derive(Clone, Debug)]
pub struct Decimal(Text);

#[derive(Clone, Debug)]
enum Text {
    /// From a place on.
    Short([u8; SHORT_LENGTH], usize),
    Long(String),
}

impl Decimal {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Short(text, start) => std::str::from_utf8(&text[*start..]).expect("digits, a sign and a point"),
            Text::Long(text) => text,
        }
    }
}

/// As many decimal digits always fit 64 bits.
const SHORT_PLACES: u32 = 18;
/// A sign, twenty digits, a point and eighteen more.
const SHORT_LENGTH: usize = 40;

/// A decimal whose parts on both sides of the point fit 64 bits, as nearly all do: the digits of the fraction come from one
/// division instead of one each.
fn short_decimal(negative: bool, above: u128, below: u64, places: u32) -> Option<Decimal> {
    let (whole, remainder) = wide::divide(above, below.into());
    let (mut whole, scale) = (u64::try_from(whole).ok()?, 10_u64.pow(places));
    let (fraction, rest) = wide::divide(remainder * u128::from(scale), below.into());
    let mut fraction = fraction as u64;
    let last = if places == 0 { whole } else { fraction };
    if rounds_up(rest, below.into(), last & 1 == 1) {
        fraction += 1;
        if fraction == scale {
            (whole, fraction) = (whole.checked_add(1)?, 0);
        }
    }
    Some(backwards(negative, whole, fraction, places))
}

/// Writes a decimal from its last digit to its first.
fn backwards(negative: bool, mut whole: u64, mut fraction: u64, mut places: u32) -> Decimal {
    let negative = negative && (whole, fraction) != (0, 0);
    let (mut text, mut start) = ([0_u8; SHORT_LENGTH], SHORT_LENGTH);
    let mut put = |byte: u8| {
        start -= 1;
        text[start] = byte;
    };
    if fraction > 0 {
        while fraction.is_multiple_of(10) {
            (fraction, places) = (fraction / 10, places - 1);
        }
        for _ in 0..places {
            put(b'0' + (fraction % 10) as u8);
            fraction /= 10;
        }
        put(b'.');
    }
    loop {
        put(b'0' + (whole % 10) as u8);
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    if negative {
        put(b'-');
    }
    Decimal(Text::Short(text, start))
}

/// Any decimal, digit by digit.
fn long_decimal(negative: bool, above: u128, below: u128, places: u32) -> String {
    let (mut whole, mut remainder) = wide::divide(above, below);
    let mut digits = Vec::with_capacity(if remainder == 0 { 0 } else { places as usize });
    for _ in 0..places {
        if remainder == 0 {
            break;
        }
        let (digit, rest) = wide::multiply_divide(remainder, 10, below).expect("a remainder times ten gives one digit");
        digits.push(b'0' + digit as u8);
        remainder = rest;
    }
    let last_is_odd = digits.last().map_or(whole & 1 == 1, |digit| digit & 1 == 1);
    if rounds_up(remainder, below, last_is_odd) && carries_over(&mut digits) {
        whole += 1;
    }
    assemble(negative, whole, &digits)
}

/// Whether what is left of the division rounds away from zero (half goes to the even digit).
fn rounds_up(remainder: u128, denominator: u128, last_is_odd: bool) -> bool {
    match remainder.cmp(&(denominator - remainder)) {
        Ordering::Less => false,
        Ordering::Equal => last_is_odd,
        Ordering::Greater => true,
    }
}

/// Adds one to the last digit; true when the carry runs out of the fraction into the whole part.
fn carries_over(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return false;
        }
        *digit = b'0';
    }
    true
}

fn assemble(negative: bool, whole: u128, digits: &[u8]) -> String {
    let kept = digits
        .iter()
        .rposition(|digit| *digit != b'0')
        .map_or(0, |last| last + 1);
    let sign = if negative && (whole > 0 || kept > 0) { "-" } else { "" };
    let mut text = String::with_capacity(sign.len() + 20 + 1 + kept);
    text.push_str(sign);
    write!(text, "{whole}").expect("a string takes all that is written");
    if kept > 0 {
        text.push('.');
        text.extend(digits[..kept].iter().copied().map(char::from));
    }
    text
}

impl From<i32> for Rational {
    fn from(value: i32) -> Self {
        Self::from(i64::from(value))
    }
}

impl From<i64> for Rational {
    fn from(value: i64) -> Self {
        Self {
            numerator: i128::from(value),
            denominator: 1,
        }
    }
}

impl From<i128> for Rational {
    fn from(value: i128) -> Self {
        Self {
            numerator: value,
            denominator: 1,
        }
    }
}

impl Ord for Rational {
    /// Exact, in 256 bits: never overflows.
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = self.numerator.signum().cmp(&other.numerator.signum());
        sign.then_with(|| {
            if self.is_integer() && other.is_integer() {
                return self.numerator.cmp(&other.numerator);
            }
            let left = wide::product(self.numerator.unsigned_abs(), other.denominator.unsigned_abs());
            let right = wide::product(other.numerator.unsigned_abs(), self.denominator.unsigned_abs());
            if self.is_negative() {
                right.cmp(&left)
            } else {
                left.cmp(&right)
            }
        })
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_integer() {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

impl fmt::Debug for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn multiply(a: i128, b: i128) -> Result<i128, Error> {
    a.checked_mul(b).ok_or(Error::Overflow)
}

fn signed(magnitude: u128, negative: bool) -> Result<i128, Error> {
    if negative {
        0_i128.checked_sub_unsigned(magnitude)
    } else {
        i128::try_from(magnitude).ok()
    }
    .ok_or(Error::Overflow)
}

/// Euclid, until both fit 64 bits. gcd(0, n) = n, so 0 reduces to 0/1.
fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
            return short_common_divisor(a, b).into();
        }
        (a, b) = (b, a % b);
    }
    a
}

/// By shifts and differences instead of divisions (Stein; Knuth, vol. 2, §4.5.2, algorithm B).
fn short_common_divisor(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let twos = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    while b != 0 {
        b >>= b.trailing_zeros();
        (a, b) = (a.min(b), a.abs_diff(b));
    }
    a << twos
}

#[cfg(test)]
mod tests;

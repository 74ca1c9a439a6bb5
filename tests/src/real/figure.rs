//! Exact figures from plain rows.

use jiff::civil::Date;
use scoreline_core::rational::Rational;

/// A figure; `None` is undefined.
pub(super) type Figure = Option<Rational>;

/// A number as a file writes it.
///
/// # Panics
/// When the text is no decimal number.
pub(super) fn decimal(text: &str) -> Rational {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{places}")
        .parse()
        .unwrap_or_else(|error| panic!("{text:?} is no number: {error}"));
    let scale = 10_i128.pow(u32::try_from(places.len()).expect("a number is short"));
    Rational::new(digits, scale).expect("a power of ten is not 0")
}

/// A whole number.
pub(super) fn whole(number: i64) -> Rational {
    Rational::from(number)
}

/// How many.
pub(super) fn count(number: usize) -> Rational {
    whole(i64::try_from(number).expect("a file has fewer rows"))
}

/// The sum; 0 of nothing.
pub(super) fn sum(numbers: impl IntoIterator<Item = Rational>) -> Rational {
    let add = |sum: Rational, number| sum.checked_add(number).expect("sums of the files are small");
    numbers.into_iter().fold(Rational::ZERO, add)
}

/// The product.
pub(super) fn times(one: Rational, other: Rational) -> Rational {
    one.checked_mul(other).expect("products of the files are small")
}

/// A quotient; undefined by 0.
pub(super) fn ratio(above: Rational, below: Rational) -> Figure {
    (!below.is_zero()).then(|| above.checked_div(below).expect("quotients of the files are small"))
}

/// The mean; undefined of nothing.
pub(super) fn mean(numbers: &[i64]) -> Figure {
    ratio(whole(numbers.iter().sum()), count(numbers.len()))
}

/// The median: of an even number of values, the middle of the two in the middle; undefined of nothing.
pub(super) fn median(mut numbers: Vec<i64>) -> Figure {
    numbers.sort_unstable();
    let (low, high) = (numbers.len().checked_sub(1)? / 2, numbers.len() / 2);
    ratio(whole(numbers[low] + numbers[high]), whole(2))
}

/// How much more, as a part of the earlier one's size; undefined from nothing.
pub(super) fn growth(earlier: Rational, later: Rational) -> Figure {
    let more = later.checked_sub(earlier).expect("differences of the files are small");
    ratio(more, earlier.checked_abs().expect("figures of the files are small"))
}

/// How many different ones.
pub(super) fn distinct<'a>(names: impl IntoIterator<Item = &'a str>) -> Rational {
    count(names.into_iter().collect::<std::collections::HashSet<_>>().len())
}

/// Days of the calendar from one to another.
pub(super) fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

/// A month's label in an answer: `2017-03`.
pub(super) fn month(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

/// A quarter's label in an answer: `2017-Q1`.
pub(super) fn quarter(date: Date) -> String {
    format!("{:04}-Q{}", date.year(), (date.month() + 2) / 3)
}

/// A year's label in an answer: `2017`.
pub(super) fn year(date: Date) -> String {
    format!("{:04}", date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_exact_and_of_nothing_undefined() {
        assert_eq!(decimal("-12.50"), Rational::new(-25, 2).expect("not by 0"));
        assert_eq!(median(vec![4, 1, 2, 3]), Some(Rational::new(5, 2).expect("not by 0")));
        assert_eq!(
            (median(vec![]), mean(&[]), growth(whole(0), whole(3))),
            (None, None, None)
        );
        assert_eq!(
            growth(whole(-4), whole(-2)),
            Some(Rational::new(1, 2).expect("not by 0"))
        );
        assert_eq!(quarter(jiff::civil::date(2017, 12, 31)), "2017-Q4");
    }
}

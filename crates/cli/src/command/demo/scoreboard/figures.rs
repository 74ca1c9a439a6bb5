//! Numbers of an answer as people read them.

use scoreline_proto::analytics::v1::{
    Cell, CellComparison, Direction, MetricHeader, Result as Answer, Undefined, UndefinedReason, Value, cell, result,
};

use super::layout::{Piece, Tone};

/// The value of a cell, or why there is none.
pub(super) fn value(header: &MetricHeader, cell: &Cell) -> Result<String, String> {
    match &cell.result {
        Some(cell::Result::Value(value)) => Ok(figure(header, value.number)),
        Some(cell::Result::Undefined(undefined)) => Err(reason(undefined)),
        None => Err("not answered".to_owned()),
    }
}

/// The value of a cell, or a dash.
pub(super) fn short(header: &MetricHeader, cell: &Cell) -> Piece {
    value(header, cell).map_or_else(|_| Piece::faint("–"), Piece::plain)
}

/// A number in the unit of its metric.
pub(super) fn figure(header: &MetricHeader, number: f64) -> String {
    match header.unit.as_str() {
        "money" => format!("{} {}", money(number), header.currency_code),
        "money_per_day" => format!("{} {}/day", money(number), header.currency_code),
        "rate" => format!("{:.1} %", 100.0 * number),
        "count" => grouped(number.round() as i64),
        "days" => format!("{number:.1} days"),
        "hours" if number >= 100.0 => format!("{} h", grouped(number.round() as i64)),
        "hours" => format!("{number:.1} h"),
        "months" => format!("{number:.1} months"),
        "points" => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// Where the true value lies with some confidence, when the answer says so.
pub(super) fn interval(header: &MetricHeader, cell: &Cell) -> String {
    let Some(interval) = &cell.interval else {
        return String::new();
    };
    match header.unit.as_str() {
        "rate" => format!("{:.1} – {:.1} %", 100.0 * interval.low, 100.0 * interval.high),
        "score" | "ratio" => format!("{:.2} – {:.2}", interval.low, interval.high),
        _ => format!("{:.1} – {:.1}", interval.low, interval.high),
    }
}

/// What it was before.
pub(super) fn previous(header: &MetricHeader, cell: &Cell) -> Piece {
    match number(
        cell.comparison
            .as_ref()
            .and_then(|comparison| comparison.previous.as_ref()),
    ) {
        Some(number) => Piece::faint(figure(header, number)),
        None => Piece::faint("–"),
    }
}

/// The change: up or down, by how much, and whether that is good.
pub(super) fn change(header: &MetricHeader, cell: &Cell) -> Piece {
    let Some(comparison) = &cell.comparison else {
        return Piece::plain("");
    };
    let Some(difference) = number(comparison.difference.as_ref()) else {
        return Piece::faint("–");
    };
    let size = size(header, comparison, difference);
    // What rounds to nothing is no change to judge.
    if size.starts_with("0.0") {
        return Piece::faint(format!("= {size}"));
    }
    let arrow = if difference > 0.0 { '▲' } else { '▼' };
    let (mark, tone) = match header.direction() {
        Direction::Up | Direction::Down => {
            let good = (difference > 0.0) == (header.direction() == Direction::Up);
            if good { ("✓", Tone::Good) } else { ("✗", Tone::Bad) }
        }
        Direction::Neutral | Direction::Unspecified => (" ", Tone::Plain),
    };
    Piece::new(format!("{arrow} {size} {mark}"), tone)
}

/// Rates differ by percentage points, all else by a part of what it was.
fn size(header: &MetricHeader, comparison: &CellComparison, difference: f64) -> String {
    let relative = number(comparison.relative_change.as_ref());
    match (header.unit.as_str(), relative) {
        ("rate", _) => format!("{:.1} pp", 100.0 * difference.abs()),
        ("points", _) | (_, None) => format!("{:.1}", difference.abs()),
        (_, Some(relative)) => format!("{:.1} %", 100.0 * relative.abs()),
    }
}

fn number(answer: Option<&Answer>) -> Option<f64> {
    match answer.and_then(|answer| answer.result.as_ref()) {
        Some(result::Result::Value(Value { number, .. })) => Some(*number),
        Some(result::Result::Undefined(_)) | None => None,
    }
}

fn reason(undefined: &Undefined) -> String {
    if !undefined.detail.is_empty() {
        return undefined.detail.clone();
    }
    let name = match undefined.reason() {
        UndefinedReason::Unspecified => "undefined",
        UndefinedReason::ZeroDenominator => "nothing to divide by",
        UndefinedReason::NoSamples => "no samples",
        UndefinedReason::GrowthFromZero => "growth from zero",
        UndefinedReason::MissingRate => "a currency rate is missing",
        UndefinedReason::NoTarget => "no target is set",
        UndefinedReason::Overflow => "too large",
        UndefinedReason::TargetMet => "the target is met",
        UndefinedReason::BelowMinimumSample => "too few samples",
        UndefinedReason::NotApplicable => "not applicable",
    };
    name.to_owned()
}

fn money(amount: f64) -> String {
    if amount != 0.0 && amount.abs() < 1_000.0 {
        format!("{amount:.2}")
    } else {
        grouped(amount.round() as i64)
    }
}

/// A whole number with its thousands apart.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0 { format!("-{grouped}") } else { grouped }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(unit: &str, direction: Direction) -> MetricHeader {
        MetricHeader {
            unit: unit.to_owned(),
            currency_code: "USD".to_owned(),
            direction: direction.into(),
            ..MetricHeader::default()
        }
    }

    fn answer(number: f64) -> Option<Answer> {
        let value = Value {
            decimal: number.to_string(),
            number,
        };
        Some(Answer {
            result: Some(result::Result::Value(value)),
        })
    }

    fn compared(difference: f64, relative: Option<f64>) -> Cell {
        let comparison = CellComparison {
            difference: answer(difference),
            relative_change: relative.and_then(answer),
            ..CellComparison::default()
        };
        Cell {
            comparison: Some(comparison),
            ..Cell::default()
        }
    }

    #[test]
    fn a_number_is_read_in_its_unit() {
        let figure = |unit, number| figure(&header(unit, Direction::Up), number);
        assert_eq!(figure("money", 7_120_345.4), "7,120,345 USD");
        assert_eq!(figure("money", -12.5), "-12.50 USD");
        assert_eq!(figure("money", 0.0), "0 USD");
        assert_eq!(figure("rate", 0.2734), "27.3 %");
        assert_eq!(figure("count", 1_234.0), "1,234");
        assert_eq!(figure("hours", 3.25), "3.2 h");
        assert_eq!(figure("ratio", 0.935), "0.94");
        assert_eq!(grouped(-1_000), "-1,000");
    }

    #[test]
    fn less_is_good_where_the_metric_says_so() {
        let down = header("days", Direction::Down);
        assert_eq!(
            change(&down, &compared(-4.0, Some(-0.1))),
            Piece::new("▼ 10.0 % ✓", Tone::Good)
        );
        assert_eq!(
            change(&down, &compared(4.0, Some(0.1))),
            Piece::new("▲ 10.0 % ✗", Tone::Bad)
        );
        let up = header("rate", Direction::Up);
        assert_eq!(
            change(&up, &compared(-0.021, Some(-0.1))),
            Piece::new("▼ 2.1 pp ✗", Tone::Bad)
        );
        assert_eq!(change(&up, &compared(0.0, Some(0.0))).text, "= 0.0 pp");
        assert_eq!(
            change(&header("money", Direction::Neutral), &compared(1.0, None)).tone,
            Tone::Plain
        );
    }

    #[test]
    fn what_is_undefined_says_why() {
        let undefined = Undefined {
            reason: UndefinedReason::NoTarget.into(),
            detail: String::new(),
        };
        let cell = Cell {
            result: Some(cell::Result::Undefined(undefined)),
            ..Cell::default()
        };
        assert_eq!(
            value(&header("ratio", Direction::Up), &cell),
            Err("no target is set".to_owned())
        );
        assert_eq!(short(&header("ratio", Direction::Up), &cell).text, "–");
    }
}

//! Units of expressions, so that money is never added to days.

use std::fmt;

use super::tree::Operator;
use crate::measure;

/// The unit of a part of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A bare number: goes with counts and rates.
    Number,
    /// How many of something.
    Count,
    /// A quotient of two alike.
    Rate,
    /// Money, time, scores and what comes of multiplying them; never all 0.
    Quantity(Powers),
}

/// To which powers money, days, months and scores are multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Powers {
    /// Of money.
    pub money: i8,
    /// Of days. Every duration is counted in days until it is shown.
    pub days: i8,
    /// Of months.
    pub months: i8,
    /// Of scores.
    pub score: i8,
}

impl Unit {
    /// Money.
    pub const MONEY: Self = Self::Quantity(Powers {
        money: 1,
        days: 0,
        months: 0,
        score: 0,
    });
    /// A duration.
    pub const DAYS: Self = Self::Quantity(Powers {
        money: 0,
        days: 1,
        months: 0,
        score: 0,
    });
    /// A duration in calendar months.
    pub const MONTHS: Self = Self::Quantity(Powers {
        money: 0,
        days: 0,
        months: 1,
        score: 0,
    });
    /// A score, or a quantity.
    pub const SCORE: Self = Self::Quantity(Powers {
        money: 0,
        days: 0,
        months: 0,
        score: 1,
    });
    /// Money in a time.
    pub const MONEY_PER_DAY: Self = Self::Quantity(Powers {
        money: 1,
        days: -1,
        months: 0,
        score: 0,
    });
    /// A monthly rate.
    pub const PER_MONTH: Self = Self::Quantity(Powers {
        money: 0,
        days: 0,
        months: -1,
        score: 0,
    });

    /// The unit of a measure's values.
    #[must_use]
    pub fn of(unit: measure::Unit) -> Self {
        match unit {
            measure::Unit::Money => Self::MONEY,
            measure::Unit::Count => Self::Count,
            measure::Unit::Milliseconds | measure::Unit::Days => Self::DAYS,
            measure::Unit::Milli => Self::SCORE,
        }
    }

    /// Whether it has neither money nor time nor score.
    #[must_use]
    pub fn is_plain(self) -> bool {
        !matches!(self, Self::Quantity(_))
    }

    /// The unit of `self operator other`; `None` when they do not go together.
    #[must_use]
    pub fn combine(self, operator: Operator, other: Self) -> Option<Self> {
        match operator {
            Operator::Add | Operator::Subtract => self.sum(other),
            Operator::Multiply => self.product(other, 1),
            Operator::Divide => self.product(other, -1),
        }
    }

    fn sum(self, other: Self) -> Option<Self> {
        match (self, other) {
            _ if self == other => Some(self),
            (Self::Number, plain) | (plain, Self::Number) if plain.is_plain() => Some(plain),
            _ => None,
        }
    }

    fn product(self, other: Self, sign: i8) -> Option<Self> {
        let powers = self.powers().plus(other.powers(), sign)?;
        if powers != Powers::default() {
            return Some(Self::Quantity(powers));
        }
        Some(match (self, other, sign) {
            (Self::Number, Self::Number, _) => Self::Number,
            (unit, Self::Number, _) | (Self::Number, unit, 1) => unit,
            (Self::Count, Self::Rate, _) | (Self::Rate, Self::Count, 1) | (Self::Count, Self::Count, 1) => Self::Count,
            _ => Self::Rate,
        })
    }

    fn powers(self) -> Powers {
        match self {
            Self::Quantity(powers) => powers,
            _ => Powers::default(),
        }
    }
}

impl Powers {
    fn plus(self, other: Self, sign: i8) -> Option<Self> {
        let add = |a: i8, b: i8| a.checked_add(b.checked_mul(sign)?);
        Some(Self {
            money: add(self.money, other.money)?,
            days: add(self.days, other.days)?,
            months: add(self.months, other.months)?,
            score: add(self.score, other.score)?,
        })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let powers = match self {
            Self::Number => return f.write_str("number"),
            Self::Count => return f.write_str("count"),
            Self::Rate => return f.write_str("rate"),
            Self::Quantity(powers) => powers,
        };
        let named = [
            ("money", powers.money),
            ("days", powers.days),
            ("months", powers.months),
            ("score", powers.score),
        ];
        let side = |above: bool| {
            let of_side = named
                .iter()
                .filter(|(_, power)| if above { *power > 0 } else { *power < 0 });
            let written = of_side.map(|(name, power)| match power.unsigned_abs() {
                1 => (*name).to_owned(),
                more => format!("{name}^{more}"),
            });
            written.collect::<Vec<_>>().join("·")
        };
        let (above, below) = (side(true), side(false));
        match (above.is_empty(), below.is_empty()) {
            (_, true) => f.write_str(&above),
            (true, false) => write!(f, "1/{below}"),
            (false, false) => write!(f, "{above}/{below}"),
        }
    }
}

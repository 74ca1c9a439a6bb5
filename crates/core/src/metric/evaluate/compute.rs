//! From terms and answers to numbers.

use super::{
    groups::GroupAt,
    plan::Plan,
    table::{Reason, Undefined, Value},
    term::{Read, Term, What},
};
use crate::{
    metric::expression::{Goal, Operator},
    query::{Cell, MissingRate},
    rational::{Error as Arithmetic, Rational},
};

/// One stretch of one group.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) plan: &'a Plan,
    pub(super) stretch: usize,
    pub(super) group: GroupAt<'a>,
}

impl<'a> At<'a> {
    /// The value of a term.
    pub(super) fn value(self, term: &Term) -> Value {
        match term {
            Term::Number(number) => Ok(*number),
            Term::Undefined(reason) => Err(reason.clone()),
            Term::Read(read) => self.read(*read),
            Term::Table(table) => self.plan.goals[*table].get(self.stretch, self.group),
            Term::Length(lengths) => lengths.get(self.stretch).copied().flatten().ok_or_else(no_period),
            Term::Negate(inner) => self.value(inner)?.checked_neg().map_err(undefined),
            Term::Binary(operator, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                let result = match operator {
                    Operator::Add => left.checked_add(right),
                    Operator::Subtract => left.checked_sub(right),
                    Operator::Multiply => left.checked_mul(right),
                    Operator::Divide => left.checked_div(right),
                };
                result.map_err(undefined)
            }
            Term::Growth(now, then) => growth(self.value(now)?, self.value(then)?),
            Term::Remaining(target, metric) => {
                let remaining = self
                    .value(target)?
                    .checked_sub(self.value(metric)?)
                    .map_err(undefined)?;
                if remaining > Rational::ZERO {
                    return Ok(remaining);
                }
                Err(Undefined::new(Reason::TargetMet, "nothing remains of the target"))
            }
            Term::Lifetime(rate, most) => {
                let rate = self.value(rate)?;
                if rate.is_zero() {
                    Ok(*most)
                } else {
                    Ok(rate.reciprocal().map_err(undefined)?.min(*most))
                }
            }
            Term::ByRep(goal, metric, quotas) => self.by_rep(*goal, metric, *quotas),
            Term::Weighted(weighted) => self.plan.weighted[*weighted].value(self.plan, self.stretch, self.group.key),
            Term::Stalled(stalled) => {
                let stalled = &self.plan.stalled[*stalled];
                let slot = stalled.found.ok_or_else(no_period)?;
                self.read(Read {
                    slot,
                    what: What::Closing,
                    per_unit: stalled.per_unit,
                })
            }
        }
    }

    /// How many rows a term rests on: of a quotient those below the line, of a sum those of both sides.
    pub(super) fn rows(self, term: &Term) -> Option<i64> {
        match term {
            Term::Read(read) => {
                let cells = self.plan.cells(read.slot, self.stretch, self.group)?;
                Some(cells.map(rows).sum())
            }
            Term::Negate(inner) | Term::Lifetime(inner, _) | Term::Growth(inner, _) => self.rows(inner),
            Term::Binary(Operator::Add | Operator::Subtract, left, right) => {
                match (self.rows(left), self.rows(right)) {
                    (Some(left), Some(right)) => Some(left + right),
                    (left, right) => left.or(right),
                }
            }
            Term::Binary(Operator::Multiply, left, right) => self.rows(left).or_else(|| self.rows(right)),
            Term::Binary(Operator::Divide, left, right) => self.rows(right).or_else(|| self.rows(left)),
            Term::Remaining(_, metric) => self.rows(metric),
            _ => None,
        }
    }

    /// The one cell behind a term that is a mean or a quantile, and what is read of it.
    pub(super) fn cell(self, term: &Term) -> Option<(&'a Cell, Read)> {
        let Term::Read(read) = term else { return None };
        let mut cells = self.plan.cells(read.slot, self.stretch, self.group)?;
        cells.next().map(|cell| (cell, *read))
    }

    fn read(self, read: Read) -> Value {
        let mut cells = self
            .plan
            .cells(read.slot, self.stretch, self.group)
            .ok_or_else(no_period)?;
        match read.what {
            What::Quantile(millionths) => return quantile(cells.next(), millionths, read.per_unit),
            What::Average => return average(cells, read.per_unit),
            _ => {}
        }
        let mut sum = 0_i128;
        for cell in cells {
            let (number, missing) = number(cell, read.what);
            if let Some(missing) = missing {
                return Err(missing_rate(missing));
            }
            sum = sum.checked_add(number).ok_or_else(|| undefined(Arithmetic::Overflow))?;
        }
        let counted = matches!(read.what, What::Count | What::Distinct | What::AtStart | What::Retained);
        Rational::new(sum, if counted { 1 } else { i128::from(read.per_unit) }).map_err(undefined)
    }

    /// Sums over the reps of a group that have a quota.
    fn by_rep(self, goal: Goal, metric: &Term, quotas: usize) -> Value {
        let mut sum = Rational::ZERO;
        let mut any = false;
        for (inner, quota) in self.plan.goals[quotas].within(self.stretch, self.group) {
            any = true;
            let quota = quota.clone()?;
            let part = match goal {
                Goal::RepsWithQuota => Rational::ONE,
                _ => {
                    let row = self.group.row.filter(|_| inner.len() == self.group.key.len());
                    let group = GroupAt { key: inner, row };
                    At { group, ..self }.value(metric)?
                }
            };
            let part = match goal {
                Goal::RepsReaching if part >= quota => Rational::ONE,
                Goal::RepsReaching => Rational::ZERO,
                _ => part,
            };
            sum = sum.checked_add(part).map_err(undefined)?;
        }
        if any {
            Ok(sum)
        } else {
            Err(Undefined::new(Reason::NoTarget, "no rep has a quota"))
        }
    }
}

/// (now − then) ÷ |then|.
pub(super) fn growth(now: Rational, then: Rational) -> Value {
    if then.is_zero() {
        return Err(Undefined::new(Reason::GrowthFromZero, "the earlier value is 0"));
    }
    let change = now.checked_sub(then).map_err(undefined)?;
    change
        .checked_div(then.checked_abs().map_err(undefined)?)
        .map_err(undefined)
}

/// Why arithmetic has no answer.
pub(super) fn undefined(error: Arithmetic) -> Undefined {
    match error {
        Arithmetic::Overflow => Undefined::new(Reason::Overflow, "the exact value does not fit in 128 bits"),
        Arithmetic::DivisionByZero => Undefined::new(Reason::ZeroDenominator, "the denominator is 0"),
    }
}

fn no_period() -> Undefined {
    Undefined::new(Reason::NotApplicable, "there is no such period")
}

fn missing_rate(missing: MissingRate) -> Undefined {
    Undefined::new(
        Reason::MissingRate,
        format!("{} to {} on {}", missing.from, missing.to, missing.date),
    )
}

fn rows(cell: &Cell) -> i64 {
    match cell {
        Cell::Flow(flow) => flow.count,
        Cell::Balance(balance) => balance.rows,
        Cell::Distribution(distribution) => distribution.flow.count,
        Cell::Distinct(distinct) => *distinct,
        Cell::Retention(accounts) => accounts.at_start,
    }
}

fn number(cell: &Cell, what: What) -> (i128, Option<MissingRate>) {
    match (cell, what) {
        (Cell::Flow(flow), What::Count) => (i128::from(flow.count), None),
        (Cell::Flow(flow), _) => (flow.sum, flow.missing),
        (Cell::Balance(balance), What::Opening) => (balance.opening, balance.missing),
        (Cell::Balance(balance), _) => (balance.closing, balance.missing),
        (Cell::Distribution(distribution), What::Count) => (i128::from(distribution.flow.count), None),
        (Cell::Distribution(distribution), _) => (distribution.flow.sum, distribution.flow.missing),
        (Cell::Distinct(distinct), _) => (i128::from(*distinct), None),
        (Cell::Retention(accounts), what) => {
            let number = match what {
                What::AtStart => i128::from(accounts.at_start),
                What::Retained => i128::from(accounts.retained),
                What::StartSum => accounts.start_sum,
                What::Kept => accounts.kept_sum,
                _ => accounts.capped_sum,
            };
            (number, accounts.missing)
        }
    }
}

fn average<'a>(cells: impl Iterator<Item = &'a Cell>, per_unit: i64) -> Value {
    let (mut sum, mut count) = (0_i128, 0_i128);
    for cell in cells {
        let Cell::Flow(flow) = cell else { continue };
        if let Some(missing) = flow.missing {
            return Err(missing_rate(missing));
        }
        sum = sum
            .checked_add(flow.sum)
            .ok_or_else(|| undefined(Arithmetic::Overflow))?;
        count += i128::from(flow.count);
    }
    if count == 0 {
        return Err(no_samples("mean"));
    }
    let below = count
        .checked_mul(i128::from(per_unit))
        .ok_or_else(|| undefined(Arithmetic::Overflow))?;
    Rational::new(sum, below).map_err(undefined)
}

fn quantile(cell: Option<&Cell>, millionths: u32, per_unit: i64) -> Value {
    let Some(Cell::Distribution(distribution)) = cell else {
        return Err(no_samples("quantile"));
    };
    if let Some(missing) = distribution.flow.missing {
        return Err(missing_rate(missing));
    }
    let found = distribution
        .quantile(millionths)
        .ok_or_else(|| no_samples("quantile"))?;
    found.value.checked_div(Rational::from(per_unit)).map_err(undefined)
}

fn no_samples(of: &str) -> Undefined {
    Undefined::new(Reason::NoSamples, format!("there is nothing to take a {of} of"))
}

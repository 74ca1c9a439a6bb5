//! One cell: a value, and what explains it.

use std::sync::Arc;

use super::{
    compute::{At, growth, undefined},
    frame::Frame,
    table::{CellValue, Column, Compared, Interval, Undefined, Value},
    term::{Term, What},
};
use crate::{
    metric::definition::IntervalKind,
    query::Cell,
    rational::Rational,
    statistics::{mean_interval, wilson_interval},
};

const LEVEL: f64 = 0.95;

/// A column before its answers are there.
pub(super) struct ColumnPlan {
    pub(super) column: Column,
    pub(super) root: Term,
    pub(super) fraction: Option<(Term, Term)>,
    /// Whether the root is the fraction, and nothing more.
    pub(super) is_quotient: bool,
    pub(super) n: Option<Term>,
    pub(super) immature: Option<Term>,
    pub(super) then: Option<(Term, Arc<Frame>)>,
    pub(super) benchmark: Option<Rational>,
    pub(super) interval: IntervalKind,
    pub(super) scale: i64,
}

impl ColumnPlan {
    pub(super) fn cell(&self, at: At<'_>) -> CellValue {
        let fraction = self.fraction.as_ref();
        let fraction = fraction.map(|(above, below)| (at.value(above), at.value(below)));
        let value = self.shown(match &fraction {
            Some((above, below)) if self.is_quotient => quotient(above, below),
            _ => at.value(&self.root),
        });
        let (numerator, denominator) = match fraction {
            Some((above, below)) => (self.shown(above).ok(), below.ok()),
            None => (None, None),
        };
        CellValue {
            comparison: self.comparison(at, &value).map(Box::new),
            interval: value
                .is_ok()
                .then(|| self.interval(at, numerator, denominator))
                .flatten(),
            value,
            numerator,
            denominator,
            n: self.n(at),
            immature: self
                .immature
                .as_ref()
                .and_then(|open| at.value(open).ok())
                .and_then(whole)
                .map(|open| open.max(0)),
        }
    }

    /// The value alone.
    pub(super) fn value(&self, at: At<'_>) -> Value {
        self.shown(at.value(&self.root))
    }

    /// The sample size alone.
    pub(super) fn n(&self, at: At<'_>) -> Option<i64> {
        match &self.n {
            Some(n) => at.value(n).ok().and_then(whole),
            None => at.rows(&self.root),
        }
    }

    fn shown(&self, value: Value) -> Value {
        value?.checked_mul(Rational::from(self.scale)).map_err(undefined)
    }

    fn comparison(&self, at: At<'_>, value: &Value) -> Option<Compared> {
        let (then, period) = match (&self.then, self.benchmark) {
            (Some((term, frame)), _) => {
                let stretch = frame.stretches.get(at.stretch).and_then(Option::as_ref);
                (self.shown(at.value(term)), stretch.map(|stretch| stretch.so_far))
            }
            (None, Some(benchmark)) => (Ok(benchmark), None),
            (None, None) => return None,
        };
        let both = || Ok::<_, Undefined>((value.clone()?, then.clone()?));
        let difference = both().and_then(|(now, then)| now.checked_sub(then).map_err(undefined));
        let relative_change = both().and_then(|(now, then)| growth(now, then));
        Some(Compared {
            value: then,
            difference,
            relative_change,
            period,
        })
    }

    fn interval(&self, at: At<'_>, numerator: Option<Rational>, denominator: Option<Rational>) -> Option<Interval> {
        let scaled = |low: f64, high: f64, per_unit: i64| {
            let factor = self.scale as f64 / per_unit as f64;
            Interval {
                low: low * factor,
                high: high * factor,
                level: LEVEL,
                method: self.interval,
            }
        };
        match self.interval {
            IntervalKind::None => None,
            IntervalKind::Wilson => {
                let found = wilson_interval(natural(numerator?)?, natural(denominator?)?)?;
                Some(Interval {
                    low: found.low,
                    high: found.high,
                    level: LEVEL,
                    method: self.interval,
                })
            }
            IntervalKind::T => {
                let (Cell::Flow(flow), read) = at.cell(&self.root)? else {
                    return None;
                };
                let found = mean_interval(u64::try_from(flow.count).ok()?, flow.sum, flow.sum_squares?)?;
                Some(scaled(found.low, found.high, read.per_unit))
            }
            IntervalKind::OrderStatistic => {
                let (Cell::Distribution(found), read) = at.cell(&self.root)? else {
                    return None;
                };
                let What::Quantile(millionths) = read.what else {
                    return None;
                };
                let (low, high) = found.quantile(millionths)?.interval?;
                Some(scaled(low as f64, high as f64, read.per_unit))
            }
        }
    }
}

fn quotient(above: &Value, below: &Value) -> Value {
    match (above, below) {
        (Ok(above), Ok(below)) => above.checked_div(*below).map_err(undefined),
        (Err(reason), _) | (Ok(_), Err(reason)) => Err(reason.clone()),
    }
}

fn whole(value: Rational) -> Option<i64> {
    i64::try_from(value.round_half_even()).ok()
}

fn natural(value: Rational) -> Option<u64> {
    value
        .is_integer()
        .then(|| u64::try_from(value.numerator()).ok())
        .flatten()
}

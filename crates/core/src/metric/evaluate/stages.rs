//! What depends on the stage of an opportunity: probabilities, and how long is too long.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{
    groups::GroupAt,
    plan::Plan,
    table::{Key, Reason, Undefined},
};
use crate::{
    calendar::{Period, date_of_day_number, day_number},
    dimension::Dimension,
    id::Name,
    policy::Pipeline,
    query::{AggregateQuery, Cell, Filter},
    rational::Rational,
};

const MILLIS_PER_DAY: i128 = 86_400_000;

/// A balance by pipeline and stage, times each stage's probability.
///
/// The learnt probability of a stage is the share of its decided entrants that went further, times that of the next
/// stage; where nothing was ever decided, the declared one.
#[derive(Debug, Clone)]
pub(super) struct Weighted {
    pub(super) slot: usize,
    pub(super) per_unit: i64,
    pub(super) pipeline_at: usize,
    pub(super) stage_at: usize,
    /// Entrants that advanced and that were decided, up to each stretch's end, by pipeline and stage.
    pub(super) learnt: Option<(usize, usize)>,
    pub(super) pipelines: Vec<Pipeline>,
}

impl Weighted {
    pub(super) fn value(&self, plan: &Plan, stretch: usize, key: &Key) -> Result<Rational, Undefined> {
        let mut sum = Rational::ZERO;
        for (inner, cell) in plan.groups(self.slot, stretch, key) {
            let Cell::Balance(balance) = cell else { continue };
            if let Some(missing) = balance.missing {
                return Err(Undefined::new(
                    Reason::MissingRate,
                    format!("{} to {} on {}", missing.from, missing.to, missing.date),
                ));
            }
            if balance.closing == 0 {
                continue;
            }
            let (pipeline, stage) = (
                inner.get(self.pipeline_at).cloned().flatten(),
                inner.get(self.stage_at).cloned().flatten(),
            );
            let weighted = Rational::new(balance.closing, i128::from(self.per_unit)).and_then(|amount| {
                amount.checked_mul(self.probability(plan, stretch, pipeline.as_ref(), stage.as_ref())?)
            });
            sum = weighted
                .and_then(|amount| sum.checked_add(amount))
                .map_err(|error| match error {
                    crate::rational::Error::Overflow => {
                        Undefined::new(Reason::Overflow, "the exact value does not fit in 128 bits")
                    }
                    crate::rational::Error::DivisionByZero => {
                        let stage = stage.as_deref().unwrap_or("none");
                        Undefined::new(Reason::NoProbability, format!("stage {stage} has no probability"))
                    }
                })?;
        }
        Ok(sum)
    }

    /// The probability of a stage; "division by zero" where there is none.
    fn probability(
        &self,
        plan: &Plan,
        stretch: usize,
        pipeline: Option<&SmolStr>,
        stage: Option<&SmolStr>,
    ) -> Result<Rational, crate::rational::Error> {
        let found = self
            .pipelines
            .iter()
            .find(|found| pipeline.is_none_or(|name| found.name.as_str() == &**name));
        let place = found.and_then(|found| {
            let at = found
                .stages
                .iter()
                .position(|candidate| stage.is_some_and(|name| candidate.name.as_str() == &**name))?;
            Some((found, at))
        });
        let (found, at) = place.ok_or(crate::rational::Error::DivisionByZero)?;
        let mut product = Rational::ONE;
        for stage in &found.stages[at..] {
            let key = Key::from_iter([Some(found.name.text().clone()), Some(stage.name.text().clone())]);
            let seen = self.learnt.map(|(advanced, decided)| {
                (
                    count(plan, advanced, stretch, &key),
                    count(plan, decided, stretch, &key),
                )
            });
            match (seen, stage.probability_ppm) {
                (Some((advanced, decided)), _) if decided > 0 => {
                    product = product.checked_mul(Rational::new(advanced, decided)?)?;
                }
                (_, Some(ppm)) => return product.checked_mul(Rational::new(i128::from(ppm), 1_000_000)?),
                (_, None) => return Err(crate::rational::Error::DivisionByZero),
            }
        }
        Ok(product)
    }
}

fn count(plan: &Plan, slot: usize, stretch: usize, key: &Key) -> i128 {
    let cells = plan.cells(slot, stretch, GroupAt { key, row: None });
    cells
        .into_iter()
        .flatten()
        .map(|cell| {
            if let Cell::Flow(flow) = cell {
                i128::from(flow.count)
            } else {
                0
            }
        })
        .sum()
}

/// A balance of what entered its stage longer ago than most completed visits of that stage took.
#[derive(Debug, Clone)]
pub(super) struct Stalled {
    /// The quantile of each stage's visits completed up to each stretch's end, by pipeline and stage.
    pub(super) visits: usize,
    /// Which quantile.
    pub(super) millionths: u32,
    /// Each stretch's question, without the stage and the day of entry.
    pub(super) asked: Vec<Option<(AggregateQuery, Period)>>,
    /// The answers, once they are asked for.
    pub(super) found: Option<usize>,
    pub(super) per_unit: i64,
}

impl Stalled {
    /// One query for each stretch and stage: open since before the day that the quantile tells.
    pub(super) fn second_queries(&self, plan: &Plan) -> Vec<Option<Vec<AggregateQuery>>> {
        let of_stretch = |(stretch, asked): (usize, &Option<(AggregateQuery, Period)>)| {
            let (template, period) = asked.as_ref()?;
            let all = Key::new();
            let stages: BTreeMap<&Key, i128> = plan
                .groups(self.visits, stretch, &all)
                .filter_map(|(key, cell)| match cell {
                    Cell::Distribution(visits) => Some((key, whole_days(visits.quantile(self.millionths)?.value))),
                    _ => None,
                })
                .collect();
            Some(
                stages
                    .into_iter()
                    .filter_map(|(key, days)| at_stage(template, key, *period, days))
                    .collect(),
            )
        };
        self.asked.iter().enumerate().map(of_stretch).collect()
    }
}

fn whole_days(millis: Rational) -> i128 {
    millis
        .numerator()
        .div_euclid(millis.denominator().saturating_mul(MILLIS_PER_DAY))
}

/// `age > quantile` in whole days: entered before the last day less the quantile's whole days.
fn at_stage(template: &AggregateQuery, key: &Key, period: Period, days: i128) -> Option<AggregateQuery> {
    let before = i128::from(day_number(period.last_day())) - days;
    let before = date_of_day_number(i32::try_from(before).ok()?);
    let mut query = template.clone();
    query.origin = Some(Period::EARLIEST..before);
    for (dimension, value) in [Dimension::Pipeline, Dimension::Stage].into_iter().zip(key) {
        let value = value.as_ref().and_then(|value| Name::new(value).ok());
        query.filters.push(Filter {
            dimension,
            values: vec![value],
            exclude: false,
        });
    }
    (Period::EARLIEST < before).then_some(query)
}

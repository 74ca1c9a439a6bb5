//! From a function of a measure's rows to queries.

use std::ops::Range;

use jiff::civil::Date;

use super::{
    Error,
    frame::Stretch,
    lower::{Lowering, Scope, amount, basis_of},
    stages::{Stalled, Weighted},
    term::{Read, Term, What},
};
use crate::{
    calendar::{Period, date_of_day_number, day_number},
    dimension::Dimension,
    measure::{Builtin, Measure, Unit},
    metric::{
        expression::{Condition, Function, Probability, Selection, Values, Window},
        parameter::Value,
    },
    money::PER_UNIT,
    policy::CurrencyMode,
    query::{Aggregate, AggregateQuery, Basis, Buckets, Conversion, Filter},
};

const MILLIS_PER_DAY: i64 = 86_400_000;
/// The most days of entries that a window on a measure without durations looks at, one query each.
const MAX_WINDOW_DAYS: usize = 1_500;

impl Lowering<'_> {
    pub(super) fn measured(&mut self, function: &Function, rows: &Selection, scope: &Scope<'_>) -> Result<Term, Error> {
        match function {
            Function::Due => self.due(rows, scope),
            Function::Weighted(probability) => self.weighted(*probability, rows, scope),
            Function::Stalled(visits, millionths) => self.stalled(visits, *millionths, rows, scope),
            _ => self.plain(function, rows, scope),
        }
    }

    fn plain(&mut self, function: &Function, rows: &Selection, scope: &Scope<'_>) -> Result<Term, Error> {
        let (aggregate, what) = match function {
            Function::Sum => (Aggregate::Flow, What::Sum),
            Function::Count => (Aggregate::Rows, What::Count),
            Function::Average => (Aggregate::Moments, What::Average),
            Function::Quantile(millionths) => (
                Aggregate::Distribution {
                    quantiles: vec![*millionths],
                },
                What::Quantile(*millionths),
            ),
            Function::Distinct => (Aggregate::DistinctSubjects, What::Distinct),
            Function::DistinctValues(dimension) => (Aggregate::DistinctValues(dimension.clone()), What::Distinct),
            Function::Opening => (Aggregate::Balance, What::Opening),
            Function::AtStart => (Aggregate::Retention, What::AtStart),
            Function::Retained => (Aggregate::Retention, What::Retained),
            Function::StartSum => (Aggregate::Retention, What::StartSum),
            Function::Kept => (Aggregate::Retention, What::Kept),
            Function::Capped => (Aggregate::Retention, What::Capped),
            Function::Balance | Function::Due | Function::Weighted(_) | Function::Stalled(..) => {
                (Aggregate::Balance, What::Closing)
            }
        };
        let mut template = self.template(rows, scope, aggregate)?;
        if matches!(what, What::Count | What::Distinct) {
            template.conversion = None;
        }
        if template.basis == Basis::Cohort
            && scope
                .frame
                .stretches
                .iter()
                .flatten()
                .any(|stretch| stretch.instants.is_some())
        {
            return Err(Error::invalid(
                "basis",
                "is cohort, which is answered by days in the tenant's time zone only",
            ));
        }
        let per_unit = self.per_unit(&rows.measure);
        let slot = match self.window(rows, scope)? {
            Some((days, within)) => self.windowed(template, days, within, rows, scope)?,
            None => self.plan.slot(&template, &scope.frame, scope.shown)?,
        };
        Ok(Term::Read(Read { slot, what, per_unit }))
    }

    /// The query of some rows, without its buckets.
    fn template(&self, rows: &Selection, scope: &Scope<'_>, aggregate: Aggregate) -> Result<AggregateQuery, Error> {
        let stock = matches!(aggregate, Aggregate::Balance | Aggregate::Retention);
        let mut filters = self.question.filters.clone();
        for condition in &rows.conditions {
            filters.extend(self.filter(condition, scope));
        }
        let money = self
            .registry
            .measure(&rows.measure)
            .is_some_and(|(unit, _)| unit == Unit::Money);
        Ok(AggregateQuery {
            measure: rows.measure.clone(),
            buckets: Buckets::Dates(Vec::new()),
            basis: if stock {
                Basis::Event
            } else {
                basis_of(rows.basis, scope)
            },
            known_at: self.question.known_at,
            now: self.question.now,
            origin: None,
            max_value: None,
            filters,
            group: scope.group.to_vec(),
            attribution: self.question.attribution,
            conversion: money.then(|| Conversion {
                to: self.currency(),
                mode: rate_day(&rows.measure, self.mode()),
            }),
            aggregate,
        })
    }

    fn filter(&self, condition: &Condition, scope: &Scope<'_>) -> Option<Filter> {
        let values = match &condition.values {
            Values::Listed(values) => values.clone(),
            Values::Parameter(name) => match scope.metric.values.get(name)? {
                Value::Text(text) => vec![Some(text.clone())],
                Value::List(list) => list.iter().cloned().map(Some).collect(),
                _ => return None,
            },
        };
        Some(Filter {
            dimension: condition.dimension.clone(),
            values,
            exclude: condition.exclude,
        })
    }

    /// How many of a measure's units make one of an expression's. The tenant's own plain numbers are thousandths.
    fn per_unit(&self, measure: &Measure) -> i64 {
        let own = matches!(measure, Measure::Own(_));
        match self.registry.measure(measure).map(|(unit, _)| unit) {
            Some(Unit::Money) => PER_UNIT,
            Some(Unit::Milliseconds) => MILLIS_PER_DAY,
            Some(Unit::Milli) => 1_000,
            Some(Unit::Count) if own => 1_000,
            Some(Unit::Days) if own => MILLIS_PER_DAY,
            _ => 1,
        }
    }

    /// A window's whole days, and whether rows must lie within it.
    fn window(&self, rows: &Selection, scope: &Scope<'_>) -> Result<Option<(i32, bool)>, Error> {
        let Some(window) = &rows.window else { return Ok(None) };
        let Some(days) = amount(window.amount(), scope)? else {
            return Ok(None);
        };
        let whole = days.numerator().div_euclid(days.denominator());
        let whole = i32::try_from(whole).ok().filter(|days| (0..=36_600).contains(days));
        let whole = whole.ok_or_else(|| Error::invalid("window", "must be 0 to 36600 days"))?;
        Ok(Some((whole, matches!(window, Window::Within(_)))))
    }

    /// Entrants whose window has passed: who entered on day d has until the end of day d + window.
    fn matured(&self, days: i32) -> Range<Date> {
        Period::EARLIEST..date_of_day_number(day_number(self.clock.today) - days).max(Period::EARLIEST)
    }

    fn windowed(
        &mut self,
        mut query: AggregateQuery,
        days: i32,
        within: bool,
        rows: &Selection,
        scope: &Scope<'_>,
    ) -> Result<usize, Error> {
        query.origin = Some(self.matured(days));
        if within {
            match self.registry.measure(&rows.measure).map(|(unit, _)| unit) {
                Some(Unit::Days) => query.max_value = Some(i64::from(days)),
                Some(Unit::Milliseconds) => query.max_value = Some(i64::from(days) * MILLIS_PER_DAY),
                _ => return self.windowed_by_day(&query, days, scope),
            }
        }
        self.plan.slot(&query, &scope.frame, scope.shown)
    }

    /// A window on a measure whose values are not durations: each day of entry has its own stretch of days to finish in.
    fn windowed_by_day(&mut self, query: &AggregateQuery, days: i32, scope: &Scope<'_>) -> Result<usize, Error> {
        let asked: usize = scope
            .frame
            .stretches
            .iter()
            .flatten()
            .map(|stretch| usize::try_from(stretch.so_far.days()).unwrap_or(0))
            .sum();
        if asked > MAX_WINDOW_DAYS || query.aggregate.rank().is_none() {
            return Err(Error::invalid(
                "window",
                format!(
                    "on {} needs sums or counts over at most {MAX_WINDOW_DAYS} days",
                    query.measure
                ),
            ));
        }
        let matured = self.matured(days);
        let of_stretch = |stretch: &Stretch| -> Vec<AggregateQuery> {
            let span = day_number(stretch.so_far.start())..day_number(stretch.so_far.end());
            let by_day = span.filter_map(|day| {
                let (dates, origin) = match query.basis {
                    Basis::Cohort => (day..day + days + 1, day..day + 1),
                    Basis::Event => (day..day + 1, day - days..day + 1),
                };
                let (dates, origin) = (dates_of(&dates), dates_of(&origin));
                let origin = origin.start.max(matured.start)..origin.end.min(matured.end);
                (origin.start < origin.end).then(|| AggregateQuery {
                    buckets: Buckets::Dates(vec![dates]),
                    basis: Basis::Event,
                    origin: Some(origin),
                    ..query.clone()
                })
            });
            by_day.collect()
        };
        let asked = scope
            .frame
            .stretches
            .iter()
            .map(|stretch| stretch.as_ref().map(of_stretch))
            .collect();
        self.plan.slot_of(asked, scope.shown)
    }

    /// Each stretch has its own range of origins: its days as asked, also those to come.
    fn due(&mut self, rows: &Selection, scope: &Scope<'_>) -> Result<Term, Error> {
        let template = self.template(rows, scope, Aggregate::Balance)?;
        let asked = scope.frame.stretches.iter().map(|stretch| {
            let stretch = stretch.as_ref()?;
            let origin = Some(stretch.whole.start()..stretch.whole.end());
            Some(vec![AggregateQuery {
                buckets: buckets(stretch),
                origin,
                ..template.clone()
            }])
        });
        let slot = self.plan.slot_of(asked.collect(), scope.shown)?;
        Ok(Term::Read(Read {
            slot,
            what: What::Closing,
            per_unit: self.per_unit(&rows.measure),
        }))
    }

    fn weighted(&mut self, probability: Probability, rows: &Selection, scope: &Scope<'_>) -> Result<Term, Error> {
        let mut template = self.template(rows, scope, Aggregate::Balance)?;
        let pipeline_at = position(&mut template.group, Dimension::Pipeline);
        let stage_at = position(&mut template.group, Dimension::Stage);
        let slot = self.plan.slot(&template, &scope.frame, scope.shown)?;
        let learnt = match probability {
            Probability::Declared => None,
            Probability::Learnt => Some((
                self.history(Builtin::StageAdvanced, Aggregate::Rows, scope)?,
                self.history(Builtin::StageDecided, Aggregate::Rows, scope)?,
            )),
        };
        let per_unit = self.per_unit(&rows.measure);
        let pipelines = self.policies.pipelines.clone();
        self.plan.weighted.push(Weighted {
            slot,
            per_unit,
            pipeline_at,
            stage_at,
            learnt,
            pipelines,
        });
        Ok(Term::Weighted(self.plan.weighted.len() - 1))
    }

    fn stalled(
        &mut self,
        visits: &Measure,
        millionths: u32,
        rows: &Selection,
        scope: &Scope<'_>,
    ) -> Result<Term, Error> {
        let template = self.template(rows, scope, Aggregate::Balance)?;
        let quantiles = Aggregate::Distribution {
            quantiles: vec![millionths],
        };
        let visits = self.history(visits.clone(), quantiles, scope)?;
        let asked = scope.frame.stretches.iter().map(|stretch| {
            let stretch = stretch.as_ref()?;
            Some((
                AggregateQuery {
                    buckets: buckets(stretch),
                    ..template.clone()
                },
                stretch.so_far,
            ))
        });
        let per_unit = self.per_unit(&rows.measure);
        self.plan.stalled.push(Stalled {
            visits,
            millionths,
            asked: asked.collect(),
            found: None,
            per_unit,
        });
        Ok(Term::Stalled(self.plan.stalled.len() - 1))
    }

    /// What the whole organisation's history up to each stretch's end says about each stage, whatever the question's
    /// groups and filters.
    fn history(
        &mut self,
        measure: impl Into<Measure>,
        aggregate: Aggregate,
        scope: &Scope<'_>,
    ) -> Result<usize, Error> {
        let template = AggregateQuery {
            measure: measure.into(),
            buckets: Buckets::Dates(Vec::new()),
            basis: Basis::Event,
            known_at: self.question.known_at,
            now: self.question.now,
            origin: None,
            max_value: None,
            filters: Vec::new(),
            group: vec![Dimension::Pipeline, Dimension::Stage],
            attribution: self.question.attribution,
            conversion: None,
            aggregate,
        };
        let asked = scope.frame.stretches.iter().map(|stretch| {
            let end = stretch.as_ref()?.so_far.end();
            Some(vec![AggregateQuery {
                buckets: Buckets::Dates(vec![Period::EARLIEST..end]),
                ..template.clone()
            }])
        });
        self.plan.slot_of(asked.collect(), false)
    }
}

/// Where a dimension stands in a group, added when it is missing.
fn position(group: &mut Vec<Dimension>, dimension: Dimension) -> usize {
    group.iter().position(|found| *found == dimension).unwrap_or_else(|| {
        group.push(dimension);
        group.len() - 1
    })
}

fn buckets(stretch: &Stretch) -> Buckets {
    match &stretch.instants {
        Some(instants) => Buckets::Instants(vec![instants.clone()]),
        None => Buckets::Dates(vec![stretch.so_far.start()..stretch.so_far.end()]),
    }
}

fn dates_of(days: &Range<i32>) -> Range<Date> {
    date_of_day_number(days.start)..date_of_day_number(days.end)
}

/// At which day's rate a measure is converted. What is open is worth what it is worth at the end of the period: at the
/// rate of its own day each, what a deal brought into the pipeline and what it took out again would not cancel.
fn rate_day(measure: &Measure, mode: CurrencyMode) -> CurrencyMode {
    let open = *measure == Measure::Builtin(Builtin::PipelineAmount);
    match mode {
        CurrencyMode::BusinessDate if open => CurrencyMode::PeriodEnd,
        mode => mode,
    }
}

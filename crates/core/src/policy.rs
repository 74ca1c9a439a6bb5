//! What a tenant states once: time, money, lifecycle, crediting, pipelines, declared attributes and measures.
//!
//! Every answer echoes the policies that it used.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{BusinessHours, Calendar, TimeZone},
    event::Payload,
    id::Name,
    measure::Unit,
    money::Currency,
};

/// The most attributes that a tenant declares.
pub const MAX_ATTRIBUTES: usize = 16;
/// The most pipelines of a tenant, and stages of a pipeline, and measures of its own.
pub const MAX_LIST: usize = 64;

/// All that a tenant states once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// The zone in which its business dates lie.
    pub time_zone: TimeZone,
    /// Fiscal year, week start, retail weeks.
    pub calendar: Calendar,
    /// The currency in which it is answered.
    pub reporting_currency: Currency,
    /// When an account is an active customer.
    pub lifecycle: Lifecycle,
    /// What counts as revenue.
    pub revenue_source: RevenueSource,
    /// At which date's rate amounts are converted.
    pub currency_mode: CurrencyMode,
    /// Who is credited with a deal's amount.
    pub crediting: Crediting,
    /// Its pipelines; the first is the default.
    pub pipelines: Vec<Pipeline>,
    /// The attributes that its events may carry beyond the fixed dimensions.
    pub attributes: BTreeSet<Name>,
    /// Its own measures.
    pub measures: Vec<OwnMeasure>,
    /// When it answers.
    pub business_hours: BusinessHours,
}

/// When an account is an active customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// While it has an active subscription.
    Subscription,
    /// From a purchase until so many days after its latest one.
    Transactional {
        /// How many days.
        window_days: u32,
    },
}

/// What counts as revenue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevenueSource {
    /// Orders, net of refunds.
    Orders,
    /// Won opportunities, for organisations whose systems send deals only.
    WonOpportunities,
}

/// At which date's rate amounts are converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurrencyMode {
    /// The business date of the amount; for what is open in the pipeline, the last day of the period that is answered.
    BusinessDate,
    /// The last day of the period that is answered.
    PeriodEnd,
    /// One fixed date.
    Fixed(Date),
}

/// Who is credited with a deal's amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crediting {
    /// Its owner when it was won.
    Owner,
    /// Its splits; the owner where it has none.
    Splits,
}

/// A pipeline: stages in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Its name.
    pub name: Name,
    /// Its stages, first to last; won and lost are not among them.
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its name.
    pub name: Name,
    /// The declared probability of winning from here, in millionths. 0 is a probability.
    pub probability_ppm: Option<u32>,
    /// The phase of the funnel that it belongs to.
    pub phase: Option<FunnelPhase>,
    /// Its category in the forecast.
    pub forecast: Option<ForecastCategory>,
}

/// A phase of the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunnelPhase {
    /// The customer learns of us.
    Awareness,
    /// The customer weighs us.
    Consideration,
    /// The customer decides.
    Decision,
}

/// A category of the forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastCategory {
    /// Not in the forecast.
    Omitted,
    /// In the pipeline.
    Pipeline,
    /// Best case.
    BestCase,
    /// Committed.
    Commit,
}

/// A measure that the tenant declares and sends as `measurement_recorded`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnMeasure {
    /// Its name; in expressions `own.<name>`.
    pub name: Name,
    /// Its unit.
    pub unit: Unit,
}

/// One thing that is wrong with policies, or with an event under them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Violation {
    /// The field, as a path.
    pub field: String,
    /// What is wrong, with the value and the limit.
    pub problem: String,
}

impl Violation {
    /// A violation.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

impl Default for Policies {
    /// UTC, calendar years, US dollars, one pipeline of five stages, customers active for a year after an order.
    fn default() -> Self {
        let stage = |name: &str, probability: u32, phase, forecast| Stage {
            name: Name::new(name).expect("a fixed name"),
            probability_ppm: Some(probability),
            phase: Some(phase),
            forecast: Some(forecast),
        };
        Self {
            time_zone: TimeZone::utc(),
            calendar: Calendar::default(),
            reporting_currency: Currency::new("USD").expect("a known currency"),
            lifecycle: Lifecycle::Transactional { window_days: 365 },
            revenue_source: RevenueSource::Orders,
            currency_mode: CurrencyMode::BusinessDate,
            crediting: Crediting::Splits,
            pipelines: vec![Pipeline {
                name: Name::new("default").expect("a fixed name"),
                stages: vec![
                    stage(
                        "prospecting",
                        100_000,
                        FunnelPhase::Awareness,
                        ForecastCategory::Pipeline,
                    ),
                    stage(
                        "qualification",
                        250_000,
                        FunnelPhase::Consideration,
                        ForecastCategory::Pipeline,
                    ),
                    stage(
                        "proposal",
                        500_000,
                        FunnelPhase::Consideration,
                        ForecastCategory::BestCase,
                    ),
                    stage(
                        "negotiation",
                        750_000,
                        FunnelPhase::Decision,
                        ForecastCategory::BestCase,
                    ),
                    stage("commit", 900_000, FunnelPhase::Decision, ForecastCategory::Commit),
                ],
            }],
            attributes: BTreeSet::new(),
            measures: Vec::new(),
            business_hours: BusinessHours::default(),
        }
    }
}

impl Policies {
    /// Everything that is wrong with the policies; empty when they may be used.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.attributes.len() > MAX_ATTRIBUTES {
            found.push(Violation::new(
                "attributes",
                format!("{} are declared, the limit is {MAX_ATTRIBUTES}", self.attributes.len()),
            ));
        }
        if self.pipelines.is_empty() || self.pipelines.len() > MAX_LIST {
            found.push(Violation::new(
                "pipelines",
                format!("{} are given, there must be 1 to {MAX_LIST}", self.pipelines.len()),
            ));
        }
        if let Lifecycle::Transactional { window_days } = self.lifecycle
            && !(1..=3_660).contains(&window_days)
        {
            found.push(Violation::new(
                "lifecycle.window_days",
                format!("is {window_days}, must be 1 to 3660"),
            ));
        }
        found.extend(repeated(
            "pipelines",
            self.pipelines.iter().map(|pipeline| &pipeline.name),
        ));
        found.extend(repeated("measures", self.measures.iter().map(|measure| &measure.name)));
        for (at, pipeline) in self.pipelines.iter().enumerate() {
            found.extend(pipeline.violations(&format!("pipelines[{at}]")));
        }
        found
    }

    /// What is wrong with a payload under these policies: attributes and measures that are not declared, and
    /// pipelines and stages that do not exist. Empty when it may be stored.
    #[must_use]
    pub fn payload_violations(&self, payload: &Payload) -> Vec<Violation> {
        let mut found = Vec::new();
        for (at, attribute) in payload.attributes().iter().enumerate() {
            if !self.attributes.contains(&attribute.name) {
                let problem = format!(
                    "{:?} is not among the attributes that the settings declare",
                    attribute.name.as_str()
                );
                found.push(Violation::new(format!("attributes[{at}].name"), problem));
            }
        }
        let (pipeline, stage) = match payload {
            Payload::OpportunityOpened(opened) => (opened.pipeline.as_ref(), opened.stage.as_ref()),
            Payload::OpportunityStageChanged(changed) => (changed.pipeline.as_ref(), Some(&changed.stage)),
            Payload::OpportunityReopened(reopened) => (None, reopened.stage.as_ref()),
            Payload::EventAmended(amended) => return self.payload_violations(&amended.payload),
            Payload::MeasurementRecorded(recorded) => {
                found.extend(self.measurement_violation(&recorded.measure, recorded.currency.is_some()));
                (None, None)
            }
            _ => (None, None),
        };
        found.extend(self.stage_violation(pipeline, stage));
        found
    }

    fn measurement_violation(&self, name: &Name, has_currency: bool) -> Option<Violation> {
        let Some(measure) = self.measures.iter().find(|measure| measure.name == *name) else {
            return Some(Violation::new(
                "measure",
                format!(
                    "{:?} is not among the measures that the settings declare",
                    name.as_str()
                ),
            ));
        };
        let is_money = measure.unit == Unit::Money;
        (is_money != has_currency).then(|| {
            Violation::new(
                "currency",
                if is_money {
                    "is missing for a money measure"
                } else {
                    "is given, but the measure is not money"
                },
            )
        })
    }

    fn stage_violation(&self, pipeline: Option<&Name>, stage: Option<&Name>) -> Option<Violation> {
        let candidates: Vec<&Pipeline> = match pipeline {
            Some(name) => match self.pipeline(name) {
                Some(found) => vec![found],
                None => {
                    return Some(Violation::new(
                        "pipeline",
                        format!("{:?} is not among the pipelines of the settings", name.as_str()),
                    ));
                }
            },
            None => self.pipelines.iter().collect(),
        };
        let stage = stage?;
        let known = candidates.iter().any(|pipeline| pipeline.position(stage).is_some());
        (!known).then(|| Violation::new("stage", format!("{:?} is not a stage of the pipeline", stage.as_str())))
    }

    /// The pipeline with a name.
    #[must_use]
    pub fn pipeline(&self, name: &Name) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.name == *name)
    }

    /// The default pipeline.
    #[must_use]
    pub fn default_pipeline(&self) -> Option<&Pipeline> {
        self.pipelines.first()
    }

    /// Whether going from `self` to `other` changes what events count for, so that the log must be folded again.
    #[must_use]
    pub fn folds_like(&self, other: &Self) -> bool {
        self.time_zone == other.time_zone
            && self.lifecycle == other.lifecycle
            && self.revenue_source == other.revenue_source
            && self.crediting == other.crediting
            && self
                .pipelines
                .iter()
                .map(Pipeline::shape)
                .eq(other.pipelines.iter().map(Pipeline::shape))
            && self.business_hours == other.business_hours
            && self.measures == other.measures
    }
}

impl Pipeline {
    /// Where a stage stands among the stages.
    #[must_use]
    pub fn position(&self, stage: &Name) -> Option<usize> {
        self.stages.iter().position(|candidate| candidate.name == *stage)
    }

    fn shape(&self) -> (&Name, Vec<&Name>) {
        (&self.name, self.stages.iter().map(|stage| &stage.name).collect())
    }

    fn violations(&self, place: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.stages.is_empty() || self.stages.len() > MAX_LIST {
            found.push(Violation::new(
                format!("{place}.stages"),
                format!("{} are given, there must be 1 to {MAX_LIST}", self.stages.len()),
            ));
        }
        found.extend(repeated(
            &format!("{place}.stages"),
            self.stages.iter().map(|stage| &stage.name),
        ));
        for (at, stage) in self.stages.iter().enumerate() {
            if let Some(ppm) = stage.probability_ppm.filter(|ppm| *ppm > 1_000_000) {
                found.push(Violation::new(
                    format!("{place}.stages[{at}].probability"),
                    format!("is {ppm} millionths, the limit is 1000000"),
                ));
            }
        }
        found
    }
}

fn repeated<'a>(place: &str, names: impl Iterator<Item = &'a Name>) -> Vec<Violation> {
    let mut seen = BTreeSet::new();
    names
        .enumerate()
        .filter(|(_, name)| !seen.insert(*name))
        .map(|(at, name)| {
            Violation::new(
                format!("{place}[{at}].name"),
                format!("{:?} is given twice", name.as_str()),
            )
        })
        .collect()
}

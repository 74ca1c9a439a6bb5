//! The reference's answer to a question.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use scoreline_core::rational::Rational;
use scoreline_proto::events::v1::Event;

use super::{
    effective::effective,
    facts::Facts,
    metric,
    question::Question,
    tenant::Tenant,
    view::{Key, Sorted, View},
    world::World,
};

/// How many places of a number are told.
const PLACES: u32 = 12;

/// One number, and what explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The number, or why there is none.
    pub value: Result<Rational, &'static str>,
    /// What stands above and below the line, where there is one.
    pub parts: Option<(Rational, Rational)>,
    /// The sample size.
    pub n: i128,
    /// How many are still open.
    pub immature: i128,
}

/// A cell in words, for comparing and for reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The value, or `undefined:REASON`.
    pub value: String,
    /// What stands above the line.
    pub numerator: String,
    /// What stands below it.
    pub denominator: String,
    /// The sample size.
    pub n: String,
    /// How many are still open.
    pub immature: String,
}

impl Cell {
    /// The same in words.
    pub fn told(&self) -> Told {
        let text = |number: &Rational| number.to_decimal_string(PLACES);
        Told {
            value: self
                .value
                .as_ref()
                .map_or_else(|reason| format!("undefined:{reason}"), text),
            numerator: self.parts.as_ref().map_or_else(String::new, |(above, _)| text(above)),
            denominator: self.parts.as_ref().map_or_else(String::new, |(_, below)| text(below)),
            n: self.n.to_string(),
            immature: self.immature.to_string(),
        }
    }
}

/// A period and a group.
pub type Place = ((Date, Date), Key);

/// All that is known of a tenant, and ready to be asked.
#[derive(Debug, Clone)]
pub struct Reference {
    tenant: Tenant,
    world: World,
    facts: Facts,
}

impl Reference {
    /// What a tenant's events come to. They may be in any order, but each only once.
    pub fn new(tenant: &Tenant, events: &[Event]) -> Self {
        let said = effective(events);
        let world = World::new(&said, tenant.time_zone());
        let facts = Facts::new(&said, &world, tenant);
        Self {
            tenant: tenant.clone(),
            world,
            facts,
        }
    }

    /// The answer to a question: a cell for each metric in each period of each group.
    pub fn answer(&self, question: &Question) -> BTreeMap<Place, Vec<Told>> {
        let periods: Vec<_> = question
            .buckets(&self.tenant)
            .into_iter()
            .map(|bucket| (bucket, Sorted::default()))
            .collect();
        let mut keys = BTreeSet::new();
        for (bucket, sorted) in &periods {
            let _ = self.row(question, *bucket, None, sorted);
            keys.extend(sorted.keys());
        }
        if question.dimensions.is_empty() {
            keys = BTreeSet::from([Key::new()]);
        }
        let mut rows = BTreeMap::new();
        for (bucket, sorted) in &periods {
            for key in &keys {
                rows.insert((*bucket, key.clone()), self.row(question, *bucket, Some(key), sorted));
            }
        }
        rows
    }

    fn row<'a>(
        &'a self,
        question: &'a Question,
        bucket: (Date, Date),
        key: Option<&'a Key>,
        sorted: &'a Sorted<'a>,
    ) -> Vec<Told> {
        let cells = question.metrics.iter().map(|metric| {
            let cohort = question.cohort.unwrap_or_else(|| metric::is_cohort(&metric.id));
            let currency = question.currency.as_deref().unwrap_or(self.tenant.currency);
            let view = View {
                world: &self.world,
                facts: &self.facts,
                question,
                currency,
                bucket,
                key,
                cohort,
                sorted,
            };
            metric::cell(metric, &view).told()
        });
        cells.collect()
    }
}

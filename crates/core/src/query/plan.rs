//! A question made ready: what is read of each row, and what becomes of it.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    Aggregate, AggregateQuery, Attribution, Error, Options, condition::Condition, lookup::Lookup, options::MAX_GROUP,
    pricing::Pricing, slots::Slots,
};
use crate::{
    dimension::{Dimension, Tables},
    ledger::{Dictionaries, Texts, Wanted, day},
};

/// Where a dimension that is looked up at the end finds the row's codes among the keys.
#[derive(Debug, Clone)]
pub(super) struct Route {
    own: Option<usize>,
    rep: Option<usize>,
}

impl Route {
    pub(super) fn code(&self, lookup: &Lookup, keys: &[u32], day: i32) -> u32 {
        let key = |at: Option<usize>| at.map_or(0, |at| keys[at]);
        lookup.resolve(key(self.own), key(self.rep), day)
    }
}

/// Where a dimension of the group comes from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// From a key of the rows.
    Key(usize),
    /// From several keys, at each bucket's own day.
    Late(Box<Lookup>, Route),
}

/// A question made ready for one set of dictionaries. Shared by all [`super::Partial`]s that answer it together.
///
/// Flows look everything up row by row. A balance is grouped by what rows have for ever (their rep, not its team), and
/// that is looked up at each bucket's own day at the end, for both ends of the bucket alike.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    pub(super) query: &'a AggregateQuery,
    pub(super) tables: &'a Tables,
    pub(super) max_cells: usize,
    pub(super) slots: Slots,
    pub(super) stock: bool,
    pub(super) conditions: Vec<Condition>,
    pub(super) keys: Vec<Lookup>,
    pub(super) late: Vec<(Condition, Route)>,
    pub(super) group: Vec<Origin>,
    pub(super) account: Option<usize>,
    pub(super) pricing: Option<Pricing>,
    /// Whether an account's changes are listed as they are found, instead of being summed up in a cell for each slot: most
    /// accounts change in few slots.
    pub(super) lists: bool,
    /// The size of each key, and at last of the slots.
    pub(super) sizes: Vec<u64>,
}

impl<'a> Plan<'a> {
    /// Makes a question ready.
    ///
    /// # Errors
    /// When the question makes no sense.
    pub fn new(
        query: &'a AggregateQuery,
        tables: &'a Tables,
        dictionaries: &Dictionaries,
        options: &Options,
    ) -> Result<Self, Error> {
        let mut plan = Self::routed(query, tables, options)?;
        let is_known = plan.pricing.is_none() && !plan.is_dated();
        plan.lists = query.aggregate == Aggregate::Retention && is_known;
        plan.refresh(dictionaries);
        Ok(plan)
    }

    /// The same with a cell for each slot, whatever is asked.
    ///
    /// # Errors
    /// As for [`Plan::new`].
    pub(super) fn of_cells(
        query: &'a AggregateQuery,
        tables: &'a Tables,
        dictionaries: &Dictionaries,
        options: &Options,
    ) -> Result<Self, Error> {
        let mut plan = Self::routed(query, tables, options)?;
        plan.refresh(dictionaries);
        Ok(plan)
    }

    /// A plan that knows no codes yet.
    fn routed(query: &'a AggregateQuery, tables: &'a Tables, options: &Options) -> Result<Self, Error> {
        check(query)?;
        let stock = matches!(query.aggregate, Aggregate::Balance | Aggregate::Retention);
        let slots = Slots::new(query, stock, options)?;
        let mut plan = Self {
            query,
            tables,
            max_cells: options.max_cells,
            stock,
            conditions: Vec::new(),
            keys: Vec::new(),
            late: Vec::new(),
            group: Vec::new(),
            account: None,
            pricing: query
                .conversion
                .as_ref()
                .filter(|_| query.aggregate.has_values())
                .map(|conversion| Pricing::new(conversion, &slots, stock)),
            lists: false,
            sizes: Vec::new(),
            slots,
        };
        plan.route(options);
        Ok(plan)
    }

    fn route(&mut self, options: &Options) {
        let query = self.query;
        // The first key moves slowest: all that concerns one account stands together.
        if query.aggregate == Aggregate::Retention {
            self.account = Some(self.stored_key(&Dimension::Account));
        }
        let now = options.zone.to_datetime(query.now).date();
        let fixed: Option<Date> = (query.attribution == Attribution::Current).then_some(now);
        for filter in &query.filters {
            let condition = Condition::new(filter, Lookup::new(&filter.dimension, fixed));
            if self.stock && condition.lookup.is_dated() {
                let route = self.route_of(&condition.lookup);
                self.late.push((condition, route));
            } else {
                self.conditions.push(condition);
            }
        }
        for dimension in &query.group {
            let lookup = Lookup::new(dimension, fixed);
            let origin = if self.stock && lookup.is_dated() {
                let route = self.route_of(&lookup);
                Origin::Late(Box::new(lookup), route)
            } else {
                Origin::Key(self.key(lookup))
            };
            self.group.push(origin);
        }
    }

    /// Whether the group of a key, or whether it is asked for, depends on the bucket's day.
    pub(super) fn is_dated(&self) -> bool {
        !self.late.is_empty() || self.group.iter().any(|origin| matches!(origin, Origin::Late(..)))
    }

    fn route_of(&mut self, lookup: &Lookup) -> Route {
        let own = lookup.own.as_ref().map(|own| self.stored_key(&own.dimension));
        let rep = lookup.rep.as_ref().map(|_| self.stored_key(&Dimension::Rep));
        Route { own, rep }
    }

    fn stored_key(&mut self, dimension: &Dimension) -> usize {
        let is_it = |key: &Lookup| {
            key.own
                .as_ref()
                .is_some_and(|own| own.map.is_none() && own.dimension == *dimension)
        };
        match self.keys.iter().position(is_it) {
            Some(at) => at,
            None => self.key(Lookup::stored(dimension)),
        }
    }

    fn key(&mut self, lookup: Lookup) -> usize {
        self.keys.push(lookup);
        self.keys.len() - 1
    }

    /// Takes in codes that the dictionaries have got since the plan was made or refreshed.
    pub fn refresh(&mut self, dictionaries: &Dictionaries) {
        self.refresh_from(&dictionaries.read());
    }

    fn refresh_from(&mut self, texts: &Texts) {
        let late = self.late.iter_mut().map(|(condition, _)| condition);
        for condition in self.conditions.iter_mut().chain(late) {
            condition.refresh(texts, self.tables);
        }
        let late = self.group.iter_mut().filter_map(|origin| match origin {
            Origin::Late(lookup, _) => Some(lookup.as_mut()),
            Origin::Key(_) => None,
        });
        for lookup in self.keys.iter_mut().chain(late) {
            lookup.refresh(texts, self.tables);
        }
        if let Some(pricing) = &mut self.pricing {
            pricing.refresh(texts);
        }
        self.sizes = self.keys.iter().map(|key| u64::from(key.size(texts))).collect();
        self.sizes.push(if self.lists { 1 } else { self.slot_count() });
    }

    /// The slots of rows, and behind them, where amounts are restated at each bucket's rate, two for each bucket.
    pub(super) fn slot_count(&self) -> u64 {
        let restated = if self.restates() {
            2 * self.slots.before.len() as u64
        } else {
            0
        };
        u64::from(self.slots.count) + restated
    }

    pub(super) fn restates(&self) -> bool {
        self.pricing.as_ref().is_some_and(|pricing| pricing.restates)
    }

    /// The slot that holds a bucket's restated opening (or, one further, its closing) amounts.
    pub(super) fn restated_slot(&self, bucket: usize, closing: bool) -> u32 {
        self.slots.count + 2 * bucket as u32 + u32::from(closing)
    }

    /// The day on which a bucket of a stock looks reps up.
    pub(super) fn attribution_day(&self, bucket: usize) -> i32 {
        let (first, last) = self.slots.days[bucket];
        if self.query.aggregate == Aggregate::Retention {
            first
        } else {
            last
        }
    }

    /// What the question reads of rows.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let mut dimensions = BTreeSet::new();
        let mut lookups: Vec<&Lookup> = self.conditions.iter().map(|condition| &condition.lookup).collect();
        lookups.extend(&self.keys);
        for lookup in lookups {
            dimensions.extend(lookup.own.as_ref().map(|own| own.dimension.clone()));
            dimensions.extend(lookup.rep.as_ref().map(|_| Dimension::Rep));
        }
        dimensions.extend(self.pricing.as_ref().map(|_| Dimension::Currency));
        if let Aggregate::DistinctValues(dimension) = &self.query.aggregate {
            dimensions.insert(dimension.clone());
        }
        let subjects = self.query.aggregate == Aggregate::DistinctSubjects;
        Wanted {
            measure: self.query.measure.clone(),
            dimensions: Some(dimensions),
            subjects,
        }
    }

    /// The half-open range of origin days that pass.
    pub(super) fn origin(&self) -> Option<(i64, i64)> {
        let range = self.query.origin.as_ref()?;
        Some((day::to_day(range.start).into(), day::to_day(range.end).into()))
    }
}

fn check(query: &AggregateQuery) -> Result<(), Error> {
    if query.group.len() > MAX_GROUP {
        return Err(Error::Unsupported("a group has at most 8 dimensions"));
    }
    match &query.aggregate {
        Aggregate::DistinctValues(dimension) if !dimension.is_stored() => Err(Error::Unsupported(
            "distinct values are counted of stored dimensions only",
        )),
        Aggregate::Distribution { quantiles } if quantiles.iter().any(|quantile| *quantile > 1_000_000) => {
            Err(Error::Unsupported("a quantile lies between 0 and 1000000 millionths"))
        }
        _ => Ok(()),
    }
}

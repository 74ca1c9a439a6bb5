//! Filters, resolved to the codes that pass.

use std::collections::BTreeSet;

use super::{Filter, bound::Bound, lookup::Lookup};
use crate::{
    dimension::{Dimension, Tables},
    id::Name,
    ledger::{Block, Texts},
};

/// A filter with its lookup: for each code whether it passes.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) lookup: Lookup,
    pub(super) passes: Vec<bool>,
    values: BTreeSet<Option<Name>>,
    exclude: bool,
}

impl Condition {
    pub(super) fn new(filter: &Filter, lookup: Lookup) -> Self {
        let values = filter.values.iter().cloned().collect();
        Self {
            lookup,
            passes: Vec::new(),
            values,
            exclude: filter.exclude,
        }
    }

    pub(super) fn refresh(&mut self, texts: &Texts, tables: &Tables) {
        self.lookup.refresh(texts, tables);
        if self.lookup.is_stored() {
            self.refresh_stored(texts);
            return;
        }
        let words = self.lookup.words(texts);
        for code in self.passes.len() as u32..self.lookup.size(texts) {
            let value = words.get(code).and_then(|text| Name::new(text).ok());
            self.passes.push(self.names(value, tables) != self.exclude);
        }
    }

    /// The dictionary knows the codes of the few values that are named: the many others need no look.
    fn refresh_stored(&mut self, texts: &Texts) {
        let dimension = &self.lookup.dimension;
        self.passes.resize(self.lookup.size(texts) as usize, self.exclude);
        for value in &self.values {
            let code = match value {
                None => Some(0),
                Some(value) => texts.code(dimension, value.as_str()),
            };
            if let Some(code) = code {
                self.passes[code as usize] = !self.exclude;
            }
        }
    }

    fn names(&self, value: Option<Name>, tables: &Tables) -> bool {
        match (&self.lookup.dimension, value) {
            (Dimension::Team, Some(team)) => tables
                .lineage(&team)
                .into_iter()
                .any(|team| self.values.contains(&Some(team.clone()))),
            (_, value) => self.values.contains(&value),
        }
    }

    /// The condition on one block: `Err` with the outcome when it is the same for all rows.
    pub(super) fn bind<'a>(&'a self, block: &'a Block) -> Result<(Bound<'a>, &'a [bool]), bool> {
        let bound = Bound::new(&self.lookup, block);
        let (mut some, mut all) = (false, true);
        match bound.candidates() {
            None => (some, all) = (true, false),
            Some(codes) => {
                for code in codes {
                    some |= self.passes[code as usize];
                    all &= self.passes[code as usize];
                }
            }
        }
        match (some, all) {
            (false, _) => Err(false),
            (true, true) => Err(true),
            (true, false) => Ok((bound, &self.passes)),
        }
    }
}

//! Targets, by what they are measured by and whom they are set for.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use jiff::civil::Date;
use smallvec::SmallVec;

use super::Target;
use crate::{
    event::TargetScope,
    id::{Name, TargetId},
};

/// The targets of one scope. Rarely are there more than one at a time.
pub(crate) type ScopeTargets<'a> = SmallVec<[&'a Target; 2]>;

#[derive(Debug, Clone, Default)]
pub(super) struct Targets {
    by_id: BTreeMap<TargetId, Arc<Target>>,
    by_metric: BTreeMap<Name, OfMetric>,
}

/// The targets that are measured by one metric.
#[derive(Debug, Clone, Default)]
struct OfMetric {
    /// In order, with the end of their targets.
    scopes: Vec<(TargetScope, usize)>,
    /// By scope, those of one scope by id. Their days stand beside them: of most targets a question looks at no more.
    targets: Vec<(Range<Date>, Arc<Target>)>,
}

impl Targets {
    pub(super) fn set(&mut self, target: &Target) {
        self.by_id.insert(target.target.clone(), Arc::new(target.clone()));
    }

    /// Sorts what was learnt.
    pub(super) fn settle(&mut self) {
        let mut sorted: Vec<&Arc<Target>> = self.by_id.values().collect();
        sorted.sort_by_key(|target| &target.scope);
        self.by_metric.clear();
        for target in sorted {
            let metric = self.by_metric.entry(target.metric.clone()).or_default();
            metric.targets.push((target.start..target.end, Arc::clone(target)));
            let end = metric.targets.len();
            match metric.scopes.last_mut().filter(|(scope, _)| *scope == target.scope) {
                Some(last) => last.1 = end,
                None => metric.scopes.push((target.scope.clone(), end)),
            }
        }
    }

    pub(super) fn get(&self, target: &TargetId) -> Option<&Target> {
        self.by_id.get(target).map(Arc::as_ref)
    }

    /// The targets of a metric on some days, by scope; those of one scope by id.
    pub(super) fn of_metric(
        &self,
        metric: &str,
        days: Range<Date>,
    ) -> impl Iterator<Item = (&TargetScope, ScopeTargets<'_>)> {
        let metric = self.by_metric.get(metric);
        let scopes = metric.into_iter().flat_map(|metric| {
            let firsts = [0].into_iter().chain(metric.scopes.iter().map(|(_, end)| *end));
            firsts
                .zip(&metric.scopes)
                .map(|(first, (scope, end))| (scope, &metric.targets[first..*end]))
        });
        scopes.filter_map(move |(scope, targets)| {
            let there = targets
                .iter()
                .filter(|(own, _)| own.start < days.end && days.start < own.end);
            let there: ScopeTargets<'_> = there.map(|(_, target)| target.as_ref()).collect();
            (!there.is_empty()).then_some((scope, there))
        })
    }
}

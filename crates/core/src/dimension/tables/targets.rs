//! Targets, by what they are measured by and whom they are set for.

use std::{collections::BTreeMap, sync::Arc};

use super::Target;
use crate::{
    event::TargetScope,
    id::{Name, TargetId},
};

/// The targets of one scope that are measured by one metric, by id.
type OfScope = Vec<Arc<Target>>;

#[derive(Debug, Clone, Default)]
pub(super) struct Targets {
    by_id: BTreeMap<TargetId, Arc<Target>>,
    by_metric: BTreeMap<Name, BTreeMap<TargetScope, OfScope>>,
}

impl Targets {
    pub(super) fn set(&mut self, target: &Target) {
        self.by_id.insert(target.target.clone(), Arc::new(target.clone()));
    }

    /// Sorts what was learnt.
    pub(super) fn settle(&mut self) {
        self.by_metric.clear();
        for target in self.by_id.values() {
            let scopes = self.by_metric.entry(target.metric.clone()).or_default();
            scopes.entry(target.scope.clone()).or_default().push(Arc::clone(target));
        }
    }

    pub(super) fn get(&self, target: &TargetId) -> Option<&Target> {
        self.by_id.get(target).map(Arc::as_ref)
    }

    pub(super) fn of_metric(&self, metric: &str) -> impl Iterator<Item = (&TargetScope, &[Arc<Target>])> {
        let scopes = self.by_metric.get(metric).into_iter().flatten();
        scopes.map(|(scope, targets)| (scope, targets.as_slice()))
    }
}

//! Which policies an answer rests on.

use std::collections::BTreeSet;

use super::{lower::Lowering, table::AppliedPolicy};
use crate::{
    measure::{Builtin, Measure, Unit},
    metric::{
        definition::Resolved,
        expression::{Kind, Node, Reference},
        parameter::Value,
    },
};

/// The policies that a metric's measures, and those of the metrics that it refers to, rest on.
pub(super) fn applied(lowering: &Lowering<'_>, metric: &Resolved<'_>) -> Vec<AppliedPolicy> {
    let (mut measures, mut seen) = (BTreeSet::new(), BTreeSet::new());
    of_metric(lowering, metric, &mut measures, &mut seen);
    let uses = |wanted: &[Builtin]| wanted.iter().any(|wanted| measures.contains(&Measure::from(*wanted)));
    let unit = |measure: &Measure| lowering.registry.measure(measure).map(|(unit, _)| unit);
    let found = [
        uses(&[Builtin::ActiveCustomers]).then_some(AppliedPolicy::Lifecycle(lowering.policies.lifecycle)),
        uses(&[Builtin::Revenue, Builtin::CostOfGoods, Builtin::SaleAmount])
            .then_some(AppliedPolicy::RevenueSource(lowering.policies.revenue_source)),
        measures
            .iter()
            .any(|measure| unit(measure) == Some(Unit::Money))
            .then_some(AppliedPolicy::CurrencyMode(lowering.mode())),
        uses(&[Builtin::Bookings]).then_some(AppliedPolicy::Crediting(lowering.policies.crediting)),
    ];
    found.into_iter().flatten().collect()
}

fn of_metric(
    lowering: &Lowering<'_>,
    metric: &Resolved<'_>,
    measures: &mut BTreeSet<Measure>,
    seen: &mut BTreeSet<String>,
) {
    if seen.insert(metric.definition.id.clone()) {
        of_node(lowering, metric.expression.root(), metric, measures, seen);
    }
}

fn of_node(
    lowering: &Lowering<'_>,
    node: &Node,
    metric: &Resolved<'_>,
    measures: &mut BTreeSet<Measure>,
    seen: &mut BTreeSet<String>,
) {
    let named = |name: &String| match metric.values.get(name) {
        Some(Value::Metric(id)) => Some(id.clone()),
        _ => None,
    };
    let referred = match &node.kind {
        Kind::Metric(id) | Kind::Growth(Reference::Id(id), _) | Kind::Goal(_, Reference::Id(id)) => Some(id.clone()),
        Kind::Parameter(name)
        | Kind::Growth(Reference::Parameter(name), _)
        | Kind::Goal(_, Reference::Parameter(name)) => named(name),
        _ => None,
    };
    if let Some(inner) = referred.and_then(|id| lowering.registry.referred(&id, metric)) {
        of_metric(lowering, &inner, measures, seen);
    }
    match &node.kind {
        Kind::Measured(_, rows) => drop(measures.insert(rows.measure.clone())),
        Kind::Negate(inner) | Kind::Earlier(inner, _) | Kind::Lifetime(inner, _) => {
            of_node(lowering, inner, metric, measures, seen);
        }
        Kind::Binary(_, left, right) | Kind::Ratio(left, right) => {
            of_node(lowering, left, metric, measures, seen);
            of_node(lowering, right, metric, measures, seen);
        }
        _ => {}
    }
}

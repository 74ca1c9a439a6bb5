//! The queries behind a number, so that the records that it rests on can be listed.

use super::{
    Error,
    lower::Lowering,
    plan::Plan,
    question::{Question, Selection},
    term::Term,
};
use crate::{dimension::Tables, metric::Registry, policy::Policies, query::AggregateQuery};

/// A part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// All of it.
    Whole,
    /// What stands above the line; all of it where there is no line.
    Numerator,
    /// What stands below the line; nothing where there is no line.
    Denominator,
}

/// The queries that a part of a metric rests on, over the question's own time. To list what is behind one cell, ask for that
/// cell's period and group as range and filters.
///
/// Queries that only follow from other answers (the stalled opportunities of each stage) are told by those others.
///
/// # Errors
/// As [`evaluate`](super::evaluate).
pub fn leaves(
    registry: &Registry,
    policies: &Policies,
    tables: &Tables,
    question: &Question,
    metric: &Selection,
    part: Part,
) -> Result<Vec<AggregateQuery>, Error> {
    let mut lowering = Lowering::new(registry, policies, tables, question)?;
    let resolved = lowering.resolve(metric)?;
    registry.check(&resolved)?;
    let scope = lowering.scope(&resolved);
    let fraction = lowering.fraction(resolved.expression.root(), &scope)?;
    let term = match (part, fraction) {
        (Part::Numerator, Some((above, _))) => Some(above),
        (Part::Denominator, Some((_, below))) => Some(below),
        (Part::Denominator, None) => None,
        (Part::Whole | Part::Numerator, _) => Some(lowering.metric(&scope)?),
    };
    let (plan, _) = lowering.finish();
    let mut found = Vec::new();
    if let Some(term) = term {
        collect(&term, &plan, &mut found);
    }
    Ok(found)
}

fn collect(term: &Term, plan: &Plan, found: &mut Vec<AggregateQuery>) {
    let slot = match term {
        Term::Read(read) => Some(read.slot),
        Term::Weighted(weighted) => Some(plan.weighted[*weighted].slot),
        Term::Stalled(stalled) => Some(plan.stalled[*stalled].visits),
        _ => None,
    };
    for query in slot.map(|slot| plan.queries_of(slot)).into_iter().flatten() {
        if !found.contains(&query) {
            found.push(query);
        }
    }
    match term {
        Term::Negate(inner) | Term::Lifetime(inner, _) | Term::ByRep(_, inner, _) => collect(inner, plan, found),
        Term::Binary(_, left, right) | Term::Growth(left, right) | Term::Remaining(left, right) => {
            collect(left, plan, found);
            collect(right, plan, found);
        }
        _ => {}
    }
}

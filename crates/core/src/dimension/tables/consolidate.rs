//! Which facts hold.

use std::collections::HashMap;

use super::Fact;

/// The facts whose counts sum to more than 0, in the order of (`at`, `event`).
pub(super) fn holding<'a>(facts: impl IntoIterator<Item = (&'a Fact, i64)>) -> Vec<&'a Fact> {
    let mut by_event: HashMap<&str, Vec<(&'a Fact, i64)>> = HashMap::new();
    for (fact, count) in facts {
        let said = by_event.entry(fact.event.as_str()).or_default();
        match said.iter_mut().find(|(other, _)| *other == fact) {
            Some((_, total)) => *total += count,
            None => said.push((fact, count)),
        }
    }
    let said = by_event.into_values().flatten();
    let mut holding: Vec<_> = said.filter(|(_, count)| *count > 0).map(|(fact, _)| fact).collect();
    // One event says one thing, so the last key is for data that should not exist: even then the order is theirs, not ours.
    holding.sort_by(|left, right| {
        let order = (left.at, &left.event, left.effective).cmp(&(right.at, &right.event, right.effective));
        order.then_with(|| format!("{:?}", left.payload).cmp(&format!("{:?}", right.payload)))
    });
    holding
}

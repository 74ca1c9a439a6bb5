//! Reps by the dimensions that they have: whom an answer's groups and filters mean on which day.

use std::{collections::BTreeSet, ops::Range};

use jiff::civil::Date;

use super::table::{Key, Reason, Undefined};
use crate::{
    calendar::Period,
    dimension::{Dimension, Tables},
    id::Name,
    query::{Attribution, Filter},
};

/// The reps of the tables, under a question's filters.
#[derive(Clone, Copy)]
pub(super) struct Roster<'a> {
    pub(super) tables: &'a Tables,
    pub(super) filters: &'a [Filter],
    pub(super) attribution: Attribution,
    pub(super) today: Date,
}

/// A stretch of days on which a rep belongs to one group.
pub(super) struct Spell<'a> {
    pub(super) rep: &'a Name,
    pub(super) days: Range<Date>,
    pub(super) key: Key,
}

/// Whether a rep has a dimension.
pub(super) fn is_of_reps(dimension: &Dimension) -> bool {
    matches!(
        dimension,
        Dimension::Rep
            | Dimension::Team
            | Dimension::TeamLevel(_)
            | Dimension::Manager
            | Dimension::Region
            | Dimension::Territory
            | Dimension::Role
    )
}

impl<'a> Roster<'a> {
    /// Why reps cannot be grouped or filtered so, if they cannot.
    pub(super) fn refusal(&self, group: &[Dimension]) -> Option<Undefined> {
        let asked = group.iter().chain(self.filters.iter().map(|filter| &filter.dimension));
        let foreign = asked.into_iter().find(|dimension| !is_of_reps(dimension))?;
        Some(Undefined::new(
            Reason::NotApplicable,
            format!("reps and targets have no {foreign}"),
        ))
    }

    /// The spells of a rep within a range, without days on which the filters leave it out.
    pub(super) fn spells(&self, rep: &'a Name, range: Range<Date>, group: &[Dimension]) -> Vec<Spell<'a>> {
        if self.filters.is_empty() && group.iter().all(|dimension| *dimension == Dimension::Rep) {
            // Nothing that is asked for changes from day to day.
            let key = group.iter().map(|_| Some(rep.text().clone())).collect();
            return Vec::from_iter((range.start < range.end).then_some(Spell { rep, days: range, key }));
        }
        let mut cuts = vec![range.start, range.end];
        if self.attribution == Attribution::AsOfEvent
            && let Some(known) = self.tables.rep(rep.as_str())
        {
            let inside = known.assignments().iter().map(|assignment| assignment.effective);
            cuts.extend(inside.filter(|date| range.start < *date && *date < range.end));
        }
        cuts.sort_unstable();
        let pieces = cuts
            .windows(2)
            .filter(|pair| pair[0] < pair[1])
            .map(|pair| pair[0]..pair[1]);
        let kept = pieces.filter_map(|days| {
            let date = if self.attribution == Attribution::Current {
                self.today
            } else {
                days.start
            };
            let passes = self.filters.iter().all(|filter| self.passes(filter, rep, date));
            let key = group
                .iter()
                .map(|dimension| self.value(rep, dimension, date).map(|name| name.text().clone()))
                .collect();
            passes.then_some(Spell { rep, days, key })
        });
        kept.collect()
    }

    fn value(&self, rep: &'a Name, dimension: &Dimension, date: Date) -> Option<&'a Name> {
        let tables = self.tables;
        let assignment = || tables.rep(rep.as_str())?.assignment(date);
        match dimension {
            Dimension::Rep => Some(rep),
            Dimension::Team => assignment()?.team.as_ref(),
            Dimension::TeamLevel(level) => tables.team_at_level(assignment()?.team.as_ref()?, *level),
            Dimension::Manager => assignment()?.manager.as_ref(),
            Dimension::Territory => assignment()?.territory.as_ref(),
            Dimension::Region => tables.region_of(rep.as_str(), date),
            Dimension::Role => assignment()?.role.as_ref(),
            _ => None,
        }
    }

    fn passes(&self, filter: &Filter, rep: &'a Name, date: Date) -> bool {
        let value = self.value(rep, &filter.dimension, date);
        let lineage = match (&filter.dimension, value) {
            (Dimension::Team, Some(team)) => self.tables.lineage(team).into_iter().map(Some).collect(),
            _ => vec![value],
        };
        let found = lineage
            .iter()
            .any(|value| filter.values.iter().any(|wanted| wanted.as_ref() == *value));
        found != filter.exclude
    }

    /// How many reps belong to the organisation on a day of a period, by group. A rep who changes group counts in both.
    pub(super) fn active(&self, period: Period, group: &[Dimension]) -> Vec<(Key, i64)> {
        let mut found: BTreeSet<(Key, &Name)> = BTreeSet::new();
        for (id, rep) in self.tables.reps() {
            for (joined, left) in rep.stretches() {
                let start = period.start().max(*joined);
                let end = left.map_or(period.end(), |left| left.min(period.end()));
                if start < end {
                    found.extend(
                        self.spells(id, start..end, group)
                            .into_iter()
                            .map(|spell| (spell.key, spell.rep)),
                    );
                }
            }
        }
        let mut counts: Vec<(Key, i64)> = Vec::new();
        for (key, _) in found {
            match counts.last_mut() {
                Some((last, count)) if *last == key => *count += 1,
                _ => counts.push((key, 1)),
            }
        }
        counts
    }
}

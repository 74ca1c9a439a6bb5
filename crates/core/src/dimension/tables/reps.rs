//! Reps: who they are, where they belong on which day, and when they were there.

use std::{collections::BTreeMap, ops::Range};

use jiff::civil::Date;

use crate::{
    event::{RepAssigned, RepJoined, RepLeft},
    id::Name,
};

/// Where a rep belongs from a day on. What is absent is unassigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The first day.
    pub effective: Date,
    /// Its team.
    pub team: Option<Name>,
    /// Its manager.
    pub manager: Option<Name>,
    /// Its region.
    pub region: Option<Name>,
    /// Its territory.
    pub territory: Option<Name>,
    /// Its role.
    pub role: Option<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Joined,
    Left,
}

/// A rep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rep {
    /// Its name.
    pub name: Option<Name>,
    assignments: Vec<Assignment>,
    moves: Vec<(Date, Move)>,
    active: Vec<(Date, Option<Date>)>,
}

impl Rep {
    /// Its assignments, in the order of their first days, one for each day.
    #[must_use]
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// Its assignment on a day.
    #[must_use]
    pub fn assignment(&self, date: Date) -> Option<&Assignment> {
        let after = self
            .assignments
            .partition_point(|assignment| assignment.effective <= date);
        after.checked_sub(1).map(|at| &self.assignments[at])
    }

    /// The first day in the organisation: the day it joined, else that of its first assignment.
    #[must_use]
    pub fn joined(&self) -> Option<Date> {
        self.active.first().map(|(start, _)| *start)
    }

    /// The first day without it, when it left and did not come back.
    #[must_use]
    pub fn left(&self) -> Option<Date> {
        self.active.last().and_then(|(_, end)| *end)
    }

    /// Its stretches in the organisation: first day, and first day without it.
    #[must_use]
    pub fn stretches(&self) -> &[(Date, Option<Date>)] {
        &self.active
    }

    /// Whether it belongs to the organisation on at least one day of a half-open range.
    #[must_use]
    pub fn is_active_in(&self, range: &Range<Date>) -> bool {
        range.start < range.end
            && self
                .active
                .iter()
                .any(|(start, end)| *start < range.end && end.is_none_or(|end| range.start < end))
    }

    /// Sorts what was learnt by day. What was learnt later wins the day.
    fn settle(&mut self) {
        self.assignments.sort_by_key(|assignment| assignment.effective);
        let mut settled: Vec<Assignment> = Vec::with_capacity(self.assignments.len());
        for assignment in self.assignments.drain(..) {
            match settled.last_mut() {
                Some(last) if last.effective == assignment.effective => *last = assignment,
                _ => settled.push(assignment),
            }
        }
        self.assignments = settled;
        self.active = self.stays();
    }

    fn stays(&mut self) -> Vec<(Date, Option<Date>)> {
        if !self.moves.iter().any(|(_, moved)| *moved == Move::Joined)
            && let Some(first) = self.assignments.first()
        {
            self.moves.insert(0, (first.effective, Move::Joined));
        }
        self.moves.sort_by_key(|(date, _)| *date);
        let mut stays: Vec<(Date, Option<Date>)> = Vec::new();
        for (date, moved) in &self.moves {
            match (moved, stays.last_mut()) {
                (Move::Joined, Some((_, None))) => {}
                (Move::Joined, _) => stays.push((*date, None)),
                (Move::Left, Some((_, end @ None))) => *end = Some(*date),
                (Move::Left, _) => {}
            }
        }
        stays.retain(|(start, end)| end.is_none_or(|end| *start < end));
        stays
    }
}

/// All reps, by id.
#[derive(Debug, Clone, Default)]
pub(super) struct Reps(BTreeMap<Name, Rep>);

impl Reps {
    pub(super) fn get(&self, rep: &str) -> Option<&Rep> {
        self.0.get(rep)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Name, &Rep)> {
        self.0.iter()
    }

    fn entry(&mut self, rep: &Name) -> &mut Rep {
        self.0.entry(rep.clone()).or_default()
    }

    pub(super) fn joined(&mut self, joined: &RepJoined, effective: Date) {
        let rep = self.entry(joined.rep.name());
        if joined.name.is_some() {
            rep.name.clone_from(&joined.name);
        }
        rep.moves.push((effective, Move::Joined));
    }

    pub(super) fn left(&mut self, left: &RepLeft, effective: Date) {
        self.entry(left.rep.name()).moves.push((effective, Move::Left));
    }

    pub(super) fn assigned(&mut self, assigned: &RepAssigned, effective: Date) {
        let assignment = Assignment {
            effective,
            team: assigned.team.as_ref().map(|team| team.name().clone()),
            manager: assigned.manager.as_ref().map(|manager| manager.name().clone()),
            region: assigned.region.clone(),
            territory: assigned.territory.as_ref().map(|territory| territory.name().clone()),
            role: assigned.role.clone(),
        };
        self.entry(assigned.rep.name()).assignments.push(assignment);
    }

    pub(super) fn settle(&mut self) {
        for rep in self.0.values_mut() {
            rep.settle();
        }
    }
}

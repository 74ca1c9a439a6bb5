//! Targets and quotas of a period, by group.
//!
//! A target counts for the part of its days that lies in the period; a ramp takes its share from the days of each month
//! from the target's start. Of one scope's targets that overlap, the shortest counts on each day (a quarter's before its
//! year's); those that are equally short add up.

use std::ops::Range;

use jiff::{ToSpan, civil::Date};
use smallvec::smallvec;

use super::{
    groups::{GroupAt, RowPlaces},
    reps::Roster,
    table::{Key, Reason, Undefined, Value},
};
use crate::{
    calendar::{Period, day_number},
    dimension::{Dimension, ScopeTargets, Target},
    event::TargetScope,
    id::Name,
    money::{Currency, PER_UNIT, convert},
    policy::CurrencyMode,
    query::Filter,
    rational::Rational,
};

/// A number of each group in each stretch.
#[derive(Debug, Clone)]
pub(super) struct Goals {
    stretches: Vec<Option<Numbers>>,
    /// Of a group that has no number.
    absent: Value,
    shown: bool,
    /// By stretch: the place of each row of the table, once there are rows.
    rows: Vec<Option<RowPlaces>>,
}

/// A number of each group, in the order of their keys.
pub(super) type Numbers = Vec<(Key, Value)>;

impl Goals {
    pub(super) fn new(stretches: Vec<Option<Numbers>>, absent: Value, shown: bool) -> Self {
        Self {
            stretches,
            absent,
            shown,
            rows: Vec::new(),
        }
    }

    /// Finds the numbers of the table's rows, where they are numbers of the same groups.
    pub(super) fn settle(&mut self, rows: &[Key]) {
        let length = rows.first().map_or(0, Key::len);
        let of_stretch = |numbers: &Option<Numbers>| {
            let numbers = numbers.as_ref()?;
            let same = numbers.iter().all(|(key, _)| key.len() == length);
            same.then(|| RowPlaces::new(rows, numbers.iter().map(|(key, _)| key)))
        };
        self.rows = self.stretches.iter().map(of_stretch).collect();
    }

    pub(super) fn get(&self, stretch: usize, group: GroupAt<'_>) -> Value {
        let Some(Some(numbers)) = self.stretches.get(stretch) else {
            return Err(Undefined::new(Reason::NotApplicable, "there is no such period"));
        };
        let place = match self.of_row(stretch, group) {
            Some(place) => place,
            None => numbers.binary_search_by(|(key, _)| key.cmp(group.key)).ok(),
        };
        place.map_or_else(|| self.absent.clone(), |place| numbers[place].1.clone())
    }

    /// The groups of a stretch whose key begins with a group's.
    pub(super) fn within<'a>(
        &'a self,
        stretch: usize,
        group: GroupAt<'a>,
    ) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        let numbers = self.stretches.get(stretch).and_then(Option::as_ref);
        let numbers = numbers.map_or(&[][..], Vec::as_slice);
        let (first, most) = match self.of_row(stretch, group) {
            Some(place) => (place.unwrap_or(0), place.map_or(0, |_| 1)),
            None => (numbers.partition_point(|(key, _)| key < group.key), usize::MAX),
        };
        let of_group = numbers[first..].iter().take(most);
        of_group
            .take_while(move |(key, _)| key.starts_with(group.key))
            .map(|(key, value)| (key, value))
    }

    /// Where a row's number is, if numbers are those of rows.
    fn of_row(&self, stretch: usize, group: GroupAt<'_>) -> Option<Option<usize>> {
        let places = self.rows.get(stretch)?.as_ref()?;
        Some(places.get(group.row?))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        let shown = self.stretches.iter().filter(|_| self.shown).flatten();
        shown.flat_map(|numbers| numbers.iter().map(|(key, _)| key))
    }
}

/// What targets are read for.
pub(super) struct Aim<'a> {
    pub(super) roster: Roster<'a>,
    pub(super) metric: &'a str,
    /// How many of a target's units make one of the metric's, and whether they are money.
    pub(super) per_unit: i64,
    pub(super) money: bool,
    pub(super) currency: Currency,
    pub(super) mode: CurrencyMode,
}

impl Aim<'_> {
    /// The reps' quotas in a period, by group.
    pub(super) fn quotas(&self, period: Period, group: &[Dimension]) -> Numbers {
        let mut parts = Numbers::new();
        for (scope, targets) in self.targets(period) {
            let TargetScope::Rep(rep) = scope else { continue };
            for spell in self.roster.spells(rep.name(), period.start()..period.end(), group) {
                let value = self.amount(&targets, &spell.days, period);
                parts.extend(value.map(|value| (spell.key, value)));
            }
        }
        summed(parts)
    }

    /// The targets in a period, by group: the scope's own, else the sum of its reps' quotas.
    pub(super) fn goals(&self, period: Period, group: &[Dimension]) -> Numbers {
        let filtered = !self.roster.filters.is_empty();
        match group {
            [] if !filtered => {
                let own = self.scoped(period, |scope| (*scope == TargetScope::Organisation).then(Key::new));
                if own.is_empty() {
                    self.whole_from_teams(period)
                } else {
                    own
                }
            }
            [] => self
                .filtered_to_scope(period)
                .unwrap_or_else(|| self.quotas(period, group)),
            [Dimension::Team | Dimension::TeamLevel(_)] if !filtered => {
                let own = self.scoped(period, |scope| match scope {
                    TargetScope::Team(team) => self.team_key(team.name(), &group[0]),
                    _ => None,
                });
                self.or_quotas(own, period, group)
            }
            [Dimension::Territory] if !filtered => {
                let own = self.scoped(period, |scope| match scope {
                    TargetScope::Territory(territory) => Some(smallvec![Some(territory.name().text().clone())]),
                    _ => None,
                });
                self.or_quotas(own, period, group)
            }
            _ => self.quotas(period, group),
        }
    }

    fn or_quotas(&self, own: Numbers, period: Period, group: &[Dimension]) -> Numbers {
        let mut all = own;
        all.extend(self.quotas(period, group));
        // A scope's own number stands before the sum of its quotas.
        all.sort_by(|(left, _), (right, _)| left.cmp(right));
        all.dedup_by(|(later, _), (earlier, _)| later == earlier);
        all
    }

    /// Teams that are not below another one with a target; without any, all reps.
    fn whole_from_teams(&self, period: Period) -> Numbers {
        let teams = self.scoped(period, |scope| match scope {
            TargetScope::Team(team) => Some(smallvec![Some(team.name().text().clone())]),
            _ => None,
        });
        let has_target = |team: &Name| {
            let key: Key = smallvec![Some(team.text().clone())];
            teams.binary_search_by(|(known, _)| known.cmp(&key)).is_ok()
        };
        let mut parts = Numbers::new();
        for (key, value) in &teams {
            let team = key
                .first()
                .and_then(Option::as_ref)
                .and_then(|team| Name::new(team).ok());
            let below = team
                .as_ref()
                .is_some_and(|team| self.roster.tables.lineage(team).into_iter().skip(1).any(&has_target));
            if !below {
                parts.push((Key::new(), value.clone()));
            }
        }
        if parts.is_empty() {
            self.quotas(period, &[])
        } else {
            summed(parts)
        }
    }

    /// A question about one named team or territory, ungrouped: its own target.
    fn filtered_to_scope(&self, period: Period) -> Option<Numbers> {
        let [
            Filter {
                dimension,
                values,
                exclude: false,
            },
        ] = self.roster.filters
        else {
            return None;
        };
        let [Some(value)] = values.as_slice() else { return None };
        let own = self.scoped(period, |scope| {
            let matches = match (scope, dimension) {
                (TargetScope::Team(team), Dimension::Team) => team.name() == value,
                (TargetScope::Territory(territory), Dimension::Territory) => territory.name() == value,
                _ => false,
            };
            matches.then(Key::new)
        });
        (!own.is_empty()).then_some(own)
    }

    fn team_key(&self, team: &Name, dimension: &Dimension) -> Option<Key> {
        let stands = match dimension {
            Dimension::TeamLevel(level) => self.roster.tables.lineage(team).len() == usize::from(*level),
            _ => true,
        };
        stands.then(|| smallvec![Some(team.text().clone())])
    }

    /// What the targets of some scopes ask for. Each scope has a key of its own.
    fn scoped(&self, period: Period, key: impl Fn(&TargetScope) -> Option<Key>) -> Numbers {
        let days = period.start()..period.end();
        let scopes = self.targets(period).filter_map(|(scope, targets)| {
            let key = key(scope)?;
            Some((key, self.amount(&targets, &days, period)?))
        });
        summed(scopes.collect())
    }

    /// The targets of each scope that overlap a period.
    fn targets(&self, period: Period) -> impl Iterator<Item = (&TargetScope, ScopeTargets<'_>)> {
        self.roster.tables.targets_of(self.metric, period.start()..period.end())
    }

    /// What one scope's targets ask for on some days; `None` when they are about other days.
    fn amount(&self, targets: &[&Target], days: &Range<Date>, period: Period) -> Option<Value> {
        if let [target] = targets
            && target.ramp_ppm.is_empty()
        {
            let piece = days.start.max(target.start)..days.end.min(target.end);
            let whole = || self.whole(target, period);
            return (piece.start < piece.end).then(|| prorated(whole()?, target, &piece));
        }
        let mut sum = None;
        for piece in pieces(targets, days) {
            let there: Vec<_> = targets
                .iter()
                .filter(|target| target.start <= piece.start && piece.start < target.end)
                .collect();
            let Some(shortest) = there.iter().map(|target| length(&(target.start..target.end))).min() else {
                continue;
            };
            for target in there
                .into_iter()
                .filter(|target| length(&(target.start..target.end)) == shortest)
            {
                let part = self
                    .whole(target, period)
                    .and_then(|whole| prorated(whole, target, &piece));
                sum = Some(match sum {
                    None => part,
                    Some(sum) => plus(sum, part),
                });
            }
        }
        sum
    }

    /// A whole target in the metric's unit and the answer's currency.
    fn whole(&self, target: &Target, period: Period) -> Value {
        let mut amount = target.amount;
        if let Some(from) = target.currency.filter(|_| self.money) {
            let date = match self.mode {
                CurrencyMode::BusinessDate => target.start,
                CurrencyMode::PeriodEnd => period.last_day(),
                CurrencyMode::Fixed(date) => date,
            };
            let to = self.currency;
            let missing = || Undefined::new(Reason::MissingRate, format!("{from} to {to} on {date}"));
            let rate = self.roster.tables.rate(from, to, date).ok_or_else(missing)?;
            amount = convert(amount, rate).map_err(|_| overflow())?;
        }
        let per_unit = if self.money { PER_UNIT } else { self.per_unit };
        Rational::new(i128::from(amount), i128::from(per_unit)).map_err(|_| overflow())
    }
}

/// The days cut where a target begins or ends, or a month of a ramp does.
fn pieces(targets: &[&Target], days: &Range<Date>) -> Vec<Range<Date>> {
    let mut cuts = vec![days.start, days.end];
    for target in targets {
        cuts.extend([target.start, target.end]);
        let months = i32::try_from(target.ramp_ppm.len()).unwrap_or(i32::MAX).min(1_200);
        cuts.extend((1..=months).map(|month| target.start.saturating_add(month.months())));
    }
    cuts.retain(|cut| days.start <= *cut && *cut <= days.end);
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// `whole × days of the piece ÷ days of the target × the ramp's share`.
fn prorated(whole: Rational, target: &Target, piece: &Range<Date>) -> Value {
    if target.ramp_ppm.is_empty() && *piece == (target.start..target.end) {
        return Ok(whole);
    }
    let month = (0..target.ramp_ppm.len()).rev().find(|month| {
        let month = i32::try_from(*month).unwrap_or(i32::MAX);
        target.start.saturating_add(month.min(1_200).months()) <= piece.start
    });
    let begun_after = i32::try_from(target.ramp_ppm.len()).unwrap_or(i32::MAX).min(1_200);
    let ramping = piece.start < target.start.saturating_add(begun_after.months());
    let share = month
        .filter(|_| ramping)
        .map_or(1_000_000, |month| target.ramp_ppm[month]);
    let part = Rational::new(
        length(piece) * i128::from(share),
        length(&(target.start..target.end)) * 1_000_000,
    );
    part.and_then(|part| whole.checked_mul(part)).map_err(|_| overflow())
}

fn length(days: &Range<Date>) -> i128 {
    i128::from(day_number(days.end) - day_number(days.start))
}

fn plus(left: Value, right: Value) -> Value {
    left?.checked_add(right?).map_err(|_| overflow())
}

/// In the order of keys, those of one key added up.
fn summed(mut parts: Numbers) -> Numbers {
    parts.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut sums = Numbers::with_capacity(parts.len());
    for (key, part) in parts {
        match sums.last_mut() {
            Some((last, sum)) if *last == key => *sum = plus(sum.clone(), part),
            _ => sums.push((key, part)),
        }
    }
    sums
}

fn overflow() -> Undefined {
    Undefined::new(Reason::Overflow, "the exact value does not fit in 128 bits")
}

//! Accounts that were walked through, so that those which change later can be walked through alone.

use std::collections::BTreeMap;

use super::{Codes, Sweep, Walks};
use crate::{
    crew::Crew,
    query::{
        Error,
        finish::grouped::{Grouped, by_ranges},
        index::Index,
        partial::Change,
        plan::Plan,
        sums::Sums,
        values::Values,
    },
};

/// What accounts have in each group, and the changes of each account in the order of their slots.
#[derive(Debug)]
pub(in crate::query) struct Walked {
    pub(super) groups: BTreeMap<Codes, Sweep>,
    /// By ranges of cells.
    accounts: Vec<Grouped<Change>>,
}

impl Walked {
    /// Walks through all accounts.
    pub(super) fn new(
        plan: &Plan<'_>,
        index: &Index,
        changes: &Values<Change>,
        crew: &dyn Crew,
    ) -> Result<Self, Error> {
        let each = changes.len() / index.len().max(1) + 1;
        let walked = by_ranges(
            crew,
            index.len(),
            |_| each,
            |cells| {
                let (mut walks, mut keys) = (Walks::new(plan), Vec::new());
                let mut accounts = Grouped::new(&cells, changes);
                for cell in cells {
                    let changes = accounts.of(cell);
                    if changes.is_empty() {
                        continue;
                    }
                    if !changes.is_sorted_by_key(|change| change.slot) {
                        changes.sort_unstable_by_key(|change| change.slot);
                    }
                    index.codes_into(index.combination(cell), &mut keys);
                    walks.account(&keys, changes.iter().map(told))?;
                }
                Ok::<_, Error>((walks, accounts))
            },
        );
        let (mut whole, mut accounts) = (Walks::new(plan), Vec::with_capacity(walked.len()));
        for walked in walked {
            let (walks, part) = walked?;
            for (codes, sweep) in walks.groups {
                whole.add(codes, sweep, 1)?;
            }
            accounts.push(part);
        }
        Ok(Self {
            groups: whole.groups,
            accounts,
        })
    }

    /// What accounts have in each group after more changes: those that have changed are taken out as they were, and added as
    /// they are.
    pub(super) fn with(
        &self,
        plan: &Plan<'_>,
        index: &Index,
        since: &Values<Change>,
    ) -> Result<BTreeMap<Codes, Sweep>, Error> {
        let mut changed: BTreeMap<u32, Vec<Change>> = BTreeMap::new();
        since.tell(|cell, changes| changed.entry(cell).or_default().extend_from_slice(changes));
        let mut whole = Walks::new(plan);
        whole.groups.clone_from(&self.groups);
        let mut keys = Vec::new();
        for (cell, mut changes) in changed {
            index.codes_into(index.combination(cell as usize), &mut keys);
            let before = self.of(cell as usize);
            let mut alone = Walks::new(plan);
            alone.account(&keys, before.iter().map(told))?;
            for (codes, sweep) in alone.groups {
                whole.add(codes, sweep, -1)?;
            }
            changes.extend_from_slice(before);
            changes.sort_unstable_by_key(|change| change.slot);
            whole.account(&keys, changes.iter().map(told))?;
        }
        Ok(whole.groups)
    }

    /// The changes of an account.
    fn of(&self, cell: usize) -> &[Change] {
        let part = self.accounts.iter().rfind(|part| part.first() <= cell);
        part.map_or(&[], |part| part.get(cell))
    }
}

fn told(change: &Change) -> (u32, Sums) {
    let mut sums = Sums::default();
    sums.add(change.value, change.sign.into());
    (change.slot, sums)
}

//! Who is credited with a deal's amount.

use crate::{event::Split, id::RepId, money, policy::Crediting};

/// The credited reps and their parts, which sum to the amount to the last micro-unit. The owner has all of it where the
/// policy says so, or where there are no splits that share anything.
pub(super) fn shares<'a>(
    micros: i64,
    owner: Option<&'a RepId>,
    splits: &'a [Split],
    crediting: Crediting,
) -> Vec<(Option<&'a RepId>, i64)> {
    let whole = || vec![(owner, micros)];
    if crediting == Crediting::Owner {
        return whole();
    }
    let weights: Vec<u64> = splits.iter().map(|split| u64::from(split.share_ppm)).collect();
    match money::split(micros, &weights) {
        Ok(parts) => splits.iter().map(|split| Some(&split.rep)).zip(parts).collect(),
        Err(_) => whole(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(rep: &str, share_ppm: u32) -> Split {
        Split {
            rep: RepId::new(rep).expect("an id"),
            share_ppm,
        }
    }

    #[test]
    fn parts_sum_to_the_deal_and_nobody_loses_the_odd_unit() {
        let splits = [split("ann", 333_334), split("bob", 333_333), split("cem", 333_333)];
        let parts: Vec<i64> = shares(100, None, &splits, Crediting::Splits)
            .iter()
            .map(|share| share.1)
            .collect();
        assert_eq!(parts, [34, 33, 33]);
    }

    #[test]
    fn without_splits_or_by_policy_the_owner_has_all() {
        let owner = RepId::new("ann").expect("an id");
        let splits = [split("bob", 1_000_000)];
        assert_eq!(shares(7, Some(&owner), &splits, Crediting::Owner), [(Some(&owner), 7)]);
        assert_eq!(shares(7, Some(&owner), &[], Crediting::Splits), [(Some(&owner), 7)]);
        assert_eq!(
            shares(7, Some(&owner), &[split("bob", 0)], Crediting::Splits),
            [(Some(&owner), 7)]
        );
    }
}

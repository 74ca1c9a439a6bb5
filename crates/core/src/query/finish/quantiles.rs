//! Quantiles by selection: values are never sorted as a whole, unless some were taken back.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::grouped::by_cell;
use crate::{
    crew::Crew,
    query::{Quantile, lists::Lists, sums::Totals},
    statistics::{QuantileRank, RankInterval, interpolate, quantile_interval, quantile_rank},
};

/// By number of values and quantile: cells often have as many values as others, and an interval's ranks take longer to find
/// than its values.
type Intervals = HashMap<(u64, u32), Option<RankInterval>>;

/// For each cell, the quantiles that are asked for; none where there is no value. Sums are as for [`by_cell`].
pub(super) fn quantiles(
    cells: usize,
    sums: (&Totals, bool),
    values: &Lists<i64, SmallVec<[Quantile; 1]>>,
    asked: &[u32],
    crew: &dyn Crew,
) -> Vec<SmallVec<[Quantile; 1]>> {
    by_cell(
        crew,
        cells,
        sums,
        values,
        Intervals::new,
        |known, values, taken_back| {
            let mut interval = |count, quantile| {
                let known = known.entry((count, quantile));
                *known.or_insert_with(|| quantile_interval(count, quantile))
            };
            match taken_back {
                [] => of(values, asked, &mut interval),
                taken_back => of(&mut net(values, taken_back), asked, &mut interval),
            }
        },
    )
}

/// The values without those taken back.
fn net(values: &mut [i64], taken_back: &mut [i64]) -> Vec<i64> {
    values.sort_unstable();
    taken_back.sort_unstable();
    let mut taken_back = taken_back.iter().peekable();
    let stands = |value: &&i64| {
        while taken_back.next_if(|taken| taken < value).is_some() {}
        taken_back.next_if_eq(value).is_none()
    };
    values.iter().filter(stands).copied().collect()
}

fn of(
    values: &mut [i64],
    quantiles: &[u32],
    interval: &mut impl FnMut(u64, u32) -> Option<RankInterval>,
) -> SmallVec<[Quantile; 1]> {
    let count = values.len() as u64;
    let ranks = |asked: &u32| Some((*asked, quantile_rank(count, *asked)?, interval(count, *asked)));
    let asked: SmallVec<[_; 1]> = quantiles.iter().filter_map(ranks).collect();
    let ends = asked.iter().flat_map(|(_, rank, interval)| {
        let interval = interval.iter().flat_map(|interval| [interval.lower, interval.upper]);
        [rank.lower, rank.upper].into_iter().chain(interval)
    });
    let mut places: SmallVec<[usize; 8]> = ends.map(|place| place as usize).collect();
    places.sort_unstable();
    places.dedup();
    put_in_place(values, 0, &places);
    let at = |place: u64| values[place as usize];
    let quantile = |(millionths, rank, interval): &(u32, QuantileRank, Option<RankInterval>)| Quantile {
        millionths: *millionths,
        value: interpolate(at(rank.lower), at(rank.upper), rank.fraction).expect("fits for the fraction of a rank"),
        interval: (interval.as_ref()).map(|interval| (at(interval.lower), at(interval.upper))),
    };
    asked.iter().map(quantile).collect()
}

/// Puts the values of some ascending places where a sort would put them. `values` begin at place `first`.
///
/// Places that lie close together, as those of a quantile and its interval do, are put in place from both ends: what lies
/// between is little then. Other places are parted where the gap between them is widest.
fn put_in_place(values: &mut [i64], first: usize, places: &[usize]) {
    let (Some(least), Some(greatest)) = (places.first(), places.last()) else {
        return;
    };
    if greatest - least <= values.len() / CLOSE {
        let (_, _, right) = values.select_nth_unstable(least - first);
        if greatest > least {
            let between = greatest - least - 1;
            let (between, _, _) = right.select_nth_unstable(between);
            put_in_place(between, least + 1, &places[1..places.len() - 1]);
        }
        return;
    }
    let gaps = places.windows(2).map(|pair| pair[1] - pair[0]);
    let widest = gaps.enumerate().max_by_key(|(_, gap)| *gap).map_or(0, |(at, _)| at);
    let (left, _, right) = values.select_nth_unstable(places[widest] - first);
    put_in_place(left, first, &places[..widest]);
    put_in_place(right, places[widest] + 1, &places[widest + 1..]);
}

/// Places are close together when they span no more than this part of the values.
const CLOSE: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_have_what_a_sort_puts_there(
            mut values in prop::collection::vec(-20_i64..20, 1..200),
            places in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
        ) {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let mut places: Vec<usize> = places.iter().map(|place| place.index(values.len())).collect();
            places.sort_unstable();
            places.dedup();
            put_in_place(&mut values, 0, &places);
            for place in places {
                prop_assert_eq!(values[place], sorted[place]);
            }
        }
    }
}

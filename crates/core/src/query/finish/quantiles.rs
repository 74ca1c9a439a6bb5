//! Quantiles by selection: values are never sorted as a whole, unless some were taken back.

use std::collections::HashMap;

use super::grouped::Grouped;
use crate::{
    query::{Quantile, partial::Signed},
    statistics::{QuantileRank, RankInterval, interpolate, quantile_interval, quantile_rank},
};

/// All values, those of one cell side by side.
pub(super) struct Values {
    plus: Grouped<i64>,
    minus: Grouped<i64>,
    /// By number of values and quantile: cells often have as many values as others, and an interval's ranks take longer to
    /// find than its values.
    intervals: HashMap<(u64, u32), Option<RankInterval>>,
}

impl Values {
    pub(super) fn new(cells: usize, values: &Signed<i64>) -> Self {
        Self {
            plus: Grouped::new(cells, &values.plus),
            minus: Grouped::new(cells, &values.minus),
            intervals: HashMap::new(),
        }
    }

    pub(super) fn quantiles(&mut self, cell: usize, quantiles: &[u32]) -> Vec<Quantile> {
        let values = self.plus.of(cell);
        let taken_back = self.minus.of(cell);
        let intervals = &mut self.intervals;
        let mut interval = |count, quantile| {
            let known = intervals.entry((count, quantile));
            *known.or_insert_with(|| quantile_interval(count, quantile))
        };
        if taken_back.is_empty() {
            of(values, quantiles, &mut interval)
        } else {
            of(&mut net(values, taken_back), quantiles, &mut interval)
        }
    }
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
) -> Vec<Quantile> {
    let count = values.len() as u64;
    let ranks = |asked: &u32| Some((*asked, quantile_rank(count, *asked)?, interval(count, *asked)));
    let asked: Vec<_> = quantiles.iter().filter_map(ranks).collect();
    let ends = asked.iter().flat_map(|(_, rank, interval)| {
        let interval = interval.iter().flat_map(|interval| [interval.lower, interval.upper]);
        [rank.lower, rank.upper].into_iter().chain(interval)
    });
    let mut places: Vec<usize> = ends.map(|place| place as usize).collect();
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
fn put_in_place(values: &mut [i64], first: usize, places: &[usize]) {
    let Some(middle) = places.get(places.len() / 2) else {
        return;
    };
    let (below, above) = (&places[..places.len() / 2], &places[places.len() / 2 + 1..]);
    let (left, _, right) = values.select_nth_unstable(middle - first);
    put_in_place(left, first, below);
    put_in_place(right, middle + 1, above);
}

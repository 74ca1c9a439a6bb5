//! Work that can be done in pieces. The core has no threads: whoever has some lends them as a [`Crew`].

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

/// Who does the pieces of a work.
pub trait Crew: Sync {
    /// Into how many pieces of the same size a work on so many rows, values or cells is best cut.
    fn hands(&self, rows: usize) -> usize;

    /// Does all pieces from 0 to before `pieces`, each once: in any order, and some at the same time.
    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync));
}

/// One who does everything, one piece after the other.
#[derive(Debug, Clone, Copy)]
pub struct Alone;

impl Crew for Alone {
    fn hands(&self, _: usize) -> usize {
        1
    }

    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..pieces).for_each(work);
    }
}

/// What a crew makes of some inputs, in their order.
pub fn map<I: Send, T: Send>(crew: &dyn Crew, inputs: Vec<I>, work: impl Fn(I) -> T + Sync) -> Vec<T> {
    if inputs.len() <= 1 {
        return inputs.into_iter().map(work).collect();
    }
    let inputs: Vec<_> = inputs.into_iter().map(|input| Mutex::new(Some(input))).collect();
    let results: Vec<_> = inputs.iter().map(|_| Mutex::new(None)).collect();
    crew.each(inputs.len(), &|at| {
        let input = take(&inputs[at]).expect("each piece is done once");
        *results[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(work(input));
    });
    let done = results.iter().map(|result| take(result).expect("every piece is done"));
    done.collect()
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Cuts `0..count` into ranges of about the same weight each, as many as a crew has hands for the whole.
pub(crate) fn cut(crew: &dyn Crew, count: usize, weight: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
    let whole: usize = (0..count).map(&weight).sum();
    let hands = crew.hands(whole).max(1);
    let (mut ranges, mut from, mut so_far) = (Vec::with_capacity(hands), 0, 0_usize);
    for at in 0..count {
        if ranges.len() + 1 == hands {
            break;
        }
        so_far += weight(at);
        if so_far >= whole / hands * (ranges.len() + 1) {
            ranges.push(from..at + 1);
            from = at + 1;
        }
    }
    ranges.push(from..count);
    ranges
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Two who begin at both ends.
    struct Pair;

    impl Crew for Pair {
        fn hands(&self, rows: usize) -> usize {
            rows.clamp(1, 2)
        }

        fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
            (pieces / 2..pieces).rev().chain(0..pieces / 2).for_each(work);
        }
    }

    #[test]
    fn results_stand_in_the_order_of_their_inputs() {
        for pieces in 0..5 {
            let done = AtomicUsize::new(0);
            let squares = |crew: &dyn Crew| {
                map(crew, (0..pieces).collect(), |at: usize| {
                    done.fetch_add(1, Ordering::Relaxed);
                    at * at
                })
            };
            assert_eq!(squares(&Pair), squares(&Alone));
            assert_eq!(done.into_inner(), 2 * pieces);
        }
    }

    #[test]
    fn ranges_weigh_alike_and_small_work_stays_whole() {
        let ends = |crew: &dyn Crew, weights: &[usize]| -> Vec<usize> {
            let ranges = cut(crew, weights.len(), |at| weights[at]);
            ranges.into_iter().map(|range| range.end).collect()
        };
        assert_eq!(ends(&Pair, &[1; 10]), [5, 10]);
        assert_eq!(ends(&Pair, &[9, 1, 1, 1]), [1, 4]);
        assert_eq!(ends(&Pair, &[0; 10]), [10]);
        assert_eq!(ends(&Pair, &[0, 0, 2]), [3, 3]);
        assert_eq!(ends(&Pair, &[]), [0]);
        assert_eq!(ends(&Alone, &[1; 10]), [10]);
    }
}

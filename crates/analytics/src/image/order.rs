//! Measures in the order that questions like.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use scoreline_core::{ledger::Image, measure::Measure};

/// Threads that put measures in order, each one measure after the other. More would hold the rows of more of them twice.
const THREADS: usize = 2;

/// The image with these measures in order.
pub(super) fn in_order(mut image: Image, measures: &[Measure]) -> Image {
    let mut largest_first: Vec<(usize, &Measure)> = measures
        .iter()
        .map(|measure| (rows(&image, measure), measure))
        .collect();
    largest_first.sort_unstable_by_key(|(rows, _)| std::cmp::Reverse(*rows));
    let next = AtomicUsize::new(0);
    let shared = Mutex::new(&mut image);
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        while let Some((_, measure)) = largest_first.get(next.fetch_add(1, Ordering::Relaxed)) {
            // A clone shares all blocks, so that the other thread can put its measure in place meanwhile.
            let before = lock().clone();
            let ordered = before.in_order(measure);
            drop(before);
            lock().put_in_order(ordered);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..THREADS {
            scope.spawn(work);
        }
        work();
    });
    image
}

fn rows(image: &Image, measure: &Measure) -> usize {
    image.blocks(measure).iter().map(|block| block.rows()).sum()
}

//! Which questions are answered on the task that took the call. To hand a question to a thread that may block, and its answer
//! back, takes longer than to answer it where the ledger has next to nothing; elsewhere it keeps the other calls going.

use scoreline_core::{
    calendar::{Grain, day_number},
    metric::evaluate::Question,
};

use crate::image::Snapshot;

/// Beyond so many rows of all measures together a question is handed over: to scan as many takes a tenth of a millisecond.
const ROWS: usize = 1 << 14;
/// Beyond so many bytes of facts, of which targets may have to be read.
const FACT_BYTES: usize = 1 << 18;
/// Beyond so many columns times stretches of time.
const CELLS: i64 = 512;

/// Whether questions that are asked together, each of a snapshot, are answered at once.
pub(crate) fn are_quick<'q>(asked: impl IntoIterator<Item = (&'q Question, &'q Snapshot), IntoIter: Clone>) -> bool {
    let asked = asked.into_iter();
    are_short(asked.clone().map(|(question, _)| question)) && asked.map(|(_, snapshot)| snapshot).all(is_small)
}

/// Whether a tenant has so little that no question about it takes long.
fn is_small(snapshot: &Snapshot) -> bool {
    let Some(image) = &snapshot.rows else { return false };
    let blocks = image.measures().flat_map(|measure| image.blocks(measure));
    let rows = blocks.map(|block| block.rows()).try_fold(0, |sum, rows| {
        let sum = sum + rows;
        (sum <= ROWS).then_some(sum)
    });
    rows.is_some() && snapshot.facts.bytes() <= FACT_BYTES
}

/// Whether questions have so few numbers that making them takes no time. They may be about many groups all the same: those
/// that a small ledger has.
fn are_short<'q>(questions: impl Iterator<Item = &'q Question>) -> bool {
    questions.map(cells).fold(0, i64::saturating_add) <= CELLS
}

/// Columns times stretches of time, at most.
fn cells(question: &Question) -> i64 {
    let days = i64::from(day_number(question.range.end())) - i64::from(day_number(question.range.start()));
    let days_each = match question.grain {
        Grain::Hour => return i64::MAX,
        Grain::Day => 1,
        Grain::Week => 7,
        Grain::Total => days.max(1),
        _ => 28,
    };
    let stretches = days / days_each + 2;
    stretches.saturating_mul(question.metrics.len() as i64)
}

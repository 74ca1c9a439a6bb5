//! Merging small segments into large ones, size tier by size tier, so that each row is rewritten a few times only.

use scoreline_core::{id::TenantId, ledger};
use sea_orm::ConnectionTrait;

use super::{read, write};
use crate::{Database, Error, inserts::Inserts, sql};

/// When segments are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactionPlan {
    /// How many neighbours of one size tier are merged into one of the next.
    pub fan_in: usize,
    /// Segments from this many rows on are left as they are.
    pub max_rows: u64,
}

impl Default for CompactionPlan {
    fn default() -> Self {
        Self {
            fan_in: 16,
            max_rows: 1 << 20,
        }
    }
}

/// What a compaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compacted {
    /// How many segments became one.
    pub segments: usize,
    /// How many rows they have.
    pub rows: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    last_commit: u64,
    rows: u64,
}

/// The transaction `compact`. The merge is made before it begins, so that it holds the writer only to put one segment in
/// place of many, and it takes no lock on the tenant: commits append other segments meanwhile. Segments never change and
/// merges only make fewer of them, so that as many as were read are those that were read; of two compactors that choose
/// the same run, the one that comes second finds fewer and gives up.
pub(crate) async fn compact(
    database: &Database,
    tenant: &TenantId,
    plan: &CompactionPlan,
) -> Result<Option<Compacted>, Error> {
    let sizes = sizes(database.reader(), tenant, plan).await?;
    let Some(run) = choose(&sizes, plan) else {
        return Ok(None);
    };
    let (after, to) = (run.after, run.to);
    let range = || [sql::signed(after).into(), sql::signed(to).into()];
    let sql = "SELECT first_commit, last_commit, row_count, data FROM ledger_segment
         WHERE tenant_id = $1 AND last_commit > $2 AND last_commit <= $3 ORDER BY last_commit";
    let rows = sql::select(database.reader(), sql, tenant.as_str(), range()).await?;
    let segments = rows.iter().map(read::segment).collect::<Result<Vec<_>, _>>()?;
    drop(rows);
    let compacted = Compacted {
        segments: segments.len(),
        rows: segments.iter().map(|segment| segment.rows).sum(),
    };
    let merged = tokio::task::block_in_place(|| ledger::merge(segments.into_iter().map(|segment| segment.data)))
        .map_err(|error| Error::damaged(format!("a segment between commits {after} and {to}"), error))?;
    let mut inserts = Inserts::new(database.backend());
    write::insert_segment(&mut inserts, tenant, &merged)?;
    drop(merged);
    let transaction = database.begin_write().await?;
    let sql = "DELETE FROM ledger_segment WHERE tenant_id = $1 AND last_commit > $2 AND last_commit <= $3";
    let deleted = sql::execute(&transaction, sql, tenant.as_str(), range()).await?;
    if deleted != compacted.segments as u64 {
        transaction.rollback().await?;
        return Ok(None);
    }
    transaction.run(inserts).await?;
    transaction.commit().await?;
    Ok(Some(compacted))
}

async fn sizes(db: &impl ConnectionTrait, tenant: &TenantId, plan: &CompactionPlan) -> Result<Vec<Size>, Error> {
    // What is full never changes again: only what came after the last full segment is of interest.
    let sql = "SELECT last_commit, row_count FROM ledger_segment WHERE tenant_id = $1 AND last_commit > COALESCE(
             (SELECT MAX(full_one.last_commit) FROM ledger_segment full_one WHERE full_one.tenant_id = $1 AND full_one.row_count >= $2), 0)
         ORDER BY last_commit LIMIT 100000";
    let rows = sql::select(db, sql, tenant.as_str(), [sql::signed(plan.max_rows).into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Size {
                last_commit: sql::unsigned(row.try_get_by_index(0)?, "a commit number")?,
                rows: sql::unsigned(row.try_get_by_index(1)?, "a row count")?,
            })
        })
        .collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Run {
    /// The last commit before the run.
    after: u64,
    /// The last commit of the run.
    to: u64,
}

fn tier(rows: u64, plan: &CompactionPlan) -> u32 {
    rows.max(1).ilog(plan.fan_in.max(2) as u64)
}

/// The most rows that are merged at once: they are in memory while they are.
fn most_rows(plan: &CompactionPlan) -> u64 {
    plan.max_rows.saturating_mul(2).min(ledger::MAX_SEGMENT_ROWS as u64)
}

/// The newest run of at least `fan_in` neighbours of which none is of a higher tier than the newest one; of a run that
/// is too long to be merged at once, its oldest part.
fn choose(sizes: &[Size], plan: &CompactionPlan) -> Option<Run> {
    let mut end = sizes.len();
    while end >= plan.fan_in.max(2) {
        let highest = tier(sizes[end - 1].rows, plan);
        let alike = |size: &&Size| tier(size.rows, plan) <= highest;
        let length = sizes[..end].iter().rev().take_while(alike).count();
        if length >= plan.fan_in.max(2) {
            let run = within(&sizes[end - length..end], most_rows(plan));
            if run >= 2 {
                let start = end - length;
                let after = if start == 0 {
                    before_first(sizes)
                } else {
                    sizes[start - 1].last_commit
                };
                let to = sizes[start + run - 1].last_commit;
                return Some(Run { after, to });
            }
        }
        end -= length.max(1);
    }
    None
}

/// How many of the first together have at most so many rows.
fn within(sizes: &[Size], most: u64) -> usize {
    let mut rows = 0_u64;
    let fits = |size: &&Size| {
        rows = rows.saturating_add(size.rows);
        rows <= most
    };
    sizes.iter().take_while(fits).count()
}

/// The first of the sizes follows a full segment, or nothing. Its rows begin after the commit before it, and no other
/// segment ends between: one below its own last commit would do, were it not merged itself, so 0 is asked for only
/// when it is the very first.
fn before_first(sizes: &[Size]) -> u64 {
    sizes.first().map_or(0, |first| first.last_commit - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: CompactionPlan = CompactionPlan {
        fan_in: 4,
        max_rows: 1_000,
    };

    fn sizes(rows: &[u64]) -> Vec<Size> {
        rows.iter()
            .zip(10..)
            .map(|(rows, last_commit)| Size {
                last_commit,
                rows: *rows,
            })
            .collect()
    }

    #[test]
    fn too_few_neighbours_are_left_alone() {
        assert_eq!(choose(&sizes(&[1, 1, 1]), &PLAN), None);
        assert_eq!(choose(&[], &PLAN), None);
    }

    #[test]
    fn neighbours_of_one_tier_become_one_of_the_next() {
        let run = choose(&sizes(&[100, 1, 2, 3, 2]), &PLAN);
        assert_eq!(run, Some(Run { after: 10, to: 14 }));
    }

    #[test]
    fn small_ones_between_larger_ones_go_along() {
        let run = choose(&sizes(&[17, 1, 20, 18]), &PLAN);
        assert_eq!(run, Some(Run { after: 9, to: 13 }));
    }

    #[test]
    fn small_newest_ones_do_not_hide_an_older_run() {
        let run = choose(&sizes(&[17, 18, 20, 18, 1]), &PLAN);
        assert_eq!(run, Some(Run { after: 9, to: 13 }));
    }

    #[test]
    fn a_backlog_is_merged_piece_by_piece_from_its_oldest_end() {
        // Five of 900 rows are 4 500; at most 2 000 are merged at once.
        let run = choose(&sizes(&[900; 5]), &PLAN);
        assert_eq!(run, Some(Run { after: 9, to: 11 }));
    }
}

//! A ledger of many years in minutes: folded by the core as ingestion folds it, and stored as the segments that months of
//! ingestion and merging would have left. The log of these events is not written.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use scoreline_core::{
    calendar::day_number,
    fold::memory::MemoryStore,
    ledger::{self, Entry},
    measure::Measurement,
    policy::Policies,
};
use scoreline_proto::decode;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    events,
    organisation::{Organisation, Size},
};

/// Rows of a segment: as many as a quarter gathers before it is written.
const SEGMENT_ROWS: usize = 1 << 20;
/// Accounts that are folded at a time, on each thread.
const ACCOUNTS: usize = 64;

/// Appends what all accounts' events come to, to a tenant that exists.
///
/// # Errors
/// When an event can't be folded or a segment can't be stored.
pub(crate) async fn append(url: &str, tenant: &str, organisation: &Organisation) -> anyhow::Result<u64> {
    let mut database = SqliteConnection::connect(url).await?;
    let last: i64 = sqlx::query_scalar("SELECT last_commit FROM tenant WHERE tenant_id = $1")
        .bind(tenant)
        .fetch_one(&mut database)
        .await?;
    let mut writer = Writer {
        database,
        tenant,
        commit: u64::try_from(last)?,
        rows: 0,
    };
    let policies = Arc::new(Policies::default());
    let mut quarters: BTreeMap<(i16, i8), Vec<Counted>> = BTreeMap::new();
    let accounts: Vec<usize> = (0..organisation.size.accounts).collect();
    for part in accounts.chunks(2 * ACCOUNTS) {
        for counted in folded(organisation, &policies, part)? {
            let date = counted.0.date;
            let gathered = quarters.entry((date.year(), (date.month() - 1) / 3)).or_default();
            gathered.push(counted);
            if gathered.len() >= SEGMENT_ROWS {
                writer.write(std::mem::take(gathered)).await?;
            }
        }
    }
    for (_, gathered) in quarters {
        writer.write(gathered).await?;
    }
    writer.database.close().await?;
    Ok(writer.rows)
}

/// A measurement and its sign.
type Counted = (Measurement, i8);

/// What the events of some accounts come to, on two threads.
fn folded(organisation: &Organisation, policies: &Arc<Policies>, accounts: &[usize]) -> anyhow::Result<Vec<Counted>> {
    let fold = |accounts: &[usize]| -> anyhow::Result<Vec<Counted>> {
        let mut rows = Vec::new();
        for account in accounts {
            let told = events::of_family(organisation.size, &organisation.family(*account));
            let events = told.iter().map(decode::event).collect::<Result<Vec<_>, _>>();
            let events = events.map_err(|violations| anyhow::anyhow!("{violations:?}"))?;
            rows.extend(MemoryStore::new(Arc::clone(policies)).apply(events)?.measurements);
        }
        Ok(rows)
    };
    let (left, right) = accounts.split_at(accounts.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| fold(right));
        let mut rows = fold(left)?;
        rows.extend(other.join().map_err(|_| anyhow::anyhow!("a fold panicked"))??);
        Ok(rows)
    })
}

struct Writer<'a> {
    database: SqliteConnection,
    tenant: &'a str,
    commit: u64,
    rows: u64,
}

impl Writer<'_> {
    /// One segment, as one commit.
    async fn write(&mut self, rows: Vec<Counted>) -> anyhow::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.commit += 1;
        self.rows += rows.len() as u64;
        let entry = |(measurement, count)| Entry {
            commit: self.commit,
            measurement,
            count,
        };
        let segment = ledger::settle(&rows.into_iter().map(entry).collect::<Vec<_>>())?;
        let meta = segment.meta.context("a segment with rows")?;
        let commit = i64::try_from(self.commit)?;
        let mut transaction = self.database.begin().await?;
        sqlx::query(
            "INSERT INTO ledger_segment (tenant_id, first_commit, last_commit, min_date, max_date, row_count, checksum, data)
             VALUES ($1, $2, $2, $3, $4, $5, $6, $7)",
        )
        .bind(self.tenant)
        .bind(commit)
        .bind(day_number(meta.min_date))
        .bind(day_number(meta.max_date))
        .bind(i64::try_from(meta.rows)?)
        .bind(Sha256::digest(&segment.bytes).to_vec())
        .bind(segment.bytes)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("INSERT INTO commit_log (tenant_id, commit_number, committed_at, events) VALUES ($1, $2, $3, 0)")
            .bind(self.tenant)
            .bind(commit)
            .bind(1_767_225_600_000_000_i64 + commit)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE tenant SET last_commit = $2 WHERE tenant_id = $1")
            .bind(self.tenant)
            .bind(commit)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Whether a size is too large to send its events one by one for a benchmark.
pub(crate) fn is_needed(size: Size) -> bool {
    size.scale > 0.05
}

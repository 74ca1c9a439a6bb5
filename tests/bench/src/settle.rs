//! Brings a dataset that was drawn by an older version to the form in which segments are stored now.

use anyhow::Context as _;
use scoreline_core::ledger;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, SqliteConnection};

/// Merges each large segment with nothing but itself.
///
/// # Errors
/// When a segment can't be read or stored.
pub(crate) async fn settle(url: &str) -> anyhow::Result<()> {
    let mut database = SqliteConnection::connect(url).await?;
    let commits: Vec<i64> = sqlx::query_scalar("SELECT last_commit FROM ledger_segment WHERE row_count > 65536")
        .fetch_all(&mut database)
        .await?;
    for commit in commits {
        let data: Vec<u8> = sqlx::query_scalar("SELECT data FROM ledger_segment WHERE last_commit = $1")
            .bind(commit)
            .fetch_one(&mut database)
            .await?;
        let (before, settled) = (data.len(), ledger::merge([data])?.bytes);
        eprintln!("commit {commit}: {before} → {} bytes", settled.len());
        sqlx::query("UPDATE ledger_segment SET data = $2, checksum = $3 WHERE last_commit = $1")
            .bind(commit)
            .bind(settled.as_slice())
            .bind(Sha256::digest(&settled).to_vec())
            .execute(&mut database)
            .await
            .context("the settled segment")?;
    }
    sqlx::raw_sql("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut database)
        .await?;
    database.close().await?;
    Ok(())
}

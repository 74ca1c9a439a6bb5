//! Reading the ledger, and following it.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use scoreline_core::{dimension::Fact, id::TenantId};
use sea_orm::{ConnectionTrait, QueryResult};
use sha2::{Digest as _, Sha256};

use super::{Segment, Tail};
use crate::{Database, Error, sql};

/// The most segments that are read at once.
const PAGE: i64 = 4_096;

pub(crate) async fn watermark(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<(u64, Timestamp), Error> {
    let sql = "SELECT tenant.last_commit, COALESCE(commit_log.committed_at, tenant.created_at) FROM tenant
         LEFT JOIN commit_log ON commit_log.tenant_id = tenant.tenant_id AND commit_log.commit_number = tenant.last_commit
         WHERE tenant.tenant_id = $1";
    let row = sql::select_one(db, sql, tenant.as_str(), [])
        .await?
        .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))?;
    Ok((
        sql::unsigned(row.try_get_by_index(0)?, "a commit number")?,
        instant(&row, 1)?,
    ))
}

pub(crate) async fn commit_at(db: &impl ConnectionTrait, tenant: &TenantId, instant: Timestamp) -> Result<u64, Error> {
    // Instants follow the servers' clocks, which may step back; commit numbers do not.
    let sql = "SELECT MAX(commit_number) FROM commit_log WHERE tenant_id = $1 AND committed_at <= $2";
    let row = sql::select_one(db, sql, tenant.as_str(), [instant.as_microsecond().into()]).await?;
    let number: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    sql::unsigned(number.unwrap_or(0), "a commit number")
}

pub(crate) async fn instants(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    commits: RangeInclusive<u64>,
) -> Result<Vec<(u64, Timestamp)>, Error> {
    let sql = "SELECT commit_number, committed_at FROM commit_log
         WHERE tenant_id = $1 AND commit_number >= $2 AND commit_number <= $3 ORDER BY commit_number";
    let values = [sql::signed(*commits.start()).into(), sql::signed(*commits.end()).into()];
    let rows = sql::select(db, sql, tenant.as_str(), values).await?;
    let commit = |row: &QueryResult| {
        Ok((
            sql::unsigned(row.try_get_by_index(0)?, "a commit number")?,
            instant(row, 1)?,
        ))
    };
    rows.iter().map(commit).collect()
}

/// The transaction `tail`.
pub(crate) async fn tail(database: &Database, tenant: &TenantId, after: u64, max_bytes: u64) -> Result<Tail, Error> {
    let transaction = database.begin_read().await?;
    let (watermark, watermark_at) = watermark(&transaction, tenant).await?;
    let last = last_within(&transaction, tenant, after, max_bytes).await?;
    let complete_to = last.unwrap_or(watermark);
    let segments = segments(&transaction, tenant, after, complete_to).await?;
    let facts = facts(&transaction, tenant, after, complete_to).await?;
    let complete_at = if complete_to == watermark {
        watermark_at
    } else {
        committed_at(&transaction, tenant, complete_to).await?
    };
    transaction.rollback().await?;
    Ok(Tail {
        segments,
        facts,
        complete_to,
        complete_at,
        watermark,
    })
}

/// The last commit of the segments that fit; `None` when all do.
async fn last_within(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: u64,
    max_bytes: u64,
) -> Result<Option<u64>, Error> {
    let sql = "SELECT last_commit, length(data) FROM ledger_segment WHERE tenant_id = $1 AND last_commit > $2
         ORDER BY last_commit LIMIT $3";
    let values = [sql::signed(after).into(), (PAGE + 1).into()];
    let (mut bytes, mut last, mut seen) = (0, None, 0);
    for row in sql::select(db, sql, tenant.as_str(), values).await? {
        bytes += i128::from(
            row.try_get_by_index::<i64>(1)
                .or_else(|_| row.try_get_by_index::<i32>(1).map(i64::from))?,
        );
        seen += 1;
        if last.is_some() && (bytes > i128::from(max_bytes) || seen > PAGE) {
            return Ok(last);
        }
        last = Some(sql::unsigned(row.try_get_by_index(0)?, "a commit number")?);
    }
    Ok(None)
}

async fn segments(db: &impl ConnectionTrait, tenant: &TenantId, after: u64, to: u64) -> Result<Vec<Segment>, Error> {
    let sql = "SELECT first_commit, last_commit, row_count, data FROM ledger_segment
         WHERE tenant_id = $1 AND last_commit > $2 AND last_commit <= $3 ORDER BY last_commit";
    let values = [sql::signed(after).into(), sql::signed(to).into()];
    sql::select(db, sql, tenant.as_str(), values)
        .await?
        .iter()
        .map(segment)
        .collect()
}

/// What a segment's record says. Whoever opens it finds damage by its seal, at a third of the price of the checksum,
/// which is for those who verify what is stored.
pub(crate) fn segment(row: &QueryResult) -> Result<Segment, Error> {
    Ok(Segment {
        first_commit: sql::unsigned(row.try_get_by_index(0)?, "a commit number")?,
        last_commit: sql::unsigned(row.try_get_by_index(1)?, "a commit number")?,
        rows: sql::unsigned(row.try_get_by_index(2)?, "a row count")?,
        data: row.try_get_by_index(3)?,
    })
}

fn verified(row: &QueryResult) -> Result<Segment, Error> {
    let segment = segment(row)?;
    let checksum: Vec<u8> = row.try_get_by_index(4)?;
    if Sha256::digest(&segment.data).as_slice() != checksum {
        return Err(Error::damaged(
            format!(
                "the segment of commits {} to {}",
                segment.first_commit, segment.last_commit
            ),
            "its checksum does not fit",
        ));
    }
    Ok(segment)
}

async fn facts(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: u64,
    to: u64,
) -> Result<Vec<(u64, Fact, i8)>, Error> {
    let sql = "SELECT commit_number, data, row_sign FROM dimension_fact
         WHERE tenant_id = $1 AND commit_number > $2 AND commit_number <= $3 ORDER BY commit_number, ordinal";
    let values = [sql::signed(after).into(), sql::signed(to).into()];
    sql::select(db, sql, tenant.as_str(), values)
        .await?
        .iter()
        .map(fact)
        .collect()
}

fn fact(row: &QueryResult) -> Result<(u64, Fact, i8), Error> {
    let commit = sql::unsigned(row.try_get_by_index(0)?, "a commit number")?;
    let data: Vec<u8> = row.try_get_by_index(1)?;
    let fact =
        serde_json::from_slice(&data).map_err(|error| Error::damaged(format!("a fact of commit {commit}"), error))?;
    let sign: i16 = row.try_get_by_index(2)?;
    let sign = i8::try_from(sign).map_err(|error| Error::damaged(format!("a fact of commit {commit}"), error))?;
    Ok((commit, fact, sign))
}

/// Every fact of a tenant.
pub(crate) async fn all_facts(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Vec<(u64, Fact, i8)>, Error> {
    facts(db, tenant, 0, i64::MAX as u64).await
}

/// Every segment of a tenant, one at a time.
pub(crate) async fn each_segment(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    mut take: impl FnMut(Segment) -> Result<(), Error>,
) -> Result<(), Error> {
    let sql = "SELECT first_commit, last_commit, row_count, data, checksum FROM ledger_segment
         WHERE tenant_id = $1 AND last_commit > $2 ORDER BY last_commit LIMIT 1";
    let mut after = 0;
    while let Some(row) = sql::select_one(db, sql, tenant.as_str(), [sql::signed(after).into()]).await? {
        let segment = verified(&row)?;
        after = segment.last_commit;
        take(segment)?;
    }
    Ok(())
}

async fn committed_at(db: &impl ConnectionTrait, tenant: &TenantId, commit: u64) -> Result<Timestamp, Error> {
    let sql = "SELECT committed_at FROM commit_log WHERE tenant_id = $1 AND commit_number = $2";
    let row = sql::select_one(db, sql, tenant.as_str(), [sql::signed(commit).into()]).await?;
    let row = row.ok_or_else(|| Error::damaged(format!("commit {commit}"), "it has no instant"))?;
    instant(&row, 0)
}

fn instant(row: &QueryResult, at: usize) -> Result<Timestamp, Error> {
    let micros: i64 = row.try_get_by_index(at)?;
    Timestamp::from_microsecond(micros).map_err(|error| Error::damaged("an instant", error))
}

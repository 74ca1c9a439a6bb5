//! Checking what is stored against itself.

use scoreline_core::{id::TenantId, ledger::decode};
use sea_orm::ConnectionTrait;

use crate::{Database, Error, ledger, log, sql};

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Events whose content was checked.
    pub events: u64,
    /// Commits whose sequence was checked.
    pub commits: u64,
    /// Segments whose checksum and rows were checked.
    pub segments: u64,
    /// Ledger rows in them.
    pub rows: u64,
    /// What is wrong, in words; empty when all is well.
    pub problems: Vec<String>,
}

/// The transaction `verify`.
pub(crate) async fn verify(database: &Database, tenant: &TenantId) -> Result<VerifyReport, Error> {
    let transaction = database.begin_read().await?;
    let stored = crate::tenancy::read_tenant(&transaction, tenant)
        .await?
        .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))?;
    let mut report = VerifyReport::default();
    let per_commit = check_sequence(&transaction, tenant, stored.last_commit, &mut report).await?;
    check_events(&transaction, tenant, &per_commit, &mut report).await?;
    check_segments(&transaction, tenant, stored.last_commit, &mut report).await?;
    transaction.rollback().await?;
    Ok(report)
}

/// Commit numbers run from 1 to the newest without a gap. Returns how many events each commit says it has.
async fn check_sequence(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    last: u64,
    report: &mut VerifyReport,
) -> Result<Vec<u64>, Error> {
    let sql = "SELECT commit_number, events FROM commit_log WHERE tenant_id = $1 ORDER BY commit_number";
    let mut counts = Vec::new();
    for row in sql::select(db, sql, tenant.as_str(), []).await? {
        let number = sql::unsigned(row.try_get_by_index(0)?, "a commit number")?;
        report.commits += 1;
        if number != report.commits {
            report
                .problems
                .push(format!("commit {} is followed by commit {number}", report.commits - 1));
            report.commits = number;
        }
        counts.push(sql::unsigned(row.try_get_by_index(1)?, "an event count")?);
    }
    if report.commits != last {
        report.problems.push(format!(
            "the newest commit is {}, the tenant's number is {last}",
            report.commits
        ));
    }
    Ok(counts)
}

/// Each event has the content that its hash was taken of, and each commit the events that it counts.
async fn check_events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    per_commit: &[u64],
    report: &mut VerifyReport,
) -> Result<(), Error> {
    let sql = "SELECT commit_number, ordinal, event_id, content_hash, data FROM event
         WHERE tenant_id = $1 AND (commit_number > $2 OR (commit_number = $2 AND ordinal > $3))
         ORDER BY commit_number, ordinal LIMIT 10000";
    let mut found = vec![0_u64; per_commit.len()];
    let mut after = (0_i64, 0_i64);
    loop {
        let rows = sql::select(db, sql, tenant.as_str(), [after.0.into(), after.1.into()]).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let number: i64 = row.try_get_by_index(0)?;
            after = (number, i64::from(row.try_get_by_index::<i32>(1)?));
            let (id, hash, data): (String, Vec<u8>, Vec<u8>) = (
                row.try_get_by_index(2)?,
                row.try_get_by_index(3)?,
                row.try_get_by_index(4)?,
            );
            report.events += 1;
            if log::content_hash(&data).as_slice() != hash {
                report
                    .problems
                    .push(format!("event {id:?} has not the content that its hash was taken of"));
            }
            match usize::try_from(number - 1).ok().and_then(|at| found.get_mut(at)) {
                Some(count) => *count += 1,
                None => report
                    .problems
                    .push(format!("event {id:?} belongs to commit {number}, which is not known")),
            }
        }
    }
    for (number, (found, expected)) in (1..).zip(found.iter().zip(per_commit)) {
        if found != expected {
            report
                .problems
                .push(format!("commit {number} has {found} events, it counts {expected}"));
        }
    }
    Ok(())
}

/// Segments cover commits in order without overlap, and can be read.
async fn check_segments(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    last: u64,
    report: &mut VerifyReport,
) -> Result<(), Error> {
    let mut covered = 0;
    let mut problems = Vec::new();
    let (mut segments, mut rows) = (0, 0);
    let outcome = ledger::each_segment(db, tenant, |stored| {
        segments += 1;
        rows += stored.rows;
        let name = format!(
            "the segment of commits {} to {}",
            stored.first_commit, stored.last_commit
        );
        if stored.first_commit <= covered || stored.last_commit > last {
            problems.push(format!("{name} follows commit {covered} of {last}"));
        }
        covered = stored.last_commit;
        match decode(&stored.data) {
            Ok(decoded) if decoded.len() as u64 != stored.rows => {
                problems.push(format!("{name} has {} rows, not {}", decoded.len(), stored.rows));
            }
            Ok(_) => {}
            Err(error) => problems.push(format!("{name} can't be read: {error}")),
        }
        Ok(())
    })
    .await;
    if let Err(error) = outcome {
        problems.push(error.to_string());
    }
    report.segments = segments;
    report.rows = rows;
    report.problems.append(&mut problems);
    Ok(())
}

//! Checking what is stored against itself.

use std::collections::HashMap;

use scoreline_core::{id::TenantId, ledger::decode};
use sea_orm::ConnectionTrait;
use serde::Deserialize;

use crate::{
    Database, Error, ledger,
    log::{self, Pages, Position, Spot},
    sql,
};

/// How many events are checked at a time.
const AT_ONCE: usize = 4_096;

/// What of a line of the log tells whose it is.
#[derive(Deserialize)]
struct Identified {
    id: String,
}

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

/// Each page has the content that its checksum was taken of, each event is found by its id where it stands, and each commit
/// has the events that it counts.
async fn check_events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    per_commit: &[u64],
    report: &mut VerifyReport,
) -> Result<(), Error> {
    let mut found = vec![0_u64; per_commit.len()];
    match check_pages(db, tenant, &mut found, report).await {
        Err(error @ Error::Damaged { .. }) => report.problems.push(error.to_string()),
        outcome => outcome?,
    }
    let sql = "SELECT COUNT(*) FROM event WHERE tenant_id = $1";
    let known = sql::select_one(db, sql, tenant.as_str(), []).await?;
    let known: i64 = known.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    if sql::unsigned(known, "a number of events")? != report.events {
        let events = report.events;
        report.problems.push(format!(
            "{known} events are known by their ids, the pages of the log have {events}"
        ));
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

/// Counts the events of each commit by the way.
async fn check_pages(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    found: &mut [u64],
    report: &mut VerifyReport,
) -> Result<(), Error> {
    let mut pages = Pages::after(db, tenant, Position::START).await?;
    loop {
        let some = pages.next(AT_ONCE).await?;
        if some.is_empty() {
            return Ok(());
        }
        let mut stand: HashMap<String, Spot> = HashMap::new();
        for page in &some {
            if !page.is_sound() {
                let name = page.name();
                report
                    .problems
                    .push(format!("{name} has not the content that its checksum was taken of"));
            }
            let mut lines = 0;
            for (spot, line) in page.lines() {
                lines += 1;
                match serde_json::from_slice::<Identified>(line) {
                    Ok(event) => drop(stand.insert(event.id, spot)),
                    Err(error) => report.problems.push(format!("{spot} can't be read: {error}")),
                }
            }
            report.events += lines;
            let at = page.commit.checked_sub(1).and_then(|at| usize::try_from(at).ok());
            match at.and_then(|at| found.get_mut(at)) {
                Some(count) => *count += lines,
                None => report
                    .problems
                    .push(format!("{} belongs to a commit that is not known", page.name())),
            }
        }
        let ids = stand.keys().map(String::as_str).collect();
        let known: HashMap<String, Spot> = log::spots(db, tenant, ids).await?.into_iter().collect();
        let mut astray: Vec<_> = stand.iter().filter(|(id, spot)| known.get(*id) != Some(spot)).collect();
        astray.sort_unstable();
        for (id, spot) in astray {
            report
                .problems
                .push(format!("event {id:?} stands at {spot}, where it is not looked for"));
        }
    }
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

//! Folding the whole log again, and comparing what comes out with the ledger that grew.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use scoreline_core::{
    dimension::Fact,
    event::Event,
    fold::{batch::StoredOccurrence, memory::MemoryStore, rebuild::Ledger},
    id::TenantId,
    ledger::decode,
    measure::Measurement,
    policy::Policies,
};
use sea_orm::ConnectionTrait;

use crate::{
    Database, Error,
    inserts::Inserts,
    ledger,
    log::{self, Position, Recorded},
    sql,
    transaction::WriteTransaction,
};

/// How many events are folded in one batch.
const BATCH: u32 = 5_000;
/// How many differences a report names.
const NAMED: usize = 20;

/// What a rebuild found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Events in the log.
    pub events: u64,
    /// Measurements that the log counts for.
    pub measurements: u64,
    /// Facts that the log states.
    pub facts: u64,
    /// How many measurements and facts the ledger has too many or too few.
    pub differences: u64,
    /// The first of them, in words.
    pub named: Vec<Difference>,
    /// The commit that recorded the difference, when it was to be applied and there was one.
    pub applied_as: Option<u64>,
}

/// One thing in which the ledger differs from the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The row.
    pub row: String,
    /// How often the ledger must gain it (positive) or lose it (negative).
    pub count: i64,
}

/// The transaction `rebuild`.
pub(crate) async fn rebuild(
    database: &Database,
    tenant: &TenantId,
    apply: bool,
    now: Timestamp,
) -> Result<RebuildReport, Error> {
    if !apply {
        let transaction = database.begin_read().await?;
        let stored = crate::tenancy::read_tenant(&transaction, tenant)
            .await?
            .ok_or_else(|| Error::UnknownTenant(tenant.to_string()))?;
        let folded = fold_log(&transaction, tenant, &stored.policies).await?;
        let report = compare(&transaction, tenant, &folded).await?.report;
        transaction.rollback().await?;
        return Ok(report);
    }
    let transaction = database.begin_write().await?;
    let locked = log::lock_tenant(&transaction, tenant).await?;
    let report = refold(&transaction, tenant, &locked.policies, locked.base.last_commit, now).await?;
    transaction.commit().await?;
    Ok(report)
}

/// Folds the log under policies, records the difference to the ledger as one more commit if there is one, and writes
/// all subject state anew. The tenant must be locked.
pub(crate) async fn refold(
    db: &WriteTransaction,
    tenant: &TenantId,
    policies: &Policies,
    last_commit: u64,
    now: Timestamp,
) -> Result<RebuildReport, Error> {
    let folded = fold_log(db, tenant, policies).await?;
    let compared = compare(db, tenant, &folded).await?;
    for table in ["subject", "chapter"] {
        sql::execute(
            db,
            format!("DELETE FROM {table} WHERE tenant_id = $1"),
            tenant.as_str(),
            [],
        )
        .await?;
    }
    let records = folded
        .store
        .records()
        .map(|(subject, record)| (subject.clone(), record.to_vec()))
        .collect();
    let histories = folded.store.histories().map(|(subject, key, body)| {
        (
            subject.clone(),
            StoredOccurrence {
                key: key.clone(),
                body: body.clone(),
            },
        )
    });
    let mut inserts = Inserts::new(db.get_database_backend());
    log::State::of(records, histories.collect())?.bind(&mut inserts, tenant)?;
    let mut report = compared.report;
    if report.differences > 0 {
        let number = last_commit + 1;
        let recorded = Recorded {
            number,
            now,
            events: 0,
            measurements: compared.measurements,
            facts: compared.facts,
        };
        log::record(&mut inserts, tenant, recorded)?;
        report.applied_as = Some(number);
    }
    db.run(inserts).await?;
    let newest = report.applied_as.unwrap_or(last_commit);
    let sql = "UPDATE tenant SET last_commit = $2, state_commit = $2, revision = revision + 1 WHERE tenant_id = $1";
    sql::execute(db, sql, tenant.as_str(), [sql::signed(newest).into()]).await?;
    Ok(report)
}

/// A log folded from nothing.
struct Folded {
    store: MemoryStore,
    ledger: Ledger,
    events: u64,
}

impl Folded {
    fn take(&mut self, events: Vec<Event>) -> Result<(), Error> {
        self.events += events.len() as u64;
        let changes = self
            .store
            .apply(events)
            .map_err(|error| Error::Fold(error.to_string()))?;
        self.ledger.add(&changes);
        Ok(())
    }
}

async fn fold_log(db: &impl ConnectionTrait, tenant: &TenantId, policies: &Policies) -> Result<Folded, Error> {
    let mut folded = Folded {
        store: MemoryStore::new(Arc::new(policies.clone())),
        ledger: Ledger::default(),
        events: 0,
    };
    let mut after = Position::START;
    loop {
        let page = log::events(db, tenant, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(folded) };
        after = last.position;
        folded.take(page.into_iter().map(|logged| logged.event).collect())?;
    }
}

struct Compared {
    report: RebuildReport,
    measurements: Vec<(Measurement, i8)>,
    facts: Vec<(Fact, i8)>,
}

async fn compare(db: &impl ConnectionTrait, tenant: &TenantId, folded: &Folded) -> Result<Compared, Error> {
    let standing = &folded.ledger;
    let mut report = RebuildReport {
        events: folded.events,
        measurements: standing.measurements.len() as u64,
        facts: standing.facts.len() as u64,
        ..RebuildReport::default()
    };
    let mut rows: HashMap<Measurement, i64> = standing
        .measurements
        .iter()
        .map(|(row, count)| (row.clone(), *count))
        .collect();
    let mut covered = 0;
    ledger::each_segment(db, tenant, |stored| {
        let decoded =
            decode(&stored.data).map_err(|error| Error::damaged(format!("segment {}", stored.first_commit), error))?;
        // A merge that is recorded meanwhile shows commits again that were taken in already.
        for entry in decoded.entries().filter(|entry| entry.commit > covered) {
            *rows.entry(entry.measurement).or_default() -= i64::from(entry.count);
        }
        covered = stored.last_commit;
        Ok(())
    })
    .await?;
    let mut facts: HashMap<String, (Fact, i64)> = HashMap::new();
    let mut count_fact = |fact: Fact, count: i64| facts.entry(format!("{fact:?}")).or_insert((fact, 0)).1 += count;
    standing.facts.values().for_each(|fact| count_fact(fact.clone(), 1));
    for (_, fact, count) in ledger::all_facts(db, tenant).await? {
        count_fact(fact, -i64::from(count));
    }
    let rows = rows
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(row, count)| (format!("{row:?}"), (row, count)));
    let (measurements, facts) = (signed_rows(rows), signed_rows(facts));
    report.differences = (measurements.len() + facts.len()) as u64;
    report.named = measurements
        .iter()
        .map(|(row, count)| name(row, *count))
        .take(NAMED)
        .collect();
    let left = NAMED - report.named.len();
    report
        .named
        .extend(facts.iter().map(|(row, count)| name(row, *count)).take(left));
    Ok(Compared {
        report,
        measurements,
        facts,
    })
}

fn name(row: &impl std::fmt::Debug, count: i8) -> Difference {
    Difference {
        row: format!("{row:?}"),
        count: i64::from(count),
    }
}

/// Named rows with a count each → rows of count ±1, by name: the order does not depend on hashing.
fn signed_rows<T: Clone>(rows: impl IntoIterator<Item = (String, (T, i64))>) -> Vec<(T, i8)> {
    let rows: BTreeMap<String, (T, i64)> = rows.into_iter().collect();
    let signed = |(row, count): (T, i64)| {
        let times = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        std::iter::repeat_n((row, if count > 0 { 1 } else { -1 }), times)
    };
    rows.into_values().flat_map(signed).collect()
}

//! Writing what a commit adds to the log, and the state and the histories of subjects.

use jiff::Timestamp;
use scoreline_core::{
    dimension::Fact,
    fold::{
        batch::{Changes, StoredOccurrence},
        correction::target,
    },
    id::TenantId,
    ledger::{self, Entry, Segment},
    measure::Measurement,
    subject::Subject,
};
use sea_orm::ConnectionTrait;

use super::{
    book::{Book, Chapter, Touched},
    history::Tail,
    prepare::Sent,
};
use crate::{
    Error,
    sql::{self, Column},
};

/// What a commit writes.
#[derive(Debug)]
pub(crate) struct Rows {
    events: Events,
    subjects: Vec<Touched>,
    chapters: Vec<Chapter>,
    recorded: Recorded,
}

/// The events of a commit, column by column.
#[derive(Debug)]
struct Events {
    ids: Vec<String>,
    times: Vec<i64>,
    hashes: Vec<Vec<u8>>,
    data: Vec<Vec<u8>>,
    /// Which events they correct.
    corrections: Vec<(String, String)>,
}

/// What a commit adds to the ledger.
#[derive(Debug)]
pub(crate) struct Recorded {
    number: u64,
    now: Timestamp,
    events: usize,
    segment: Option<Segment>,
    facts: Vec<(Fact, i8)>,
}

impl Rows {
    /// The rows of the next commit, which the book takes over.
    ///
    /// # Errors
    /// When something has no stored form.
    pub(crate) fn new(book: &mut Book, new: &[Sent<'_>], mut changes: Changes, now: Timestamp) -> Result<Self, Error> {
        let (subjects, chapters) = book.take_over(&mut changes)?;
        let number = book.base.last_commit;
        Ok(Self {
            events: Events::of(new),
            subjects,
            chapters,
            recorded: Recorded::new(number, now, new.len(), changes.measurements, changes.facts)?,
        })
    }

    /// The commit's number.
    pub(crate) fn number(&self) -> u64 {
        self.recorded.number
    }

    /// Writes all but the tenant's row, which must be locked. The events come first: when one of them is stored
    /// already, nothing else was done in vain.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn write(self, db: &impl ConnectionTrait, tenant: &TenantId) -> Result<(), Error> {
        self.events.write(db, tenant, self.recorded.number).await?;
        subjects(db, tenant, self.subjects).await?;
        chapters(db, tenant, self.chapters).await?;
        self.recorded.write(db, tenant).await
    }
}

impl Events {
    fn of(new: &[Sent<'_>]) -> Self {
        let corrects =
            |sent: &Sent<'_>| target(&sent.event.payload).map(|target| (target.to_string(), sent.event.id.to_string()));
        Self {
            ids: new.iter().map(|sent| sent.event.id.to_string()).collect(),
            times: new.iter().map(|sent| sent.event.occurred_at.as_microsecond()).collect(),
            hashes: new.iter().map(|sent| sent.hash.to_vec()).collect(),
            data: new.iter().map(|sent| sent.data.to_vec()).collect(),
            corrections: new.iter().filter_map(|sent| corrects(sent)).collect(),
        }
    }

    async fn write(self, db: &impl ConnectionTrait, tenant: &TenantId, commit: u64) -> Result<(), Error> {
        let count = self.ids.len();
        let columns = vec![
            ("event_id", Column::Text(self.ids)),
            ("commit_number", Column::Big(vec![sql::signed(commit); count])),
            ("ordinal", Column::Int((0..).take(count).collect())),
            ("occurred_at", Column::Big(self.times)),
            ("content_hash", Column::Bytes(self.hashes)),
            ("data", Column::Bytes(self.data)),
        ];
        sql::insert(db, "event", tenant.as_str(), columns, "").await?;
        let (targets, ids) = self.corrections.into_iter().unzip();
        let columns = vec![("target_id", Column::Text(targets)), ("event_id", Column::Text(ids))];
        sql::insert(db, "correction", tenant.as_str(), columns, "").await?;
        Ok(())
    }
}

impl Recorded {
    /// What a commit adds to the ledger.
    ///
    /// # Errors
    /// When the rows can't be encoded.
    pub(crate) fn new(
        number: u64,
        now: Timestamp,
        events: usize,
        measurements: Vec<(Measurement, i8)>,
        facts: Vec<(Fact, i8)>,
    ) -> Result<Self, Error> {
        let entries: Vec<Entry> = measurements
            .into_iter()
            .map(|(measurement, count)| Entry {
                commit: number,
                measurement,
                count,
            })
            .collect();
        let segment = (!entries.is_empty())
            .then(|| ledger::encode(&entries))
            .transpose()
            .map_err(|error| Error::Fold(error.to_string()))?;
        Ok(Self {
            number,
            now,
            events,
            segment,
            facts,
        })
    }

    /// Appends to the ledger and to the sequence of commits.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn write(self, db: &impl ConnectionTrait, tenant: &TenantId) -> Result<(), Error> {
        if let Some(segment) = self.segment {
            crate::ledger::insert_segment(db, tenant, segment).await?;
        }
        facts(db, tenant, self.number, &self.facts).await?;
        let columns = vec![
            ("commit_number", Column::Big(vec![sql::signed(self.number)])),
            ("committed_at", Column::Big(vec![self.now.as_microsecond()])),
            (
                "events",
                Column::Big(vec![i64::try_from(self.events).unwrap_or(i64::MAX)]),
            ),
        ];
        sql::insert(db, "commit_log", tenant.as_str(), columns, "").await?;
        Ok(())
    }
}

/// All subject state of a tenant that has none.
pub(crate) async fn write_state(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    records: Vec<(Subject, Vec<u8>)>,
    history: Vec<(Subject, StoredOccurrence)>,
) -> Result<(), Error> {
    let mut tails: std::collections::HashMap<Subject, Tail> = std::collections::HashMap::new();
    let mut closed = Vec::new();
    for (subject, occurrence) in history {
        let tail = tails.entry(subject.clone()).or_default();
        tail.add(&occurrence)?;
        if let Some((number, lines)) = tail.close_chapter() {
            closed.push((subject, number, lines));
        }
    }
    let touched = records.into_iter().map(|(subject, record)| {
        let tail = tails.remove(&subject).unwrap_or_default();
        (subject, super::book::Stored { record, tail })
    });
    subjects(db, tenant, touched.collect()).await?;
    chapters(db, tenant, closed).await
}

async fn subjects(db: &impl ConnectionTrait, tenant: &TenantId, touched: Vec<Touched>) -> Result<(), Error> {
    let kinds = touched
        .iter()
        .map(|(subject, _)| i16::from(subject.kind.code()))
        .collect();
    let ids = touched.iter().map(|(subject, _)| subject.id.to_string()).collect();
    let chapters = touched.iter().map(|(_, stored)| stored.tail.chapters).collect();
    let (records, recent) = touched
        .into_iter()
        .map(|(_, stored)| (stored.record, stored.tail.recent))
        .unzip();
    let columns = vec![
        ("kind", Column::Small(kinds)),
        ("subject_id", Column::Text(ids)),
        ("record", Column::Bytes(records)),
        ("recent", Column::Bytes(recent)),
        ("chapters", Column::Int(chapters)),
    ];
    let conflict = "ON CONFLICT (tenant_id, kind, subject_id)
        DO UPDATE SET record = excluded.record, recent = excluded.recent, chapters = excluded.chapters";
    sql::insert(db, "subject", tenant.as_str(), columns, conflict).await?;
    Ok(())
}

async fn chapters(db: &impl ConnectionTrait, tenant: &TenantId, closed: Vec<Chapter>) -> Result<(), Error> {
    let columns = vec![
        (
            "kind",
            Column::Small(
                closed
                    .iter()
                    .map(|(subject, ..)| i16::from(subject.kind.code()))
                    .collect(),
            ),
        ),
        (
            "subject_id",
            Column::Text(closed.iter().map(|(subject, ..)| subject.id.to_string()).collect()),
        ),
        (
            "number",
            Column::Int(closed.iter().map(|(_, number, _)| *number).collect()),
        ),
        (
            "data",
            Column::Bytes(closed.into_iter().map(|(.., lines)| lines).collect()),
        ),
    ];
    sql::insert(db, "chapter", tenant.as_str(), columns, "").await?;
    Ok(())
}

/// What a commit changes in the dimension tables.
async fn facts(db: &impl ConnectionTrait, tenant: &TenantId, commit: u64, facts: &[(Fact, i8)]) -> Result<(), Error> {
    let encode = |fact: &Fact| serde_json::to_vec(fact).expect("a fact has string keys only and serialises to memory");
    let columns = vec![
        ("commit_number", Column::Big(vec![sql::signed(commit); facts.len()])),
        ("ordinal", Column::Int((0..).take(facts.len()).collect())),
        (
            "row_sign",
            Column::Small(facts.iter().map(|(_, sign)| i16::from(*sign)).collect()),
        ),
        (
            "data",
            Column::Bytes(facts.iter().map(|(fact, _)| encode(fact)).collect()),
        ),
    ];
    sql::insert(db, "dimension_fact", tenant.as_str(), columns, "").await?;
    Ok(())
}

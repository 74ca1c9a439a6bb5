//! Binding what a commit adds to the log, and to the state and the histories of subjects.

use std::collections::HashMap;

use jiff::Timestamp;
use scoreline_core::{
    dimension::Fact,
    fold::{
        batch::{Changes, StoredOccurrence},
        correction::target,
    },
    id::TenantId,
    ledger::{self, Entry},
    measure::Measurement,
    subject::Subject,
};
use sea_orm::DbBackend;

use super::{
    book::{Book, Chapter, Stored, Touched},
    history::Tail,
    prepare::Sent,
};
use crate::{
    Error,
    inserts::{Base, Column, Inserts, Rows},
    ledger::insert_segment,
    sql,
};

/// What a commit adds to what is stored.
#[derive(Debug)]
pub(crate) struct Added<'a> {
    new: Vec<Sent<'a>>,
    touched: Vec<Touched>,
    closed: Vec<Chapter>,
    recorded: Recorded,
}

/// What a commit adds, taken over into the book.
///
/// # Errors
/// When something has no stored form.
pub(crate) fn take_over<'a>(
    book: &mut Book,
    new: Vec<Sent<'a>>,
    mut changes: Changes,
    now: Timestamp,
) -> Result<Added<'a>, Error> {
    let (touched, closed) = book.take_over(&new, &mut changes)?;
    let recorded = Recorded {
        number: book.base.last_commit,
        now,
        events: new.len(),
        measurements: changes.measurements,
        facts: changes.facts,
    };
    Ok(Added {
        new,
        touched,
        closed,
        recorded,
    })
}

impl Added<'_> {
    /// How many events there are.
    pub(crate) fn events(&self) -> usize {
        self.new.len()
    }

    /// Its rows, in order, with the tenant's row moved on from `base`. The events come first: when one of them is stored
    /// already, nothing else is done in vain.
    ///
    /// # Errors
    /// When something has no stored form, or is too large.
    pub(crate) fn bind(self, backend: DbBackend, tenant: &TenantId, base: Base) -> Result<Inserts, Error> {
        let mut inserts = Inserts::of_commit(backend, tenant, base)?;
        events(&mut inserts, tenant, self.recorded.number, &self.new)?;
        subjects(&mut inserts, tenant, &self.touched)?;
        chapters(&mut inserts, tenant, &self.closed)?;
        record(&mut inserts, tenant, self.recorded)?;
        Ok(inserts)
    }
}

fn events(inserts: &mut Inserts, tenant: &TenantId, commit: u64, new: &[Sent<'_>]) -> Result<(), Error> {
    inserts.add(&Rows {
        table: "event",
        tenant: tenant.as_str(),
        columns: vec![
            (
                "event_id",
                Column::Text(new.iter().map(|sent| sent.event.id.as_str()).collect()),
            ),
            ("commit_number", Column::Big(vec![sql::signed(commit); new.len()])),
            ("ordinal", Column::Int((0..).take(new.len()).collect())),
            (
                "occurred_at",
                Column::Big(new.iter().map(|sent| sent.event.occurred_at.as_microsecond()).collect()),
            ),
            (
                "content_hash",
                Column::Bytes(new.iter().map(|sent| &sent.hash[..]).collect()),
            ),
            ("data", Column::Bytes(new.iter().map(|sent| sent.data).collect())),
        ],
        conflict: "",
    })?;
    let corrections = new
        .iter()
        .filter_map(|sent| Some((target(&sent.event.payload)?.as_str(), sent.event.id.as_str())));
    let (targets, ids) = corrections.unzip();
    inserts.add(&Rows {
        table: "correction",
        tenant: tenant.as_str(),
        columns: vec![("target_id", Column::Text(targets)), ("event_id", Column::Text(ids))],
        conflict: "",
    })
}

/// What a commit adds to the ledger.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) number: u64,
    pub(crate) now: Timestamp,
    pub(crate) events: usize,
    pub(crate) measurements: Vec<(Measurement, i8)>,
    pub(crate) facts: Vec<(Fact, i8)>,
}

/// Appends to the ledger and to the sequence of commits.
///
/// # Errors
/// When the rows can't be encoded, or are too large.
pub(crate) fn record(inserts: &mut Inserts, tenant: &TenantId, recorded: Recorded) -> Result<(), Error> {
    let Recorded {
        number,
        now,
        events,
        measurements,
        facts,
    } = recorded;
    let entries: Vec<Entry> = measurements
        .into_iter()
        .map(|(measurement, count)| Entry {
            commit: number,
            measurement,
            count,
        })
        .collect();
    if !entries.is_empty() {
        let segment = ledger::encode(&entries).map_err(|error| Error::Fold(error.to_string()))?;
        insert_segment(inserts, tenant, &segment)?;
    }
    dimension_facts(inserts, tenant, number, &facts)?;
    inserts.add(&Rows {
        table: "commit_log",
        tenant: tenant.as_str(),
        columns: vec![
            ("commit_number", Column::Big(vec![sql::signed(number)])),
            ("committed_at", Column::Big(vec![now.as_microsecond()])),
            ("events", Column::Big(vec![i64::try_from(events).unwrap_or(i64::MAX)])),
        ],
        conflict: "",
    })
}

/// All subject state of a tenant that has none.
///
/// # Errors
/// When something has no stored form, or is too large.
pub(crate) fn state(
    inserts: &mut Inserts,
    tenant: &TenantId,
    records: Vec<(Subject, Vec<u8>)>,
    history: Vec<(Subject, StoredOccurrence)>,
) -> Result<(), Error> {
    let mut tails: HashMap<Subject, Tail> = HashMap::new();
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
        (subject, Stored { record, tail })
    });
    subjects(inserts, tenant, &touched.collect::<Vec<_>>())?;
    chapters(inserts, tenant, &closed)
}

fn subjects(inserts: &mut Inserts, tenant: &TenantId, touched: &[Touched]) -> Result<(), Error> {
    let stored = || touched.iter().map(|(_, stored)| stored);
    inserts.add(&Rows {
        table: "subject",
        tenant: tenant.as_str(),
        columns: vec![
            (
                "kind",
                Column::Small(
                    touched
                        .iter()
                        .map(|(subject, _)| i16::from(subject.kind.code()))
                        .collect(),
                ),
            ),
            (
                "subject_id",
                Column::Text(touched.iter().map(|(subject, _)| subject.id.as_str()).collect()),
            ),
            (
                "record",
                Column::Bytes(stored().map(|stored| &stored.record[..]).collect()),
            ),
            (
                "recent",
                Column::Bytes(stored().map(|stored| &stored.tail.recent[..]).collect()),
            ),
            (
                "chapters",
                Column::Int(stored().map(|stored| stored.tail.chapters).collect()),
            ),
        ],
        conflict: "ON CONFLICT (tenant_id, kind, subject_id)
            DO UPDATE SET record = excluded.record, recent = excluded.recent, chapters = excluded.chapters",
    })
}

fn chapters(inserts: &mut Inserts, tenant: &TenantId, closed: &[Chapter]) -> Result<(), Error> {
    inserts.add(&Rows {
        table: "chapter",
        tenant: tenant.as_str(),
        columns: vec![
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
                Column::Text(closed.iter().map(|(subject, ..)| subject.id.as_str()).collect()),
            ),
            (
                "number",
                Column::Int(closed.iter().map(|(_, number, _)| *number).collect()),
            ),
            (
                "data",
                Column::Bytes(closed.iter().map(|(.., lines)| &lines[..]).collect()),
            ),
        ],
        conflict: "",
    })
}

/// What a commit changes in the dimension tables.
fn dimension_facts(inserts: &mut Inserts, tenant: &TenantId, commit: u64, facts: &[(Fact, i8)]) -> Result<(), Error> {
    let encode = |fact: &Fact| serde_json::to_vec(fact).expect("a fact has string keys only and serialises to memory");
    let encoded: Vec<Vec<u8>> = facts.iter().map(|(fact, _)| encode(fact)).collect();
    inserts.add(&Rows {
        table: "dimension_fact",
        tenant: tenant.as_str(),
        columns: vec![
            ("commit_number", Column::Big(vec![sql::signed(commit); facts.len()])),
            ("ordinal", Column::Int((0..).take(facts.len()).collect())),
            (
                "row_sign",
                Column::Small(facts.iter().map(|(_, sign)| i16::from(*sign)).collect()),
            ),
            ("data", Column::Bytes(encoded.iter().map(Vec::as_slice).collect())),
        ],
        conflict: "",
    })
}

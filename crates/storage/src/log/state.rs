//! The state and the histories of subjects, on their way into their rows.

use std::collections::HashMap;

use scoreline_core::{fold::batch::StoredOccurrence, id::TenantId, subject::Subject};

use super::history::Tail;
use crate::{
    Error,
    inserts::{Column, Inserts, Rows},
};

/// What is stored of a subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) record: Vec<u8>,
    pub(crate) tail: Tail,
}

/// A closed chapter of a subject's history: its number and its lines.
type Chapter = (Subject, i32, Vec<u8>);

/// What is to be written of subjects.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// In the order of the table's key, one order for all who write.
    pub(crate) rows: Vec<(Subject, Stored)>,
    pub(crate) closed: Vec<Chapter>,
}

impl State {
    /// All of a tenant's.
    ///
    /// # Errors
    /// When something has no stored form.
    pub(crate) fn of(
        records: Vec<(Subject, Vec<u8>)>,
        history: Vec<(Subject, StoredOccurrence)>,
    ) -> Result<Self, Error> {
        let mut tails: HashMap<Subject, Tail> = HashMap::new();
        let mut closed = Vec::new();
        for (subject, occurrence) in history {
            let tail = tails.entry(subject.clone()).or_default();
            tail.add(&occurrence)?;
            if let Some((number, lines)) = tail.close_chapter() {
                closed.push((subject, number, lines));
            }
        }
        let rows = records.into_iter().map(|(subject, record)| {
            let tail = tails.remove(&subject).unwrap_or_default();
            (subject, Stored { record, tail })
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Self { rows, closed })
    }

    /// Adds its rows.
    ///
    /// # Errors
    /// When they are too large.
    pub(crate) fn bind(&self, inserts: &mut Inserts, tenant: &TenantId) -> Result<(), Error> {
        subjects(inserts, tenant, &self.rows)?;
        chapters(inserts, tenant, &self.closed)
    }
}

fn subjects(inserts: &mut Inserts, tenant: &TenantId, rows: &[(Subject, Stored)]) -> Result<(), Error> {
    let stored = || rows.iter().map(|(_, stored)| stored);
    inserts.add(&Rows {
        table: "subject",
        tenant: tenant.as_str(),
        columns: vec![
            (
                "kind",
                Column::Small(rows.iter().map(|(subject, _)| i16::from(subject.kind.code())).collect()),
            ),
            (
                "subject_id",
                Column::Text(rows.iter().map(|(subject, _)| subject.id.as_str()).collect()),
            ),
            (
                "record",
                Column::Bytes(stored().map(|stored| &stored.record[..]).collect()),
            ),
            (
                "latest",
                Column::Bytes(stored().map(|stored| &stored.tail.recent[..]).collect()),
            ),
            (
                "chapters",
                Column::Int(stored().map(|stored| stored.tail.chapters).collect()),
            ),
        ],
        conflict: "ON CONFLICT (tenant_id, kind, subject_id)
            DO UPDATE SET record = excluded.record, latest = excluded.latest, chapters = excluded.chapters",
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
        // A chapter whose subject's row does not know of it is none.
        conflict: "ON CONFLICT (tenant_id, kind, subject_id, number) DO UPDATE SET data = excluded.data",
    })
}

//! Binding what a commit adds: to the log, to the ledger, and to the state of subjects where it carries that.

use jiff::Timestamp;
use scoreline_core::{
    dimension::Fact,
    fold::{batch::Changes, correction::target},
    id::TenantId,
    ledger,
    measure::Measurement,
};
use sea_orm::DbBackend;

use super::{book::Book, page, prepare::Sent, state::State};
use crate::{
    Error,
    inserts::{Base, Column, Inserts, Move, Rows},
    ledger::insert_segment,
    sql,
};

/// What a commit adds to what is stored.
#[derive(Debug)]
pub(crate) struct Added<'a> {
    /// The state on which it builds.
    base: Base,
    new: Vec<Sent<'a>>,
    /// What is to be written of subjects, where it carries that.
    state: Option<State>,
    recorded: Recorded,
}

/// What a commit adds, taken over into the book; with all that is due of subjects if it carries that.
///
/// # Errors
/// When something has no stored form.
pub(crate) fn take_over<'a>(
    book: &mut Book,
    new: Vec<Sent<'a>>,
    mut changes: Changes,
    now: Timestamp,
    carries: bool,
) -> Result<Added<'a>, Error> {
    let base = book.base;
    book.take_over(&new, &mut changes)?;
    let recorded = Recorded {
        number: book.base.last_commit,
        now,
        events: new.len(),
        measurements: changes.measurements,
        facts: changes.facts,
    };
    Ok(Added {
        base,
        new,
        state: carries.then(|| book.carry()).transpose()?,
        recorded,
    })
}

impl Added<'_> {
    /// How many events there are.
    pub(crate) fn events(&self) -> usize {
        self.new.len()
    }

    /// Its rows, in order, with the move of the tenant's row. The events come first: when one of them is stored already,
    /// nothing else is done in vain.
    ///
    /// # Errors
    /// When something has no stored form, or is too large.
    pub(crate) fn bind(self, backend: DbBackend, tenant: &TenantId) -> Result<Inserts, Error> {
        let moves = Move {
            from: self.base,
            to: self.recorded.number,
            carries: self.state.is_some(),
        };
        let mut inserts = Inserts::moving(backend, tenant, moves)?;
        events(&mut inserts, tenant, self.recorded.number, &self.new)?;
        if let Some(state) = &self.state {
            state.bind(&mut inserts, tenant)?;
        }
        record(&mut inserts, tenant, self.recorded)?;
        Ok(inserts)
    }
}

fn events(inserts: &mut Inserts, tenant: &TenantId, commit: u64, new: &[Sent<'_>]) -> Result<(), Error> {
    let lines = new.iter().map(|sent| (sent.event.id.as_str(), sent.data));
    page::insert(inserts, tenant, commit, lines)?;
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
    if !measurements.is_empty() {
        let segment = ledger::encode_commit(number, &measurements).map_err(|error| Error::Fold(error.to_string()))?;
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

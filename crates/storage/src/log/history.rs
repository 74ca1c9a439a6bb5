//! The histories of subjects: each occurrence is stored once, where its commit put it, with a link to the one that came
//! to the same history before it. So a commit only appends, however many subjects it touches; a history is read by going
//! back from its end, which is rare (something came late, or was taken back) and costs what the fold of a whole history
//! costs anyway.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use scoreline_core::{
    fold::{
        Key, Occurrence, Signal, What,
        batch::{Body, StoredOccurrence},
        correction::said,
    },
    id::TenantId,
    subject::Subject,
};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value, sea_query::ArrayType};

use super::codec;
use crate::{
    Error,
    sql::{self, Column},
};

/// Where an occurrence is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) commit: u64,
    pub(crate) ordinal: i32,
}

/// Where a history ends; nowhere when it is empty, which is stored as commit 0, ordinal 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct End(pub(crate) Option<Place>);

/// What comes to a history.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) place: Place,
    pub(crate) previous: End,
    pub(crate) occurrence: StoredOccurrence,
}

impl End {
    pub(crate) fn of(commit: i64, ordinal: i32) -> Result<Self, Error> {
        let commit = sql::unsigned(commit, "a place of a history")?;
        Ok(Self(((commit, ordinal) != (0, 0)).then_some(Place { commit, ordinal })))
    }

    pub(crate) fn commit(self) -> i64 {
        self.0.map_or(0, |place| sql::signed(place.commit))
    }

    pub(crate) fn ordinal(self) -> i32 {
        self.0.map_or(0, |place| place.ordinal)
    }
}

/// The links of histories, as `chain`, from the ends that are given: `nth` is whose. The parameters begin with `$2`.
/// PostgreSQL is made to look each link up, as in [`sql::each_of`].
fn chains(backend: DbBackend, ends: &[End]) -> (&'static str, Vec<Value>) {
    match backend {
        DbBackend::Postgres => {
            let commits = ends.iter().map(|end| Value::from(end.commit())).collect();
            let ordinals = ends.iter().map(|end| Value::from(end.ordinal())).collect();
            let values = vec![
                Value::Array(ArrayType::BigInt, Some(Box::new(commits))),
                Value::Array(ArrayType::Int, Some(Box::new(ordinals))),
            ];
            let sql = "WITH RECURSIVE chain AS (
                SELECT seed.nth - 1 AS nth, found.*
                FROM unnest($2::bigint[], $3::integer[]) WITH ORDINALITY AS seed (commit_number, ordinal, nth)
                CROSS JOIN LATERAL (SELECT * FROM history WHERE history.tenant_id = $1
                    AND history.commit_number = seed.commit_number AND history.ordinal = seed.ordinal OFFSET 0) AS found
                UNION ALL
                SELECT chain.nth, found.* FROM chain
                CROSS JOIN LATERAL (SELECT * FROM history WHERE history.tenant_id = $1
                    AND history.commit_number = chain.previous_commit AND history.ordinal = chain.previous_ordinal
                    OFFSET 0) AS found
            )";
            (sql, values)
        }
        _ => {
            let ends = ends.iter().map(|end| serde_json::json!([end.commit(), end.ordinal()]));
            let sql = "WITH RECURSIVE chain AS (
                SELECT seed.key AS nth, history.* FROM json_each($2) AS seed
                CROSS JOIN history ON history.tenant_id = $1 AND history.commit_number = seed.value ->> 0
                    AND history.ordinal = seed.value ->> 1
                UNION ALL
                SELECT chain.nth, history.* FROM chain
                CROSS JOIN history ON history.tenant_id = $1 AND history.commit_number = chain.previous_commit
                    AND history.ordinal = chain.previous_ordinal
            )";
            (sql, vec![serde_json::Value::from_iter(ends).to_string().into()])
        }
    }
}

/// The histories that end so, each occurrence with its place, in no order.
pub(crate) async fn read(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    ends: &[End],
) -> Result<Vec<Vec<(Place, Occurrence)>>, Error> {
    let mut histories: Vec<_> = ends.iter().map(|_| Vec::new()).collect();
    if ends.iter().all(|end| end.0.is_none()) {
        return Ok(histories);
    }
    let (chains, values) = chains(db.get_database_backend(), ends);
    let sql = format!(
        "{chains} SELECT nth, commit_number, ordinal, occurred_at, occurrence_id, signal,
            (SELECT event.data FROM event WHERE event.tenant_id = $1 AND event.event_id = chain.body_event_id) AS data
         FROM chain WHERE occurrence_id <> ''"
    );
    for row in sql::select(db, sql, tenant.as_str(), values).await? {
        let nth: i64 = row.try_get_by_index(0)?;
        let history = usize::try_from(nth).ok().and_then(|nth| histories.get_mut(nth));
        history
            .ok_or_else(|| Error::damaged("a history", "it is nobody's"))?
            .push(occurrence(&row)?);
    }
    Ok(histories)
}

/// The ids that a subject's history has in the place of its events, in the order of their times.
pub(crate) async fn events_of(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    subject: &Subject,
    limit: u32,
) -> Result<Vec<String>, Error> {
    let sql =
        "SELECT history_commit, history_ordinal FROM subject WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3";
    let values = [i16::from(subject.kind.code()).into(), subject.id.as_str().into()];
    let Some(row) = sql::select_one(db, sql, tenant.as_str(), values).await? else {
        return Ok(Vec::new());
    };
    let end = End::of(row.try_get_by_index(0)?, row.try_get_by_index(1)?)?;
    let (chains, values) = chains(db.get_database_backend(), &[end]);
    let sql = format!(
        "{chains} SELECT occurrence_id FROM chain WHERE body_event_id <> ''
         ORDER BY occurred_at, occurrence_id LIMIT {limit}"
    );
    let rows = sql::select(db, sql, tenant.as_str(), values).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

fn occurrence(row: &QueryResult) -> Result<(Place, Occurrence), Error> {
    let place = Place {
        commit: sql::unsigned(row.try_get_by_index(1)?, "a commit number")?,
        ordinal: row.try_get_by_index(2)?,
    };
    let at = Timestamp::from_microsecond(row.try_get_by_index(3)?)
        .map_err(|error| Error::damaged(format!("the history at {place:?}"), error))?;
    let id: String = row.try_get_by_index(4)?;
    let signal: Vec<u8> = row.try_get_by_index(5)?;
    let event: Option<Vec<u8>> = row.try_get_by_index(6)?;
    let what = what(place, &signal, event.as_deref())?;
    let key = Key { at, id: id.into() };
    Ok((place, Occurrence { key, what }))
}

fn what(place: Place, signal: &[u8], event: Option<&[u8]>) -> Result<What, Error> {
    match event {
        Some(data) => {
            let event = codec::decode(data)?;
            Ok(What::Event(Arc::new(said(event.payload))))
        }
        None => Signal::decode(signal)
            .map(What::Signal)
            .map_err(|error| Error::damaged(format!("the signal at {place:?}"), error)),
    }
}

/// Takes occurrences out of histories. Their places stay, as links without an id.
pub(crate) async fn take_out(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    places: &HashSet<Place>,
) -> Result<(), Error> {
    let sql = "UPDATE history SET occurrence_id = '', body_event_id = ''
         WHERE tenant_id = $1 AND commit_number = $2 AND ordinal = $3";
    for place in places {
        let values = [sql::signed(place.commit).into(), place.ordinal.into()];
        sql::execute(db, sql, tenant.as_str(), values).await?;
    }
    Ok(())
}

/// Appends to histories.
pub(crate) async fn append(db: &impl ConnectionTrait, tenant: &TenantId, links: &[Link]) -> Result<(), Error> {
    let occurrences = || links.iter().map(|link| &link.occurrence);
    let bodies: Vec<_> = occurrences()
        .map(|occurrence| body(&occurrence.body))
        .collect::<Result<_, _>>()?;
    let (bodies, signals) = bodies.into_iter().unzip();
    let columns = vec![
        (
            "commit_number",
            Column::Big(links.iter().map(|link| sql::signed(link.place.commit)).collect()),
        ),
        (
            "ordinal",
            Column::Int(links.iter().map(|link| link.place.ordinal).collect()),
        ),
        (
            "previous_commit",
            Column::Big(links.iter().map(|link| link.previous.commit()).collect()),
        ),
        (
            "previous_ordinal",
            Column::Int(links.iter().map(|link| link.previous.ordinal()).collect()),
        ),
        (
            "occurred_at",
            Column::Big(
                occurrences()
                    .map(|occurrence| occurrence.key.at.as_microsecond())
                    .collect(),
            ),
        ),
        (
            "occurrence_id",
            Column::Text(occurrences().map(|occurrence| occurrence.key.id.to_string()).collect()),
        ),
        ("body_event_id", Column::Text(bodies)),
        ("signal", Column::Bytes(signals)),
    ];
    sql::insert(db, "history", tenant.as_str(), columns, "").await?;
    Ok(())
}

fn body(body: &Body) -> Result<(String, Vec<u8>), Error> {
    Ok(match body {
        Body::Event { body_event, .. } => (body_event.to_string(), Vec::new()),
        Body::Signal(signal) => (
            String::new(),
            signal.encode().map_err(|error| Error::Fold(error.to_string()))?,
        ),
    })
}

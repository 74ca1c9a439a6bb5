//! Reading the log.

use scoreline_core::{
    event::Event,
    id::{EventId, TenantId},
};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{LoggedEvent, Position, codec};
use crate::{Error, sql};

pub(crate) async fn events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: Position,
    limit: u32,
) -> Result<Vec<LoggedEvent>, Error> {
    let sql = "SELECT commit_number, ordinal, data FROM event
         WHERE tenant_id = $1 AND (commit_number > $2 OR (commit_number = $2 AND ordinal > $3))
         ORDER BY commit_number, ordinal LIMIT $4";
    let values = [
        sql::signed(after.commit).into(),
        i64::from(after.ordinal).into(),
        i64::from(limit).into(),
    ];
    sql::select(db, sql, tenant.as_str(), values)
        .await?
        .iter()
        .map(logged)
        .collect()
}

pub(crate) async fn find_events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    ids: &[EventId],
) -> Result<Vec<LoggedEvent>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = "SELECT commit_number, ordinal, data FROM event WHERE tenant_id = $1";
    let texts = ids.iter().map(ToString::to_string);
    let rows = sql::select_each(db, (select, "event_id"), tenant.as_str(), texts).await?;
    let mut found: Vec<LoggedEvent> = rows.iter().map(logged).collect::<Result<_, _>>()?;
    found.sort_unstable_by_key(|found| (found.position.commit, found.position.ordinal));
    Ok(found)
}

/// The corrections of events: pairs of target and correction.
pub(crate) async fn corrections_of(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    targets: impl IntoIterator<Item = String>,
) -> Result<Vec<(EventId, Event)>, Error> {
    let select = "SELECT correction.target_id, event.data FROM correction
         JOIN event ON event.tenant_id = correction.tenant_id AND event.event_id = correction.event_id
         WHERE correction.tenant_id = $1";
    let by_target = (select, "correction.target_id");
    let rows = sql::select_each(db, by_target, tenant.as_str(), targets).await?;
    rows.iter()
        .map(|row| Ok((event_id(row, 0)?, decode(row, 1)?)))
        .collect()
}

pub(crate) fn event_id(row: &QueryResult, at: usize) -> Result<EventId, Error> {
    let text: String = row.try_get_by_index(at)?;
    parse_event_id(&text)
}

pub(crate) fn parse_event_id(text: &str) -> Result<EventId, Error> {
    EventId::new(text).map_err(|error| Error::damaged(format!("the event id {text:?}"), error))
}

pub(crate) fn decode(row: &QueryResult, at: usize) -> Result<Event, Error> {
    let data: Vec<u8> = row.try_get_by_index(at)?;
    codec::decode(&data)
}

fn logged(row: &QueryResult) -> Result<LoggedEvent, Error> {
    let commit = sql::unsigned(row.try_get_by_index(0)?, "a commit number")?;
    let ordinal: i32 = row.try_get_by_index(1)?;
    let ordinal = u32::try_from(ordinal).map_err(|error| Error::damaged("an ordinal of the log", error))?;
    Ok(LoggedEvent {
        position: Position { commit, ordinal },
        event: decode(row, 2)?,
    })
}

//! Reading the log.

use scoreline_core::{
    event::Event,
    fold::correction::target,
    id::{EventId, TenantId},
};
use sea_orm::ConnectionTrait;

use super::{
    LoggedEvent, Position, codec,
    page::{self, Pages},
};
use crate::{Error, inserts::Column, sql};

pub(crate) async fn events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: Position,
    limit: u32,
) -> Result<Vec<LoggedEvent>, Error> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut pages = Pages::after(db, tenant, after).await?;
    let mut found = Vec::new();
    while found.len() < limit {
        let some = pages.next(limit - found.len()).await?;
        if some.is_empty() {
            break;
        }
        let lines = some.iter().flat_map(|page| page.lines());
        let further = lines.filter(|(spot, _)| spot.position() > after);
        for (spot, line) in further.take(limit - found.len()) {
            found.push(LoggedEvent {
                position: spot.position(),
                event: codec::decode(line)?,
            });
        }
    }
    Ok(found)
}

pub(crate) async fn find_events(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    ids: &[EventId],
) -> Result<Vec<LoggedEvent>, Error> {
    let mut found = Vec::with_capacity(ids.len());
    let ids = ids.iter().map(EventId::as_str).collect();
    page::each_of(db, tenant, ids, |_, spot, line| {
        found.push(LoggedEvent {
            position: spot.position(),
            event: codec::decode(line)?,
        });
        Ok(())
    })
    .await?;
    Ok(found)
}

/// The corrections of events: pairs of target and correction.
pub(crate) async fn corrections_of(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    targets: &[EventId],
) -> Result<Vec<(EventId, Event)>, Error> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let key = [("target_id", Column::Text(targets.iter().map(EventId::as_str).collect()))];
    let rows = sql::select_by(db, ("correction", "event_id"), tenant.as_str(), &key).await?;
    let corrections = rows
        .iter()
        .map(|row| parse_event_id(&row.try_get_by_index::<String>(1)?));
    let corrections: Vec<EventId> = corrections.collect::<Result<_, _>>()?;
    let found = find_events(db, tenant, &corrections).await?;
    let pair = |logged: LoggedEvent| Some((target(&logged.event.payload)?.clone(), logged.event));
    Ok(found.into_iter().filter_map(pair).collect())
}

pub(crate) fn parse_event_id(text: &str) -> Result<EventId, Error> {
    EventId::new(text).map_err(|error| Error::damaged(format!("the event id {text:?}"), error))
}

//! Gives the events, in the order in which they were recorded.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use prost::Message as _;
use scoreline_proto::{analytics::v1 as wire, encode};
use scoreline_server::status::{Kind, Problem};
use scoreline_storage::{Error, LoggedEvent, Position};

use super::{Closed, MESSAGE_BYTES, Outlet};
use crate::{analytics::Analytics, caller::Caller, failure};

/// Events of one message.
const BATCH: u32 = 1_000;

pub(super) async fn export(
    analytics: Arc<Analytics>,
    caller: Caller,
    after: u64,
    to: u64,
    outlet: Outlet<wire::ExportEventsResponse>,
) {
    let mut position = Position {
        commit: after,
        ordinal: u32::MAX,
    };
    loop {
        if analytics.shutdown.is_closing() {
            return outlet.fail(stopping()).await;
        }
        let batch = match read(&analytics, &caller, position, to).await {
            Ok(batch) => batch,
            Err(error) => return outlet.fail(failure::stored(&error)).await,
        };
        let Some((_, last)) = batch.last() else { return };
        position = *last;
        if send(&outlet, batch).await.is_err() {
            return;
        }
    }
}

/// The export ends with the process, and goes on after the last commit that was given.
pub(super) fn stopping() -> Problem {
    Problem::new(
        Kind::Unavailable(None),
        "STOPPING",
        "the service stops; go on after the last commit that was received",
    )
}

async fn read(
    analytics: &Analytics,
    caller: &Caller,
    after: Position,
    to: u64,
) -> Result<Vec<(wire::ExportedEvent, Position)>, Error> {
    let mut events = analytics.store.events(&caller.tenant, after, BATCH).await?;
    events.retain(|logged| logged.position.commit <= to);
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Ok(Vec::new());
    };
    let commits = first.position.commit..=last.position.commit;
    let times = analytics
        .store
        .instants(&caller.tenant, commits)
        .await?
        .into_iter()
        .collect();
    Ok(events
        .iter()
        .map(|logged| (exported(logged, &times), logged.position))
        .collect())
}

fn exported(logged: &LoggedEvent, times: &HashMap<u64, Timestamp>) -> wire::ExportedEvent {
    wire::ExportedEvent {
        event: Some(encode::event(&logged.event)),
        commit: i64::try_from(logged.position.commit).unwrap_or(i64::MAX),
        commit_time: times.get(&logged.position.commit).map(|at| encode::instant(*at)),
    }
}

async fn send(
    outlet: &Outlet<wire::ExportEventsResponse>,
    batch: Vec<(wire::ExportedEvent, Position)>,
) -> Result<(), Closed> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    for (event, _) in batch {
        let more = event.encoded_len() + 8;
        if bytes + more > MESSAGE_BYTES && !events.is_empty() {
            outlet
                .send(wire::ExportEventsResponse {
                    events: std::mem::take(&mut events),
                })
                .await?;
            bytes = 0;
        }
        bytes += more;
        events.push(event);
    }
    outlet.send(wire::ExportEventsResponse { events }).await
}

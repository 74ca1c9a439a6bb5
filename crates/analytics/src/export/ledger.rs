//! Gives the ledger, segment by segment.

use std::sync::Arc;

use scoreline_core::ledger::{Entry, Error, decode, encode, is_flat};
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::Problem;
use scoreline_storage::Segment;

use super::{MESSAGE_BYTES, Outlet, events::stopping};
use crate::{analytics::Analytics, caller::Caller, failure, image::within};

const TAIL_BYTES: u64 = 8 << 20;
/// As many rows as usually fit a message.
const MESSAGE_ROWS: usize = 1 << 14;

pub(super) async fn export(
    analytics: Arc<Analytics>,
    caller: Caller,
    mut after: u64,
    to: u64,
    outlet: Outlet<wire::ExportLedgerResponse>,
) {
    while after < to {
        if analytics.shutdown.is_closing() {
            return outlet.fail(stopping()).await;
        }
        let tail = match analytics.store.tail(&caller.tenant, after, TAIL_BYTES).await {
            Ok(tail) => tail,
            Err(error) => return outlet.fail(failure::stored(&error)).await,
        };
        let news = after + 1..=tail.complete_to.min(to);
        for segment in tail.segments {
            let news = news.clone();
            let told = tokio::task::spawn_blocking(move || messages(segment, &news)).await;
            let told = match told {
                Ok(Ok(told)) => told,
                Ok(Err(error)) => return outlet.fail(Problem::internal(&error)).await,
                Err(error) => return outlet.fail(Problem::internal(&error)).await,
            };
            for message in told {
                if outlet.send(message).await.is_err() {
                    return;
                }
            }
        }
        after = tail.complete_to.max(after + 1);
    }
}

/// A segment without the records of other commits, in parts that fit a message.
fn messages(segment: Segment, news: &std::ops::RangeInclusive<u64>) -> Result<Vec<wire::ExportLedgerResponse>, Error> {
    let entries = match within(&segment, news)? {
        None if is_flat(&segment.data) && segment.data.len() <= MESSAGE_BYTES => {
            return Ok(vec![message(
                segment.first_commit,
                segment.last_commit,
                segment.rows as usize,
                segment.data,
            )]);
        }
        None => decode(&segment.data)?.entries().collect::<Vec<_>>(),
        Some(entries) => entries,
    };
    let mut told = Vec::new();
    for some in entries.chunks(MESSAGE_ROWS) {
        tell(some, &mut told)?;
    }
    Ok(told)
}

/// Entries as a message, or as several where they do not fit one.
fn tell(entries: &[Entry], told: &mut Vec<wire::ExportLedgerResponse>) -> Result<(), Error> {
    let bytes = encode(entries)?.bytes;
    if bytes.len() > MESSAGE_BYTES && entries.len() > 1 {
        let (left, right) = entries.split_at(entries.len() / 2);
        tell(left, told)?;
        return tell(right, told);
    }
    let commits = entries.iter().map(|entry| entry.commit);
    let (first, last) = (commits.clone().min().unwrap_or(0), commits.max().unwrap_or(0));
    told.push(message(first, last, entries.len(), bytes));
    Ok(())
}

fn message(first: u64, last: u64, rows: usize, arrow_ipc: Vec<u8>) -> wire::ExportLedgerResponse {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    wire::ExportLedgerResponse {
        first_commit: number(first),
        last_commit: number(last),
        row_count: number(rows as u64),
        arrow_ipc,
    }
}

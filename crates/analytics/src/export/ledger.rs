//! Gives the ledger, segment by segment.

use std::sync::Arc;

use scoreline_core::ledger::{Entry, Error, decode, encode};
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::Problem;
use scoreline_storage::Segment;

use super::{MESSAGE_BYTES, Outlet, events::stopping};
use crate::{analytics::Analytics, caller::Caller, failure, image::within};

const TAIL_BYTES: u64 = 8 << 20;

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
        None if segment.data.len() <= MESSAGE_BYTES => {
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
    let parts = segment.data.len().div_ceil(MESSAGE_BYTES).max(1);
    entries.chunks(entries.len().div_ceil(parts).max(1)).map(part).collect()
}

fn part(entries: &[Entry]) -> Result<wire::ExportLedgerResponse, Error> {
    let commits = entries.iter().map(|entry| entry.commit);
    let (first, last) = (commits.clone().min().unwrap_or(0), commits.max().unwrap_or(0));
    Ok(message(first, last, entries.len(), encode(entries)?.bytes))
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

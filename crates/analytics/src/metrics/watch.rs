//! Answers a query, and again whenever a commit changes the answer.

use std::sync::Arc;

use futures::{StreamExt as _, stream::BoxStream};
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::{Kind, Problem};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{query, rank};
use crate::{
    analytics::Analytics,
    answers::{LedgerAnswers, at_once},
    caller::Caller,
    convert::{known::Known, query as convert, table::Names},
    failure,
};

type Answers = mpsc::Sender<Result<wire::WatchMetricsResponse, Status>>;

pub(super) async fn watch(
    analytics: &Arc<Analytics>,
    caller: &Caller,
    request: wire::WatchMetricsRequest,
) -> Result<BoxStream<'static, Result<wire::WatchMetricsResponse, Status>>, Problem> {
    let query = request
        .query
        .ok_or_else(|| Problem::invalid("REQUIRED", "query", "must be given"))?;
    // What is wrong with the query is told before the stream begins.
    let first = answer(analytics, caller, &query).await?;
    let (answers, stream) = mpsc::channel(1);
    tokio::spawn(follow(Arc::clone(analytics), caller.again(), query, first, answers));
    Ok(ReceiverStream::new(stream).boxed())
}

/// A slow reader skips answers: while one waits to be taken, no other is made.
async fn follow(
    analytics: Arc<Analytics>,
    caller: Caller,
    query: wire::QueryMetricsRequest,
    first: wire::QueryMetricsResponse,
    answers: Answers,
) {
    let mut told = first;
    if answers.send(Ok(response(&told))).await.is_err() {
        return;
    }
    let mut seen = told.watermark.map_or(0, |watermark| watermark.commit);
    loop {
        tokio::select! {
            () = answers.closed() => return,
            () = analytics.shutdown.closing() => return,
            () = moved(&analytics, &caller, seen) => {}
        }
        let caller = caller.again();
        match answer(&analytics, &caller, &query).await {
            Ok(answer) => {
                seen = answer.watermark.map_or(seen, |watermark| watermark.commit);
                let same_rows = answer.rows == told.rows && answer.columnar_rows == told.columnar_rows;
                if same_rows && answer.columns == told.columns {
                    continue;
                }
                told = answer;
                if answers.send(Ok(response(&told))).await.is_err() {
                    return;
                }
            }
            Err(problem) => {
                // The client may be gone; then nobody needs to know.
                let _ = answers.send(Err(problem.into())).await;
                return;
            }
        }
    }
}

fn response(answer: &wire::QueryMetricsResponse) -> wire::WatchMetricsResponse {
    wire::WatchMetricsResponse {
        answer: Some(answer.clone()),
    }
}

/// Resolves when the tenant has a commit after `seen`.
async fn moved(analytics: &Analytics, caller: &Caller, seen: i64) {
    let seen = u64::try_from(seen).unwrap_or(0);
    loop {
        let mut changes = analytics.images.changes(&caller.tenant);
        let newer = changes
            .wait_for(|snapshot| snapshot.as_ref().is_some_and(|snapshot| snapshot.commit > seen))
            .await;
        // An error says that the tenant was dropped from memory: it is loaded again.
        if newer.is_ok() {
            return;
        }
    }
}

async fn answer(
    analytics: &Analytics,
    caller: &Caller,
    query: &wire::QueryMetricsRequest,
) -> Result<wire::QueryMetricsResponse, Problem> {
    let catalogue = analytics.catalogues.get(&caller.tenant).await?;
    let asked = convert::query(query, "query", &catalogue).map_err(failure::invalid)?;
    let standing = analytics.standing(caller, Known::Now, asked.at_least).await?;
    let is_quick = at_once::are_quick([(&asked.question, &*standing.snapshot)]);
    let (metrics, of) = (Arc::clone(&catalogue), standing.clone());
    let whole = move |over: &LedgerAnswers| {
        let table = rank::answer(over, &metrics, &of, &asked, "query")?;
        if table.rows.len() > query::MAX_PAGE {
            return Err(too_many(table.rows.len()));
        }
        let zone = query::zone(&asked, &metrics);
        let names = Names::new(&zone, &of.tables, &asked.question.dimensions);
        let mut answer = query::describe(&of, &table);
        if asked.by_columns {
            answer.columnar_rows = Some(names.columns(&table.rows, table.columns.len(), usize::MAX).0);
        } else {
            answer.rows = names.rows(&table.rows).collect();
        }
        Ok(answer)
    };
    analytics.answer(caller, &catalogue, &standing, is_quick, whole).await
}

fn too_many(rows: usize) -> Problem {
    let limit = query::MAX_PAGE;
    let message = format!("the answer has {rows} rows, at most {limit} are watched");
    Problem::new(Kind::FailedPrecondition, "TOO_MANY_ROWS", message).with("limit", limit)
}

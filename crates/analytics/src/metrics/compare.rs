//! Asks a query in two states of knowledge.

use std::{collections::BTreeMap, sync::Arc};

use scoreline_core::{
    calendar::Period,
    dimension::Fact,
    metric::evaluate::{CellValue, Key, Reason, Row, Table, Undefined},
    rational::Rational,
};
use scoreline_proto::{Reason as Fault, analytics::v1 as wire, encode, reader::Reader};
use scoreline_server::status::Problem;
use scoreline_storage::LoggedEvent;

use super::{
    events,
    knowledge::{Between, Changes},
    query,
};
use crate::{
    analytics::{Analytics, Standing},
    answers::{LedgerAnswers, at_once},
    caller::Caller,
    catalogue::Catalogue,
    convert::{
        header::header,
        known::{self, Known},
        query::{self as convert, Asked},
        table::{Names, cell, result},
    },
    failure,
    page::{self, Place},
};

const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;
const TAIL_BYTES: u64 = 8 << 20;

pub(super) async fn compare(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::CompareKnowledgeRequest,
) -> Result<wire::CompareKnowledgeResponse, Problem> {
    let query = request
        .query
        .as_ref()
        .ok_or_else(|| Problem::invalid("REQUIRED", "query", "must be given"))?;
    let catalogue = analytics.catalogues.get(&caller.tenant).await?;
    let size = page::size(request.page_size, PAGE, MAX_PAGE, "page_size")?;
    let mut asked = convert::query(query, "query", &catalogue).map_err(failure::invalid)?;
    // A difference tells of all groups, those with too small samples too, which a ranking leaves out.
    (asked.question.comparison, asked.question.limit) = (None, None);
    asked.question.order_by.clear();
    let (known_before, known_after) = states(&request)?;
    let print = fingerprint(caller, &catalogue, query, &request);
    let place = Place::open(print, &request.page_token, "page_token")?;
    let after = query::standing(analytics, caller, known_after, asked.at_least, place).await?;
    let mut before = analytics.standing(caller, known_before, 0).await?;
    if before.commit > after.commit {
        let problem = format!(
            "is commit {}, which is later than commit {}",
            before.commit, after.commit
        );
        return Err(Problem::invalid("STATES_REVERSED", "before", problem));
    }
    before.snapshot = Arc::clone(&after.snapshot);
    let (tables, changes) = answer(analytics, caller, &catalogue, &asked, (&before, &after)).await?;
    let found = events::find(analytics, caller, &changes)
        .await
        .map_err(|error| failure::stored(&error))?;
    let offset = place.map_or(0, |place| usize::try_from(place.offset).unwrap_or(usize::MAX));
    let events: Vec<_> = found.iter().skip(offset).take(size).map(summary).collect();
    let next = offset.saturating_add(events.len());
    let more = next < found.len() && !events.is_empty();
    let zone = query::zone(&asked, &catalogue);
    let names = Names::new(&zone, &after.tables, &asked.question.dimensions);
    Ok(wire::CompareKnowledgeResponse {
        columns: tables.1.columns.iter().map(header).collect(),
        rows: differences(&tables, &names),
        events,
        next_page_token: if more {
            query::token(&after, print, next)
        } else {
            String::new()
        },
        total_events: i64::try_from(found.len()).unwrap_or(i64::MAX),
        before: Some(before.watermark()),
        after: Some(after.watermark()),
        time_zone: tables.1.time_zone.clone(),
    })
}

fn states(request: &wire::CompareKnowledgeRequest) -> Result<(Known, Known), Problem> {
    let mut reader = Reader::new();
    let before = known::known_at(&mut reader, "before", request.before.as_ref());
    if before == Known::Now && reader.is_clean() {
        reader.fault("before", Fault::Required, "must be a commit or an instant");
    }
    let after = known::known_at(&mut reader, "after", request.after.as_ref());
    reader.finish(Some((before, after))).map_err(failure::invalid)
}

fn fingerprint(
    caller: &Caller,
    catalogue: &Catalogue,
    asked: &wire::QueryMetricsRequest,
    request: &wire::CompareKnowledgeRequest,
) -> u64 {
    use prost::Message as _;
    let mut print = query::begin(caller, catalogue, b"compare");
    query::add(&mut print, asked);
    let known = |known: &Option<wire::KnownAt>| known.as_ref().map(prost::Message::encode_to_vec).unwrap_or_default();
    print.add(&known(&request.before));
    print.add(&known(&request.after));
    print.add(
        &wire::CompareKnowledgeRequest {
            page_size: request.page_size,
            ..Default::default()
        }
        .encode_to_vec(),
    );
    print.finish()
}

/// Both answers, and what changed between them.
async fn answer(
    analytics: &Analytics,
    caller: &Caller,
    catalogue: &Arc<Catalogue>,
    asked: &Asked,
    (before, after): (&Standing, &Standing),
) -> Result<((Table, Table), Changes), Problem> {
    let facts = facts(analytics, caller, before.commit, after.commit).await?;
    let (question, metrics) = (before.put(asked.question.clone()), Arc::clone(catalogue));
    let is_quick = at_once::are_quick([(&question, &*before.snapshot)]);
    let earlier = move |over: &LedgerAnswers| over.table(&metrics, &question, "query");
    let earlier = analytics.answer(caller, catalogue, before, is_quick, earlier).await?;
    let (question, metrics) = (after.put(asked.question.clone()), Arc::clone(catalogue));
    let (from, to) = (before.commit, after.commit);
    let (later, changes) = analytics
        .compute(caller, catalogue, after, move |over| {
            let later = over.table(&metrics, &question, "query")?;
            let between = Between {
                over,
                catalogue: &metrics,
                question: &question,
                before: from,
                after: to,
                facts,
            };
            let changes = between.changes(&later)?;
            Ok((later, changes))
        })
        .await?;
    Ok(((earlier, later), changes))
}

/// The facts that were recorded after a commit, up to another.
async fn facts(analytics: &Analytics, caller: &Caller, after: u64, to: u64) -> Result<Vec<(u64, Fact, i8)>, Problem> {
    let (mut found, mut at) = (Vec::new(), after);
    while at < to {
        let tail = analytics
            .store
            .tail(&caller.tenant, at, TAIL_BYTES)
            .await
            .map_err(|error| failure::stored(&error))?;
        found.extend(tail.facts.into_iter().filter(|(commit, ..)| *commit <= to));
        if tail.complete_to <= at {
            break;
        }
        at = tail.complete_to;
    }
    Ok(found)
}

/// One row of each answer, by bucket and group.
type Paired<'a> = BTreeMap<(Period, &'a str, &'a Key), (Option<&'a Row>, Option<&'a Row>)>;

/// The rows in which the answers differ.
fn differences((earlier, later): &(Table, Table), names: &Names<'_>) -> Vec<wire::KnowledgeRow> {
    let mut rows = Paired::new();
    for row in &earlier.rows {
        rows.entry((row.bucket.period, &row.bucket.label, &row.key))
            .or_default()
            .0 = Some(row);
    }
    for row in &later.rows {
        rows.entry((row.bucket.period, &row.bucket.label, &row.key))
            .or_default()
            .1 = Some(row);
    }
    let columns = later.columns.len();
    let rows = rows.into_values().filter_map(|(before, after)| {
        let shown = after.or(before)?;
        let pairs: Vec<_> = (0..columns)
            .map(|at| (cell_of(before, at), cell_of(after, at)))
            .collect();
        let differs = pairs.iter().any(|(before, after)| before != after);
        differs.then(|| wire::KnowledgeRow {
            bucket: Some(names.bucket(&shown.bucket)),
            dimensions: names.values(&shown.key),
            cells: pairs.iter().map(|(before, after)| difference(before, after)).collect(),
        })
    });
    rows.collect()
}

/// A cell; of a row that is not in the answer, one that says so.
fn cell_of(row: Option<&Row>, at: usize) -> CellValue {
    let found = row.and_then(|row| row.cells.get(at)).cloned();
    found.unwrap_or_else(|| {
        CellValue::from(Err(Undefined {
            reason: Reason::NotApplicable,
            detail: "the answer has no such row".into(),
        }))
    })
}

fn difference(before: &CellValue, after: &CellValue) -> wire::KnowledgeCell {
    let less = |after: Rational, before: Rational| {
        let overflow = |_| Undefined {
            reason: Reason::Overflow,
            detail: "the difference does not fit".into(),
        };
        after.checked_sub(before).map_err(overflow)
    };
    let difference = match (&before.value, &after.value) {
        (Ok(before), Ok(after)) => less(*after, *before),
        (_, Err(reason)) | (Err(reason), _) => Err(reason.clone()),
    };
    wire::KnowledgeCell {
        before: Some(cell(before)),
        after: Some(cell(after)),
        difference: Some(result(&difference)),
    }
}

fn summary(logged: &LoggedEvent) -> wire::EventSummary {
    wire::EventSummary {
        event_id: logged.event.id.to_string(),
        source: logged.event.source.to_string(),
        r#type: logged.event.payload.name().to_owned(),
        occurred_at: Some(encode::instant(logged.event.occurred_at)),
        commit: i64::try_from(logged.position.commit).unwrap_or(i64::MAX),
    }
}

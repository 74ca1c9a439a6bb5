//! Answers several queries, those of one state of knowledge in exactly that.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use prost::{
    bytes::BufMut,
    encoding::{self, DecodeContext, WireType},
};
use scoreline_core::crew;
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::Problem;

use super::{
    query::{self, MAX_PAGE, PAGE, Page, Wanted},
    written::{Asking, Written},
};
use crate::{
    analytics::{Analytics, Standing},
    answers::{Costs, LedgerAnswers, at_once},
    caller::Caller,
    catalogue::Catalogue,
    convert::{
        known::Known,
        query::{self as convert, Asked},
    },
    failure, page,
};

/// The field of a request's queries.
const QUERIES: u32 = 1;
/// The field of a response's answers.
const ANSWERS: u32 = 1;

pub(super) async fn batch(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::BatchQueryMetricsRequest,
) -> Result<Answers, Problem> {
    let catalogue = analytics.catalogues.get(&caller.tenant).await?;
    let asked = convert::queries(&request.queries, &catalogue).map_err(failure::invalid)?;
    let states = states(analytics, caller, &asked).await?;
    let room = query::room(analytics) / asked.len();
    let mut wanted = Vec::with_capacity(asked.len());
    for (at, (asked, query)) in asked.into_iter().zip(&request.queries).enumerate() {
        let state = states.iter().find(|(known, _)| *known == asked.known);
        let (_, standing) = state.expect("the state of each query was found");
        wanted.push(Wanted {
            asked,
            standing: standing.clone(),
            print: query::print(caller, &catalogue, query),
            offset: 0,
            size: page::size(query.page_size, PAGE, MAX_PAGE, &format!("{}.page_size", field(at)))?,
            room,
        });
    }
    let put = wanted
        .iter()
        .map(|wanted| (&wanted.asked.question, &*wanted.standing.snapshot));
    let are_quick = at_once::are_quick(put);
    let limit = analytics.limits.max_response_bytes;
    let work = {
        let (catalogue, costs) = (Arc::clone(&catalogue), analytics.costs.clone());
        move |over: &LedgerAnswers| {
            let answers = answers(over, &catalogue, &costs, &wanted)?;
            if answers.len() > limit {
                let bytes = answers.len();
                let problem = format!("make a response of {bytes} bytes, the limit is {limit}: ask for fewer at once");
                return Err(Problem::invalid("RESPONSE_TOO_LARGE", "queries", problem));
            }
            Ok(answers)
        }
    };
    analytics
        .answer(caller, &catalogue, &states[0].1, are_quick, work)
        .await
}

/// The states of knowledge that are asked for, each with the latest commit that any of its queries wants.
async fn states(analytics: &Analytics, caller: &Caller, asked: &[Asked]) -> Result<Vec<(Known, Standing)>, Problem> {
    let mut states: Vec<(Known, Standing)> = Vec::new();
    for Asked { known, .. } in asked {
        if states.iter().any(|(other, _)| other == known) {
            continue;
        }
        let same = asked.iter().filter(|other| other.known == *known);
        let at_least = same.map(|other| other.at_least).max().unwrap_or(0);
        states.push((*known, analytics.standing(caller, *known, at_least).await?));
    }
    Ok(states)
}

/// Whoever is free takes the next query. Asking for all that they need in one pass was slower: at the end of each of its stages
/// everybody waits for the slowest.
fn answers(over: &LedgerAnswers, catalogue: &Catalogue, costs: &Costs, wanted: &[Wanted]) -> Result<Answers, Problem> {
    let (span, failed) = (tracing::Span::current(), AtomicBool::new(false));
    let prints: Vec<u64> = wanted.iter().map(|wanted| wanted.print).collect();
    let mut pages = crew::map(&over.threads, costs.longest_first(&prints), |at| {
        if failed.load(Ordering::Relaxed) {
            return (at, None);
        }
        let (began, wanted) = (Instant::now(), &wanted[at]);
        let page = span.in_scope(|| page(over, catalogue, wanted, &field(at)));
        costs.note(wanted.print, began.elapsed());
        failed.fetch_or(page.is_err(), Ordering::Relaxed);
        (at, Some(page))
    });
    pages.sort_unstable_by_key(|(at, _)| *at);
    // Where one is missing another one failed.
    let pages = pages.into_iter().filter_map(|(_, page)| page);
    pages.collect::<Result<_, _>>().map(Answers)
}

fn page(over: &LedgerAnswers, catalogue: &Catalogue, wanted: &Wanted, field: &str) -> Result<Page, Problem> {
    let stopped = |stopped| failure::stopped_early(stopped, field);
    over.stop.check().map_err(stopped)?;
    wanted.page(&over.in_state(&wanted.standing), catalogue, field)
}

/// Where a query stands in the request.
fn field(at: usize) -> String {
    format!("queries[{at}]")
}

impl Asking for wire::BatchQueryMetricsRequest {
    /// An empty query is two bytes on the wire and hundreds in memory.
    fn look(mut bytes: &[u8]) -> Result<(), Problem> {
        let mut queries = 0;
        while !bytes.is_empty() {
            // What is no message is told by who reads it.
            let Ok((field, kind)) = encoding::decode_key(&mut bytes) else {
                break;
            };
            queries += usize::from(field == QUERIES);
            if encoding::skip_field(kind, field, &mut bytes, DecodeContext::default()).is_err() {
                break;
            }
        }
        convert::so_many_queries(queries).map_err(failure::invalid)
    }
}

/// The first page of each answer.
pub(crate) struct Answers(Vec<Page>);

impl Answers {
    /// The answers as a message.
    pub(super) fn message(&self) -> wire::BatchQueryMetricsResponse {
        wire::BatchQueryMetricsResponse {
            answers: self.0.iter().map(Page::message).collect(),
        }
    }
}

impl Written for Answers {
    fn len(&self) -> usize {
        let nested = |page: &Page| {
            let length = page.len();
            encoding::key_len(ANSWERS) + encoding::encoded_len_varint(length as u64) + length
        };
        self.0.iter().map(nested).sum()
    }

    fn write(&self, to: &mut impl BufMut) {
        for page in &self.0 {
            encoding::encode_key(ANSWERS, WireType::LengthDelimited, to);
            encoding::encode_varint(page.len() as u64, to);
            page.write(to);
        }
    }
}

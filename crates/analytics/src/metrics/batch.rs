//! Answers several queries in one state of knowledge.

use std::sync::Arc;

use prost::{
    bytes::BufMut,
    encoding::{self, WireType},
};
use scoreline_core::crew;
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::Problem;

use super::{
    query::{self, MAX_PAGE, PAGE, Page, Wanted},
    written::Written,
};
use crate::{
    analytics::Analytics,
    answers::LedgerAnswers,
    caller::Caller,
    convert::{
        known::Known,
        query::{self as convert, Asked},
    },
    failure, page,
};

/// The field of a response's answers.
const ANSWERS: u32 = 1;

pub(super) async fn batch(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::BatchQueryMetricsRequest,
) -> Result<Pages, Problem> {
    let catalogue = analytics.catalogues.get(&caller.tenant).await?;
    let asked = convert::queries(&request.queries, &catalogue).map_err(failure::invalid)?;
    let about_now = |asked: &&Asked| matches!(asked.known, Known::Now);
    let at_least = asked.iter().filter(about_now).map(|asked| asked.at_least).max();
    let present = analytics.standing(caller, Known::Now, at_least.unwrap_or(0)).await?;
    let room = query::room(analytics) / asked.len().max(1);
    let mut wanted = Vec::with_capacity(asked.len());
    for (at, (asked, query)) in asked.into_iter().zip(&request.queries).enumerate() {
        let standing = match asked.known {
            Known::Now => present.clone(),
            known => analytics.standing(caller, known, asked.at_least).await?,
        };
        wanted.push(Wanted {
            asked,
            standing,
            print: query::print(caller, &catalogue, query),
            offset: 0,
            size: page::size(query.page_size, PAGE, MAX_PAGE, &format!("{}.page_size", place(at)))?,
            room,
        });
    }
    let questions: Vec<_> = wanted.iter().map(|wanted| wanted.asked.question.clone()).collect();
    let pages = {
        let catalogue = Arc::clone(&catalogue);
        move |over: &LedgerAnswers| {
            // Whoever is free takes the next query. All that one asks at once, with all of the others, has more places at
            // which everybody waits for the last one, and was slower.
            let pages = crew::map(
                &over.threads,
                wanted.iter().enumerate().collect(),
                |(at, wanted): (usize, &Wanted)| wanted.page(&over.in_state(&wanted.standing), &catalogue, &place(at)),
            );
            pages.into_iter().collect::<Result<_, _>>().map(Pages)
        }
    };
    analytics.answer(caller, &catalogue, &present, &questions, pages).await
}

/// Where a query stands in the request.
fn place(at: usize) -> String {
    format!("queries[{at}]")
}

/// The first page of each answer.
pub(crate) struct Pages(Vec<Page>);

impl Pages {
    /// The pages as a message.
    pub(super) fn message(&self) -> wire::BatchQueryMetricsResponse {
        wire::BatchQueryMetricsResponse {
            answers: self.0.iter().map(Page::message).collect(),
        }
    }
}

impl Written for Pages {
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

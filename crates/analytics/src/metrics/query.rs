//! Answers a query, page by page. All pages are of one commit. Rows are written at once as they go over the wire.

use std::sync::Arc;

use jiff::Timestamp;
use prost::{Message as _, bytes::BufMut};
use scoreline_core::metric::evaluate::Table;
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::Problem;

use super::{rank, written::Written};
use crate::{
    analytics::{Analytics, Standing},
    answers::{LedgerAnswers, at_once},
    caller::Caller,
    catalogue::Catalogue,
    convert::{
        bytes::Bytes,
        header::header,
        known::Known,
        query::{self as convert, Asked},
        table::Names,
    },
    failure,
    page::{self, Fingerprint, Place},
};

pub(super) const PAGE: usize = 1_000;
/// The field of an answer's rows.
const ROWS: u8 = 2;
pub(super) const MAX_PAGE: usize = 10_000;

pub(super) async fn query(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::QueryMetricsRequest,
) -> Result<Page, Problem> {
    let catalogue = analytics.catalogues.get(&caller.tenant).await?;
    let size = page::size(request.page_size, PAGE, MAX_PAGE, "page_size")?;
    let asked = convert::query(&request, "", &catalogue).map_err(failure::invalid)?;
    let print = print(caller, &catalogue, &request);
    let place = Place::open(print, &request.page_token, "page_token")?;
    let standing = standing(analytics, caller, asked.known, asked.at_least, place).await?;
    let wanted = Wanted {
        asked,
        standing: standing.clone(),
        print,
        offset: place.map_or(0, |place| usize::try_from(place.offset).unwrap_or(usize::MAX)),
        size,
        room: room(analytics),
    };
    let is_quick = at_once::are_quick([(&wanted.asked.question, &*standing.snapshot)]);
    let page = {
        let catalogue = Arc::clone(&catalogue);
        move |over: &LedgerAnswers| wanted.page(over, &catalogue, "")
    };
    analytics.answer(caller, &catalogue, &standing, is_quick, page).await
}

/// The bytes of a response that rows may take.
pub(super) fn room(analytics: &Analytics) -> usize {
    analytics.limits.max_response_bytes / 4 * 3
}

/// The fingerprint of a query.
pub(super) fn print(caller: &Caller, catalogue: &Catalogue, query: &wire::QueryMetricsRequest) -> u64 {
    let mut print = begin(caller, catalogue, b"query");
    add(&mut print, query);
    print.finish()
}

/// The page of an answer that is wanted.
pub(super) struct Wanted {
    pub(super) asked: Asked,
    pub(super) standing: Standing,
    pub(super) print: u64,
    /// How many rows the pages before had.
    pub(super) offset: usize,
    /// How many rows it has at most.
    pub(super) size: usize,
    /// How many bytes its rows take at most.
    pub(super) room: usize,
}

impl Wanted {
    /// The page. `prefix` is where its query stands in the request.
    ///
    /// # Errors
    /// When the question has no answer, or one that is too large.
    pub(super) fn page(&self, over: &LedgerAnswers, catalogue: &Catalogue, prefix: &str) -> Result<Page, Problem> {
        let (asked, standing) = (&self.asked, &self.standing);
        let table = rank::answer(over, catalogue, standing, asked, prefix)?;
        let mut head = describe(standing, &table);
        let zone = zone(asked, catalogue);
        let names = Names::new(&zone, &standing.tables, &asked.question.dimensions);
        let rows = table.rows.get(self.offset..).unwrap_or_default();
        let rows = &rows[..self.size.min(rows.len())];
        let (rows, count) = if asked.by_columns {
            let (columns, count) = names.columns(rows, table.columns.len(), self.room);
            head.columnar_rows = Some(columns);
            (Bytes::default(), count)
        } else {
            names.written(rows, ROWS, self.room)
        };
        let next = self.offset.saturating_add(count);
        if next < table.rows.len() && count > 0 {
            head.next_page_token = token(standing, self.print, next);
        }
        Ok(Page::new(&head, &rows))
    }
}

/// A page of an answer as it goes over the wire, written where it was made: whoever sends it has nothing left to do.
pub(crate) struct Page(Vec<u8>);

impl Page {
    fn new(head: &wire::QueryMetricsResponse, rows: &Bytes) -> Self {
        let mut page = Vec::with_capacity(head.encoded_len() + rows.len());
        head.encode(&mut page).expect("a vector has room");
        page.extend_from_slice(rows.as_slice());
        Self(page)
    }

    /// The page as a message.
    pub(super) fn message(&self) -> wire::QueryMetricsResponse {
        wire::QueryMetricsResponse::decode(self.0.as_slice()).expect("what is written is a message")
    }
}

impl Written for Page {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn write(&self, to: &mut impl BufMut) {
        to.put_slice(&self.0);
    }
}

/// The token of a page that begins after so many elements.
pub(super) fn token(standing: &Standing, print: u64, offset: usize) -> String {
    Place {
        commit: standing.commit,
        now: standing.now.as_microsecond(),
        offset: offset as u64,
    }
    .seal(print)
}

/// The state of knowledge of a page: that of the first page, for those that follow.
pub(super) async fn standing(
    analytics: &Analytics,
    caller: &Caller,
    known: Known,
    at_least: u64,
    place: Option<Place>,
) -> Result<Standing, Problem> {
    let Some(place) = place else {
        return analytics.standing(caller, known, at_least).await;
    };
    let now = Timestamp::from_microsecond(place.now)
        .map_err(|_| Problem::invalid("PAGE_TOKEN_INVALID", "page_token", "is not a token of an earlier page"))?;
    let snapshot = analytics.images.get(caller, place.commit).await?;
    analytics.standing_at(caller, snapshot, place.commit, now).await
}

/// All of an answer but its rows.
pub(super) fn describe(standing: &Standing, table: &Table) -> wire::QueryMetricsResponse {
    wire::QueryMetricsResponse {
        columns: table.columns.iter().map(header).collect(),
        rows: Vec::new(),
        next_page_token: String::new(),
        total_rows: i64::try_from(table.rows.len()).unwrap_or(i64::MAX),
        watermark: Some(standing.watermark()),
        time_zone: table.time_zone.clone(),
        columnar_rows: None,
    }
}

/// The zone whose days are meant.
pub(super) fn zone(asked: &Asked, catalogue: &Catalogue) -> scoreline_core::calendar::TimeZone {
    asked
        .question
        .time_zone
        .clone()
        .unwrap_or_else(|| catalogue.policies.time_zone.clone())
}

/// The fingerprint of a request begins with whose it is and what metrics mean now.
pub(super) fn begin(caller: &Caller, catalogue: &Catalogue, call: &[u8]) -> Fingerprint {
    let mut print = Fingerprint::default();
    print.add(call);
    print.add(caller.tenant.as_str().as_bytes());
    print.add(&catalogue.fingerprint.to_le_bytes());
    print
}

/// Adds a query without its token. The parameters of a metric have no order of their own.
pub(super) fn add(print: &mut Fingerprint, query: &wire::QueryMetricsRequest) {
    let mut plain = query.clone();
    plain.page_token.clear();
    for metric in &mut plain.metrics {
        add_parameters(print, metric);
    }
    print.add(&plain.encode_to_vec());
}

/// Adds the parameters of a metric in order, and takes them out.
pub(super) fn add_parameters(print: &mut Fingerprint, metric: &mut wire::MetricSelection) {
    let mut parameters: Vec<_> = std::mem::take(&mut metric.parameters).into_iter().collect();
    parameters.sort_unstable();
    for (name, value) in &parameters {
        print.add(name.as_bytes());
        print.add(value.as_bytes());
    }
    print.add(&parameters.len().to_le_bytes());
}

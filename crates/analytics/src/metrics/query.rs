//! Answers a query, page by page. All pages are of one commit. Rows are written at once as they go over the wire.

use std::sync::Arc;

use jiff::Timestamp;
use prost::{Message as _, bytes::BufMut};
use scoreline_core::metric::evaluate::Table;
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::Problem;

use super::rank;
use crate::{
    analytics::{Analytics, Standing},
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

const PAGE: usize = 1_000;
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
    let asked = Arc::new(convert::query(&request, "", &catalogue).map_err(failure::invalid)?);
    let mut print = begin(caller, &catalogue, b"query");
    add(&mut print, &request);
    let print = print.finish();
    let place = Place::open(print, &request.page_token, "page_token")?;
    let standing = standing(analytics, caller, asked.known, asked.at_least, place).await?;
    let offset = place.map_or(0, |place| usize::try_from(place.offset).unwrap_or(usize::MAX));
    let room = analytics.limits.max_response_bytes / 4 * 3;
    let (zone, of, by) = (zone(&asked, &catalogue), standing.clone(), Arc::clone(&asked));
    let page = move |table: Table| {
        let mut head = describe(&of, &table);
        let names = Names::new(&zone, &of.tables, &by.question.dimensions);
        let rows = table.rows.get(offset..).unwrap_or_default();
        let rows = &rows[..size.min(rows.len())];
        let (rows, count) = if by.by_columns {
            let (columns, count) = names.columns(rows, table.columns.len(), room);
            head.columnar_rows = Some(columns);
            (Bytes::default(), count)
        } else {
            names.written(rows, ROWS, room)
        };
        let next = offset.saturating_add(count);
        if next < table.rows.len() && count > 0 {
            head.next_page_token = token(&of, print, next);
        }
        Page { head, rows }
    };
    rank::answer(analytics, caller, &catalogue, &standing, &asked, "", page).await
}

/// A page of an answer.
pub(crate) struct Page {
    head: wire::QueryMetricsResponse,
    rows: Bytes,
}

impl Page {
    /// How many bytes it has at least.
    pub(super) fn len(&self) -> usize {
        self.head.encoded_len() + self.rows.len()
    }

    /// The page as a message.
    pub(super) fn message(&self) -> wire::QueryMetricsResponse {
        let mut message = self.head.clone();
        let rows = wire::QueryMetricsResponse::decode(self.rows.as_slice());
        message.rows = rows.expect("what is written is a message").rows;
        message
    }

    pub(super) fn write(&self, to: &mut impl BufMut) {
        self.head.encode(to).expect("there is room for what was measured");
        to.put_slice(self.rows.as_slice());
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
pub(super) fn zone(asked: &Asked, catalogue: &Arc<Catalogue>) -> scoreline_core::calendar::TimeZone {
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

//! Lists metrics.

use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::Problem;

use crate::{analytics::Analytics, caller::Caller, convert::definition, page};

const PAGE: usize = 100;

pub(super) async fn list(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::ListMetricsRequest,
) -> Result<wire::ListMetricsResponse, Problem> {
    let size = page::size(request.page_size, PAGE, PAGE, "page_size")?;
    let mut print = page::Fingerprint::default();
    print.add(b"metrics");
    print.add(caller.tenant.as_str().as_bytes());
    print.add(&request.page_size.to_le_bytes());
    let print = print.finish();
    // A page goes on after the last id of the one before, whatever was added or removed meanwhile.
    let after = if request.page_token.is_empty() {
        Vec::new()
    } else {
        page::open(print, &request.page_token, "page_token")?
    };
    let catalogue = analytics.catalogues.get(&caller.tenant).await?;
    let mut rest = catalogue
        .registry
        .iter()
        .filter(|metric| metric.id.as_bytes() > after.as_slice());
    let metrics: Vec<_> = rest.by_ref().take(size).map(definition::metric).collect();
    let has_more = rest.next().is_some();
    let last = metrics.last().filter(|_| has_more);
    let next_page_token = last
        .map(|last| page::seal(print, last.metric_id.as_bytes()))
        .unwrap_or_default();
    Ok(wire::ListMetricsResponse {
        metrics,
        next_page_token,
    })
}

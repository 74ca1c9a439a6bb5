//! Gives one metric.

use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::{Kind, Problem};

use crate::{analytics::Analytics, caller::Caller, convert::definition};

pub(super) async fn get(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::GetMetricRequest,
) -> Result<wire::GetMetricResponse, Problem> {
    let catalogue = analytics.catalogues.get(&caller.tenant).await?;
    // One of the tenant's own that is not valid any more cannot be asked, but it can be seen and mended.
    let own = || catalogue.own.get(&request.metric_id);
    let found = catalogue.registry.get(&request.metric_id).or_else(own);
    let found = found.ok_or_else(|| unknown(&request.metric_id))?;
    Ok(wire::GetMetricResponse {
        metric: Some(definition::metric(found)),
    })
}

pub(super) fn unknown(id: &str) -> Problem {
    let shown: String = id.chars().take(64).collect();
    Problem::new(
        Kind::NotFound,
        "METRIC_UNKNOWN",
        format!("there is no metric `{shown}`"),
    )
}

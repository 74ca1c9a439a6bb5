//! Removes a metric of the tenant's own.

use std::collections::BTreeSet;

use scoreline_core::metric::{Definition, Registry};
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::{Kind, Problem};

use super::{get, update};
use crate::{analytics::Analytics, caller::Caller, catalogue::Catalogue, failure};

pub(super) async fn delete(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::DeleteMetricRequest,
) -> Result<wire::DeleteMetricResponse, Problem> {
    update::refuse_builtin(&request.metric_id)?;
    let catalogue = analytics.catalogues.current(&caller.tenant).await?;
    let current = catalogue
        .own
        .get(&request.metric_id)
        .ok_or_else(|| get::unknown(&request.metric_id))?;
    update::check_etag(&request.etag, current)?;
    check_others(&catalogue, &current.id, None)?;
    let expected = Some(i64::from(current.version));
    let deleted = analytics
        .store
        .delete_metric(&caller.tenant, &current.id, expected)
        .await;
    analytics.catalogues.forget(&caller.tenant);
    if deleted.map_err(|error| failure::stored(&error))? {
        Ok(wire::DeleteMetricResponse {})
    } else {
        Err(get::unknown(&request.metric_id))
    }
}

/// Refuses a change of a metric that others do not survive.
pub(super) fn check_others(catalogue: &Catalogue, id: &str, changed: Option<&Definition>) -> Result<(), Problem> {
    let others = catalogue
        .own
        .values()
        .filter(|own| own.id != id)
        .chain(changed)
        .cloned();
    let (after, _) = Registry::load(others.collect(), &catalogue.policies);
    let lost: BTreeSet<&str> = catalogue
        .own
        .keys()
        .map(String::as_str)
        .filter(|own| *own != id && catalogue.registry.get(own).is_some() && after.get(own).is_none())
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = lost.iter().take(10).map(|name| format!("`{name}`")).collect();
    let message = format!("metric `{id}` is used by {}", names.join(", "));
    Err(Problem::new(Kind::FailedPrecondition, "METRIC_IN_USE", message).with("used_by", names.join(", ")))
}

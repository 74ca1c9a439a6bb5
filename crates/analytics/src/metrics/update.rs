//! Changes a metric of the tenant's own.

use scoreline_core::metric::{Definition, Registry};
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::{Kind, Problem, Violation};

use super::{create, delete, get};
use crate::{analytics::Analytics, caller::Caller, convert::definition, failure};

pub(super) async fn update(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::UpdateMetricRequest,
) -> Result<wire::UpdateMetricResponse, Problem> {
    let metric = request.metric.ok_or_else(create::missing)?;
    refuse_builtin(&metric.metric_id)?;
    let catalogue = analytics.catalogues.current(&caller.tenant).await?;
    let current = catalogue
        .own
        .get(&metric.metric_id)
        .ok_or_else(|| get::unknown(&metric.metric_id))?;
    check_etag(&metric.etag, current)?;
    let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
    let wanted = if paths.is_empty() {
        metric
    } else {
        masked(definition::metric(current), &metric, &paths)?
    };
    let updated = definition::definition(&wanted, current.version.saturating_add(1), &catalogue.registry)
        .map_err(failure::invalid)?;
    create::validate(&catalogue, &updated)?;
    delete::check_others(&catalogue, &updated.id, Some(&updated))?;
    if !request.validate_only {
        let (stored, expected) = (create::stored(&updated)?, i64::from(current.version));
        let put = analytics
            .store
            .put_metric(&caller.tenant, &stored, Some(expected), analytics.clock.now())
            .await;
        analytics.catalogues.forget(&caller.tenant);
        put.map_err(|error| failure::stored(&error))?;
    }
    Ok(wire::UpdateMetricResponse {
        metric: Some(definition::metric(&updated)),
    })
}

pub(super) fn refuse_builtin(id: &str) -> Result<(), Problem> {
    if Registry::is_builtin(id) {
        let message = format!("`{id}` belongs to the catalogue and cannot be changed");
        return Err(Problem::new(Kind::FailedPrecondition, "METRIC_BUILT_IN", message));
    }
    Ok(())
}

pub(super) fn check_etag(etag: &str, current: &Definition) -> Result<(), Problem> {
    if !etag.is_empty() && etag != current.version.to_string() {
        let message = format!(
            "metric `{}` was changed meanwhile: its etag is {}",
            current.id, current.version
        );
        return Err(Problem::new(Kind::Aborted, "ETAG_STALE", message));
    }
    Ok(())
}

/// The current metric with the named fields of another one.
fn masked(mut current: wire::Metric, from: &wire::Metric, paths: &[String]) -> Result<wire::Metric, Problem> {
    let mut unknown = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        match path.as_str() {
            "title" => current.title.clone_from(&from.title),
            "description" => current.description.clone_from(&from.description),
            "expression" => current.expression.clone_from(&from.expression),
            "unit" => current.unit.clone_from(&from.unit),
            "direction" => current.direction = from.direction,
            "default_basis" => current.default_basis = from.default_basis,
            "parameters" => current.parameters.clone_from(&from.parameters),
            "variants" => current.variants.clone_from(&from.variants),
            "seed_names" => current.seed_names.clone_from(&from.seed_names),
            "n_expression" => current.n_expression.clone_from(&from.n_expression),
            "immature_expression" => current.immature_expression.clone_from(&from.immature_expression),
            "interval" => current.interval = from.interval,
            "grains" => current.grains.clone_from(&from.grains),
            "section" => current.section.clone_from(&from.section),
            other => {
                let shown: String = other.chars().take(64).collect();
                let problem = format!("`{shown}` is not a field that may be changed");
                unknown.push(Violation::new(format!("update_mask.paths[{at}]"), problem));
            }
        }
    }
    if let Some(first) = unknown.first() {
        let message = format!("{}: {}", first.field, first.description);
        return Err(Problem::new(
            Kind::InvalidArgument(unknown),
            "UPDATE_MASK_INVALID",
            message,
        ));
    }
    Ok(current)
}

//! Adds a metric of the tenant's own.

use scoreline_core::metric::{self, Definition, Registry};
use scoreline_proto::analytics::v1 as wire;
use scoreline_server::status::{Kind, Problem};
use scoreline_storage::StoredMetric;

use crate::{analytics::Analytics, caller::Caller, catalogue::Catalogue, convert::definition, failure};

pub(super) async fn create(
    analytics: &Analytics,
    caller: &Caller,
    request: wire::CreateMetricRequest,
) -> Result<wire::CreateMetricResponse, Problem> {
    let metric = request.metric.ok_or_else(missing)?;
    let catalogue = analytics.catalogues.current(&caller.tenant).await?;
    if Registry::is_builtin(&metric.metric_id) || catalogue.own.contains_key(&metric.metric_id) {
        let message = format!("there is a metric `{}` already", metric.metric_id);
        return Err(Problem::new(Kind::AlreadyExists, "METRIC_EXISTS", message));
    }
    if catalogue.own.len() >= metric::MAX_OWN {
        let message = format!("{} metrics are defined, which is the limit", metric::MAX_OWN);
        return Err(Problem::new(Kind::FailedPrecondition, "TOO_MANY_METRICS", message).with("limit", metric::MAX_OWN));
    }
    let created = definition::definition(&metric, 1, &catalogue.registry).map_err(failure::invalid)?;
    validate(&catalogue, &created)?;
    if !request.validate_only {
        let stored = stored(&created)?;
        let put = analytics
            .store
            .put_metric(&caller.tenant, &stored, None, analytics.clock.now())
            .await;
        analytics.catalogues.forget(&caller.tenant);
        put.map_err(|error| failure::stored(&error))?;
    }
    Ok(wire::CreateMetricResponse {
        metric: Some(definition::metric(&created)),
    })
}

pub(super) fn missing() -> Problem {
    Problem::invalid("REQUIRED", "metric", "must be given")
}

pub(super) fn stored(definition: &Definition) -> Result<StoredMetric, Problem> {
    let text = serde_json::to_string(definition).map_err(|error| Problem::internal(&error))?;
    Ok(StoredMetric {
        id: definition.id.clone(),
        version: i64::from(definition.version),
        definition: text,
    })
}

/// Refuses a metric that means nothing, with the place of the fault.
pub(super) fn validate(catalogue: &Catalogue, definition: &Definition) -> Result<(), Problem> {
    let Err(error) = catalogue.registry.validate(definition) else {
        return Ok(());
    };
    let plain = Definition {
        variants: Vec::new(),
        ..definition.clone()
    };
    let of_variant = catalogue.registry.validate(&plain).is_ok();
    let field = match &error {
        metric::Error::Id(_) | metric::Error::Clash(_) | metric::Error::Repeated(_) => "metric.metric_id",
        _ if of_variant => "metric.variants",
        metric::Error::Expression { part: "n", .. } => "metric.n_expression",
        metric::Error::Expression { part: "immature", .. } => "metric.immature_expression",
        metric::Error::Parameter { .. } => "metric.parameters",
        metric::Error::Unit { .. } => "metric.unit",
        metric::Error::Interval { .. } => "metric.interval",
        metric::Error::Expression { .. } | metric::Error::TooMany(_) => "metric.expression",
    };
    let mut problem = Problem::invalid("METRIC_INVALID", field, error.to_string());
    if let metric::Error::Expression { error, .. } = &error {
        let place = [("start", error.span.start), ("end", error.span.end)];
        problem = place
            .into_iter()
            .fold(problem, |problem, (key, value)| problem.with(key, value));
        problem = problem.with("line", error.line).with("column", error.column);
    }
    Err(problem)
}

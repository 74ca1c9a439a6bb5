//! Running a case.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use prost_reflect::{DynamicMessage, ReflectMessage as _};
use scoreline_proto::{
    analytics::v1::{BatchQueryMetricsRequest, Layout, QueryMetricsRequest, QueryMetricsResponse},
    columns,
    ingestion::v1::EventOutcome,
    json,
    tenants::v1::{CreateTenantRequest, Settings},
};
use serde_json::{Map, Value};

use super::{check, file::Case, query};
use crate::client::Clients;

/// Runs a case on a server, as a tenant of its own.
///
/// # Errors
/// When a call fails, or an answer is not what was worked by hand: then all faults are told.
pub async fn run(case: &Case, endpoint: &str) -> anyhow::Result<()> {
    let tenant = case.id.replace('/', ".");
    let mut clients = Clients::connect(endpoint, &tenant).await?;
    let settings = case
        .settings
        .as_ref()
        .map(settings)
        .transpose()
        .context("the settings")?;
    let request = CreateTenantRequest {
        tenant_id: tenant,
        settings,
    };
    clients
        .tenants
        .create_tenant(request)
        .await
        .context("creating the tenant")?;
    let (commits, newest) = ingest(case, &mut clients).await?;
    let mut faults = Vec::new();
    for (number, question) in case.queries.iter().enumerate() {
        let request = query::request(question, &commits, newest);
        match clients.metrics.query_metrics(request.clone()).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                let mut found = check::faults(question, &answer);
                found.extend(fault_by_columns(&mut clients, request.clone(), &answer).await?);
                found.extend(fault_together(&mut clients, request, &answer).await?);
                faults.extend(found.into_iter().map(|fault| format!("query {}: {fault}", number + 1)));
            }
            Err(status) => faults.push(format!("query {}: {status:?}", number + 1)),
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n    "));
    Ok(())
}

/// What is wrong with the same answer told column by column.
async fn fault_by_columns(
    clients: &mut Clients,
    request: QueryMetricsRequest,
    by_rows: &QueryMetricsResponse,
) -> anyhow::Result<Option<String>> {
    let request = QueryMetricsRequest {
        layout: Layout::Columns.into(),
        ..request
    };
    let answer = clients.metrics.query_metrics(request).await?.into_inner();
    let rows = columns::rows(answer.columnar_rows.as_ref().context("there are no columns")?)?;
    let same = answer.rows.is_empty() && rows == by_rows.rows && answer.total_rows == by_rows.total_rows;
    Ok((!same).then(|| format!("column by column: {rows:?}\n    row by row: {:?}", by_rows.rows)))
}

/// What is wrong with the same answer when it is asked for twice at once.
async fn fault_together(
    clients: &mut Clients,
    request: QueryMetricsRequest,
    alone: &QueryMetricsResponse,
) -> anyhow::Result<Option<String>> {
    let queries = vec![request; 2];
    let answers = clients
        .metrics
        .batch_query_metrics(BatchQueryMetricsRequest { queries })
        .await?;
    let answers = answers.into_inner().answers;
    let same = answers.len() == 2 && answers.iter().all(|answer| answer == alone);
    Ok((!same).then(|| format!("together: {answers:?}\n    alone: {alone:?}")))
}

fn settings(value: &Value) -> anyhow::Result<Settings> {
    let description = json::message("scoreline.tenants.v1.Settings").context("the contracts have settings")?;
    let options = prost_reflect::DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(description, value.clone(), &options)?;
    debug_assert_eq!(message.descriptor().name(), "Settings");
    Ok(message.transcode_to()?)
}

/// Sends the events, one commit each. Returns in which commit each came, and the newest.
async fn ingest(case: &Case, clients: &mut Clients) -> anyhow::Result<(BTreeMap<String, i64>, i64)> {
    let (mut commits, mut newest) = (BTreeMap::new(), 0);
    for (number, event) in case.events.iter().enumerate() {
        let (text, outcome) = on_the_wire(event);
        let place = || format!("event {}: {text}", number + 1);
        let event = json::read(&text).with_context(place)?;
        let id = event.event_id.clone();
        let answer = clients.ingest(vec![event]).await.with_context(place)?;
        let result = answer.results.first().with_context(place)?;
        ensure!(
            result.outcome() == outcome,
            "event {} is {}, not {}: {:?}",
            number + 1,
            result.outcome().as_str_name(),
            outcome.as_str_name(),
            result.violations
        );
        newest = answer.commit.max(newest);
        if outcome == EventOutcome::Accepted {
            commits.insert(id, answer.commit);
        }
    }
    Ok((commits, newest))
}

fn on_the_wire(event: &Map<String, Value>) -> (String, EventOutcome) {
    let mut event = event.clone();
    let outcome = match event.remove("outcome").as_ref().and_then(Value::as_str) {
        Some("duplicate") => EventOutcome::Duplicate,
        Some("conflict") => EventOutcome::Conflict,
        Some("rejected") => EventOutcome::Rejected,
        Some(other) => panic!("{other:?} is no outcome"),
        None => EventOutcome::Accepted,
    };
    event.entry("source").or_insert_with(|| "test".into());
    (Value::Object(event).to_string(), outcome)
}

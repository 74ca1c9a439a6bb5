//! `scoreline metrics list|show|create|update|delete`.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use scoreline_proto::analytics::v1::{
    Basis, CreateMetricRequest, DeleteMetricRequest, GetMetricRequest, ListMetricsRequest, Metric, MetricParameter,
    UpdateMetricRequest,
};

use crate::{
    arguments::Remote,
    connection::{Connection, request},
    output::{self, Columns, bold, line},
};

/// Arguments of `metrics`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the metrics of the catalogue and the tenant's own.
    List {
        /// Only those of a part of the catalogue.
        #[arg(long, value_name = "SECTION")]
        section: Option<String>,
        /// Whole definitions as JSON, one a line.
        #[arg(long)]
        json: bool,
    },
    /// Show a metric: what it says, its formula, its unit, its parameters.
    Show {
        /// The metric.
        metric_id: String,
        /// The whole definition as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Add a metric of the tenant's own from a file: scoreline.analytics.v1.Metric in TOML or JSON.
    Create(File),
    /// Change a metric of the tenant's own to what a file says.
    Update(File),
    /// Remove a metric of the tenant's own.
    Delete {
        /// The metric.
        metric_id: String,
    },
}

#[derive(Debug, Args)]
struct File {
    /// The definition.
    file: PathBuf,
    /// Only check it.
    #[arg(long)]
    validate_only: bool,
}

pub(crate) async fn run(remote: &Remote, metrics: &Arguments) -> anyhow::Result<ExitCode> {
    match &metrics.action {
        Action::List { section, json } => list(remote, section.as_deref(), *json).await?,
        Action::Show { metric_id, json } => show(remote, metric_id, *json).await?,
        Action::Create(file) => create(remote, file).await?,
        Action::Update(file) => update(remote, file).await?,
        Action::Delete { metric_id } => delete(remote, metric_id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(remote: &Remote, section: Option<&str>, json: bool) -> anyhow::Result<()> {
    let mut client = Connection::open(remote).await?.metrics();
    let mut message = ListMetricsRequest::default();
    let mut columns = Columns::new(&["metric", "section", "unit", "good", "what it says"]);
    loop {
        let page = client.list_metrics(request(message.clone())).await?.into_inner();
        for metric in page
            .metrics
            .iter()
            .filter(|metric| section.is_none_or(|section| metric.section == section))
        {
            if json {
                line(output::json(metric)?);
            } else {
                columns.row(&[
                    &metric.metric_id,
                    &metric.section,
                    &metric.unit,
                    &good(metric),
                    &first_sentence(&metric.description),
                ]);
            }
        }
        if page.next_page_token.is_empty() {
            break;
        }
        message.page_token = page.next_page_token;
    }
    if !json {
        line(columns.render());
    }
    Ok(())
}

async fn show(remote: &Remote, metric_id: &str, json: bool) -> anyhow::Result<()> {
    let metric = get(remote, metric_id).await?;
    if json {
        line(serde_json::to_string_pretty(&output::json(&metric)?)?);
    } else {
        describe(&metric).into_iter().for_each(line);
    }
    Ok(())
}

async fn get(remote: &Remote, metric_id: &str) -> anyhow::Result<Metric> {
    let message = GetMetricRequest {
        metric_id: metric_id.to_owned(),
    };
    let answer = Connection::open(remote)
        .await?
        .metrics()
        .get_metric(request(message))
        .await?;
    answer.into_inner().metric.context("the server gave no metric")
}

/// A metric in lines for people.
fn describe(metric: &Metric) -> Vec<String> {
    let own = if metric.built_in { "" } else { ", the tenant's own" };
    let mut lines = vec![
        bold(&format!(
            "{} ({}, version {}{own})",
            metric.title, metric.metric_id, metric.version
        )),
        metric.description.clone(),
        String::new(),
    ];
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("{name:<12}{value}"));
        }
    };
    fact("formula", metric.expression.clone());
    fact("unit", metric.unit.clone());
    fact("good", good(metric));
    fact("adds up", word(metric.additivity().as_str_name(), "ADDITIVITY_"));
    fact(
        "basis",
        if metric.default_basis() == Basis::Unspecified {
            String::new()
        } else {
            word(metric.default_basis().as_str_name(), "BASIS_")
        },
    );
    fact("interval", word(metric.interval().as_str_name(), "INTERVAL_KIND_"));
    fact(
        "grains",
        metric
            .grains()
            .map(|grain| word(grain.as_str_name(), "GRAIN_"))
            .collect::<Vec<_>>()
            .join(", "),
    );
    fact("section", metric.section.clone());
    fact("also called", metric.seed_names.join(", "));
    lines.extend(metric.parameters.iter().map(parameter));
    for variant in &metric.variants {
        let mut conditions: Vec<String> = variant
            .conditions
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        conditions.sort();
        if !variant.expression.is_empty() {
            lines.push(format!(
                "{:<12}{}: {}",
                "variant",
                conditions.join(","),
                variant.expression
            ));
        }
    }
    lines
}

fn parameter(parameter: &MetricParameter) -> String {
    let allowed = if parameter.allowed_values.is_empty() {
        String::new()
    } else {
        format!(" of {}", parameter.allowed_values.join("|"))
    };
    let default = if parameter.default_value.is_empty() {
        String::new()
    } else {
        format!(", {} unless given", parameter.default_value)
    };
    format!(
        "{:<12}{}{allowed}{default}. {}",
        "parameter", parameter.name, parameter.description
    )
}

async fn create(remote: &Remote, file: &File) -> anyhow::Result<()> {
    let message = CreateMetricRequest {
        metric: Some(read(file)?),
        validate_only: file.validate_only,
    };
    let answer = Connection::open(remote)
        .await?
        .metrics()
        .create_metric(request(message))
        .await?
        .into_inner();
    told(file, &answer.metric.unwrap_or_default());
    Ok(())
}

async fn update(remote: &Remote, file: &File) -> anyhow::Result<()> {
    let message = UpdateMetricRequest {
        metric: Some(read(file)?),
        update_mask: None,
        validate_only: file.validate_only,
    };
    let answer = Connection::open(remote)
        .await?
        .metrics()
        .update_metric(request(message))
        .await?
        .into_inner();
    told(file, &answer.metric.unwrap_or_default());
    Ok(())
}

async fn delete(remote: &Remote, metric_id: &str) -> anyhow::Result<()> {
    let message = DeleteMetricRequest {
        metric_id: metric_id.to_owned(),
        etag: String::new(),
    };
    Connection::open(remote)
        .await?
        .metrics()
        .delete_metric(request(message))
        .await?;
    line(format_args!("{metric_id} is removed"));
    Ok(())
}

fn told(file: &File, metric: &Metric) {
    if file.validate_only {
        line(format_args!("{} is right", metric.metric_id));
    } else {
        line(format_args!("{} has version {}", metric.metric_id, metric.version));
    }
}

fn read(file: &File) -> anyhow::Result<Metric> {
    document(&file.file)
}

/// A message of the contracts from a file, in TOML or, by its name, JSON.
pub(super) fn document<M: prost::Message + prost::Name + Default>(path: &std::path::Path) -> anyhow::Result<M> {
    let context = || format!("reading {}", path.display());
    let text = fs::read_to_string(path).with_context(context)?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let value = if is_json {
        serde_json::from_str(&text).with_context(context)?
    } else {
        let table: toml::Table = toml::from_str(&text).with_context(context)?;
        serde_json::to_value(table)?
    };
    output::from_json(value).with_context(context)
}

fn good(metric: &Metric) -> String {
    word(metric.direction().as_str_name(), "DIRECTION_")
}

fn word(name: &str, prefix: &str) -> String {
    let word = name.strip_prefix(prefix).unwrap_or(name).to_lowercase();
    if word == "unspecified" { String::new() } else { word }
}

fn first_sentence(text: &str) -> String {
    text.split_inclusive(". ").next().unwrap_or(text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use scoreline_proto::analytics::v1::Direction;

    use super::*;

    #[test]
    fn a_metric_is_described_with_its_parameters() {
        let metric = Metric {
            metric_id: "win_rate".into(),
            title: "Win rate".into(),
            version: 2,
            expression: "ratio(a, b)".into(),
            built_in: true,
            direction: Direction::Up.into(),
            parameters: vec![MetricParameter {
                name: "weight".into(),
                description: "By what.".into(),
                default_value: "count".into(),
                allowed_values: vec!["count".into(), "amount".into()],
                ..MetricParameter::default()
            }],
            ..Metric::default()
        };
        let lines = describe(&metric);
        assert!(lines[0].contains("Win rate (win_rate, version 2)"));
        assert!(lines.contains(&"formula     ratio(a, b)".to_owned()), "{lines:?}");
        assert!(
            lines.contains(&"parameter   weight of count|amount, count unless given. By what.".to_owned()),
            "{lines:?}"
        );
    }

    #[test]
    fn a_definition_is_read_from_toml_and_json() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::write(&file, text).expect("it writes");
            document::<Metric>(&file)
        };
        let toml = read(
            "m.toml",
            "metric_id = 'm'\nexpression = 'count(won)'\ndirection = 'DIRECTION_UP'",
        )
        .expect("TOML");
        let json = read(
            "m.json",
            r#"{"metricId":"m","expression":"count(won)","direction":"DIRECTION_UP"}"#,
        )
        .expect("JSON");
        assert_eq!(toml, json);
        assert!(read("m.toml", "metric_di = 'm'").is_err());
    }
}

//! `scoreline settings show|apply`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use prost_types::FieldMask;
use scoreline_proto::tenants::v1::{GetSettingsRequest, Settings, UpdateSettingsRequest};

use super::metrics::document;
use crate::{
    arguments::Remote,
    connection::{Connection, request},
    output::{json, line},
};

/// Arguments of `settings`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the tenant's settings, with every default filled in, as JSON that `apply` takes.
    Show,
    /// Change the settings that a file names: scoreline.tenants.v1.Settings in TOML or JSON.
    Apply {
        /// The settings.
        file: PathBuf,
        /// Only check them.
        #[arg(long)]
        validate_only: bool,
    },
}

pub(crate) async fn run(remote: &Remote, settings: &Arguments) -> anyhow::Result<ExitCode> {
    match &settings.action {
        Action::Show => show(remote).await?,
        Action::Apply { file, validate_only } => {
            let settings: Settings = document(file)?;
            apply(remote, settings, *validate_only).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(remote: &Remote) -> anyhow::Result<()> {
    let answer = Connection::open(remote)
        .await?
        .tenants()
        .get_settings(request(GetSettingsRequest::default()))
        .await?;
    let settings = answer.into_inner().settings.context("the server gave no settings")?;
    line(serde_json::to_string_pretty(&json(&settings)?)?);
    Ok(())
}

async fn apply(remote: &Remote, settings: Settings, validate_only: bool) -> anyhow::Result<()> {
    let paths = given(&settings)?;
    let message = UpdateSettingsRequest {
        settings: Some(settings),
        update_mask: Some(FieldMask { paths: paths.clone() }),
        validate_only,
        ..UpdateSettingsRequest::default()
    };
    let answer = Connection::open(remote)
        .await?
        .tenants()
        .update_settings(request(message))
        .await?
        .into_inner();
    let done = if validate_only { "are right" } else { "hold now" };
    line(format_args!("{} {done}", paths.join(", ")));
    if answer.commit > 0 {
        line(format_args!(
            "history was folded again; commit {} holds the ledger under them",
            answer.commit
        ));
    }
    Ok(())
}

/// The names of the fields that are set, but for the etag.
fn given(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let fields =
        scoreline_proto::json::message("scoreline.tenants.v1.Settings").context("the contracts have settings")?;
    let written = json(settings)?;
    let is_set = |name: &str| written.get(name).is_some();
    let given = fields
        .fields()
        .filter(|field| is_set(field.json_name()) && field.name() != "etag");
    let given: Vec<String> = given.map(|field| field.name().to_owned()).collect();
    anyhow::ensure!(!given.is_empty(), "the file sets nothing");
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_file_names_is_changed() {
        let settings = Settings {
            time_zone: "UTC".into(),
            attributes: vec!["age".into()],
            etag: "7".into(),
            ..Settings::default()
        };
        assert_eq!(given(&settings).expect("something is set"), ["time_zone", "attributes"]);
        assert!(given(&Settings::default()).is_err());
    }
}

//! `scoreline verify`: log, ledger and sequence against each other.

use std::process::ExitCode;

use clap::Args;
use scoreline_storage::Upkeep as _;

use crate::{
    arguments::{Local, Remote},
    local,
    output::line,
};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(arguments: &Local, remote: &Remote, _: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = local::settings(arguments, &[])?;
    let database = local::open_migrated(&settings).await?;
    let report = database.verify(&local::tenant(remote)?).await?;
    line(format_args!(
        "{} events in {} commits, {} ledger rows in {} segments: {}",
        report.events,
        report.commits,
        report.rows,
        report.segments,
        if report.problems.is_empty() {
            "all is well".to_owned()
        } else {
            format!("{} problems", report.problems.len())
        }
    ));
    for problem in &report.problems {
        line(format_args!("- {problem}"));
    }
    Ok(if report.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

//! `scoreline rebuild`: the ledger that grew against the ledger that the log makes.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use scoreline_storage::Upkeep as _;

use crate::{
    arguments::{Local, Remote},
    local,
    output::line,
};

/// Arguments of `rebuild`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Record what differs as one more commit, and write all subject state anew.
    #[arg(long)]
    apply: bool,
}

pub(crate) async fn run(arguments: &Local, remote: &Remote, rebuild: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = local::settings(arguments, &[])?;
    let database = local::open_migrated(&settings).await?;
    let report = database
        .rebuild(&local::tenant(remote)?, rebuild.apply, Timestamp::now())
        .await?;
    line(format_args!(
        "{} events make {} measurements and {} facts; {} differ from the ledger",
        report.events, report.measurements, report.facts, report.differences
    ));
    for difference in &report.named {
        line(format_args!("{:+} {}", difference.count, difference.row));
    }
    if let Some(commit) = report.applied_as {
        line(format_args!("the difference is recorded as commit {commit}"));
    }
    let fine = report.differences == 0 || report.applied_as.is_some();
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

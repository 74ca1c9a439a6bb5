//! `scoreline migrate up|status`.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::{arguments::Local, local, output::line};

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Apply what is missing, in one transaction.
    Up,
    /// Show every migration and whether the database has it. Exits with 1 when one is missing.
    Status,
}

pub(crate) async fn run(arguments: &Local, migrate: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = local::settings(arguments, &[])?;
    let database = local::open(&settings).await?;
    if matches!(migrate.action, Action::Up) {
        scoreline_migrations::up(database.writer()).await.context("migrating")?;
    }
    let all = scoreline_migrations::status(database.writer())
        .await
        .context("reading the schema's version")?;
    for migration in &all {
        line(format_args!(
            "{}  {}",
            if migration.applied { "applied" } else { "pending" },
            migration.name
        ));
    }
    let complete = all.iter().all(|migration| migration.applied);
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

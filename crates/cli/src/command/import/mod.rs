//! `scoreline import --mapping M.toml FILE.csv…`: rows of any file to events.
//!
//! Ids are made from the rows, so that the same import again adds nothing.

mod arithmetic;
mod condition;
mod derive;
mod files;
mod mapping;
mod moment;
mod node;
mod preview;
mod rows;
mod scope;
mod sheet;
mod template;
mod value;

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, ensure};
use clap::Args;
use prost_types::FieldMask;
use scoreline_proto::{
    ingestion::v1::EventOutcome,
    json,
    tenants::v1::{Settings, UpdateSettingsRequest},
};

use self::{files::assign, mapping::Mapping, rows::Rows};
use super::ingest::{SOME_REJECTED, report};
use crate::{
    arguments::Remote,
    connection::{Connection, request},
    delivery::{Parcel, Progress, Rejects, Settled, deliver},
    output::{line, note},
};

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = include_str!("help.txt"))]
pub(crate) struct Arguments {
    /// What the columns mean.
    #[arg(long, value_name = "M.toml")]
    mapping: PathBuf,
    /// The files, plain or packed (.gz).
    #[arg(value_name = "FILE.csv", required = true)]
    files: Vec<PathBuf>,
    /// Send nothing: show the first events and every problem, with its file, row and column.
    #[arg(long, conflicts_with_all = ["out", "apply_settings"])]
    dry_run: bool,
    /// How many events --dry-run shows.
    #[arg(long, value_name = "N", default_value_t = 5)]
    show: usize,
    /// Write the events there, one a line, for `scoreline ingest`, and send nothing.
    #[arg(long, value_name = "FILE.ndjson", conflicts_with = "apply_settings")]
    out: Option<PathBuf>,
    /// Change the tenant's settings to those of the mapping first.
    #[arg(long)]
    apply_settings: bool,
    /// Where to write what was not stored, with the reasons. No rejects, no file.
    #[arg(long, value_name = "FILE", default_value = "import.rejects.ndjson")]
    rejects: PathBuf,
    /// Events in a batch, at most; the server may allow fewer.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
}

pub(crate) async fn run(remote: &Remote, import: &Arguments) -> anyhow::Result<ExitCode> {
    let mapping = Mapping::read(&import.mapping)?;
    let assigned = assign(&mapping, &import.files)?;
    let rows = Rows::new(&mapping, assigned);
    if import.dry_run {
        return preview::show(rows, import.show);
    }
    if let Some(out) = &import.out {
        return write(rows, out, &import.rejects);
    }
    let connection = Connection::open(remote).await?;
    if import.apply_settings {
        let (settings, given) = mapping
            .settings
            .clone()
            .context("--apply-settings: the mapping has no [settings]")?;
        apply(&connection, settings, given).await?;
    }
    send(&connection, rows, import).await
}

async fn apply(connection: &Connection, settings: Settings, given: Vec<String>) -> anyhow::Result<()> {
    ensure!(
        !given.is_empty(),
        "--apply-settings: the mapping's [settings] are empty"
    );
    let message = UpdateSettingsRequest {
        settings: Some(settings),
        update_mask: Some(FieldMask { paths: given }),
        ..UpdateSettingsRequest::default()
    };
    connection
        .tenants()
        .update_settings(request(message))
        .await
        .context("changing the settings")?;
    note("the mapping's settings hold now");
    Ok(())
}

async fn send(connection: &Connection, rows: Rows<'_>, import: &Arguments) -> anyhow::Result<ExitCode> {
    let mut rejects = Rejects::new(import.rejects.clone(), false);
    let progress = Progress::of_things(None);
    let mut count = 0;
    let tally = deliver(connection, usize::try_from(import.batch)?, rows, |settled, tally| {
        count += settled.len() as u64;
        progress.at(count, tally);
        rejects.take(settled)
    })
    .await;
    progress.finish();
    Ok(report(&tally.context("sending")?, &rejects))
}

/// Writes the events as lines, and what makes none as rejects.
fn write(rows: Rows<'_>, out: &Path, rejects: &Path) -> anyhow::Result<ExitCode> {
    let context = || format!("writing {}", out.display());
    let mut file = BufWriter::new(File::create(out).with_context(context)?);
    let mut rejects = Rejects::new(rejects.to_owned(), false);
    let mut count = 0_u64;
    for parcel in rows {
        match parcel? {
            Parcel::Event(_, event) => {
                writeln!(file, "{}", json::write(&event)).with_context(context)?;
                count += 1;
            }
            Parcel::Refused(origin, event, violations) => rejects.take(&[Settled {
                origin,
                event,
                outcome: EventOutcome::Rejected,
                violations,
            }])?,
        }
    }
    file.flush().with_context(context)?;
    line(format_args!("{count} events are in {}", out.display()));
    match rejects.written() {
        None => Ok(ExitCode::SUCCESS),
        Some((path, count)) => {
            note(format_args!("{count} rejects are in {}", path.display()));
            Ok(ExitCode::from(SOME_REJECTED))
        }
    }
}

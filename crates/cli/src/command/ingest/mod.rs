//! `scoreline ingest FILE.ndjson|-`: events, one a line, to the server.

mod lines;
mod resume;

use std::{
    fs::File,
    io::{BufRead, BufReader, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;

use self::{lines::Lines, resume::Position};
use crate::{
    arguments::Remote,
    connection::Connection,
    delivery::{Progress, Rejects, Settled, Tally, deliver},
    output::{line, note},
};

/// The exit code when something was not stored.
pub(crate) const SOME_REJECTED: u8 = 3;

/// Arguments of `ingest`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every line is an event in the canonical JSON of scoreline.events.v1.Event. Ids are idempotent: sending a file again is \
always safe.\n\nExits with 0 when everything is stored, 3 when something was rejected or in conflict, 1 when it could not \
go on.")]
pub(crate) struct Arguments {
    /// The events, one a line; - is standard input.
    #[arg(value_name = "FILE.ndjson")]
    file: PathBuf,
    /// Where to write what was not stored, with the reasons; FILE.rejects.ndjson unless given. No rejects, no file.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Events in a batch, at most; the server may allow fewer.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Note in FILE.progress how far the server has acknowledged, and go on from there.
    #[arg(long)]
    resume: bool,
}

impl Arguments {
    fn is_stdin(&self) -> bool {
        self.file == Path::new("-")
    }

    fn rejects(&self) -> PathBuf {
        match &self.rejects {
            Some(path) => path.clone(),
            None if self.is_stdin() => PathBuf::from("stdin.rejects.ndjson"),
            None => beside(&self.file, ".rejects.ndjson"),
        }
    }
}

pub(crate) async fn run(remote: &Remote, ingest: &Arguments) -> anyhow::Result<ExitCode> {
    if ingest.resume && ingest.is_stdin() {
        bail!("--resume needs a file: standard input can't be read again");
    }
    let state = beside(&ingest.file, ".progress");
    let start = if ingest.resume { Position::read(&state)? } else { None };
    let (input, size) = open(ingest, start)?;
    let connection = Connection::open(remote).await?;

    let start_at = start.unwrap_or_default();
    let mut rejects = Rejects::new(ingest.rejects(), start.is_some());
    let progress = Progress::of_bytes(size);
    let batch = usize::try_from(ingest.batch)?;
    let tally = deliver(&connection, batch, Lines::new(input, start_at), |settled, tally| {
        rejects.take(settled)?;
        progress.at(settled.last().map_or(0, |parcel| parcel.origin.end), tally);
        note_position(ingest, &state, settled)
    })
    .await;
    progress.finish();
    let tally = tally.with_context(|| format!("sending {}", ingest.file.display()))?;
    if ingest.resume {
        Position::forget(&state)?;
    }
    Ok(report(&tally, &rejects))
}

/// Says how it went, and chooses the exit code.
pub(crate) fn report(tally: &Tally, rejects: &Rejects) -> ExitCode {
    line(format_args!("{tally}; commit {}", tally.commit));
    if let Some((path, count)) = rejects.written() {
        note(format_args!("{count} rejects are in {}", path.display()));
    }
    if tally.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_REJECTED)
    }
}

fn note_position(ingest: &Arguments, state: &Path, settled: &[Settled]) -> anyhow::Result<()> {
    match settled.last() {
        Some(last) if ingest.resume => Position {
            offset: last.origin.end,
            line: last.origin.line,
        }
        .write(state),
        _ => Ok(()),
    }
}

/// The input from where it goes on, and how many bytes it has, as far as anybody knows.
fn open(ingest: &Arguments, start: Option<Position>) -> anyhow::Result<(Box<dyn BufRead + Send>, Option<u64>)> {
    if ingest.is_stdin() {
        return Ok((Box::new(BufReader::new(std::io::stdin())), None));
    }
    let context = || format!("opening {}", ingest.file.display());
    let mut file = File::open(&ingest.file).with_context(context)?;
    let size = file.metadata().with_context(context)?.len();
    if let Some(start) = start {
        start
            .fits(&mut file, size)
            .with_context(|| format!("resuming {}", ingest.file.display()))?;
        file.seek(SeekFrom::Start(start.offset)).with_context(context)?;
        note(format_args!("going on after line {}", start.line));
    }
    Ok((Box::new(BufReader::with_capacity(1 << 18, file)), Some(size)))
}

/// The file's name with something at its end.
pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

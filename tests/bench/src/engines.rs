//! The engines that Scoreline is compared with: Python processes that hold the same tables and answer when asked.

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use scoreline_tests::postgres::Settings;
use serde_json::{Value, json};

use crate::questions::{self, Row};

/// PostgreSQL as it is set for a server that has a part of a machine to itself: a cache, and checkpoints that come by time.
pub(crate) const POSTGRES: Settings = &[
    "max_connections=200",
    "shared_buffers=2GB",
    "effective_cache_size=8GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=15min",
    "wal_compression=on",
];

/// A running engine.
pub(crate) struct Engine {
    pub(crate) name: String,
    pub(crate) version: String,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Engine {
    /// Starts an engine and waits until it holds the tables.
    ///
    /// # Errors
    /// When it does not come up.
    pub(crate) fn start(python: &Path, name: &str, tables: &Path, url: Option<&str>) -> anyhow::Result<Self> {
        let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("engines/worker.py");
        let mut command = Command::new(python);
        command
            .arg(worker)
            .arg(name)
            .arg(tables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(url) = url {
            command.args(["--url", url]);
        }
        let mut process = command
            .spawn()
            .with_context(|| format!("{} does not start", python.display()))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            bail!("a worker has pipes");
        };
        let output = BufReader::new(output).lines();
        let mut engine = Self {
            name: name.to_owned(),
            version: String::new(),
            process,
            input,
            output,
        };
        let ready = engine.line()?;
        ensure!(ready["ready"] == true, "{name} is not ready: {ready}");
        engine.version = ready["version"].as_str().unwrap_or_default().to_owned();
        Ok(engine)
    }

    fn line(&mut self) -> anyhow::Result<Value> {
        let line = self.output.next().with_context(|| format!("{} ended", self.name))??;
        Ok(serde_json::from_str(&line)?)
    }

    /// Asks a question; tells how long the answer took, and its rows.
    ///
    /// # Errors
    /// When the engine fails.
    pub(crate) fn ask(&mut self, question: &str) -> anyhow::Result<(Duration, Vec<Row>)> {
        writeln!(self.input, "{}", json!({ "ask": question }))?;
        self.input.flush()?;
        let answer = self.line()?;
        let Some(millis) = answer["ms"].as_f64() else {
            bail!("{} fails at {question}: {answer}", self.name);
        };
        let rows = answer["rows"].as_array().context("an answer has rows")?;
        let rows = rows
            .iter()
            .map(|row| row_of(question, row))
            .collect::<anyhow::Result<Vec<Row>>>()?;
        Ok((
            Duration::from_secs_f64(millis / 1_000.0),
            questions::telling(rows.into_iter()),
        ))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Texts are keys, all else are numbers. The score of NPS is made from what the engines count.
fn row_of(question: &str, row: &Value) -> anyhow::Result<Row> {
    let fields = row.as_array().context("a row is a list")?;
    let keys = fields
        .iter()
        .filter_map(|field| field.as_str().map(str::to_owned))
        .collect();
    let mut values: Vec<Option<f64>> = fields
        .iter()
        .filter(|field| !field.is_string())
        .map(Value::as_f64)
        .collect();
    if let ("q14", [Some(promoters), Some(detractors), Some(all)]) = (question, values.as_slice()) {
        values = vec![Some(100.0 * (promoters - detractors) / all), Some(*all)];
    }
    Ok((keys, values))
}

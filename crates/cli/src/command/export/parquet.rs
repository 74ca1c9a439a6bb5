//! A Parquet file that is there only when it is whole.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties};

use crate::command::ingest::beside;

/// A file that is being written under another name.
pub(super) struct Target {
    path: PathBuf,
    unfinished: PathBuf,
    writer: ArrowWriter<File>,
    rows: u64,
}

impl Target {
    /// Begins a file.
    pub(super) fn create(path: &Path, schema: SchemaRef) -> anyhow::Result<Self> {
        let unfinished = beside(path, ".unfinished");
        let file = File::create(&unfinished).with_context(|| format!("writing {}", unfinished.display()))?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        Ok(Self {
            path: path.to_owned(),
            unfinished,
            writer: ArrowWriter::try_new(file, schema, Some(properties))?,
            rows: 0,
        })
    }

    /// Adds rows.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer
            .write(batch)
            .with_context(|| format!("writing {}", self.unfinished.display()))
    }

    /// Gives the whole file its name; how many rows it has.
    pub(super) fn finish(self) -> anyhow::Result<u64> {
        self.writer
            .close()
            .with_context(|| format!("writing {}", self.unfinished.display()))?;
        fs::rename(&self.unfinished, &self.path).with_context(|| format!("writing {}", self.path.display()))?;
        Ok(self.rows)
    }
}

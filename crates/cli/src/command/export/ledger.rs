//! The ledger as a table.
//!
//! Segments have columns only for the dimensions that occur in them, with dictionaries of their own. A table has one
//! column for every dimension of any segment, so the segments are kept, as they came, until all are there.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use anyhow::Context as _;
use arrow_array::{Array as _, ArrayRef, RecordBatch, StringArray, cast::AsArray as _, new_null_array};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use scoreline_proto::analytics::v1::ExportLedgerRequest;
use tonic::Request;

use super::{Commits, parquet::Target};
use crate::connection::Connection;

/// Writes the ledger; how many rows it has.
pub(super) async fn export(connection: &Connection, commits: Commits, path: &Path) -> anyhow::Result<u64> {
    let message = ExportLedgerRequest {
        after_commit: commits.after,
        up_to_commit: commits.up_to,
    };
    let mut stream = connection
        .export()
        .export_ledger(Request::new(message))
        .await?
        .into_inner();
    let mut segments = Vec::new();
    while let Some(segment) = stream.message().await? {
        segments.push(segment.arrow_ipc);
    }
    write(&segments, path)
}

fn write(segments: &[Vec<u8>], path: &Path) -> anyhow::Result<u64> {
    let mut union = Union::default();
    for segment in segments {
        union.add(&open(segment)?.schema());
    }
    let schema = union.schema();
    let mut target = Target::create(path, Arc::clone(&schema))?;
    for segment in segments {
        for batch in open(segment)? {
            target.write(&unified(&batch?, &schema)?)?;
        }
    }
    target.finish()
}

fn open(segment: &[u8]) -> anyhow::Result<StreamReader<&[u8]>> {
    StreamReader::try_new(segment, None).context("a segment is no Arrow stream")
}

/// The columns of all segments: those that every one has, in their order, then the dimensions by name.
#[derive(Debug, Default)]
struct Union {
    fixed: Vec<Field>,
    dimensions: BTreeSet<String>,
}

impl Union {
    fn add(&mut self, schema: &Schema) {
        for field in schema.fields() {
            if field.is_nullable() {
                self.dimensions.insert(field.name().clone());
            } else if !self.fixed.iter().any(|known| known.name() == field.name()) {
                self.fixed
                    .push(Field::new(field.name(), plain(field.data_type()), false));
            }
        }
    }

    fn schema(self) -> SchemaRef {
        let dimensions = self
            .dimensions
            .into_iter()
            .map(|name| Field::new(name, DataType::Utf8, true));
        Arc::new(Schema::new(
            self.fixed.into_iter().chain(dimensions).collect::<Vec<_>>(),
        ))
    }
}

fn plain(kind: &DataType) -> DataType {
    match kind {
        DataType::Dictionary(_, values) => (**values).clone(),
        other => other.clone(),
    }
}

fn unified(batch: &RecordBatch, schema: &SchemaRef) -> anyhow::Result<RecordBatch> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => unpacked(column),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        });
    Ok(RecordBatch::try_new(
        Arc::clone(schema),
        columns.collect::<anyhow::Result<_>>()?,
    )?)
}

/// A column without a dictionary.
fn unpacked(column: &ArrayRef) -> anyhow::Result<ArrayRef> {
    let Some(packed) = column.as_any_dictionary_opt() else {
        return Ok(Arc::clone(column));
    };
    let texts = packed
        .values()
        .as_string_opt::<i32>()
        .context("a dictionary of a segment has no texts")?;
    if texts.is_empty() {
        return Ok(new_null_array(&DataType::Utf8, column.len()));
    }
    let keys = packed.normalized_keys();
    let values = (0..column.len()).map(|row| (!column.is_null(row)).then(|| texts.value(keys[row])));
    Ok(Arc::new(values.collect::<StringArray>()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use arrow_array::{DictionaryArray, Int64Array, types::UInt32Type};
    use arrow_ipc::writer::StreamWriter;

    use super::*;

    fn segment(dimension: &str, texts: Vec<Option<&str>>) -> Vec<u8> {
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..texts.len() as i64));
        let measures: ArrayRef = Arc::new(
            texts
                .iter()
                .map(|_| Some("won"))
                .collect::<DictionaryArray<UInt32Type>>(),
        );
        let packed: ArrayRef = Arc::new(texts.into_iter().collect::<DictionaryArray<UInt32Type>>());
        let schema = Arc::new(Schema::new(vec![
            Field::new("measure", measures.data_type().clone(), false),
            Field::new("value", DataType::Int64, false),
            Field::new(dimension, packed.data_type().clone(), true),
        ]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![measures, values, packed]).expect("a batch");
        let mut writer = StreamWriter::try_new(Vec::new(), &schema).expect("a stream");
        writer.write(&batch).expect("it writes");
        writer.into_inner().expect("it ends")
    }

    #[test]
    fn segments_with_different_dimensions_make_one_table() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("l.parquet");
        let segments = [
            segment("rep", vec![Some("Ann"), None]),
            segment("account", vec![Some("Acme")]),
        ];
        assert_eq!(write(&segments, &path).expect("it writes"), 3);

        let file = File::open(&path).expect("it is there");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .expect("Parquet")
            .build()
            .expect("readable");
        let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().expect("good batches");
        let names: Vec<String> = batches[0]
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(names, ["measure", "value", "account", "rep"]);
        let texts = |column: &str| {
            let arrays = batches
                .iter()
                .map(|batch| batch.column_by_name(column).expect("a column").as_string::<i32>());
            arrays
                .flat_map(|array| array.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        assert_eq!(texts("rep"), [Some("Ann".to_owned()), None, None]);
        assert_eq!(texts("account"), [None, None, Some("Acme".to_owned())]);
    }

    #[test]
    fn an_empty_ledger_is_an_empty_table() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(write(&[], &folder.path().join("l.parquet")).expect("it writes"), 0);
    }
}

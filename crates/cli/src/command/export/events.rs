//! The log as a table.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use scoreline_proto::{
    analytics::v1::{ExportEventsRequest, ExportedEvent},
    decode, json,
};
use tonic::Request;

use super::{Commits, parquet::Target};
use crate::connection::Connection;

/// Writes the events; how many there were.
pub(super) async fn export(connection: &Connection, commits: Commits, path: &Path) -> anyhow::Result<u64> {
    let message = ExportEventsRequest {
        after_commit: commits.after,
        up_to_commit: commits.up_to,
    };
    let mut stream = connection
        .export()
        .export_events(Request::new(message))
        .await?
        .into_inner();
    let mut target = Target::create(path, schema())?;
    while let Some(page) = stream.message().await? {
        target.write(&batch(&page.events)?)?;
    }
    target.finish()
}

fn schema() -> SchemaRef {
    let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let fields = [
        ("event_id", DataType::Utf8),
        ("source", DataType::Utf8),
        ("occurred_at", time()),
        ("type", DataType::Utf8),
        ("commit", DataType::Int64),
        ("commit_time", time()),
        ("event", DataType::Utf8),
    ];
    Arc::new(Schema::new(
        fields.map(|(name, kind)| Field::new(name, kind, true)).to_vec(),
    ))
}

fn batch(events: &[ExportedEvent]) -> anyhow::Result<RecordBatch> {
    let event = |exported: &ExportedEvent| exported.event.clone().unwrap_or_default();
    let texts = |text: &dyn Fn(&ExportedEvent) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(events.iter().map(text)))
    };
    let times = |time: &dyn Fn(&ExportedEvent) -> Option<i64>| -> ArrayRef {
        Arc::new(
            events
                .iter()
                .map(time)
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        )
    };
    let columns = vec![
        texts(&|exported| event(exported).event_id),
        texts(&|exported| event(exported).source),
        times(&|exported| event(exported).occurred_at.as_ref().map(micros)),
        texts(&kind),
        Arc::new(Int64Array::from_iter_values(
            events.iter().map(|exported| exported.commit),
        )),
        times(&|exported| exported.commit_time.as_ref().map(micros)),
        texts(&|exported| json::write(&event(exported))),
    ];
    RecordBatch::try_new(schema(), columns).context("building a table of events")
}

fn kind(exported: &ExportedEvent) -> String {
    let event = exported.event.as_ref().and_then(|event| decode::event(event).ok());
    event.map(|event| event.payload.name().to_owned()).unwrap_or_default()
}

fn micros(time: &prost_types::Timestamp) -> i64 {
    time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use arrow_array::cast::AsArray as _;

    use super::*;

    #[test]
    fn events_are_read_back_from_the_file() {
        let text =
            r#"{"eventId":"e1","source":"crm","occurredAt":"1970-01-01T00:00:01Z","leadQualified":{"leadId":"l1"}}"#;
        let exported = ExportedEvent {
            event: Some(json::read(text).expect("an event")),
            commit: 3,
            commit_time: None,
        };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("e.parquet");
        let mut target = Target::create(&path, schema()).expect("it begins");
        target.write(&batch(&[exported]).expect("a table")).expect("it writes");
        assert!(!path.exists(), "an unfinished file has not its name");
        assert_eq!(target.finish().expect("it ends"), 1);

        let file = File::open(&path).expect("it is there");
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .expect("Parquet")
            .build()
            .expect("readable");
        let batch = reader.next().expect("a batch").expect("a good one");
        let text_of = |column: &str| {
            batch
                .column_by_name(column)
                .expect(column)
                .as_string::<i32>()
                .value(0)
                .to_owned()
        };
        assert_eq!(
            (text_of("event_id"), text_of("type")),
            ("e1".to_owned(), "lead_qualified".to_owned())
        );
        assert_eq!(json::read(&text_of("event")).expect("an event").event_id, "e1");
    }
}

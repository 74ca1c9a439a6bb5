//! Rows to bytes.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{
    ArrayRef, Date32Array, DictionaryArray, Int8Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array, UInt64Array, types::UInt32Type,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Field, Schema};

use super::{
    Error, MAX_SEGMENT_ROWS, Segment, SegmentRows,
    rows::{Coded, DimensionColumn},
    seal,
};
use crate::{
    dimension::Dimension,
    id::Name,
    ledger::{Entry, day},
    measure::Measure,
    subject::SubjectKind,
};

/// Rows to a segment, in their order.
///
/// # Errors
/// When there are more than [`MAX_SEGMENT_ROWS`].
pub fn encode(entries: &[Entry]) -> Result<Segment, Error> {
    if entries.len() > MAX_SEGMENT_ROWS {
        return Err(Error::TooManyRows {
            rows: entries.len(),
            limit: MAX_SEGMENT_ROWS,
        });
    }
    write(&gather(entries))
}

/// Entries to columns.
fn gather(entries: &[Entry]) -> SegmentRows {
    let mut measures: Coded<Measure> = Coded::default();
    let mut subjects: Coded<Name> = Coded::default();
    let column = |value: fn(&Entry) -> i32| entries.iter().map(value).collect();
    SegmentRows {
        measure: entries
            .iter()
            .map(|entry| measures.code(&entry.measurement.measure))
            .collect(),
        measures: measures.texts,
        date: column(|entry| day::to_day(entry.measurement.date)),
        origin: column(|entry| day::to_day(entry.measurement.origin_date)),
        instant: entries
            .iter()
            .map(|entry| day::to_micros(entry.measurement.instant))
            .collect(),
        commit: entries.iter().map(|entry| entry.commit).collect(),
        subject_kind: entries.iter().map(|entry| entry.measurement.subject.kind).collect(),
        subject: entries
            .iter()
            .map(|entry| subjects.code(&entry.measurement.subject.id))
            .collect(),
        subjects: subjects.texts,
        value: entries.iter().map(|entry| entry.measurement.value).collect(),
        count: entries.iter().map(|entry| entry.count).collect(),
        dimensions: dimensions(entries),
    }
}

fn dimensions(entries: &[Entry]) -> Vec<DimensionColumn> {
    let mut columns: BTreeMap<&Dimension, (Coded<Name>, Vec<u32>)> = BTreeMap::new();
    for (row, entry) in entries.iter().enumerate() {
        for (dimension, value) in entry.measurement.dimensions.iter() {
            let (texts, codes) = columns.entry(dimension).or_default();
            codes.resize(row, 0);
            codes.push(texts.code(value) + 1);
        }
    }
    let finished = columns.into_iter().map(|(dimension, (texts, mut codes))| {
        codes.resize(entries.len(), 0);
        DimensionColumn {
            dimension: dimension.clone(),
            texts: texts.texts,
            codes,
        }
    });
    finished.collect()
}

/// Columns to bytes.
pub(super) fn write(rows: &SegmentRows) -> Result<Segment, Error> {
    let mut columns: Vec<(String, ArrayRef)> = vec![
        (
            "measure".into(),
            coded(
                rows.measure.iter().map(|code| Some(*code)),
                rows.measures.iter().map(Measure::to_string),
            )?,
        ),
        ("date".into(), Arc::new(Date32Array::from(rows.date.clone()))),
        ("origin_date".into(), Arc::new(Date32Array::from(rows.origin.clone()))),
        (
            "instant".into(),
            Arc::new(TimestampMicrosecondArray::from(rows.instant.clone()).with_timezone("UTC")),
        ),
        ("commit".into(), Arc::new(UInt64Array::from(rows.commit.clone()))),
        ("subject_kind".into(), kinds(&rows.subject_kind)?),
        (
            "subject".into(),
            coded(rows.subject.iter().map(|code| Some(*code)), rows.subjects.iter())?,
        ),
        ("value".into(), Arc::new(Int64Array::from(rows.value.clone()))),
        ("count".into(), Arc::new(Int8Array::from(rows.count.clone()))),
    ];
    for column in &rows.dimensions {
        let codes = column.codes.iter().map(|code| code.checked_sub(1));
        columns.push((column.dimension.to_string(), coded(codes, column.texts.iter())?));
    }
    let fixed = columns.len() - rows.dimensions.len();
    let fields = columns
        .iter()
        .enumerate()
        .map(|(at, (name, array))| Field::new(name, array.data_type().clone(), at >= fixed));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        columns.into_iter().map(|(_, array)| array).collect(),
    )?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    writer.write(&batch)?;
    Ok(Segment {
        meta: rows.meta(),
        bytes: seal::close(writer.into_inner()?),
    })
}

fn coded(
    codes: impl Iterator<Item = Option<u32>>,
    texts: impl Iterator<Item = impl AsRef<str>>,
) -> Result<ArrayRef, Error> {
    let keys: UInt32Array = codes.collect();
    let values = StringArray::from_iter_values(texts);
    Ok(Arc::new(DictionaryArray::<UInt32Type>::try_new(
        keys,
        Arc::new(values),
    )?))
}

fn kinds(kinds: &[SubjectKind]) -> Result<ArrayRef, Error> {
    let mut present: Coded<SubjectKind> = Coded::default();
    let codes: Vec<u32> = kinds.iter().map(|kind| present.code(kind)).collect();
    coded(
        codes.into_iter().map(Some),
        present.texts.iter().map(|kind| kind.name()),
    )
}

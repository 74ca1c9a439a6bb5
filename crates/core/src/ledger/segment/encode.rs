//! Rows to bytes.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{
    Array as _, ArrayRef, Date32Array, DictionaryArray, Int8Array, Int64Array, PrimitiveArray, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt64Array,
    types::{ArrowDictionaryKeyType, UInt8Type, UInt16Type, UInt32Type},
};
use arrow_buffer::ArrowNativeType as _;
use arrow_ipc::{
    MetadataVersion,
    writer::{IpcWriteOptions, StreamWriter},
};
use arrow_schema::{Field, Schema};

use super::{
    Error, MAX_SEGMENT_ROWS, Segment, SegmentRows,
    rows::{Coded, DimensionColumn},
    seal,
};
use crate::{
    dimension::Dimension,
    hashing::Map,
    id::Name,
    ledger::{Entry, day},
    measure::Measure,
    subject::SubjectKind,
};

/// Bytes to whose multiples buffers are filled up. Arrow's own 64 would make half of a small commit's segment of zeros.
const ALIGNMENT: usize = 8;

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
pub(super) fn gather(entries: &[Entry]) -> SegmentRows {
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
    // Rows of one event share their dimensions: what is shared is looked up once.
    let mut kinds: Map<usize, usize> = Map::default();
    let mut distinct = Vec::new();
    let rows: Vec<usize> = entries
        .iter()
        .map(|entry| {
            let dimensions = &entry.measurement.dimensions;
            *kinds.entry(dimensions.identity()).or_insert_with(|| {
                distinct.push(dimensions);
                distinct.len() - 1
            })
        })
        .collect();
    let mut columns: BTreeMap<&Dimension, (Coded<Name>, Vec<u32>)> = BTreeMap::new();
    for (at, dimensions) in distinct.iter().enumerate() {
        for (dimension, value) in dimensions.iter() {
            let (texts, codes) = columns.entry(dimension).or_default();
            codes.resize(at, 0);
            codes.push(texts.code(value) + 1);
        }
    }
    let finished = columns.into_iter().map(|(dimension, (texts, codes))| DimensionColumn {
        dimension: dimension.clone(),
        texts: texts.texts,
        codes: rows.iter().map(|at| codes.get(*at).copied().unwrap_or(0)).collect(),
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
    let options = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5)?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options)?;
    writer.write(&batch)?;
    Ok(Segment {
        meta: rows.meta(),
        bytes: seal::close(seal::Form::Flat, writer.into_inner()?),
    })
}

fn coded(
    codes: impl Iterator<Item = Option<u32>>,
    texts: impl Iterator<Item = impl AsRef<str>>,
) -> Result<ArrayRef, Error> {
    // A commit has few texts in most columns: their keys would be most of its bytes.
    let texts = StringArray::from_iter_values(texts);
    match texts.len() {
        0..=0x100 => keyed::<UInt8Type>(codes, texts),
        0x101..=0x1_0000 => keyed::<UInt16Type>(codes, texts),
        _ => keyed::<UInt32Type>(codes, texts),
    }
}

fn keyed<K: ArrowDictionaryKeyType>(
    codes: impl Iterator<Item = Option<u32>>,
    texts: StringArray,
) -> Result<ArrayRef, Error> {
    let key = |code: u32| K::Native::from_usize(code as usize).expect("there are as many keys as texts");
    let keys: PrimitiveArray<K> = codes.map(|code| code.map(key)).collect();
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(texts))?))
}

fn kinds(kinds: &[SubjectKind]) -> Result<ArrayRef, Error> {
    let mut present: Coded<SubjectKind> = Coded::default();
    let codes: Vec<u32> = kinds.iter().map(|kind| present.code(kind)).collect();
    coded(
        codes.into_iter().map(Some),
        present.texts.iter().map(|kind| kind.name()),
    )
}

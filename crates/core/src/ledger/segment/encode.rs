//! Rows to bytes.

use std::sync::Arc;

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
    Error, Segment, SegmentRows, bounded,
    rows::{Coded, DimensionColumn},
    seal,
};
use crate::{
    dimension::Dimension,
    hashing::Map,
    id::Name,
    ledger::{Entry, day},
    measure::{Dimensions, Measure, Measurement},
    subject::SubjectKind,
};

/// Bytes to whose multiples buffers are filled up. Arrow's own 64 would make half of a small commit's segment of zeros.
const ALIGNMENT: usize = 8;

/// Room is made at once for the subjects of a commit, which is rarely larger.
const SUBJECTS: usize = 1 << 14;

/// Rows to a segment, in their order.
///
/// # Errors
/// When there are more than [`MAX_SEGMENT_ROWS`](super::MAX_SEGMENT_ROWS).
pub fn encode(entries: &[Entry]) -> Result<Segment, Error> {
    bounded(entries.len())?;
    write(gather(entries.iter().map(Row::of)))
}

/// The rows that a commit adds (+1) and takes back (−1) to its segment, in their order.
///
/// # Errors
/// When there are more than [`MAX_SEGMENT_ROWS`](super::MAX_SEGMENT_ROWS).
pub fn encode_commit(commit: u64, rows: &[(Measurement, i8)]) -> Result<Segment, Error> {
    bounded(rows.len())?;
    let rows = rows.iter().map(|(measurement, count)| Row {
        commit,
        measurement,
        count: *count,
    });
    write(gather(rows))
}

/// A row as it is given.
pub(super) struct Row<'a> {
    commit: u64,
    measurement: &'a Measurement,
    count: i8,
}

impl<'a> Row<'a> {
    pub(super) fn of(entry: &'a Entry) -> Self {
        Self {
            commit: entry.commit,
            measurement: &entry.measurement,
            count: entry.count,
        }
    }
}

/// Rows to columns. Each is looked at once: they are large.
pub(super) fn gather<'a>(rows: impl ExactSizeIterator<Item = Row<'a>>) -> SegmentRows {
    let count = rows.len();
    let mut columns = SegmentRows::with_capacity(count);
    let mut measures: Coded<Measure> = Coded::default();
    let mut subjects: Coded<Name> = Coded::with_capacity((count / 2).min(SUBJECTS));
    let mut dimensions = Dimensioned::default();
    let mut kinds = Vec::with_capacity(count);
    for row in rows {
        let measurement = row.measurement;
        columns.measure.push(measures.code(&measurement.measure));
        columns.date.push(day::to_day(measurement.date));
        columns.origin.push(day::to_day(measurement.origin_date));
        columns.instant.push(day::to_micros(measurement.instant));
        columns.commit.push(row.commit);
        columns.subject_kind.push(measurement.subject.kind);
        columns.subject.push(subjects.code(&measurement.subject.id));
        columns.value.push(measurement.value);
        columns.count.push(row.count);
        kinds.push(dimensions.code(&measurement.dimensions));
    }
    SegmentRows {
        measures: measures.texts,
        subjects: subjects.texts,
        dimensions: dimensions.columns(&kinds),
        ..columns
    }
}

/// The dimensions of rows. Those of one event share them: what is shared is looked up once.
#[derive(Default)]
struct Dimensioned<'a> {
    known: Map<usize, usize>,
    /// In the order of their dimensions: the codes of each of the distinct ones, as far as there are any.
    columns: Vec<(&'a Dimension, Coded<Name>, Vec<u32>)>,
}

impl<'a> Dimensioned<'a> {
    /// Which of the distinct ones these are.
    fn code(&mut self, dimensions: &'a Dimensions) -> usize {
        let next = self.known.len();
        let kind = *self.known.entry(dimensions.identity()).or_insert(next);
        if kind == next {
            self.add(kind, dimensions);
        }
        kind
    }

    fn add(&mut self, kind: usize, dimensions: &'a Dimensions) {
        // Both stand in the order of dimensions, and most have the same: the next is mostly the one that is looked for.
        let mut next = 0;
        for (dimension, value) in dimensions.iter() {
            while self.columns.get(next).is_some_and(|(known, ..)| *known < dimension) {
                next += 1;
            }
            if self.columns.get(next).is_none_or(|(known, ..)| *known != dimension) {
                self.columns.insert(next, (dimension, Coded::default(), Vec::new()));
            }
            let (_, texts, codes) = &mut self.columns[next];
            codes.resize(kind, 0);
            codes.push(texts.code(value) + 1);
            next += 1;
        }
    }

    fn columns(self, kinds: &[usize]) -> Vec<DimensionColumn> {
        let finished = self
            .columns
            .into_iter()
            .map(|(dimension, texts, codes)| DimensionColumn {
                dimension: dimension.clone(),
                texts: texts.texts,
                codes: kinds
                    .iter()
                    .map(|kind| codes.get(*kind).copied().unwrap_or(0))
                    .collect(),
            });
        finished.collect()
    }
}

/// Columns to bytes.
pub(super) fn write(rows: SegmentRows) -> Result<Segment, Error> {
    let meta = rows.meta();
    let room = rows.bytes();
    let every = |codes: Vec<u32>| codes.into_iter().map(Some);
    let mut columns: Vec<(String, ArrayRef)> = vec![
        (
            "measure".into(),
            coded(every(rows.measure), rows.measures.iter().map(Measure::to_string))?,
        ),
        ("date".into(), Arc::new(Date32Array::from(rows.date))),
        ("origin_date".into(), Arc::new(Date32Array::from(rows.origin))),
        (
            "instant".into(),
            Arc::new(TimestampMicrosecondArray::from(rows.instant).with_timezone("UTC")),
        ),
        ("commit".into(), Arc::new(UInt64Array::from(rows.commit))),
        ("subject_kind".into(), kinds(&rows.subject_kind)?),
        ("subject".into(), coded(every(rows.subject), rows.subjects.iter())?),
        ("value".into(), Arc::new(Int64Array::from(rows.value))),
        ("count".into(), Arc::new(Int8Array::from(rows.count))),
    ];
    let fixed = columns.len();
    for column in rows.dimensions {
        let codes = column.codes.into_iter().map(|code| code.checked_sub(1));
        columns.push((column.dimension.to_string(), coded(codes, column.texts.iter())?));
    }
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
    let mut writer = StreamWriter::try_new_with_options(Vec::with_capacity(room), &schema, options)?;
    writer.write(&batch)?;
    Ok(Segment {
        meta,
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

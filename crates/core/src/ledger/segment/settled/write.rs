//! Sorted rows to bytes.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    ArrayRef, Int64Array, ListArray, PrimitiveArray, RecordBatch, StringArray, UInt32Array,
    types::{ArrowPrimitiveType, Int64Type, UInt8Type, UInt16Type, UInt32Type},
};
use arrow_buffer::OffsetBuffer;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Field, Schema};

use super::FIXED;
use crate::{
    id::Name,
    ledger::{
        Error, Segment, SegmentRows,
        block::BLOCK_ROWS,
        packed::{Affine, Lane, Offsets, Packed},
        segment::seal,
    },
    subject::SubjectKind,
};

/// Rows whose order is that of [`super::super::order`], to a segment.
pub(in crate::ledger::segment) fn write(rows: &SegmentRows) -> Result<Segment, Error> {
    let subjects = Subjects::new(rows);
    let mut table = Table::default();
    for (kind, texts) in &subjects.kinds {
        table.dictionary("subject", kind.name(), texts.iter().copied());
    }
    for column in &rows.dimensions {
        table.dictionary(&column.dimension.to_string(), "", column.texts.iter());
    }
    for (number, block) in blocks(rows).enumerate() {
        table.block = number as u32;
        table.measure = rows.measures[rows.measure[block.start] as usize].to_string();
        table.add_block(rows, &subjects.codes, block);
    }
    Ok(Segment {
        meta: rows.meta(),
        bytes: seal::close(seal::Form::Settled, table.finish()?),
    })
}

/// Rows of one measure each, as many as a block holds.
fn blocks(rows: &SegmentRows) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    let runs = rows.measure.chunk_by(|left, right| left == right);
    runs.flat_map(move |run| {
        let first = start;
        start += run.len();
        let end = start;
        (first..end)
            .step_by(BLOCK_ROWS)
            .map(move |start| start..end.min(start + BLOCK_ROWS))
    })
}

/// Ids by kind, and each row's place among those of its kind.
struct Subjects<'a> {
    kinds: Vec<(SubjectKind, Vec<&'a Name>)>,
    codes: Vec<u32>,
}

impl<'a> Subjects<'a> {
    fn new(rows: &'a SegmentRows) -> Self {
        let mut kinds = Vec::new();
        let mut codes = vec![0; rows.len()];
        for kind in SubjectKind::ALL {
            let mut places = vec![None; rows.subjects.len()];
            let of_kind = || (0..rows.len()).filter(|row| rows.subject_kind[*row] == *kind);
            of_kind().for_each(|row| places[rows.subject[row] as usize] = Some(0));
            let mut ids = Vec::new();
            for (place, id) in places.iter_mut().zip(&rows.subjects) {
                if let Some(place) = place {
                    *place = ids.len() as u32;
                    ids.push(id);
                }
            }
            of_kind().for_each(|row| codes[row] = places[rows.subject[row] as usize].expect("it occurs"));
            if !ids.is_empty() {
                kinds.push((*kind, ids));
            }
        }
        Self { kinds, codes }
    }
}

/// The rows of the Arrow batch.
#[derive(Default)]
struct Table {
    block: u32,
    measure: String,
    blocks: Vec<u32>,
    measures: Vec<String>,
    columns: Vec<String>,
    kinds: Vec<String>,
    rows: Vec<u32>,
    bases: Vec<i64>,
    scales: Vec<i64>,
    bytes: Lists<u8>,
    shorts: Lists<u16>,
    words: Lists<u32>,
    wholes: Lists<i64>,
    text_counts: Vec<usize>,
    texts: Vec<String>,
}

impl Table {
    fn dictionary<T: AsRef<str>>(&mut self, column: &str, kind: &str, texts: impl Iterator<Item = T>) {
        let before = self.texts.len();
        self.texts.extend(texts.map(|text| text.as_ref().to_owned()));
        let count = self.texts.len() - before;
        self.row(column, kind, count, &Packed::constant(0));
        *self.text_counts.last_mut().expect("just added") = count;
    }

    fn add_block(&mut self, rows: &SegmentRows, subjects: &[u32], block: Range<usize>) {
        let kinds: Vec<u32> = rows.subject_kind[block.clone()]
            .iter()
            .map(|kind| u32::from(kind.code()))
            .collect();
        let [date, origin, instant, commit, kind, subject, value, count] = FIXED;
        self.column(date, &rows.date[block.clone()]);
        self.column(origin, &rows.origin[block.clone()]);
        self.column(instant, &rows.instant[block.clone()]);
        self.column(commit, &rows.commit[block.clone()]);
        self.column(kind, &kinds);
        self.column(subject, &subjects[block.clone()]);
        self.column(value, &rows.value[block.clone()]);
        self.column(count, &rows.count[block.clone()]);
        for column in &rows.dimensions {
            let codes = &column.codes[block.clone()];
            if codes.iter().any(|code| *code != 0) {
                self.column(&column.dimension.to_string(), codes);
            }
        }
    }

    fn column<T: Lane>(&mut self, name: &str, values: &[T]) {
        self.row(name, "", values.len(), &Packed::without_runs(values));
    }

    fn row(&mut self, column: &str, kind: &str, rows: usize, values: &Packed) {
        let (Affine { base, scale }, offsets) = values.stored();
        self.blocks.push(self.block);
        self.measures.push(self.measure.clone());
        self.columns.push(column.to_owned());
        self.kinds.push(kind.to_owned());
        self.rows.push(rows as u32);
        self.bases.push(base);
        self.scales.push(scale);
        let (mut bytes, mut shorts, mut words, mut wholes): (&[u8], &[u16], &[u32], &[i64]) = (&[], &[], &[], &[]);
        match offsets {
            Offsets::None => {}
            Offsets::Runs(_) => unreachable!("stored columns have none"),
            Offsets::Byte(offsets) => bytes = offsets,
            Offsets::Short(offsets) => shorts = offsets,
            Offsets::Word(offsets) => words = offsets,
            Offsets::Whole(values) => wholes = values,
        }
        self.bytes.push(bytes);
        self.shorts.push(shorts);
        self.words.push(words);
        self.wholes.push(wholes);
        self.text_counts.push(0);
    }

    fn finish(self) -> Result<Vec<u8>, Error> {
        let texts = StringArray::from_iter_values(self.texts);
        let item = Arc::new(Field::new("item", arrow_schema::DataType::Utf8, false));
        let texts = ListArray::try_new(
            item,
            OffsetBuffer::from_lengths(self.text_counts),
            Arc::new(texts),
            None,
        )?;
        let columns: [(&str, ArrayRef); 12] = [
            ("block", Arc::new(UInt32Array::from(self.blocks))),
            ("measure", Arc::new(StringArray::from_iter_values(self.measures))),
            ("column", Arc::new(StringArray::from_iter_values(self.columns))),
            ("kind", Arc::new(StringArray::from_iter_values(self.kinds))),
            ("rows", Arc::new(UInt32Array::from(self.rows))),
            ("base", Arc::new(Int64Array::from(self.bases))),
            ("scale", Arc::new(Int64Array::from(self.scales))),
            ("bytes", self.bytes.array::<UInt8Type>()?),
            ("shorts", self.shorts.array::<UInt16Type>()?),
            ("words", self.words.array::<UInt32Type>()?),
            ("wholes", self.wholes.array::<Int64Type>()?),
            ("texts", Arc::new(texts)),
        ];
        let fields = columns
            .iter()
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns = columns.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
        writer.write(&batch)?;
        Ok(writer.into_inner()?)
    }
}

/// Lists one after the other.
#[derive(Default)]
struct Lists<T> {
    counts: Vec<usize>,
    values: Vec<T>,
}

impl<T: arrow_buffer::ArrowNativeType> Lists<T> {
    fn push(&mut self, list: &[T]) {
        self.counts.push(list.len());
        self.values.extend_from_slice(list);
    }

    fn array<A: ArrowPrimitiveType<Native = T>>(self) -> Result<ArrayRef, Error> {
        let values = PrimitiveArray::<A>::new(self.values.into(), None);
        let item = Arc::new(Field::new("item", A::DATA_TYPE, false));
        let offsets = OffsetBuffer::from_lengths(self.counts);
        Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(values), None)?))
    }
}

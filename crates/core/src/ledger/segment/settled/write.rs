//! Packed blocks to bytes.

use std::sync::Arc;

use arrow_array::{
    Array as _, ArrayRef, Int64Array, ListArray, PrimitiveArray, RecordBatch, StringArray, UInt32Array,
    builder::StringBuilder,
    types::{ArrowPrimitiveType, Int64Type, UInt8Type, UInt16Type, UInt32Type},
};
use arrow_buffer::{ArrowNativeType, OffsetBuffer};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};

use super::{FIXED, Settled, SettledBlock, bytes_of};
use crate::ledger::{
    Error, Segment,
    packed::{Affine, Offsets, Packed},
    segment::seal,
};

/// What a column takes in the stream beside its values, more or less.
const COLUMN_BYTES: usize = 128;

/// A settled segment's bytes, and what is known of it.
pub(in crate::ledger::segment) fn write(settled: &Settled) -> Result<Segment, Error> {
    let names: Vec<String> = settled.dimensions.iter().map(|(name, _)| name.to_string()).collect();
    let mut table = Table::default();
    for (kind, texts) in &settled.subjects {
        table.dictionary("subject", kind.name(), texts);
    }
    for (name, (_, texts)) in names.iter().zip(&settled.dimensions) {
        table.dictionary(name, "", texts);
    }
    for (number, block) in settled.blocks.iter().enumerate() {
        table.block = number as u32;
        table.measure = block.measure.to_string();
        table.add_block(block, &names);
    }
    Ok(Segment {
        meta: settled.meta(),
        bytes: seal::close(seal::Form::Settled, table.finish()?),
    })
}

/// The rows of the Arrow batch.
#[derive(Default)]
struct Table<'a> {
    block: u32,
    measure: String,
    blocks: Vec<u32>,
    measures: Vec<String>,
    columns: Vec<String>,
    kinds: Vec<String>,
    rows: Vec<u32>,
    bases: Vec<i64>,
    scales: Vec<i64>,
    bytes: Lists<'a, u8>,
    shorts: Lists<'a, u16>,
    words: Lists<'a, u32>,
    wholes: Lists<'a, i64>,
    texts: Vec<Option<&'a StringArray>>,
}

impl<'a> Table<'a> {
    fn dictionary(&mut self, column: &str, kind: &str, texts: &'a StringArray) {
        self.row(column, kind, texts.len(), None);
        *self.texts.last_mut().expect("just added") = Some(texts);
    }

    fn add_block(&mut self, block: &'a SettledBlock, dimensions: &[String]) {
        let fixed = [
            &block.date,
            &block.origin,
            &block.instant,
            &block.commit,
            &block.kind,
            &block.subject,
            &block.value,
            &block.count,
        ];
        for (name, values) in FIXED.into_iter().zip(fixed) {
            self.row(name, "", block.rows, Some(values));
        }
        for (at, codes) in &block.dimensions {
            self.row(&dimensions[*at], "", block.rows, Some(codes));
        }
    }

    fn row(&mut self, column: &str, kind: &str, rows: usize, values: Option<&'a Packed>) {
        let (Affine { base, scale }, offsets) =
            values.map_or((Affine { base: 0, scale: 1 }, &Offsets::None), Packed::stored);
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
        self.bytes.0.push(bytes);
        self.shorts.0.push(shorts);
        self.words.0.push(words);
        self.wholes.0.push(wholes);
        self.texts.push(None);
    }

    fn finish(self) -> Result<Vec<u8>, Error> {
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
            ("texts", texts(&self.texts)?),
        ];
        let fields = columns
            .iter()
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns: Vec<ArrayRef> = columns.into_iter().map(|(_, array)| array).collect();
        let values: usize = columns.iter().map(|array| array.get_buffer_memory_size()).sum();
        let room = values + COLUMN_BYTES * self.texts.len();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let mut writer = StreamWriter::try_new(Vec::with_capacity(room), &schema)?;
        writer.write(&batch)?;
        Ok(writer.into_inner()?)
    }
}

/// For each row, the texts of its dictionary if it is one.
fn texts(rows: &[Option<&StringArray>]) -> Result<ArrayRef, Error> {
    let every = || rows.iter().flatten();
    let bytes = every().map(|texts| bytes_of(texts)).sum();
    let mut all = StringBuilder::with_capacity(every().map(|texts| texts.len()).sum(), bytes);
    every()
        .flat_map(|texts| texts.iter().flatten())
        .for_each(|text| all.append_value(text));
    let lengths = rows.iter().map(|texts| texts.map_or(0, |texts| texts.len()));
    lists(OffsetBuffer::from_lengths(lengths), Arc::new(all.finish()))
}

fn lists(offsets: OffsetBuffer<i32>, values: ArrayRef) -> Result<ArrayRef, Error> {
    let item: DataType = values.data_type().clone();
    let item = Arc::new(Field::new("item", item, false));
    Ok(Arc::new(ListArray::try_new(item, offsets, values, None)?))
}

/// Lists one after the other.
#[derive(Default)]
struct Lists<'a, T>(Vec<&'a [T]>);

impl<T: ArrowNativeType> Lists<'_, T> {
    fn array<A: ArrowPrimitiveType<Native = T>>(self) -> Result<ArrayRef, Error> {
        let offsets = OffsetBuffer::from_lengths(self.0.iter().map(|list| list.len()));
        lists(
            offsets,
            Arc::new(PrimitiveArray::<A>::new(self.0.concat().into(), None)),
        )
    }
}

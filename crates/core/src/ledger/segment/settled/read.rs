//! Bytes to packed columns. As everywhere, what is read is checked, so that nothing behind has to.

use std::collections::BTreeSet;

use arrow_array::{
    Array, ArrayRef, Int64Array, ListArray, PrimitiveArray, RecordBatch, StringArray, UInt32Array,
    types::{ArrowPrimitiveType, Int64Type, UInt8Type, UInt16Type, UInt32Type},
};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_ipc::reader::StreamDecoder;

use super::{FIXED, Settled, SettledBlock};
use crate::{
    dimension::Dimension,
    id::Name,
    ledger::{
        BLOCK_ROWS, Error, day,
        packed::{Offsets, Packed},
        segment::bounded,
    },
    measure::Measure,
    subject::SubjectKind,
};

pub(super) fn settled(mut stream: Buffer) -> Result<Settled, Error> {
    let mut decoder = StreamDecoder::new();
    let Some(batch) = decoder.decode(&mut stream)? else {
        return Err(problem("block", "is missing: the stream has no record batch"));
    };
    if decoder.decode(&mut stream)?.is_some() {
        return Err(problem("block", "goes on in a second record batch"));
    }
    let table = Table::new(&batch)?;
    let mut settled = Settled {
        subjects: Vec::new(),
        dimensions: Vec::new(),
        blocks: Vec::new(),
    };
    let mut row = table.dictionaries(&mut settled)?;
    let mut rows = 0;
    while row < batch.num_rows() {
        let block = table.block(&mut row, &settled)?;
        rows += block.rows;
        settled.blocks.push(block);
    }
    bounded(rows)?;
    Ok(settled)
}

fn problem(column: &str, problem: &'static str) -> Error {
    Error::Column {
        column: column.chars().take(160).collect(),
        problem,
    }
}

/// The columns of the batch.
struct Table<'a> {
    block: &'a UInt32Array,
    measure: &'a StringArray,
    column: &'a StringArray,
    kind: &'a StringArray,
    rows: &'a UInt32Array,
    base: &'a Int64Array,
    scale: &'a Int64Array,
    bytes: Lists<'a, UInt8Type>,
    shorts: Lists<'a, UInt16Type>,
    words: Lists<'a, UInt32Type>,
    wholes: Lists<'a, Int64Type>,
    texts: (&'a ListArray, &'a StringArray),
}

impl<'a> Table<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, Error> {
        let texts: &ListArray = column(batch, "texts")?;
        Ok(Self {
            block: column(batch, "block")?,
            measure: column(batch, "measure")?,
            column: column(batch, "column")?,
            kind: column(batch, "kind")?,
            rows: column(batch, "rows")?,
            base: column(batch, "base")?,
            scale: column(batch, "scale")?,
            bytes: Lists::new(batch, "bytes")?,
            shorts: Lists::new(batch, "shorts")?,
            words: Lists::new(batch, "words")?,
            wholes: Lists::new(batch, "wholes")?,
            texts: (texts, whole(texts.values(), "texts")?),
        })
    }

    /// Reads the dictionaries, and gives the row after the last.
    fn dictionaries(&self, settled: &mut Settled) -> Result<usize, Error> {
        let is_dictionary = |row: &usize| self.measure.value(*row).is_empty();
        let count = (0..self.column.len()).take_while(is_dictionary).count();
        for row in 0..count {
            let (name, texts) = (self.column.value(row), self.texts(row)?);
            if name == FIXED[5] {
                let kind = self.kind.value(row).parse::<SubjectKind>();
                let kind = kind.map_err(|()| problem(name, "is of an unknown kind"))?;
                settled.subjects.push((kind, texts));
            } else {
                let dimension = name.parse::<Dimension>().ok().filter(Dimension::is_stored);
                let dimension = dimension.ok_or_else(|| problem(name, "is not a stored dimension"))?;
                settled.dimensions.push((dimension, texts));
            }
        }
        let kinds: BTreeSet<_> = settled.subjects.iter().map(|(kind, _)| *kind).collect();
        let dimensions: BTreeSet<_> = settled.dimensions.iter().map(|(dimension, _)| dimension).collect();
        if kinds.len() + dimensions.len() < count {
            return Err(problem("column", "has a dictionary twice"));
        }
        Ok(count)
    }

    fn texts(&self, row: usize) -> Result<StringArray, Error> {
        let (lists, texts) = self.texts;
        let range = range(lists, row);
        let texts = texts.slice(range.start, range.len());
        if texts.iter().flatten().any(|text| Name::check(text).is_err()) {
            let what = "has a text that is empty, too long or unprintable";
            return Err(problem(self.column.value(row), what));
        }
        Ok(texts)
    }

    /// Reads the columns of a block, from a row on.
    fn block(&self, row: &mut usize, settled: &Settled) -> Result<SettledBlock, Error> {
        let first = *row;
        let (number, name) = (self.block.value(first), self.measure.value(first));
        let measure = Measure::parse(name).ok_or_else(|| problem("measure", "is not one of the values it may have"))?;
        let rows = self.rows.value(first) as usize;
        if rows == 0 || rows > BLOCK_ROWS {
            return Err(problem("rows", "are not as many as a block may have"));
        }
        let belongs = |row: &usize| self.block.value(*row) == number && self.measure.value(*row) == name;
        let columns = (first..self.column.len()).take_while(belongs).count();
        *row = first + columns;
        if columns < FIXED.len() || (first..*row).any(|row| self.rows.value(row) as usize != rows) {
            return Err(problem("rows", "differ between the columns of a block"));
        }
        let fixed = |at: usize| {
            let is_there = self.column.value(first + at) == FIXED[at];
            let packed = is_there.then(|| self.packed(first + at, rows)).flatten();
            packed.ok_or_else(|| problem(FIXED[at], "is missing or not packed as it has to be"))
        };
        let block = SettledBlock {
            measure,
            rows,
            date: fixed(0)?,
            origin: fixed(1)?,
            instant: fixed(2)?,
            commit: fixed(3)?,
            kind: fixed(4)?,
            subject: fixed(5)?,
            value: fixed(6)?,
            count: fixed(7)?,
            dimensions: self.dimensions(first + FIXED.len()..*row, rows, &settled.dimensions)?,
        };
        check(&block, settled)?;
        Ok(block)
    }

    fn dimensions(
        &self,
        columns: std::ops::Range<usize>,
        rows: usize,
        known: &[(Dimension, StringArray)],
    ) -> Result<Vec<(usize, Packed)>, Error> {
        let mut dimensions: Vec<(usize, Packed)> = Vec::with_capacity(columns.len());
        for column in columns {
            let name = self.column.value(column);
            let dimension = name.parse::<Dimension>().ok();
            let at = known.iter().position(|(known, _)| Some(known) == dimension.as_ref());
            let at = at.ok_or_else(|| problem(name, "has no dictionary"))?;
            let codes = self.packed(column, rows);
            let codes = codes.ok_or_else(|| problem(name, "is not packed as it has to be"))?;
            if codes.min() < 0 || codes.max() > known[at].1.len() as i64 {
                return Err(problem(name, "has a code without a text"));
            }
            if dimensions.last().is_some_and(|(before, _)| *before >= at) {
                return Err(problem(name, "is out of order"));
            }
            dimensions.push((at, codes));
        }
        Ok(dimensions)
    }

    fn packed(&self, row: usize, rows: usize) -> Option<Packed> {
        let (bytes, shorts) = (self.bytes.get(row), self.shorts.get(row));
        let (words, wholes) = (self.words.get(row), self.wholes.get(row));
        let lengths = [bytes.len(), shorts.len(), words.len(), wholes.len()];
        let offsets = match lengths {
            [0, 0, 0, 0] => Offsets::None,
            [count, 0, 0, 0] if count == rows => Offsets::Byte(bytes),
            [0, count, 0, 0] if count == rows => Offsets::Short(shorts),
            [0, 0, count, 0] if count == rows => Offsets::Word(words),
            [0, 0, 0, count] if count == rows => Offsets::Whole(wholes),
            _ => return None,
        };
        Packed::restore(self.base.value(row), self.scale.value(row), offsets)
    }
}

fn check(block: &SettledBlock, settled: &Settled) -> Result<(), Error> {
    let is_day =
        |days: &Packed| [days.min(), days.max()].map(|day| i32::try_from(day).is_ok_and(day::is_day)) == [true; 2];
    let is_micros = day::is_micros(block.instant.min()) && day::is_micros(block.instant.max());
    let counts = [block.count.min(), block.count.max()];
    let is_count = match counts {
        [-1, -1] | [1, 1] => true,
        [-1, 1] => (0..block.rows).all(|row| block.count.at(row) != 0),
        _ => false,
    };
    let checks = [
        (is_day(&block.date), FIXED[0]),
        (is_day(&block.origin), FIXED[1]),
        (is_micros, FIXED[2]),
        (block.commit.min() >= 0, FIXED[3]),
        (are_subjects(block, settled), FIXED[5]),
        (is_count, FIXED[7]),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        Some((_, column)) => Err(problem(column, "is out of range")),
        None => Ok(()),
    }
}

fn are_subjects(block: &SettledBlock, settled: &Settled) -> bool {
    let is_subject = |kind: i64, most: i64| {
        let kind = u8::try_from(kind).ok().and_then(SubjectKind::from_code);
        let ids = settled.subjects.iter().find(|(other, _)| Some(*other) == kind);
        ids.is_some_and(|(_, ids)| most < ids.len() as i64)
    };
    let subject = &block.subject;
    subject.min() >= 0
        && match block.kind.single() {
            Some(kind) => is_subject(kind, subject.max()),
            None => (0..block.rows).all(|row| is_subject(block.kind.at(row), subject.at(row))),
        }
}

/// Lists of numbers.
struct Lists<'a, T: ArrowPrimitiveType> {
    lists: &'a ListArray,
    values: &'a PrimitiveArray<T>,
}

impl<'a, T: ArrowPrimitiveType> Lists<'a, T> {
    fn new(batch: &'a RecordBatch, name: &str) -> Result<Self, Error> {
        let lists: &ListArray = column(batch, name)?;
        Ok(Self {
            lists,
            values: whole(lists.values(), name)?,
        })
    }

    fn get(&self, row: usize) -> ScalarBuffer<T::Native> {
        let range = range(self.lists, row);
        self.values.values().slice(range.start, range.len())
    }
}

fn range(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = lists.value_offsets();
    offsets[row] as usize..offsets[row + 1] as usize
}

fn column<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a A, Error> {
    let array = batch.column_by_name(name).ok_or_else(|| problem(name, "is missing"))?;
    whole(array, name)
}

/// An array of a type, without nulls.
fn whole<'a, A: Array + 'static>(array: &'a ArrayRef, name: &str) -> Result<&'a A, Error> {
    if array.null_count() > 0 {
        return Err(problem(name, "has nulls"));
    }
    let array = array.as_any().downcast_ref::<A>();
    array.ok_or_else(|| problem(name, "is of another type"))
}

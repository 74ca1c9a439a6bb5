//! Bytes to rows. Every value is checked here, so that nothing behind has to.

use std::{collections::BTreeSet, io::Cursor};

use arrow_array::{
    Array, ArrayRef, PrimitiveArray, RecordBatch, StringArray,
    cast::AsArray as _,
    types::{
        ArrowPrimitiveType, Date32Type, Int8Type, Int64Type, TimestampMicrosecondType, UInt8Type, UInt16Type,
        UInt32Type, UInt64Type,
    },
};
use arrow_ipc::reader::StreamReader;
use arrow_schema::DataType;

use super::{
    Error, SegmentRows, bounded,
    rows::{Coded, DimensionColumn},
};
use crate::{dimension::Dimension, id::Name, ledger::day, measure::Measure, subject::SubjectKind};

const FIXED: usize = 9;

pub(super) fn rows(stream: &[u8]) -> Result<SegmentRows, Error> {
    let mut reader = StreamReader::try_new(Cursor::new(stream), None)?;
    let Some(batch) = reader.next().transpose()? else {
        return Err(column("measure", "is missing: the stream has no record batch"));
    };
    if reader.next().is_some() {
        return Err(column("measure", "goes on in a second record batch"));
    }
    bounded(batch.num_rows())?;
    let (measures, measure) = dictionary(&batch, "measure", Measure::parse)?;
    let (kinds, kind) = dictionary(&batch, "subject_kind", |text| text.parse::<SubjectKind>().ok())?;
    let (subjects, subject) = dictionary(&batch, "subject", |text| Name::new(text).ok())?;
    let rows = SegmentRows {
        measures,
        measure,
        date: numbers::<Date32Type>(&batch, "date", day::is_day)?,
        origin: numbers::<Date32Type>(&batch, "origin_date", day::is_day)?,
        instant: numbers::<TimestampMicrosecondType>(&batch, "instant", day::is_micros)?,
        commit: numbers::<UInt64Type>(&batch, "commit", |commit| i64::try_from(commit).is_ok())?,
        subject_kind: kind.iter().map(|code| kinds[*code as usize]).collect(),
        subjects,
        subject,
        value: numbers::<Int64Type>(&batch, "value", |_| true)?,
        count: numbers::<Int8Type>(&batch, "count", |count| count == 1 || count == -1)?,
        dimensions: dimensions(&batch)?,
    };
    Ok(rows)
}

fn column(name: &str, problem: &'static str) -> Error {
    Error::Column {
        column: name.chars().take(160).collect(),
        problem,
    }
}

fn find<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, Error> {
    batch.column_by_name(name).ok_or_else(|| column(name, "is missing"))
}

fn numbers<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    name: &'static str,
    holds: impl Fn(T::Native) -> bool,
) -> Result<Vec<T::Native>, Error> {
    let array = find(batch, name)?;
    let array = array
        .as_any()
        .downcast_ref::<PrimitiveArray<T>>()
        .ok_or_else(|| column(name, "is of another type"))?;
    if array.null_count() > 0 {
        return Err(column(name, "has nulls"));
    }
    let values = array.values();
    match values.iter().position(|value| !holds(*value)) {
        Some(row) => Err(Error::Value {
            column: name,
            row,
            problem: "is out of range",
        }),
        None => Ok(values.to_vec()),
    }
}

type Dictionary = (Vec<Name>, Vec<u32>);

fn parts<'a>(array: &'a ArrayRef, name: &str) -> Result<(PrimitiveArray<UInt32Type>, &'a StringArray), Error> {
    let other_type = || column(name, "is of another type");
    let dictionary = array.as_any_dictionary_opt().ok_or_else(other_type)?;
    let keys = dictionary.keys();
    let keys = match keys.data_type() {
        DataType::UInt8 => keys.as_primitive::<UInt8Type>().unary(u32::from),
        DataType::UInt16 => keys.as_primitive::<UInt16Type>().unary(u32::from),
        DataType::UInt32 => keys.as_primitive::<UInt32Type>().clone(),
        _ => return Err(other_type()),
    };
    let texts = dictionary.values().as_string_opt::<i32>().ok_or_else(other_type)?;
    if texts.null_count() > 0 {
        return Err(column(name, "has nulls in its dictionary"));
    }
    Ok((keys, texts))
}

/// A column of texts that must have a value in each row.
fn dictionary<T: Clone + Eq + std::hash::Hash>(
    batch: &RecordBatch,
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<(Vec<T>, Vec<u32>), Error> {
    let (keys, texts) = parts(find(batch, name)?, name)?;
    if keys.null_count() > 0 {
        return Err(column(name, "has nulls"));
    }
    let mut parsed = Vec::with_capacity(texts.len());
    for (row, text) in texts.iter().flatten().enumerate() {
        parsed.push(parse(text).ok_or(Error::Value {
            column: name,
            row,
            problem: "is not one of the values it may have",
        })?);
    }
    match keys.values().iter().position(|code| *code as usize >= parsed.len()) {
        Some(row) => Err(Error::Value {
            column: name,
            row,
            problem: "has no text in the dictionary",
        }),
        None => Ok((parsed, keys.values().to_vec())),
    }
}

fn dimensions(batch: &RecordBatch) -> Result<Vec<DimensionColumn>, Error> {
    let schema = batch.schema();
    let mut seen = BTreeSet::new();
    let mut columns = Vec::with_capacity(batch.num_columns().saturating_sub(FIXED));
    for (field, array) in schema.fields().iter().zip(batch.columns()).skip(FIXED) {
        let name = field.name();
        let stored = name.parse::<Dimension>().ok().filter(Dimension::is_stored);
        let dimension = stored.ok_or_else(|| column(name, "is not a stored dimension"))?;
        if !seen.insert(dimension.clone()) {
            return Err(column(name, "occurs twice"));
        }
        let (texts, codes) = nullable(array, name)?;
        columns.push(DimensionColumn {
            dimension,
            texts,
            codes,
        });
    }
    columns.sort_by(|left, right| left.dimension.cmp(&right.dimension));
    Ok(columns)
}

fn nullable(array: &ArrayRef, name: &str) -> Result<Dictionary, Error> {
    let (keys, texts) = parts(array, name)?;
    let mut coded = Coded::default();
    let mut places = Vec::with_capacity(texts.len());
    for text in texts.iter().flatten() {
        let text = Name::new(text).map_err(|_| column(name, "has a text that is empty, too long or unprintable"))?;
        places.push(coded.code(&text) + 1);
    }
    let code = |key: Option<u32>| match key {
        None => Ok(0),
        Some(key) => places
            .get(key as usize)
            .copied()
            .ok_or_else(|| column(name, "has a code without a text")),
    };
    let codes = keys.iter().map(code).collect::<Result<Vec<_>, _>>()?;
    Ok((coded.texts, codes))
}

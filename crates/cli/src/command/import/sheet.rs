//! Delimited files: headers and records, compressed or not.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufReader, Read},
    path::Path,
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use csv::{ByteRecord, ReaderBuilder};
use flate2::read::MultiGzDecoder;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Between two values.
    pub(super) separator: u8,
    /// Around a value.
    pub(super) quote: u8,
}

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Header {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Header {
    fn new(names: Vec<String>) -> anyhow::Result<Self> {
        let mut places = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            ensure!(
                places.insert(name.clone(), at).is_none(),
                "two columns are called {name:?}"
            );
        }
        Ok(Self { names, places })
    }

    /// Whether there is such a column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The names of all columns.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }
}

/// A row of a file.
#[derive(Debug, Clone)]
pub(super) struct Row {
    header: Arc<Header>,
    values: Arc<[String]>,
    /// Its line in the file, from 1.
    pub(super) line: u64,
}

impl Row {
    /// The value of a column, without blanks around it.
    pub(super) fn value(&self, column: &str) -> Option<&str> {
        let at = *self.header.places.get(column)?;
        self.values.get(at).map(|value| value.trim())
    }
}

/// A row that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadRow {
    /// Its line in the file, from 1.
    pub(super) line: u64,
    /// What is wrong.
    pub(super) description: String,
}

/// An open file.
pub(super) struct Sheet {
    reader: csv::Reader<Box<dyn Read + Send>>,
    header: Arc<Header>,
}

impl Sheet {
    /// Opens a file and reads its header. A name that ends in `.gz` is unpacked on the way.
    pub(super) fn open(path: &Path, dialect: Dialect) -> anyhow::Result<Self> {
        let context = || format!("reading {}", path.display());
        let file = BufReader::with_capacity(1 << 17, File::open(path).with_context(context)?);
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        let input: Box<dyn Read + Send> = if packed {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        Self::new(input, dialect).with_context(context)
    }

    /// Reads from anything.
    pub(super) fn new(input: Box<dyn Read + Send>, dialect: Dialect) -> anyhow::Result<Self> {
        let mut reader = ReaderBuilder::new()
            .delimiter(dialect.separator)
            .quote(dialect.quote)
            .flexible(true)
            .from_reader(input);
        let names = reader
            .headers()?
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned());
        let header = Arc::new(Header::new(names.collect())?);
        Ok(Self { reader, header })
    }

    /// Its columns.
    pub(super) fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// The next row, if it has as many values as there are columns, all of them UTF-8.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Result<Row, BadRow>>> {
        let mut record = ByteRecord::new();
        if !self.reader.read_byte_record(&mut record)? {
            return Ok(None);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let bad = |description: String| Ok(Some(Err(BadRow { line, description })));
        if record.len() != self.header.names.len() {
            return bad(format!(
                "has {} values, but there are {} columns",
                record.len(),
                self.header.names.len()
            ));
        }
        match record
            .iter()
            .map(|value| String::from_utf8(value.to_vec()))
            .collect::<Result<Vec<_>, _>>()
        {
            Ok(values) => Ok(Some(Ok(Row {
                header: Arc::clone(&self.header),
                values: values.into(),
                line,
            }))),
            Err(error) => bad(format!("is not UTF-8: {error}")),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const COMMAS: Dialect = Dialect {
        separator: b',',
        quote: b'"',
    };

    pub(crate) fn sheet(text: &str) -> Sheet {
        Sheet::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), COMMAS).expect("a header")
    }

    /// The row with these values.
    pub(crate) fn row(pairs: &[(&str, &str)]) -> Row {
        let names = pairs.iter().map(|(name, _)| (*name).to_owned()).collect();
        Row {
            header: Arc::new(Header::new(names).expect("different names")),
            values: pairs.iter().map(|(_, value)| (*value).to_owned()).collect(),
            line: 2,
        }
    }

    #[test]
    fn rows_have_their_lines_past_breaks_inside_quotes() {
        let mut sheet = sheet("\u{feff}a,b\n1,\"x\ny\"\n2,z\n");
        let first = sheet.next().expect("readable").expect("a row").expect("a good one");
        assert_eq!(
            (first.line, first.value("a"), first.value("b")),
            (2, Some("1"), Some("x\ny"))
        );
        let second = sheet.next().expect("readable").expect("a row").expect("a good one");
        assert_eq!((second.line, second.value("c")), (4, None));
        assert!(sheet.next().expect("readable").is_none());
    }

    #[test]
    fn a_bad_row_is_told_and_passed() {
        let text = b"a,b\n1\n\xff,2\n3,4\n".to_vec();
        let mut sheet = Sheet::new(Box::new(std::io::Cursor::new(text)), COMMAS).expect("a header");
        let mut lines = Vec::new();
        while let Some(row) = sheet.next().expect("readable") {
            lines.push(row.map(|row| row.line).map_err(|bad| bad.line));
        }
        assert_eq!(lines, [Err(2), Err(3), Ok(4)]);
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        assert!(Sheet::new(Box::new(std::io::Cursor::new(b"a,a\n".to_vec())), COMMAS).is_err());
    }
}
